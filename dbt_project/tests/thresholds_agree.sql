-- threshold_sensitivity counts areas at each threshold; threshold_membership says from which one an
-- area is listed. A row is a threshold at which they differ.
with counted as (

    select
        sensitivity.edition_id,
        sensitivity.varied_index,
        sensitivity.threshold_percent,
        sensitivity.areas_listed,
        count(*) filter (
            where sensitivity.threshold_percent >= case sensitivity.varied_index
                when 'both' then membership.listed_from_percent_both
                when 'imd' then membership.listed_from_percent_imd
                when 'cni' then membership.listed_from_percent_cni
            end
        ) as areas_by_membership
    from {{ ref('threshold_sensitivity') }} as sensitivity
    inner join {{ ref('threshold_membership') }} as membership
        on sensitivity.edition_id = membership.edition_id
    group by all

)

select *
from counted
where areas_listed <> areas_by_membership
