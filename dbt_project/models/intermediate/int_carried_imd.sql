-- IMD on the areas of each edition, by the edition's carry rule.
with editions as (

    select * from {{ ref('stg_editions') }}

),

parts as (

    select
        editions.edition_id,
        editions.carry_rule,
        carried.area_code,
        carried.part_code,
        carried.part_imd_score,
        carried.part_imd_rank,
        carried.part_population,
        carried.parts_ranked
    from editions
    inner join {{ ref('imd_carry') }} as carried on editions.edition_id = carried.edition_id

),

-- The area is the release's own.
direct as (

    select
        editions.edition_id,
        imd.area_code,
        imd.index_score as imd_score,
        imd.index_rank as imd_rank,
        imd.areas_ranked as imd_areas_ranked,
        1 as imd_parts
    from editions
    inner join {{ ref('int_index_scores') }} as imd on editions.imd_release = imd.index_release
    where editions.carry_rule = 'direct'

),

-- As bad as its worst parent; the rank stays on the scale of the parents.
any_parent as (

    select
        edition_id,
        area_code,
        max(part_imd_score) as imd_score,
        min(part_imd_rank) as imd_rank,
        any_value(parts_ranked) as imd_areas_ranked,
        count(*) as imd_parts
    from parts
    where carry_rule = 'any_parent'
    group by edition_id, area_code

),

-- The mean of its parts' scores, weighted by the release's own total population; ranked anew among
-- the areas that have one.
averaged as (

    select
        edition_id,
        area_code,
        {{ weighted_mean('part_imd_score', 'part_population', 'part_code') }} as imd_score,
        count(*) as imd_parts
    from parts
    where carry_rule = 'population_weighted_mean'
    group by edition_id, area_code

),

population_weighted_mean as (

    select
        edition_id,
        area_code,
        imd_score,
        {{ rank_worst_first('imd_score', 'edition_id') }} as imd_rank,
        count(imd_score) over (partition by edition_id) as imd_areas_ranked,
        imd_parts
    from averaged

)

select * from direct
union all by name
select * from any_parent
union all by name
select * from population_weighted_mean
