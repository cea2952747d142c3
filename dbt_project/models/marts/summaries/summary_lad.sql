select
    edition_id,
    area_type as lad_type,
    area_code as lad_code,
    area_name as lad_name,
    region_code,
    region_name,
    areas,
    areas_rated,
    areas_listed,
    share_of_areas,
    population,
    population_listed,
    share_of_population,
    areas_within_imd_threshold,
    areas_within_cni_threshold,
    imd_release,
    imd_lsoas,
    imd_population,
    average_rank,
    average_score,
    proportion,
    extent,
    local_concentration,
    income_scale,
    employment_scale
from {{ ref('int_summary_editions') }}
where area_type <> 'rgn'
order by edition_id, lad_code
