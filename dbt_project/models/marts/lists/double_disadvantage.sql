select
    lists.edition_id,
    lists.area_code,
    lists.area_name,
    dim_area.place_name,
    dim_area.ward25_code,
    dim_area.ward25_name,
    dim_area.pcon24_code,
    dim_area.pcon24_name,
    lists.lad_code,
    lists.lad_name,
    lists.region_name,
    lists.population,
    lists.imd_score,
    lists.imd_rank,
    lists.imd_areas_ranked,
    lists.imd_decile,
    lists.cni_score,
    lists.cni_rank,
    lists.cni_areas_ranked,
    lists.cni_decile,
    lists.is_within_imd_threshold,
    lists.is_within_cni_threshold,
    lists.is_doubly_disadvantaged,
    lists.published_flag,
    lists.not_rated_reason,
    lists.imd_ranks_to_threshold,
    lists.cni_ranks_to_threshold
from {{ ref('int_rated_areas') }} as lists
left join {{ ref('stg_editions') }} as editions on lists.edition_id = editions.edition_id
left join {{ ref('dim_area') }} as dim_area
    on
        editions.area_type = dim_area.area_type
        and lists.area_code = dim_area.area_code
order by lists.edition_id, lists.area_code
