-- The places of the programmes, found by name: neighbourhoods among the areas of an edition, within
-- their authority; places that keep a group from being chosen from by the groups that the list
-- names. A name that fits nothing stays without a code, with the nearest names: never a guess.
with lists as (

    select distinct
        programme_source_id as source_id,
        'neighbourhood' as place_role,
        area_type
    from {{ ref('stg_composite_editions') }}
    where programme_source_id is not null

    union all

    select distinct
        exclusion_source_id as source_id,
        'exclusion' as place_role,
        group_type as area_type
    from {{ ref('stg_composite_editions') }}
    where exclusion_source_id is not null and group_type is not null

),

looked_up as (

    select
        places.source_id,
        places.line_number,
        places.lad_name,
        places.published_name,
        lists.place_role,
        lists.area_type,
        aliases.place_name is not null as is_alias,
        trim(
            unnest(
                case lists.place_role
                    when 'neighbourhood' then [coalesce(aliases.place_name, places.published_name)]
                    else string_split(places.constituency_names, ';')
                end
            )
        ) as looked_up_name
    from {{ ref('stg_programme_places') }} as places
    inner join lists on places.source_id = lists.source_id
    left join {{ ref('programme_aliases') }} as aliases
        on
            places.source_id = aliases.source_id
            and places.lad_name = aliases.lad_name
            and places.published_name = aliases.published_name

),

candidates as (

    select
        areas.area_type,
        areas.area_code,
        coalesce(place_names.place_name, areas.area_name) as area_name,
        areas.lad_name
    from {{ ref('int_described_areas') }} as areas
    left join {{ ref('stg_area_names') }} as place_names
        on
            areas.area_type = place_names.area_type
            and areas.area_code = place_names.area_code
    where areas.area_type in (select lists.area_type from lists)

),

found as (

    select
        looked_up.source_id,
        looked_up.line_number,
        looked_up.lad_name,
        looked_up.published_name,
        looked_up.place_role,
        looked_up.area_type,
        looked_up.looked_up_name,
        looked_up.is_alias,
        min(candidates.area_code) as area_code,
        count(candidates.area_code) as areas_found
    from looked_up
    left join candidates
        on
            looked_up.area_type = candidates.area_type
            and {{ same_name('looked_up.looked_up_name') }}
            = {{ same_name('candidates.area_name') }}
            and (
                looked_up.place_role = 'exclusion'
                or {{ same_name('looked_up.lad_name') }} = {{ same_name('candidates.lad_name') }}
            )
    group by all

),

-- In the authority first, and those that are most alike.
nearest as (

    select
        found.source_id,
        found.line_number,
        found.lad_name,
        found.published_name,
        found.looked_up_name,
        list(
            candidates.area_name || coalesce(' (' || candidates.lad_name || ')', '')
            order by
                ({{ same_name('found.lad_name') }} = {{ same_name('candidates.lad_name') }}) desc
                nulls last,
                jaro_winkler_similarity(found.looked_up_name, candidates.area_name) desc,
                candidates.area_code asc
        )[:3] as nearest_names
    from found
    inner join candidates on found.area_type = candidates.area_type
    where found.areas_found <> 1
    group by
        found.source_id,
        found.line_number,
        found.lad_name,
        found.published_name,
        found.looked_up_name

)

select
    found.source_id,
    found.line_number,
    found.lad_name,
    found.published_name,
    found.place_role,
    found.area_type,
    found.looked_up_name,
    found.areas_found,
    case when found.areas_found = 1 then found.area_code end as area_code,
    case when found.areas_found = 1 then if(found.is_alias, 'alias', 'name') end as how_matched,
    array_to_string(nearest.nearest_names, '; ') as nearest_names
from found
left join nearest
    on
        found.source_id = nearest.source_id
        and found.line_number = nearest.line_number
        and found.lad_name = nearest.lad_name
        and found.published_name = nearest.published_name
        and found.looked_up_name = nearest.looked_up_name
