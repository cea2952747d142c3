-- The authorities and the region of every small area of an IMD release, by the authority that the
-- index file itself names: by it the publisher summed up. And every other geography that editions
-- are counted by, of which fewer measures are wanted.
with releases as (

    select
        index_release,
        area_type,
        lad_type
    from {{ ref('index_releases') }}
    where index_name = 'imd'

),

-- The release's own vintage, that of its areas' dimension, and those that its editions ask for.
wanted as (

    select
        index_release,
        lad_type
    from releases
    where lad_type is not null

    union

    select
        releases.index_release,
        area_types.lad_type
    from releases
    inner join {{ ref('area_types') }} as area_types on releases.area_type = area_types.area_type
    where area_types.lad_type is not null

    union

    select
        imd_release as index_release,
        lad_type
    from {{ ref('stg_editions') }}

),

-- A code is never given to another authority, so the vintage of an old code need not be known: an
-- index file of 2015 holds codes of 2013.
successors as (

    select distinct
        from_code,
        to_type,
        to_code
    from {{ ref('stg_lookups') }}
    where relation = 'successor'

),

regions as (

    select distinct
        child_code as lad_code,
        parent_code as region_code
    from {{ ref('int_area_parents') }}
    where parent_type = 'rgn'

),

areas as (

    select
        areas.index_release,
        areas.area_code as part_code,
        areas.lad_code,
        releases.lad_type
    from {{ ref('stg_index_areas') }} as areas
    inner join releases on areas.index_release = releases.index_release

)

select
    areas.index_release,
    areas.part_code,
    wanted.lad_type as area_type,
    case
        when areas.lad_type = wanted.lad_type then areas.lad_code
        else successors.to_code
    end as area_code,
    true as has_every_measure
from areas
inner join wanted on areas.index_release = wanted.index_release
left join successors
    on
        areas.lad_code = successors.from_code
        and wanted.lad_type = successors.to_type

union all

select
    areas.index_release,
    areas.part_code,
    'rgn' as area_type,
    regions.region_code as area_code,
    true as has_every_measure
from areas
left join regions on areas.lad_code = regions.lad_code

union all

select
    areas.index_release,
    areas.part_code,
    placed.geography_type as area_type,
    placed.geography_code as area_code,
    false as has_every_measure
from areas
inner join releases on areas.index_release = releases.index_release
inner join {{ ref('int_area_geographies') }} as placed
    on
        releases.area_type = placed.area_type
        and areas.part_code = placed.area_code
inner join {{ ref('area_types') }} as area_types on placed.geography_type = area_types.area_type
left join wanted
    on
        areas.index_release = wanted.index_release
        and placed.geography_type = wanted.lad_type
where
    placed.is_main
    and area_types.is_summarised
    and placed.geography_type <> 'rgn'
    and wanted.lad_type is null
