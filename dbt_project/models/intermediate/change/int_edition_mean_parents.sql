-- What any_parent is set against: the mean of an area's parents, weighted by the release's own
-- total population, and the rank that this score would have among the release's own scores.
with parts as (

    select carried.*
    from {{ ref('int_imd_parts') }} as carried
    inner join {{ ref('stg_editions') }} as editions on carried.edition_id = editions.edition_id
    where
        editions.carry_statistic = 'worst_part'
        and carried.is_own_weighting

),

averaged as (

    select
        edition_id,
        area_code,
        any_value(source_id) as imd_release,
        count(*) as imd_parts,
        min(part_imd_rank) as worst_rank,
        min(part_imd_score) as least_score,
        max(part_imd_score) as greatest_score,
        method.weighted_mean(part_imd_score, part_population, part_code) as mean_imd_score
    from parts
    group by edition_id, area_code

),

placed as (

    select
        averaged.edition_id,
        averaged.area_code,
        count(scores.area_code) + 1 as mean_imd_rank
    from averaged
    left join {{ ref('int_index_scores') }} as scores
        on
            averaged.imd_release = scores.index_release
            and averaged.mean_imd_score < scores.index_score
    -- Parents of one score need no mean, and a mean of one is not always that one in doubles.
    where
        averaged.least_score < averaged.greatest_score
        and averaged.mean_imd_score is not null
    group by averaged.edition_id, averaged.area_code

)

select
    averaged.edition_id,
    averaged.area_code,
    averaged.imd_parts,
    case
        when averaged.least_score = averaged.greatest_score then averaged.worst_rank
        else placed.mean_imd_rank
    end as mean_imd_rank
from averaged
left join placed
    on
        averaged.edition_id = placed.edition_id
        and averaged.area_code = placed.area_code
