-- Comparability is said of index releases and of area types: a name that is neither is never found.
with known as (

    select index_release as known_name from {{ ref('index_releases') }}
    union all
    select area_type as known_name from {{ ref('area_types') }}

)

select
    said.earlier,
    said.later
from {{ ref('comparability') }} as said
where
    said.earlier not in (select known.known_name from known)
    or said.later not in (select known.known_name from known)
