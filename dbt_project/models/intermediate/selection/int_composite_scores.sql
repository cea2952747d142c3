-- Both indices on the areas of each composite edition: the mean of the parts, by residents and each
-- as much, since draws pick from both; one is the edition's own. A part whose IMD stands on other
-- areas takes the simple mean of those that it came from.
with editions as (

    select * from {{ ref('stg_composite_editions') }}

),

weightings as (

    select unnest(['residents', 'equal']) as weighting

),

parts as (

    select
        editions.edition_id,
        editions.imd_release,
        editions.cni_release,
        editions.part_type,
        editions.imd_lookup_id,
        parents.parent_code as area_code,
        parents.child_code as part_code,
        weightings.weighting,
        weightings.weighting = editions.weighting as is_own_weighting,
        if(weightings.weighting = 'residents', described.population, 1) as weight
    from editions
    cross join weightings
    inner join {{ ref('int_area_parents') }} as parents
        on
            editions.area_type = parents.parent_type
            and editions.part_type = parents.child_type
    inner join {{ ref('int_described_areas') }} as described
        on
            editions.part_type = described.area_type
            and parents.child_code = described.area_code

),

part_imd as (

    select
        editions.edition_id,
        scores.area_code as part_code,
        scores.index_score as imd_score
    from editions
    inner join {{ ref('int_index_scores') }} as scores
        on editions.imd_release = scores.index_release
    where editions.imd_lookup_id is null

    union all

    select
        editions.edition_id,
        lookups.to_code as part_code,
        -- In the order of the areas, so that the last digits are the same on every run.
        list_avg(list(scores.index_score order by scores.area_code)) as imd_score
    from editions
    inner join {{ ref('stg_lookups') }} as lookups
        on
            editions.imd_lookup_id = lookups.source_id
            and editions.part_type = lookups.to_type
    inner join {{ ref('int_index_scores') }} as scores
        on
            editions.imd_release = scores.index_release
            and lookups.from_code = scores.area_code
    group by editions.edition_id, lookups.to_code

)

select
    parts.edition_id,
    parts.weighting,
    parts.is_own_weighting,
    parts.area_code,
    count(*) as parts,
    method.weighted_mean(part_imd.imd_score, parts.weight, parts.part_code) as imd_score,
    method.weighted_mean(cni.index_score, parts.weight, parts.part_code) as cni_score
from parts
left join part_imd
    on
        parts.edition_id = part_imd.edition_id
        and parts.part_code = part_imd.part_code
left join {{ ref('int_index_scores') }} as cni
    on
        parts.cni_release = cni.index_release
        and parts.part_code = cni.area_code
group by parts.edition_id, parts.weighting, parts.is_own_weighting, parts.area_code
