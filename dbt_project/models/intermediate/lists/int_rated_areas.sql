-- One row for every area of an edition's type, rated or not: nothing is dropped at a join.
with editions as (

    select * from {{ ref('stg_editions') }}

),

areas as (

    select
        editions.edition_id,
        editions.imd_release,
        editions.cni_release,
        editions.not_carried_reason,
        editions.published_flag_release,
        editions.imd_threshold_percent,
        editions.cni_threshold_percent,
        described.area_code,
        described.area_name,
        described.lad_code,
        described.lad_name,
        described.region_name,
        described.population
    from editions
    inner join {{ ref('int_described_areas') }} as described
        on editions.area_type = described.area_type

),

joined as (

    select
        areas.*,
        imd.imd_score,
        imd.imd_rank,
        imd.imd_areas_ranked,
        cni.index_score as cni_score,
        cni.index_rank as cni_rank,
        cni.areas_ranked as cni_areas_ranked,
        flags.published_flag,
        method.decile(imd.imd_rank, imd.imd_areas_ranked) as imd_decile,
        cni.index_decile as cni_decile,
        imd.imd_rank
        - method.threshold_rank(imd.imd_areas_ranked, areas.imd_threshold_percent)
            as imd_ranks_to_threshold,
        cni.index_rank
        - method.threshold_rank(cni.areas_ranked, areas.cni_threshold_percent)
            as cni_ranks_to_threshold
    from areas
    left join {{ ref('int_carried_imd') }} as imd
        on
            areas.edition_id = imd.edition_id
            and areas.area_code = imd.area_code
    left join {{ ref('int_index_scores') }} as cni
        on
            areas.cni_release = cni.index_release
            and areas.area_code = cni.area_code
    left join {{ ref('stg_index_areas') }} as flags
        on
            areas.published_flag_release = flags.index_release
            and areas.area_code = flags.area_code

)

select
    edition_id,
    area_code,
    area_name,
    lad_code,
    lad_name,
    region_name,
    population,
    imd_score,
    imd_rank,
    imd_areas_ranked,
    imd_decile,
    cni_score,
    cni_rank,
    cni_areas_ranked,
    cni_decile,
    imd_ranks_to_threshold <= 0 as is_within_imd_threshold,
    cni_ranks_to_threshold <= 0 as is_within_cni_threshold,
    -- An area that is not rated on both is on no list; not_rated_reason says why.
    coalesce(imd_ranks_to_threshold <= 0 and cni_ranks_to_threshold <= 0, false)
        as is_doubly_disadvantaged,
    published_flag,
    case
        when imd_rank is null and cni_rank is null then 'no IMD and no CNI value'
        when cni_rank is null then 'not in the CNI release'
        when imd_rank is null then not_carried_reason
    end as not_rated_reason,
    imd_ranks_to_threshold,
    cni_ranks_to_threshold
from joined
