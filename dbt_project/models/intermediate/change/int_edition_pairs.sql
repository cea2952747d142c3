-- Every two editions, the earlier one first, and whether they may be set against each other: those
-- of one comparable_group on areas of one type may, the others have the publisher's reason why not.
select
    earlier.edition_id as edition_from,
    later.edition_id as edition_to,
    coalesce(
        earlier.comparable_group = later.comparable_group
        and earlier.area_type = later.area_type,
        false
    ) as is_comparable,
    case when not is_comparable then reasons.reason_not_comparable end as reason_not_comparable
from {{ ref('stg_editions') }} as earlier
inner join {{ ref('stg_editions') }} as later
    on
        (earlier.cni_release, earlier.imd_release, earlier.edition_id)
        < (later.cni_release, later.imd_release, later.edition_id)
left join {{ ref('comparability') }} as reasons
    on
        (
            earlier.comparable_group = reasons.comparable_group
            and later.comparable_group = reasons.other_group
        )
        or (
            earlier.comparable_group = reasons.other_group
            and later.comparable_group = reasons.comparable_group
        )
