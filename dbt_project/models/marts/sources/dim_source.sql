select
    source_id,
    kind,
    title,
    area_type,
    publisher,
    licence,
    citation,
    landing_page,
    file_name,
    sha256,
    bytes,
    origin,
    retrieved_at,
    issue,
    rows
from {{ ref('stg_source_files') }}
order by source_id
