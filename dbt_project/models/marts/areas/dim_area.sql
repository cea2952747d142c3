-- What tells people where a small area is, and whom to ask about it.
with placed as (

    select
        area_type,
        area_code,
        max(geography_code) filter (geography_type = 'ward25') as ward25_code,
        max(geography_code) filter (geography_type = 'pcon24') as pcon24_code
    from {{ ref('int_area_geographies') }}
    where is_main
    group by area_type, area_code

),

places as (

    select
        placed.area_type,
        placed.area_code,
        named.place_name
    from {{ ref('int_area_geographies') }} as placed
    inner join {{ ref('area_types') }} as area_types
        on
            placed.area_type = area_types.area_type
            and placed.geography_type = area_types.place_type
    inner join {{ ref('stg_area_names') }} as named
        on
            placed.geography_type = named.area_type
            and placed.geography_code = named.area_code
    where placed.is_main

    union all

    select
        area_type,
        area_code,
        place_name
    from {{ ref('stg_area_names') }}

)

select
    described.area_type,
    described.area_code,
    described.area_name,
    places.place_name,
    described.lad_type,
    described.lad_code,
    described.lad_name,
    described.msoa21_code,
    placed.ward25_code,
    wards.area_name as ward25_name,
    placed.pcon24_code,
    constituencies.area_name as pcon24_name,
    described.region_code,
    described.region_name,
    described.population,
    described.population_source_id,
    described.area_ha,
    described.centroid_easting,
    described.centroid_northing,
    described.centroid_longitude,
    described.centroid_latitude
from {{ ref('int_described_areas') }} as described
left join places
    on
        described.area_type = places.area_type
        and described.area_code = places.area_code
left join placed
    on
        described.area_type = placed.area_type
        and described.area_code = placed.area_code
left join {{ ref('int_areas') }} as wards
    on
        wards.area_type = 'ward25'
        and placed.ward25_code = wards.area_code
left join {{ ref('int_areas') }} as constituencies
    on
        constituencies.area_type = 'pcon24'
        and placed.pcon24_code = constituencies.area_code
order by described.area_type, described.area_code
