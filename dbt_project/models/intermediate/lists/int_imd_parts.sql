-- The parts from which IMD can come to an area, by every weighting that the edition has;
-- int_imd_by_rule applies the carry rules.
select
    weights.edition_id,
    weights.weighting,
    weights.weighting = editions.carry_weighting as is_own_weighting,
    weights.area_code,
    weights.part_code,
    weights.part_type,
    scores.index_score as part_imd_score,
    scores.index_rank as part_imd_rank,
    scores.areas_ranked as parts_ranked,
    weights.part_population,
    weights.small_areas,
    weights.lookup_source_id,
    weights.lookup_line_number,
    editions.imd_release as source_id,
    scores.line_number
from {{ ref('int_carry_weights') }} as weights
inner join {{ ref('stg_editions') }} as editions on weights.edition_id = editions.edition_id
inner join {{ ref('int_index_scores') }} as scores
    on
        editions.imd_release = scores.index_release
        and weights.part_code = scores.area_code
