with source as (

    select * from {{ source('raw', 'lookup') }}

)

select
    source_id,
    line_number,
    from_type,
    from_code,
    from_name,
    to_type,
    to_code,
    to_name,
    relation,
    change_code
from source
where
    {{ in_nation('from_code') }}
    and to_code is not null
