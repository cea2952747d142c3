with source as (

    select * from {{ source('raw', 'programme_place') }}

)

select
    source_id,
    line_number,
    lad_name,
    place_name as published_name,
    constituency_names
from source
