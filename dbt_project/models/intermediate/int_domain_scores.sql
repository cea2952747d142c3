-- A domain's rank, and its score on the scale on which domains may be added up.
with weighted as (

    select
        measures.index_release,
        measures.area_code,
        measures.measure as domain,
        measures.line_number,
        measures.published_score,
        measures.published_rank,
        weights.weight,
        releases.score_tie_rule,
        releases.arithmetic,
        releases.published_domain_score
    from {{ ref('stg_index_measures') }} as measures
    inner join {{ ref('domain_weights') }} as weights
        on
            measures.index_release = weights.index_release
            and measures.measure = weights.domain
    inner join {{ ref('index_releases') }} as releases
        on measures.index_release = releases.index_release

),

ranked as (

    select
        *,
        count(*) over (partition by index_release, domain) as areas_ranked,
        {{ rank_worst_first('published_score', 'index_release, domain') }} as rank_from_score
    from weighted
    where published_rank is not null or published_score is not null

),

placed as (

    select
        *,
        coalesce(published_rank, rank_from_score) as domain_rank,
        case when published_rank is not null then 'published_rank' else 'published_score' end
            as rank_origin
    from ranked

),

transformed as (

    select
        *,
        {{ rank_for_transform('domain_rank', 'index_release, domain', 'score_tie_rule') }}
            as transform_rank
    from placed

),

scored as (

    select
        *,
        {{ exponential_transform('transform_rank', 'areas_ranked', 'arithmetic') }}
            as exact_score
    from transformed

)

select
    index_release,
    area_code,
    domain,
    line_number,
    weight,
    areas_ranked,
    domain_rank,
    rank_origin,
    transform_rank,
    published_score,
    published_rank,
    rank_from_score,
    {{ stored('exact_score', 'arithmetic') }} as domain_score,
    -- Most publishers print the domain on its own scale (a rate, a z-score), which the
    -- transformed score cannot be set against.
    case when published_domain_score = 'transformed' then published_score end
        as published_transformed_score
from scored
