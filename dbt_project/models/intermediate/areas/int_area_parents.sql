-- Every area above an area, of every type and vintage: the lookups followed as far as they lead,
-- and of several ways to a type the shortest.
with recursive ways as (

    select
        child_type,
        child_code,
        parent_type,
        parent_code,
        cost
    from {{ ref('int_area_links') }}

    union

    select
        ways.child_type,
        ways.child_code,
        links.parent_type,
        links.parent_code,
        ways.cost + links.cost as cost
    from ways
    inner join {{ ref('int_area_links') }} as links
        on
            ways.parent_type = links.child_type
            and ways.parent_code = links.child_code

),

shortest as (

    select
        child_type,
        child_code,
        parent_type,
        min(cost) as cost
    from ways
    group by child_type, child_code, parent_type

)

-- Ways differ in their cost or their end, so that each row is one.
select
    ways.child_type,
    ways.child_code,
    ways.parent_type,
    ways.parent_code
from ways
inner join shortest
    on
        ways.child_type = shortest.child_type
        and ways.child_code = shortest.child_code
        and ways.parent_type = shortest.parent_type
        and ways.cost = shortest.cost
