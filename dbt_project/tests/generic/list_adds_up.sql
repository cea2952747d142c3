{# The counts of an edition's larger areas add up to the edition's own list, kind by kind, and each
   larger area of the kind has a row, with none listed too. What nobody lives in may lie in none, and
   a kind that leaves out a part of the nation counts that part nowhere. #}
{% test list_adds_up(model) %}
    with nation as (

        select
            lists.edition_id,
            kinds.geography_type,
            count(*) as areas,
            count(*) filter (lists.not_rated_reason is null) as areas_rated,
            count(*) filter (lists.is_doubly_disadvantaged) as areas_listed,
            count(*) filter (lists.is_within_imd_threshold) as areas_within_imd_threshold,
            count(*) filter (lists.is_within_cni_threshold) as areas_within_cni_threshold,
            coalesce(sum(lists.population), 0) as population,
            coalesce(sum(lists.population) filter (lists.is_doubly_disadvantaged), 0)
                as population_listed
        from {{ ref('double_disadvantage') }} as lists
        inner join {{ ref('stg_editions') }} as editions on lists.edition_id = editions.edition_id
        inner join (
            select distinct
                edition_id,
                geography_type
            from {{ model }}
        ) as kinds on lists.edition_id = kinds.edition_id
        inner join {{ ref('area_types') }} as area_types
            on kinds.geography_type = area_types.area_type
        left join {{ ref('geography_membership') }} as placed
            on
                editions.area_type = placed.area_type
                and lists.area_code = placed.area_code
                and kinds.geography_type = placed.geography_type
                and placed.is_main
        where
            placed.area_code is not null
            or (not area_types.is_partial and lists.population > 0)
        group by all

    ),

    rows_expected as (

        select
            area_type as geography_type,
            count(*) as larger_areas
        from {{ ref('dim_area') }}
        group by area_type

    ),

    found as (

        select
            edition_id,
            geography_type,
            count(geography_code) as larger_areas,
            sum(areas) as areas,
            sum(areas_rated) as areas_rated,
            sum(areas_listed) as areas_listed,
            sum(areas_within_imd_threshold) as areas_within_imd_threshold,
            sum(areas_within_cni_threshold) as areas_within_cni_threshold,
            sum(population) as population,
            sum(population_listed) as population_listed
        from {{ model }}
        group by edition_id, geography_type

    )

    select
        edition_id,
        geography_type
    from nation
    full join found using (edition_id, geography_type)
    left join rows_expected using (geography_type)
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
