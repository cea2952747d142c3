-- How many of the areas on a list, and of the people in them, lie in a chosen area: in the country,
-- its regions and its local authorities.
with listed as (

    select * from {{ ref('composite_listed_area') }}

),

by_level as (

    select
        *,
        unnest(['country', 'region', 'authority']) as geography_level
    from listed

),

placed as (

    select
        *,
        case geography_level
            when 'country' then 'all'
            when 'region' then region_name
            else lad_code
        end as geography_code,
        case geography_level
            when 'country' then 'The country'
            when 'region' then region_name
            else lad_name
        end as geography_name
    from by_level

)

select
    edition_id,
    list_edition_id,
    geography_level,
    geography_code,
    geography_name,
    count(*) as areas_listed,
    count(*) filter (where is_in_selected) as areas_in_selected,
    count(*) filter (where not is_in_selected) as areas_in_none,
    cast(sum(population) as bigint) as population_listed,
    cast(coalesce(sum(population) filter (where is_in_selected), 0) as bigint)
        as population_in_selected,
    coalesce(sum(population) filter (where is_in_selected), 0)
    / cast(nullif(sum(population), 0) as double) as share_in_selected
from placed
where geography_code is not null
group by edition_id, list_edition_id, geography_level, geography_code, geography_name
order by edition_id, list_edition_id, geography_level, geography_code
