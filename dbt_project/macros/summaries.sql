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

{# The counts of an edition's larger areas add up to the edition's own list, and each larger area
   of the kind has a row, with none listed too. #}
{% test list_adds_up(model, area_type, code) %}
    with nation as (

        select
            edition_id,
            count(*) as areas,
            count(*) filter (not_rated_reason is null) as areas_rated,
            count(*) filter (is_doubly_disadvantaged) as areas_listed,
            count(*) filter (is_imd_worst_decile) as areas_imd_worst_decile,
            count(*) filter (is_cni_worst_decile) as areas_cni_worst_decile,
            coalesce(sum(population), 0) as population,
            coalesce(sum(population) filter (is_doubly_disadvantaged), 0) as population_listed
        from {{ ref('double_disadvantage') }}
        group by edition_id

    ),

    rows_expected as (

        select
            editions.edition_id,
            count(*) as larger_areas
        from {{ ref('stg_editions') }} as editions
        inner join {{ ref('dim_area') }} as dim_area on {{ area_type }} = dim_area.area_type
        group by editions.edition_id

    ),

    found as (

        select
            edition_id,
            count({{ code }}) as larger_areas,
            sum(areas) as areas,
            sum(areas_rated) as areas_rated,
            sum(areas_listed) as areas_listed,
            sum(areas_imd_worst_decile) as areas_imd_worst_decile,
            sum(areas_cni_worst_decile) as areas_cni_worst_decile,
            sum(population) as population,
            sum(population_listed) as population_listed
        from {{ model }}
        group by edition_id

    )

    select edition_id
    from nation
    full join found using (edition_id)
    full join rows_expected using (edition_id)
    where
        rows_expected.larger_areas is distinct from found.larger_areas
        or nation.areas is distinct from found.areas
        or nation.areas_rated is distinct from found.areas_rated
        or nation.areas_listed is distinct from found.areas_listed
        or nation.areas_imd_worst_decile is distinct from found.areas_imd_worst_decile
        or nation.areas_cni_worst_decile is distinct from found.areas_cni_worst_decile
        or nation.population is distinct from found.population
        or nation.population_listed is distinct from found.population_listed
{% endtest %}
