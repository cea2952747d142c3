with source as (

    select * from {{ source('raw', 'area_name') }}

)

select
    source.source_id,
    sources.area_type,
    source.area_code,
    source.place_name
from source
inner join {{ ref('stg_source_files') }} as sources on source.source_id = sources.source_id
where {{ in_nation('source.area_code') }}
