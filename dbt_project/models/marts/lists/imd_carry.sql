select
    edition_id,
    area_code,
    part_code,
    part_type,
    part_imd_score,
    part_imd_rank,
    parts_ranked,
    part_population,
    small_areas,
    lookup_source_id,
    lookup_line_number,
    source_id,
    line_number
from {{ ref('int_imd_parts') }}
where is_own_weighting
order by edition_id, area_code, part_code
