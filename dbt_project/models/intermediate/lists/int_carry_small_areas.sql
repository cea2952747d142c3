-- Small areas with the part that they are of and the area in which they lie. One that lies in none
-- goes where its part fits best, so that all people are carried.
with declared as (

    select distinct
        ways.*,
        editions.carry_lookup_id
    from {{ ref('carry_small_areas') }} as ways
    inner join {{ ref('stg_editions') }} as editions on ways.area_type = editions.area_type
    inner join {{ ref('index_releases') }} as releases
        on
            editions.imd_release = releases.index_release
            and ways.part_type = releases.area_type

),

parts as (

    select
        declared.*,
        lookups.from_code as small_area_code,
        lookups.to_code as part_code,
        lookups.line_number as part_line_number
    from declared
    inner join {{ ref('stg_lookups') }} as lookups
        on
            declared.part_lookup_id = lookups.source_id
            and declared.small_area_type = lookups.from_type
            and declared.part_type = lookups.to_type

)

select
    parts.small_area_type,
    parts.small_area_code,
    parts.part_type,
    parts.part_code,
    parts.area_type,
    coalesce(lies_in.to_code, fits.to_code) as area_code,
    case when lies_in.to_code is not null then 'lies in it' else 'best fit of its part' end
        as allocation,
    people.population,
    parts.part_lookup_id,
    parts.part_line_number,
    case when lies_in.to_code is not null then parts.area_lookup_id else parts.carry_lookup_id end
        as area_lookup_id,
    coalesce(lies_in.line_number, fits.line_number) as area_line_number,
    parts.population_source_id
from parts
left join {{ ref('stg_lookups') }} as lies_in
    on
        parts.area_lookup_id = lies_in.source_id
        and parts.area_type = lies_in.to_type
        and parts.small_area_code = lies_in.from_code
left join {{ ref('stg_lookups') }} as fits
    on
        parts.carry_lookup_id = fits.source_id
        and parts.area_type = fits.to_type
        and parts.part_code = fits.from_code
left join {{ ref('stg_populations') }} as people
    on
        parts.population_source_id = people.source_id
        and parts.small_area_code = people.area_code
