-- From which threshold each area is on the list. By a formula of its own: threshold_sensitivity
-- counts at each threshold, and a test sets the two against one another.
with percents as (

    select
        lists.edition_id,
        lists.area_code,
        method.percentile(lists.imd_rank, lists.imd_areas_ranked) as imd_percent,
        method.percentile(lists.cni_rank, lists.cni_areas_ranked) as cni_percent,
        lists.is_within_imd_threshold,
        lists.is_within_cni_threshold
    from {{ ref('double_disadvantage') }} as lists

)

select
    edition_id,
    area_code,
    -- greatest() passes over a missing value, but an area without a rank is on no list.
    case
        when imd_percent is not null and cni_percent is not null
            then greatest(imd_percent, cni_percent)
    end as listed_from_percent_both,
    case when is_within_cni_threshold then imd_percent end as listed_from_percent_imd,
    case when is_within_imd_threshold then cni_percent end as listed_from_percent_cni
from percents
order by edition_id, area_code
