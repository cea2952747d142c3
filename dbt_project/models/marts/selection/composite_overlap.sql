-- The parts of each chosen area that are on the lists of their own area type.
with pairs as (

    select
        composites.edition_id,
        composites.area_type,
        composites.part_type,
        lists.edition_id as list_edition_id
    from {{ ref('stg_composite_editions') }} as composites
    inner join {{ ref('stg_editions') }} as lists on composites.part_type = lists.area_type

)

select
    pairs.edition_id,
    pairs.list_edition_id,
    chosen.area_code,
    any_value(chosen.area_name) as area_name,
    any_value(chosen.place_name) as place_name,
    any_value(chosen.lad_name) as lad_name,
    any_value(chosen.region_name) as region_name,
    count(*) as parts,
    count(*) filter (where lists.is_doubly_disadvantaged) as parts_listed,
    cast(sum(lists.population) as bigint) as population,
    cast(coalesce(sum(lists.population) filter (where lists.is_doubly_disadvantaged), 0) as bigint)
        as population_listed,
    coalesce(sum(lists.population) filter (where lists.is_doubly_disadvantaged), 0)
    / cast(nullif(sum(lists.population), 0) as double) as share_listed
from pairs
inner join {{ ref('composite_selection') }} as chosen
    on
        pairs.edition_id = chosen.edition_id
        and chosen.is_selected
inner join {{ ref('int_area_parents') }} as parents
    on
        pairs.area_type = parents.parent_type
        and chosen.area_code = parents.parent_code
        and pairs.part_type = parents.child_type
inner join {{ ref('int_rated_areas') }} as lists
    on
        pairs.list_edition_id = lists.edition_id
        and parents.child_code = lists.area_code
group by pairs.edition_id, pairs.list_edition_id, chosen.area_code
order by pairs.edition_id, pairs.list_edition_id, chosen.area_code
