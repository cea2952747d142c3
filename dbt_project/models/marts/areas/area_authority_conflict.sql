-- Areas whose authority two sources name differently, a row a source; int_area_links says which
-- wins.
with named as (

    select
        from_type as area_type,
        from_code as area_code,
        to_type as lad_type,
        to_code as lad_code,
        source_id,
        line_number,
        relation
    from {{ ref('stg_lookups') }}
    where
        relation not in ('exact_fit', 'small_area', 'history')
        and starts_with(to_type, 'lad')

    union all

    select
        releases.area_type,
        areas.area_code,
        releases.lad_type,
        areas.lad_code,
        areas.index_release as source_id,
        areas.line_number,
        'index file' as relation
    from {{ ref('stg_index_areas') }} as areas
    inner join {{ ref('index_releases') }} as releases
        on areas.index_release = releases.index_release
    where
        releases.lad_type is not null
        and areas.lad_code is not null

),

in_conflict as (

    select
        area_type,
        area_code,
        lad_type
    from named
    group by area_type, area_code, lad_type
    having count(distinct lad_code) > 1

)

select
    named.area_type,
    named.area_code,
    described.area_name,
    named.lad_type,
    named.lad_code,
    coalesce(named.lad_code = parents.parent_code, false) as is_used,
    named.relation,
    named.source_id,
    named.line_number
from named
inner join in_conflict
    on
        named.area_type = in_conflict.area_type
        and named.area_code = in_conflict.area_code
        and named.lad_type = in_conflict.lad_type
left join {{ ref('int_areas') }} as described
    on
        named.area_type = described.area_type
        and named.area_code = described.area_code
left join {{ ref('int_area_parents') }} as parents
    on
        named.area_type = parents.child_type
        and named.area_code = parents.child_code
        and named.lad_type = parents.parent_type
order by named.area_type, named.area_code, named.lad_type, named.source_id
