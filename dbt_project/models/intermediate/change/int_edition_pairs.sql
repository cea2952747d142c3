-- Every two editions, the earlier one first, whether they may be set against each other, and what
-- changed from the one to the other: those of one comparable_group on areas of one type may.
with pairs as (

    select
        earlier.edition_id as edition_from,
        later.edition_id as edition_to,
        coalesce(
            earlier.comparable_group = later.comparable_group
            and earlier.area_type = later.area_type,
            false
        ) as is_comparable,
        [earlier.cni_release, earlier.imd_release, earlier.area_type] as releases_from,
        [later.cni_release, later.imd_release, later.area_type] as releases_to
    from {{ ref('stg_editions') }} as earlier
    inner join {{ ref('stg_editions') }} as later
        on
            (earlier.cni_release, earlier.imd_release, earlier.edition_id)
            < (later.cni_release, later.imd_release, later.edition_id)

)

select
    pairs.edition_from,
    pairs.edition_to,
    pairs.is_comparable,
    string_agg(
        if(not pairs.is_comparable and said.may_be_compared = 'nothing', said.what_changed, null),
        '; ' order by list_position(pairs.releases_from, said.earlier)
    ) as reason_not_comparable,
    string_agg(
        said.what_changed, '; ' order by list_position(pairs.releases_from, said.earlier)
    ) as what_changed
from pairs
left join {{ ref('comparability') }} as said
    on list_contains(list_zip(pairs.releases_from, pairs.releases_to), (said.earlier, said.later))
group by pairs.edition_from, pairs.edition_to, pairs.is_comparable
