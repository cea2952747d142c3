-- Every area above an area, of every type and vintage: the lookups followed as far as they lead,
-- and of several ways to a type the shortest. A way is as loose as its loosest step.
with recursive ways as (

    select
        child_type,
        child_code,
        parent_type,
        parent_code,
        cost,
        cost as loosest
    from {{ ref('int_area_links') }}

    union

    select
        ways.child_type,
        ways.child_code,
        links.parent_type,
        links.parent_code,
        ways.cost + links.cost as cost,
        greatest(ways.loosest, links.cost) as loosest
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

select
    ways.child_type,
    ways.child_code,
    ways.parent_type,
    ways.parent_code,
    case min(ways.loosest) when 1 then 'member' when 2 then 'index file' else 'best fit' end
        as how_matched
from ways
inner join shortest
    on
        ways.child_type = shortest.child_type
        and ways.child_code = shortest.child_code
        and ways.parent_type = shortest.parent_type
        and ways.cost = shortest.cost
group by ways.child_type, ways.child_code, ways.parent_type, ways.parent_code
