select
    area_type,
    label,
    geography,
    lad_type,
    place_type,
    scale as area_level,
    is_partial
from {{ ref('area_types') }}
order by scale, area_type
