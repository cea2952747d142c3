with source as (

    select * from {{ source('raw', 'index_measure') }}

)

select
    source_id as index_release,
    line_number,
    area_code,
    measure,
    score as published_score,
    rank as published_rank,
    decile as published_decile
from source
where {{ in_nation('area_code') }}
