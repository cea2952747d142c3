with source as (

    select * from {{ source('raw', 'index_area') }}

)

select
    source_id as index_release,
    line_number,
    area_code,
    area_name,
    lad_code,
    lad_name,
    published_flag,
    total_population,
    children,
    working_age,
    older_people
from source
where {{ in_nation('area_code') }}
