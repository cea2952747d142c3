with populations as (

    select
        source_id,
        area_code,
        population
    from {{ source('raw', 'population') }}

),

-- An index release brings the population that its own weights stand on.
denominators as (

    select
        index_release as source_id,
        area_code,
        total_population as population
    from {{ ref('stg_index_areas') }}
    where total_population is not null

),

both_kinds as (

    select * from populations
    union all
    select * from denominators

)

select
    both_kinds.source_id,
    sources.area_type,
    both_kinds.area_code,
    both_kinds.population
from both_kinds
inner join {{ ref('stg_source_files') }} as sources on both_kinds.source_id = sources.source_id
where {{ in_nation('both_kinds.area_code') }}
