-- One step up: an area and an area that holds it (or best fits it, or succeeds it). Where two
-- sources name an area's authority and disagree, the cheaper step wins: what an area is a member
-- of, then what the index file says, then where it fits best. A best fit is made by way of wards,
-- and can lead across the boundary of an authority; area_authority_conflict lists where it does.
with lookups as (

    select distinct
        from_type as child_type,
        from_code as child_code,
        to_type as parent_type,
        to_code as parent_code,
        case relation when 'best_fit' then 3 else 1 end as cost
    from {{ ref('stg_lookups') }}
    -- Exact-fit links between vintages are many-to-many, and small areas are no areas of their own:
    -- both carry values, and lead to no parents. History tells of names.
    where relation not in ('exact_fit', 'small_area', 'history')

),

named_by_index as (

    select distinct
        releases.area_type as child_type,
        areas.area_code as child_code,
        releases.lad_type as parent_type,
        areas.lad_code as parent_code,
        2 as cost
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
