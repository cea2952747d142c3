-- What is summarised: every index and domain of an IMD release in its small areas, with the people
-- by whom it is weighted.
with measures as (

    select
        releases.index_release,
        releases.score_tie_rule,
        measures.*,
        {{ group_number('releases.index_release', 'measures.measure') }} as measure_number
    from {{ ref('index_releases') }} as releases
    cross join {{ ref('summary_measures') }} as measures
    where releases.index_name = 'imd'

),

ranked as (

    select
        measures.measure_number,
        measures.score_tie_rule,
        published.area_code,
        published.published_score as score,
        -- A file may print the score only (IDACI and IDAOPI 2019).
        coalesce(
            published.published_rank,
            method.rank_worst_first(published.published_score, measures.measure_number)
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
    inner join measures
        on
            published.index_release = measures.index_release
            and published.measure = measures.measure
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
        *,
        count(area_rank) over (partition by measure_number) as areas_ranked,
        method.place_for_transform(area_rank, measure_number, score_tie_rule) as place
    from ranked

)

select
    measures.index_release,
    measures.measure,
    placed.area_code,
    placed.score,
    placed.area_rank,
    placed.rank_origin,
    placed.areas_ranked,
    placed.place,
    method.decile(placed.area_rank, placed.areas_ranked) as area_decile,
    placed.people,
    measures.has_extent,
    case
        when measures.scale_indicator is null then null
        when with_numerators.indicator is not null then numerators.numerator
        else placed.score * placed.people
    end as numerator,
    case
        when measures.scale_indicator is null then null
        when with_numerators.indicator is not null then 'numerators'
        else 'rates'
    end as scale_origin
from placed
inner join measures on placed.measure_number = measures.measure_number
left join with_numerators
    on
        measures.index_release = with_numerators.index_release
        and measures.scale_indicator = with_numerators.indicator
left join numerators
    on
        measures.index_release = numerators.index_release
        and measures.scale_indicator = numerators.indicator
        and placed.area_code = numerators.area_code
