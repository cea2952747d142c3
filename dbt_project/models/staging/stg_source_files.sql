with source as (

    select * from {{ source('meta', 'source_file') }}

)

select
    source_id,
    kind,
    title,
    area_type,
    publisher,
    licence,
    citation,
    landing_page,
    official_file,
    provenance_status,
    provenance,
    differs,
    file_name,
    sha256,
    bytes,
    origin,
    retrieved_at,
    issue,
    rows
from source
