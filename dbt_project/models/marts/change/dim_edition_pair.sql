-- Which editions may be set against each other, and how many areas joined, left and stayed.
with changes as (

    select
        edition_from,
        edition_to,
        count(*) filter (change = 'joined') as areas_joined,
        count(*) filter (change = 'left') as areas_left,
        count(*) filter (change = 'stayed') as areas_stayed
    from {{ ref('edition_change') }}
    group by edition_from, edition_to

)

select
    pairs.edition_from,
    pairs.edition_to,
    pairs.is_comparable,
    pairs.reason_not_comparable,
    pairs.what_changed,
    case when pairs.is_comparable then coalesce(changes.areas_joined, 0) end as areas_joined,
    case when pairs.is_comparable then coalesce(changes.areas_left, 0) end as areas_left,
    case when pairs.is_comparable then coalesce(changes.areas_stayed, 0) end as areas_stayed
from {{ ref('int_edition_pairs') }} as pairs
left join changes
    on
        pairs.edition_from = changes.edition_from
        and pairs.edition_to = changes.edition_to
order by pairs.edition_from, pairs.edition_to
