select
    edition_id,
    weighting,
    area_code,
    part_code,
    part_type,
    part_population,
    small_areas,
    small_areas_by_best_fit,
    lookup_source_id,
    lookup_line_number
from {{ ref('int_carry_weights') }}
order by edition_id, weighting, area_code, part_code
