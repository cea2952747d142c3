-- A table, since the guards read it too, and they read no views.
{{ config(materialized='table') }}

-- The editions whose releases this profile has: a release that only England has brings no edition
-- to the sample.
with editions as (

    select * from {{ ref('editions') }}

)

select editions.*
from editions
where
    editions.imd_release in (select source_id from {{ ref('stg_source_files') }})
    and editions.cni_release in (select source_id from {{ ref('stg_source_files') }})
