-- What is summarised: every index and domain of an IMD release in its small areas, with the people
-- by whom it is weighted.
with releases as (

    select
        index_release,
        score_tie_rule
    from {{ ref('index_releases') }}
    where index_name = 'imd'

),

ranked as (

    select
        published.index_release,
        published.area_code,
        measures.measure,
        measures.has_extent,
        measures.scale_indicator,
        releases.score_tie_rule,
        published.published_score as score,
        -- A file may print the score only (IDACI and IDAOPI 2019).
        coalesce(
            published.published_rank,
            method.rank_worst_first(
                published.published_score, (published.index_release, published.measure)
            )
        ) as area_rank,
        case
            when published.published_rank is not null then 'published'
            when published.published_score is not null then 'score'
        end as rank_origin,
        case measures.denominator
            when 'total_population' then areas.total_population
            when 'working_age' then areas.working_age
            when 'children' then areas.children
            when 'older_people' then areas.older_people
        end as people
    from {{ ref('stg_index_measures') }} as published
    inner join releases on published.index_release = releases.index_release
    inner join {{ ref('summary_measures') }} as measures on published.measure = measures.measure
    inner join {{ ref('stg_index_areas') }} as areas
        on
            published.index_release = areas.index_release
            and published.area_code = areas.area_code

),

numerators as (

    select
        indicators.index_release,
        indicators.indicator,
        indicators.area_code,
        -- A blank is a small count that was left out.
        coalesce(indicators.published_value, definitions.missing_value) as numerator
    from {{ ref('stg_indicators') }} as indicators
    inner join {{ ref('indicators') }} as definitions
        on
            indicators.index_release = definitions.index_release
            and indicators.indicator = definitions.indicator
    where
        indicators.indicator in (
            select measures.scale_indicator from {{ ref('summary_measures') }} as measures
        )

),

-- The scale is of numerators for a whole release, or of rates for a whole release.
with_numerators as (

    select distinct
        index_release,
        indicator
    from numerators

),

placed as (

    select
        ranked.*,
        count(ranked.area_rank) over (partition by ranked.index_release, ranked.measure)
            as areas_ranked,
        method.place_for_transform(
            ranked.area_rank, (ranked.index_release, ranked.measure), ranked.score_tie_rule
        ) as place
    from ranked

)

select
    placed.index_release,
    placed.measure,
    placed.area_code,
    placed.score,
    placed.area_rank,
    placed.rank_origin,
    placed.areas_ranked,
    placed.place,
    method.decile(placed.area_rank, placed.areas_ranked) as area_decile,
    placed.people,
    placed.has_extent,
    case
        when placed.scale_indicator is null then null
        when with_numerators.indicator is not null then numerators.numerator
        else placed.score * placed.people
    end as numerator,
    case
        when placed.scale_indicator is null then null
        when with_numerators.indicator is not null then 'numerators'
        else 'rates'
    end as scale_origin
from placed
left join with_numerators
    on
        placed.index_release = with_numerators.index_release
        and placed.scale_indicator = with_numerators.indicator
left join numerators
    on
        placed.index_release = numerators.index_release
        and placed.scale_indicator = numerators.indicator
        and placed.area_code = numerators.area_code
