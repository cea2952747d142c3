-- IMD on the areas of each edition by every carry rule that the edition has weights for, its own
-- among them. An area of the release's own type is its only part.
with editions as (

    select * from {{ ref('stg_editions') }}

),

parts as (

    select
        carried.edition_id,
        rules.carry_rule,
        rules.statistic,
        carried.area_code,
        carried.part_code,
        carried.part_imd_score,
        carried.part_imd_rank,
        carried.part_population,
        carried.parts_ranked
    from {{ ref('int_imd_parts') }} as carried
    inner join {{ ref('carry_rules') }} as rules on carried.weighting = rules.weighting

    union all

    select
        editions.edition_id,
        editions.carry_rule,
        editions.carry_statistic as statistic,
        imd.area_code,
        imd.area_code as part_code,
        imd.index_score as part_imd_score,
        imd.index_rank as part_imd_rank,
        1 as part_population,
        imd.areas_ranked as parts_ranked
    from editions
    inner join {{ ref('int_index_scores') }} as imd on editions.imd_release = imd.index_release
    where editions.carry_statistic = 'own'

),

carried as (

    select
        edition_id,
        carry_rule,
        statistic,
        area_code,
        method.carried_score(statistic, part_imd_score, part_population, part_code) as imd_score,
        method.carried_mean_rank(statistic, part_imd_rank, part_population, part_code)
            as imd_mean_rank,
        method.carried_rank(statistic, part_imd_rank) as carried_rank,
        any_value(parts_ranked) as parts_ranked,
        count(*) as imd_parts
    from parts
    group by edition_id, carry_rule, statistic, area_code

),

-- A rank that is carried stays on the scale of the parts; a mean is ranked among the means.
ranked as (

    select
        *,
        statistic in ('mean_score', 'mean_rank') as is_ranked_anew,
        coalesce(imd_score, -imd_mean_rank) as ranked_by
    from carried

)

select
    ranked.edition_id,
    ranked.carry_rule,
    ranked.carry_rule = editions.carry_rule as is_own_rule,
    ranked.area_code,
    ranked.imd_score,
    case
        when ranked.is_ranked_anew
            then
                method.rank_worst_first(
                    ranked.ranked_by, (ranked.edition_id, ranked.carry_rule)
                )
        else ranked.carried_rank
    end as imd_rank,
    case
        when ranked.is_ranked_anew
            then count(ranked.ranked_by) over (partition by ranked.edition_id, ranked.carry_rule)
        else ranked.parts_ranked
    end as imd_areas_ranked,
    ranked.imd_parts
from ranked
inner join editions on ranked.edition_id = editions.edition_id
