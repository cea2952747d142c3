{# No authority is lost and nobody is counted twice: every release, measure and kind of larger area
   has a row for each area of dim_area's, and small areas and people add up to the nation's. #}
{% test summaries_cover_the_nation(model) %}
    with nation as (

        select
            index_release,
            measure,
            count(*) as areas,
            sum(people) as people
        from {{ ref('int_summary_areas') }}
        group by index_release, measure

    ),

    kinds as (

        select distinct
            index_release,
            area_type
        from {{ ref('int_summary_geographies') }}
        where has_every_measure

    ),

    expected as (

        select
            nation.index_release,
            nation.measure,
            kinds.area_type,
            count(*) as larger_areas,
            any_value(nation.areas) as areas,
            any_value(nation.people) as people
        from nation
        inner join kinds on nation.index_release = kinds.index_release
        inner join {{ ref('dim_area') }} as dim_area on kinds.area_type = dim_area.area_type
        group by nation.index_release, nation.measure, kinds.area_type

    ),

    found as (

        select
            index_release,
            measure,
            area_type,
            count(*) filter (areas > 0 and area_name is not null) as larger_areas,
            sum(areas) as areas,
            sum(denominator) as people
        from {{ model }}
        group by index_release, measure, area_type

    )

    select
        index_release,
        measure,
        area_type,
        expected.larger_areas as larger_areas_expected,
        found.larger_areas as larger_areas_found,
        expected.areas as areas_expected,
        found.areas as areas_found,
        expected.people as people_expected,
        found.people as people_found
    from expected
    full join found using (index_release, measure, area_type)
    where
        expected.larger_areas is distinct from found.larger_areas
        or expected.areas is distinct from found.areas
        or abs(expected.people - found.people) > 1e-6
        or (expected.people is null) <> (found.people is null)
{% endtest %}
