-- A domain's rank, by the release's route, and its score on the scale on which domains may be added
-- up.
with domains as (

    select
        *,
        {{ group_number('index_release', 'domain') }} as domain_number
    from {{ ref('stg_domain_weights') }}

),

published as (

    select
        domains.domain_number,
        measures.area_code,
        measures.line_number,
        measures.published_score,
        measures.published_rank,
        count(*) over (partition by domains.domain_number) as published_areas,
        method.rank_worst_first(measures.published_score, domains.domain_number)
            as rank_from_score
    from {{ ref('stg_index_measures') }} as measures
    inner join domains
        on
            measures.index_release = domains.index_release
            and measures.measure = domains.domain
    where measures.published_rank is not null or measures.published_score is not null

),

rebuilt as (

    select
        domains.domain_number,
        rebuilds.area_code,
        rebuilds.domain_score as indicator_score,
        rebuilds.domain_rank as indicator_rank,
        rebuilds.areas_ranked as indicator_areas
    from {{ ref('int_domain_rebuilds') }} as rebuilds
    inner join domains
        on
            rebuilds.index_release = domains.index_release
            and rebuilds.domain = domains.domain
    where rebuilds.route = 'indicators'

),

side_by_side as (

    select
        coalesce(published.domain_number, rebuilt.domain_number) as domain_number,
        coalesce(published.area_code, rebuilt.area_code) as area_code,
        published.line_number,
        published.published_score,
        published.published_rank,
        published.published_areas,
        published.rank_from_score,
        rebuilt.indicator_score,
        rebuilt.indicator_rank,
        rebuilt.indicator_areas
    from published
    full join rebuilt
        on
            published.domain_number = rebuilt.domain_number
            and published.area_code = rebuilt.area_code

),

both_ways as (

    select
        *,
        count(indicator_rank) over (partition by domain_number) > 0 as is_rebuilt,
        count(published_areas) over (partition by domain_number) > 0 as is_published
    from side_by_side

),

placed as (

    select
        both_ways.*,
        domains.index_release,
        domains.domain,
        domains.weight,
        releases.score_tie_rule,
        releases.arithmetic,
        releases.published_domain_score,
        -- One route for the whole domain: ranks of two routes are places among different areas.
        case
            when
                both_ways.is_rebuilt
                and (releases.domain_route = 'indicators' or not both_ways.is_published)
                then 'indicators'
            when both_ways.published_rank is not null then 'published_rank'
            else 'published_score'
        end as rank_origin,
        case
            when rank_origin = 'indicators' then both_ways.indicator_rank
            else coalesce(both_ways.published_rank, both_ways.rank_from_score)
        end as domain_rank,
        case
            when rank_origin = 'indicators' then both_ways.indicator_areas
            else both_ways.published_areas
        end as areas_ranked
    from both_ways
    inner join domains on both_ways.domain_number = domains.domain_number
    inner join {{ ref('index_releases') }} as releases
        on domains.index_release = releases.index_release

),

transformed as (

    select
        *,
        method.place_for_transform(domain_rank, domain_number, score_tie_rule) as transform_rank
    from placed
    where domain_rank is not null

),

scored as (

    select
        *,
        method.transform(transform_rank, areas_ranked, arithmetic)
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
    indicator_score,
    indicator_rank,
    method.stored(exact_score, arithmetic) as domain_score,
    -- Most publishers print the domain on its own scale (a rate, a z-score), which the
    -- transformed score cannot be set against.
    case when published_domain_score = 'transformed' then published_score end
        as published_transformed_score
from scored
