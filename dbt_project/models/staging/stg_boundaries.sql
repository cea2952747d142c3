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
    area_ha,
    centroid_easting,
    centroid_northing,
    centroid_longitude,
    centroid_latitude
from source
where {{ in_nation('area_code') }}
