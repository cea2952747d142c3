with editions as (

    select * from {{ ref('stg_composite_editions') }}

),

areas as (

    select * from {{ ref('int_composite_areas') }}

),

published as (

    select distinct
        source_id,
        area_type,
        area_code
    from {{ ref('int_programme_places') }}
    where place_role = 'neighbourhood' and area_code is not null

),

named as (

    select
        areas.edition_id,
        areas.area_code,
        dim_area.area_name,
        dim_area.place_name,
        dim_area.lad_code,
        dim_area.lad_name,
        dim_area.region_name,
        dim_area.population,
        areas.parts,
        areas.imd_score,
        areas.imd_rank,
        areas.imd_standardised,
        areas.cni_score,
        areas.cni_rank,
        areas.cni_standardised,
        areas.composite,
        areas.composite_rank,
        areas.areas_ranked,
        areas.group_type,
        areas.group_code,
        group_areas.area_name as group_name,
        areas.share_in_group,
        areas.place_in_group,
        areas.is_excluded,
        areas.excluded_by,
        areas.place_in_authority,
        areas.place_in_line,
        areas.is_selected,
        case
            when editions.places_published is not null then published.area_code is not null
        end as published_flag,
        areas.most_in_group,
        areas.most_in_authority,
        editions.most_selected
    from areas
    inner join editions on areas.edition_id = editions.edition_id
    inner join {{ ref('dim_area') }} as dim_area
        on
            areas.area_type = dim_area.area_type
            and areas.area_code = dim_area.area_code
    left join {{ ref('dim_area') }} as group_areas
        on
            areas.group_type = group_areas.area_type
            and areas.group_code = group_areas.area_code
    left join published
        on
            editions.programme_source_id = published.source_id
            and areas.area_type = published.area_type
            and areas.area_code = published.area_code

),

{{ selection_reason_ctes() }}

select
    edition_id,
    area_code,
    area_name,
    place_name,
    lad_code,
    lad_name,
    region_name,
    population,
    parts,
    imd_score,
    imd_rank,
    imd_standardised,
    cni_score,
    cni_rank,
    cni_standardised,
    composite,
    composite_rank,
    areas_ranked,
    group_type,
    group_code,
    group_name,
    share_in_group,
    place_in_group,
    is_excluded,
    excluded_by,
    place_in_authority,
    place_in_line,
    is_selected,
    published_flag,
    selection_reason,
    ahead_code,
    composite_short,
    reason_text
from explained
order by edition_id, area_code
