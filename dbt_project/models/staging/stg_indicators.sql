with source as (

    select * from {{ source('raw', 'indicator') }}

)

select
    source_id,
    line_number,
    sheet,
    index_release,
    area_code,
    indicator,
    value as published_value,
    denominator as published_denominator,
    status
from source
where {{ in_nation('area_code') }}
