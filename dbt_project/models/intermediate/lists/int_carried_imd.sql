-- IMD on the areas of each edition, by the edition's own carry rule.
select
    edition_id,
    area_code,
    imd_score,
    imd_rank,
    imd_areas_ranked,
    imd_parts
from {{ ref('int_imd_by_rule') }}
where is_own_rule
