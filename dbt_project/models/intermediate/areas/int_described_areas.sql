with areas as (

    select
        areas.area_type,
        areas.area_code,
        areas.area_name,
        area_types.lad_type,
        area_types.population_source_id
    from {{ ref('int_areas') }} as areas
    inner join {{ ref('area_types') }} as area_types on areas.area_type = area_types.area_type

),

-- An area is its own parent too: so a population reaches its own area, and a LAD its own columns.
parents as (

    select
        child_type,
        child_code,
        parent_type,
        parent_code
    from {{ ref('int_area_parents') }}

    union all

    select
        area_type as child_type,
        area_code as child_code,
        area_type as parent_type,
        area_code as parent_code
    from areas

),

named_parents as (

    select
        areas.area_type,
        areas.area_code,
        max(parents.parent_code) filter (where parents.parent_type = areas.lad_type) as lad_code,
        max(named.area_name) filter (where parents.parent_type = areas.lad_type) as lad_name,
        max(parents.parent_code) filter (where parents.parent_type = 'msoa21') as msoa21_code,
        max(parents.parent_code) filter (where parents.parent_type = 'rgn') as region_code,
        max(named.area_name) filter (where parents.parent_type = 'rgn') as region_name
    from areas
    inner join parents
        on
            areas.area_type = parents.child_type
            and areas.area_code = parents.child_code
    left join {{ ref('int_areas') }} as named
        on
            parents.parent_type = named.area_type
            and parents.parent_code = named.area_code
    group by areas.area_type, areas.area_code

),

-- A geography from which no lookup leads to regions may still lie in one, as all that is in it.
sole_regions as (

    select
        inside.parent_type as area_type,
        inside.parent_code as area_code,
        min(regions.parent_code) as region_code
    from {{ ref('int_area_parents') }} as inside
    inner join {{ ref('int_area_parents') }} as regions
        on
            inside.child_type = regions.child_type
            and inside.child_code = regions.child_code
    where
        regions.parent_type = 'rgn'
        and inside.parent_type not in (
            select led.child_type
            from {{ ref('int_area_parents') }} as led
            where led.parent_type = 'rgn'
        )
    group by inside.parent_type, inside.parent_code
    having count(distinct regions.parent_code) = 1

),

-- Every population source summed to every type of area above its own.
populations as (

    select
        populations.source_id,
        parents.parent_type as area_type,
        parents.parent_code as area_code,
        sum(populations.population) as population
    from {{ ref('stg_populations') }} as populations
    inner join parents
        on
            populations.area_type = parents.child_type
            and populations.area_code = parents.child_code
    group by populations.source_id, parents.parent_type, parents.parent_code

)

select
    areas.area_type,
    areas.area_code,
    areas.area_name,
    case when named_parents.lad_code is not null then areas.lad_type end as lad_type,
    named_parents.lad_code,
    named_parents.lad_name,
    named_parents.msoa21_code,
    coalesce(named_parents.region_code, sole_regions.region_code) as region_code,
    coalesce(named_parents.region_name, regions.area_name) as region_name,
    cast(round(populations.population) as bigint) as population,
    case when populations.population is not null then areas.population_source_id end
        as population_source_id,
    boundaries.area_ha,
    boundaries.centroid_easting,
    boundaries.centroid_northing,
    boundaries.centroid_longitude,
    boundaries.centroid_latitude
from areas
left join named_parents
    on
        areas.area_type = named_parents.area_type
        and areas.area_code = named_parents.area_code
left join sole_regions
    on
        areas.area_type = sole_regions.area_type
        and areas.area_code = sole_regions.area_code
left join {{ ref('int_areas') }} as regions
    on
        regions.area_type = 'rgn'
        and sole_regions.region_code = regions.area_code
left join populations
    on
        areas.population_source_id = populations.source_id
        and areas.area_type = populations.area_type
        and areas.area_code = populations.area_code
left join {{ ref('int_boundaries') }} as boundaries
    on
        areas.area_type = boundaries.area_type
        and areas.area_code = boundaries.area_code
