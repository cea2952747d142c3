-- The higher-level measures of every authority and region; of other geographies those of the index,
-- and the scales.
with parts as (

    select
        geographies.index_release,
        areas.measure,
        geographies.area_type,
        geographies.area_code,
        geographies.part_code,
        geographies.has_every_measure,
        areas.score,
        areas.area_rank,
        areas.rank_origin,
        areas.areas_ranked,
        areas.place,
        areas.area_decile,
        areas.people,
        areas.has_extent,
        areas.numerator,
        areas.scale_origin
    from {{ ref('int_summary_geographies') }} as geographies
    inner join {{ ref('int_summary_areas') }} as areas
        on
            geographies.index_release = areas.index_release
            and geographies.part_code = areas.area_code
    where
        geographies.has_every_measure
        or areas.measure in ('overall', 'income', 'employment')

),

everywhere as (

    select
        index_release,
        measure,
        area_type,
        area_code,
        bool_and(has_every_measure) as has_every_measure,
        count(*) as areas,
        count(*) filter (area_decile = 1) as areas_worst_decile,
        {{ exact_sum('people') }} as denominator,
        any_value(areas_ranked) as areas_ranked,
        max(rank_origin) as rank_origin,
        method.average_rank(place, areas_ranked, people) as average_rank,
        method.average_score(score, people) as average_score,
        method.proportion_in_worst_decile(area_decile) as proportion,
        method.scale(numerator) as scale,
        max(scale_origin) as scale_origin
    from parts
    group by index_release, measure, area_type, area_code

),

-- From the worst area on: how many people live there or in worse ones.
from_the_worst as (

    select
        *,
        sum(people) over (partition by index_release, measure, area_type, area_code) as all_people,
        sum(people) over (
            partition by index_release, measure, area_type, area_code
            order by area_rank, part_code
            rows unbounded preceding
        ) as people_up_to
    from parts
    where has_extent

),

counted as (

    select
        *,
        method.people_in_worst_tenth(people, people_up_to, all_people) as people_counted
    from from_the_worst

),

concentrated as (

    select
        index_release,
        measure,
        area_type,
        area_code,
        method.extent(area_rank, areas_ranked, people, any_value(all_people)) as extent,
        method.local_concentration(place, areas_ranked, people_counted)
            as local_concentration
    from counted
    group by index_release, measure, area_type, area_code

)

select
    everywhere.*,
    concentrated.extent,
    concentrated.local_concentration
from everywhere
left join concentrated
    on
        everywhere.index_release = concentrated.index_release
        and everywhere.measure = concentrated.measure
        and everywhere.area_type = concentrated.area_type
        and everywhere.area_code = concentrated.area_code
