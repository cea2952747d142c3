select
    placed.area_type,
    placed.area_code,
    placed.geography_type,
    area_types.geography,
    placed.geography_code,
    named.area_name as geography_name,
    placed.how_matched,
    placed.share_of_residents,
    placed.is_main
from {{ ref('int_area_geographies') }} as placed
inner join {{ ref('area_types') }} as area_types on placed.geography_type = area_types.area_type
left join {{ ref('int_areas') }} as named
    on
        placed.geography_type = named.area_type
        and placed.geography_code = named.area_code
order by placed.area_type, placed.area_code, placed.geography_type, placed.geography_code
