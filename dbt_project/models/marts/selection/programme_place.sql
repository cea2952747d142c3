select
    places.source_id,
    places.line_number,
    places.lad_name,
    places.published_name,
    places.place_role,
    places.area_type,
    places.looked_up_name,
    places.areas_found,
    places.area_code,
    areas.area_name,
    places.how_matched,
    places.nearest_names
from {{ ref('int_programme_places') }} as places
left join {{ ref('dim_area') }} as areas
    on
        places.area_type = areas.area_type
        and places.area_code = areas.area_code
order by places.source_id, places.line_number, places.published_name, places.looked_up_name
