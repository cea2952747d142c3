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
        parent_code,
        cost,
        min(cost) over (partition by child_type, child_code, parent_type) as least_cost
    from ways

)

select distinct
    child_type,
    child_code,
    parent_type,
    parent_code
from shortest
where cost = least_cost
