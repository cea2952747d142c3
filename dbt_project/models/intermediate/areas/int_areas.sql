-- Every area of every type that has a dimension: those in its lookup and those that an index rates.
with named as (

    select
        from_type as area_type,
        from_code as area_code,
        from_name as area_name,
        source_id,
        1 as precedence
    from {{ ref('stg_lookups') }}
    -- Small areas carry values between others, and are not told of by themselves.
    where relation <> 'small_area'

    union all

    select
        to_type as area_type,
        to_code as area_code,
        to_name as area_name,
        source_id,
        1 as precedence
    from {{ ref('stg_lookups') }}

),

dimension as (

    select named.*
    from named
    inner join {{ ref('area_types') }} as area_types
        on
            named.area_type = area_types.area_type
            and named.source_id = area_types.dimension_source_id
    where area_types.is_class or {{ in_nation('named.area_code') }}

),

rated as (

    select
        releases.area_type,
        areas.area_code,
        areas.area_name,
        areas.index_release as source_id,
        2 as precedence
    from {{ ref('stg_index_areas') }} as areas
    inner join {{ ref('index_releases') }} as releases
        on areas.index_release = releases.index_release

),

everything as (

    select * from dimension
    union all
    select * from rated

)

select
    area_type,
    area_code,
    -- The lookup's spelling goes before an index file's.
    arg_min(area_name, (precedence, source_id, area_name)) as area_name
from everything
group by area_type, area_code
