-- The index of each release: computed from its domains, and as published, side by side.
with summed as (

    select
        index_release,
        area_code,
        method.weighted_sum(domain_score, weight, domain) as exact_score,
        count(*) as domains
    from {{ ref('int_domain_scores') }}
    group by index_release, area_code

),

-- An index whose indicators are present is computed from them, for every area.
routes as (

    select
        index_release,
        bool_and(rank_origin = 'indicators') as is_from_indicators
    from {{ ref('int_domain_scores') }}
    group by index_release

),

expected as (

    select
        index_release,
        count(*) as domains
    from {{ ref('stg_domain_weights') }}
    group by index_release

),

computed as (

    select
        summed.index_release,
        summed.area_code,
        -- An index without one of its domains is no index.
        case
            when summed.domains = expected.domains
                then method.stored(summed.exact_score, releases.arithmetic)
        end as computed_score
    from summed
    inner join expected on summed.index_release = expected.index_release
    inner join {{ ref('index_releases') }} as releases
        on summed.index_release = releases.index_release

),

published as (

    select
        index_release,
        area_code,
        line_number,
        published_score,
        published_rank,
        published_decile
    from {{ ref('stg_index_measures') }}
    where measure = 'overall'

),

both_ways as (

    select
        coalesce(routes.is_from_indicators, false) as is_from_indicators,
        coalesce(published.index_release, computed.index_release) as index_release,
        coalesce(published.area_code, computed.area_code) as area_code,
        published.line_number,
        published.published_score,
        published.published_rank,
        published.published_decile,
        computed.computed_score
    from published
    full join computed
        on
            published.index_release = computed.index_release
            and published.area_code = computed.area_code
    left join routes
        on coalesce(published.index_release, computed.index_release) = routes.index_release

),

ranked as (

    select
        *,
        method.rank_worst_first(published_score, index_release) as rank_from_score,
        method.rank_worst_first(computed_score, index_release) as computed_rank,
        count(*) over (partition by index_release) as areas_ranked
    from both_ways
    -- An area without a value is not ranked and not counted.
    where
        case
            when is_from_indicators then computed_score
            else coalesce(published_rank, published_score, computed_score)
        end is not null

),

chosen as (

    select
        *,
        case
            when is_from_indicators then 'indicators'
            when published_rank is not null then 'published_rank'
            when published_score is not null then 'published_score'
            else 'domain_ranks'
        end as index_origin,
        case
            when is_from_indicators then computed_score
            else coalesce(published_score, computed_score)
        end as index_score,
        case
            when is_from_indicators then computed_rank
            else coalesce(published_rank, rank_from_score, computed_rank)
        end as index_rank
    from ranked

)

select
    index_release,
    area_code,
    line_number,
    areas_ranked,
    index_score,
    index_rank,
    method.decile(index_rank, areas_ranked) as index_decile,
    index_origin,
    computed_score,
    computed_rank,
    published_score,
    published_rank,
    published_decile
from chosen
