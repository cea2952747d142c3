-- The shapes of which those of larger areas are put together, where all of its parts have one.
{{ config(materialized='view') }}

select
    area_types.area_type,
    parents.parent_code as area_code,
    parents.child_code as part_code,
    shapes.geometry_wkb,
    shapes.crs,
    shapes.area_ha,
    shapes.centroid_easting,
    shapes.centroid_northing,
    shapes.centroid_longitude,
    shapes.centroid_latitude,
    shapes.source_id
from {{ ref('area_types') }} as area_types
inner join {{ ref('int_area_parents') }} as parents
    on
        area_types.area_type = parents.parent_type
        and area_types.dissolved_from = parents.child_type
left join {{ ref('stg_boundaries') }} as shapes
    on
        parents.child_type = shapes.area_type
        and parents.child_code = shapes.area_code
where area_types.area_type not in (select own.area_type from {{ ref('stg_boundaries') }} as own)
qualify
    count(shapes.geometry_wkb) over (partition by area_types.area_type, parents.parent_code)
    = count(*) over (partition by area_types.area_type, parents.parent_code)
