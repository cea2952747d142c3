select
    small_area_type,
    small_area_code,
    part_type,
    part_code,
    area_type,
    area_code,
    allocation,
    population,
    part_lookup_id,
    part_line_number,
    area_lookup_id,
    area_line_number,
    population_source_id
from {{ ref('int_carry_small_areas') }}
order by area_type, small_area_code
