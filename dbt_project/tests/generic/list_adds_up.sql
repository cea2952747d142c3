{# The counts of an edition's larger areas add up to the edition's own list, and each larger area
   of the kind has a row, with none listed too. #}
{% test list_adds_up(model, area_type, code) %}
    with nation as (

        select
            edition_id,
            count(*) as areas,
            count(*) filter (not_rated_reason is null) as areas_rated,
            count(*) filter (is_doubly_disadvantaged) as areas_listed,
            count(*) filter (is_within_imd_threshold) as areas_within_imd_threshold,
            count(*) filter (is_within_cni_threshold) as areas_within_cni_threshold,
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
            sum(areas_within_imd_threshold) as areas_within_imd_threshold,
            sum(areas_within_cni_threshold) as areas_within_cni_threshold,
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
        or nation.areas_within_imd_threshold is distinct from found.areas_within_imd_threshold
        or nation.areas_within_cni_threshold is distinct from found.areas_within_cni_threshold
        or nation.population is distinct from found.population
        or nation.population_listed is distinct from found.population_listed
{% endtest %}
