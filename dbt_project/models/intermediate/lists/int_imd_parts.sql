-- The parts from which an edition's IMD comes to an area; int_carried_imd applies the carry rule.
select
    editions.edition_id,
    lookups.to_code as area_code,
    lookups.from_code as part_code,
    lookups.from_type as part_type,
    scores.index_score as part_imd_score,
    scores.index_rank as part_imd_rank,
    scores.areas_ranked as parts_ranked,
    populations.total_population as part_population,
    lookups.source_id as lookup_source_id,
    lookups.line_number as lookup_line_number,
    editions.imd_release as source_id,
    scores.line_number
from {{ ref('stg_editions') }} as editions
inner join {{ ref('stg_lookups') }} as lookups
    on
        editions.carry_lookup_id = lookups.source_id
        and editions.area_type = lookups.to_type
inner join {{ ref('int_index_scores') }} as scores
    on
        editions.imd_release = scores.index_release
        and lookups.from_code = scores.area_code
left join {{ ref('stg_index_areas') }} as populations
    on
        scores.index_release = populations.index_release
        and scores.area_code = populations.area_code
