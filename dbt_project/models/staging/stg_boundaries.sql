with source as (

    select * from {{ source('raw', 'boundary') }}

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
    -- Put together from other areas by whoever made the file, who marks it so.
    coalesce(starts_with(boundary_source, 'APPROX'), false) as is_approximate,
    area_ha,
    centroid_easting,
    centroid_northing,
    centroid_longitude,
    centroid_latitude
from source
where {{ in_nation('area_code') }}
