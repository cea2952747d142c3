-- What each area lies in, of every kind of geography: by the lookups, or, where none leads there,
-- by where the residents of the small areas live that it shares with others.
with geographies as (

    select area_type
    from {{ ref('area_types') }}
    where geography is not null

),

placed as (

    select area_type
    from {{ ref('area_types') }}
    where is_placed

),

by_lookup as (

    select
        parents.child_type as area_type,
        parents.child_code as area_code,
        parents.parent_type as geography_type,
        parents.parent_code as geography_code,
        parents.how_matched
    from {{ ref('int_area_parents') }} as parents
    inner join placed on parents.child_type = placed.area_type
    inner join geographies on parents.parent_type = geographies.area_type

),

divided as (

    select
        divided.to_type as area_type,
        divided.to_code as area_code,
        divided.from_type as part_type,
        divided.from_code as part_code,
        divided.portion
    from {{ ref('int_area_shares') }} as divided
    inner join placed on divided.to_type = placed.area_type

),

parts as (

    select * from divided

    union all

    -- An area that is put together from whole small areas.
    select
        parents.parent_type as area_type,
        parents.parent_code as area_code,
        parents.child_type as part_type,
        parents.child_code as part_code,
        1.0 as portion
    from {{ ref('int_area_parents') }} as parents
    inner join placed on parents.parent_type = placed.area_type
    inner join placed as small on parents.child_type = small.area_type
    where
        not exists (
            select 1 from divided
            where
                parents.parent_type = divided.area_type
                and parents.child_type = divided.part_type
        )

),

inhabited as (

    select
        parts.*,
        coalesce(described.population, 0) * parts.portion as people
    from parts
    inner join {{ ref('int_described_areas') }} as described
        on
            parts.part_type = described.area_type
            and parts.part_code = described.area_code

),

totals as (

    select
        area_type,
        area_code,
        part_type,
        {{ exact_sum('people') }} as people,
        {{ exact_sum('portion') }} as portions
    from inhabited
    group by area_type, area_code, part_type

),

shared as (

    select
        inhabited.area_type,
        inhabited.area_code,
        inhabited.part_type,
        by_lookup.geography_type,
        by_lookup.geography_code,
        {{ exact_sum('inhabited.people') }} as people,
        {{ exact_sum('inhabited.portion') }} as portions
    from inhabited
    inner join by_lookup
        on
            inhabited.part_type = by_lookup.area_type
            and inhabited.part_code = by_lookup.area_code
    where inhabited.area_type <> by_lookup.geography_type
    group by
        inhabited.area_type,
        inhabited.area_code,
        inhabited.part_type,
        by_lookup.geography_type,
        by_lookup.geography_code
    -- By the newest small areas that a lookup leads from.
    qualify
        inhabited.part_type
        = max(inhabited.part_type) over (
            partition by inhabited.area_type, by_lookup.geography_type
        )

),

by_residents as (

    select
        shared.area_type,
        shared.area_code,
        shared.geography_type,
        shared.geography_code,
        'residents' as how_matched,
        -- Where nobody lives, by the small areas.
        case
            when totals.people > 0 then shared.people / totals.people
            else shared.portions / totals.portions
        end as share_of_residents
    from shared
    inner join totals
        on
            shared.area_type = totals.area_type
            and shared.area_code = totals.area_code
            and shared.part_type = totals.part_type
    left join by_lookup
        on
            shared.area_type = by_lookup.area_type
            and shared.area_code = by_lookup.area_code
            and shared.geography_type = by_lookup.geography_type
    where by_lookup.area_code is null

),

both_ways as (

    select
        *,
        1.0::double as share_of_residents
    from by_lookup

    union all

    select * from by_residents
    where share_of_residents > 0

)

select
    *,
    row_number() over (
        partition by area_type, area_code, geography_type
        order by share_of_residents desc, geography_code asc
    ) = 1 as is_main
from both_ways
