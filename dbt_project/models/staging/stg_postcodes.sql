with source as (

    select * from {{ source('raw', 'postcode') }}

)

select
    postcode,
    regexp_extract(postcode, '^[A-Z]+') as postcode_area,
    area_code as lsoa21_code,
    left(terminated, 4) || '-' || right(terminated, 2) as ended
from source
where {{ in_nation('area_code') }}
