-- One step up: an area and an area that holds it (or best fits it, or succeeds it).
with lookups as (

    select distinct
        from_type as child_type,
        from_code as child_code,
        to_type as parent_type,
        to_code as parent_code,
        1 as cost
    from {{ ref('stg_lookups') }}
    -- Exact-fit links between vintages are many-to-many: they carry values, they are no parents.
    where relation <> 'exact_fit'

),

-- An index file names each area's authority. A lookup is the better witness, so this costs more
-- and decides only for areas that no lookup knows.
named_by_index as (

    select distinct
        releases.area_type as child_type,
        areas.area_code as child_code,
        releases.lad_type as parent_type,
        areas.lad_code as parent_code,
        10 as cost
    from {{ ref('stg_index_areas') }} as areas
    inner join {{ ref('index_releases') }} as releases
        on areas.index_release = releases.index_release
    where
        releases.lad_type is not null
        and areas.lad_code is not null

)

select * from lookups
union all
select * from named_by_index
