with source as (

    select * from {{ source('raw', 'summary') }}

)

select
    source_id,
    line_number,
    sheet,
    index_release,
    area_code,
    measure,
    statistic,
    value as published_value
from source
where {{ in_nation('area_code') }}
