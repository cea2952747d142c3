-- The shape of every area: its own, or put together from those of its parts.
with measured as (

    select
        area_type,
        area_code,
        any_value(crs) as crs,
        any_value(source_id) as source_id,
        {{ exact_sum('area_ha') }} as area_ha,
        -- Of parts that do not overlap the centre is the mean of theirs, by their size.
        {{ mean_by_people('centroid_easting', 'area_ha') }} as centroid_easting,
        {{ mean_by_people('centroid_northing', 'area_ha') }} as centroid_northing,
        {{ mean_by_people('centroid_longitude', 'area_ha') }} as centroid_longitude,
        {{ mean_by_people('centroid_latitude', 'area_ha') }} as centroid_latitude
    from {{ ref('int_shape_parts') }}
    group by area_type, area_code

)

select
    source_id,
    line_number,
    area_type,
    area_code,
    geometry_wkb,
    crs,
    repair,
    boundary_source,
    is_approximate,
    area_ha,
    centroid_easting,
    centroid_northing,
    centroid_longitude,
    centroid_latitude
from {{ ref('stg_boundaries') }}

union all

select
    measured.source_id,
    null as line_number,
    measured.area_type,
    measured.area_code,
    shapes.geometry_wkb,
    measured.crs,
    null as repair,
    'dissolved from ' || area_types.dissolved_from as boundary_source,
    false as is_approximate,
    measured.area_ha,
    measured.centroid_easting,
    measured.centroid_northing,
    measured.centroid_longitude,
    measured.centroid_latitude
from measured
inner join {{ ref('int_dissolved_shapes') }} as shapes
    on
        measured.area_type = shapes.area_type
        and measured.area_code = shapes.area_code
inner join {{ ref('area_types') }} as area_types on measured.area_type = area_types.area_type
