-- IMD on the areas of each edition, by the edition's carry rule. An area of the release's own type
-- is its only part.
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
    inner join {{ ref('int_imd_parts') }} as carried on editions.edition_id = carried.edition_id
    where editions.carry_rule <> 'direct'

    union all

    select
        editions.edition_id,
        editions.carry_rule,
        imd.area_code,
        imd.area_code as part_code,
        imd.index_score as part_imd_score,
        imd.index_rank as part_imd_rank,
        1 as part_population,
        imd.areas_ranked as parts_ranked
    from editions
    inner join {{ ref('int_index_scores') }} as imd on editions.imd_release = imd.index_release
    where editions.carry_rule = 'direct'

),

carried as (

    select
        edition_id,
        carry_rule,
        area_code,
        method.carried_score(carry_rule, part_imd_score, part_population, part_code) as imd_score,
        method.carried_rank(carry_rule, part_imd_rank) as imd_rank,
        any_value(parts_ranked) as parts_ranked,
        count(*) as imd_parts
    from parts
    group by edition_id, carry_rule, area_code

)

-- A rank that is carried stays on the scale of the parts; where there is none, the areas are ranked
-- among themselves.
select
    edition_id,
    area_code,
    imd_score,
    case
        when carry_rule = 'population_weighted_mean'
            then method.rank_worst_first(imd_score, edition_id)
        else imd_rank
    end as imd_rank,
    case
        when carry_rule = 'population_weighted_mean'
            then count(imd_score) over (partition by edition_id)
        else parts_ranked
    end as imd_areas_ranked,
    imd_parts
from carried
