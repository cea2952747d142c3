-- Every area on a list, and the area of the composite edition that it is part of, chosen or not.
select
    composites.edition_id,
    lists.edition_id as list_edition_id,
    lists.area_code,
    lists.area_name,
    lists.lad_code,
    lists.lad_name,
    lists.region_name,
    lists.population,
    around.area_code as composite_area_code,
    coalesce(around.place_name, around.area_name) as composite_area_name,
    coalesce(around.is_selected, false) as is_in_selected,
    around.selection_reason,
    around.reason_text
from {{ ref('stg_composite_editions') }} as composites
inner join {{ ref('stg_editions') }} as editions on composites.part_type = editions.area_type
inner join {{ ref('int_rated_areas') }} as lists
    on
        editions.edition_id = lists.edition_id
        and lists.is_doubly_disadvantaged
left join {{ ref('int_area_parents') }} as parents
    on
        composites.part_type = parents.child_type
        and lists.area_code = parents.child_code
        and composites.area_type = parents.parent_type
left join {{ ref('composite_selection') }} as around
    on
        composites.edition_id = around.edition_id
        and parents.parent_code = around.area_code
order by composites.edition_id, lists.edition_id, lists.area_code
