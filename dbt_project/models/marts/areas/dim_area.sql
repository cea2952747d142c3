select
    area_type,
    area_code,
    area_name,
    lad_type,
    lad_code,
    lad_name,
    msoa21_code,
    region_code,
    region_name,
    population,
    population_source_id,
    area_ha,
    centroid_easting,
    centroid_northing,
    centroid_longitude,
    centroid_latitude
from {{ ref('int_described_areas') }}
order by area_type, area_code
