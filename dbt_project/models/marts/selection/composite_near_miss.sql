-- Who would be next: in each group that has one chosen, and in the whole country.
with areas as (

    select * from {{ ref('composite_selection') }}

),

chosen_groups as (

    select distinct
        edition_id,
        group_code
    from areas
    where is_selected

),

near as (

    select
        areas.*,
        'next in its group' as near_miss
    from areas
    inner join {{ ref('stg_composite_editions') }} as editions
        on areas.edition_id = editions.edition_id
    inner join chosen_groups
        on
            areas.edition_id = chosen_groups.edition_id
            and areas.group_code = chosen_groups.group_code
    where
        areas.selection_reason = 'behind in its group'
        and areas.place_in_group = editions.most_in_group + 1

    union all

    select
        areas.*,
        'next in the country' as near_miss
    from areas
    where areas.selection_reason = 'beyond the number'

)

select
    edition_id,
    near_miss,
    row_number() over (
        partition by edition_id, near_miss order by composite_short asc, area_code asc
    ) as near_miss_place,
    area_code,
    area_name,
    place_name,
    lad_code,
    lad_name,
    region_name,
    population,
    group_code,
    group_name,
    composite,
    composite_rank,
    composite_short,
    ahead_code,
    reason_text
from near
order by edition_id, near_miss, near_miss_place
