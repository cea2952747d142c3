select
    area_type,
    area_code,
    geometry_wkb,
    crs,
    repair,
    boundary_source,
    is_approximate,
    source_id,
    line_number as feature_number
from {{ ref('int_boundaries') }}
order by area_type, area_code
