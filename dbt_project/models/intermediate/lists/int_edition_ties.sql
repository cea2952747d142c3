-- Where an edition's threshold cuts through areas of one score, that score: who of them is within
-- is then a matter of how the publisher breaks ties.
with editions as (

    select * from {{ ref('stg_editions') }}

),

ranked as (

    -- On the scale of the rank: a mean is ranked among the means, a parent among the parents.
    select
        editions.edition_id,
        'imd' as index_name,
        editions.imd_threshold_percent as threshold_percent,
        carried.area_code,
        carried.imd_score as score,
        carried.imd_rank as place_given,
        carried.imd_areas_ranked as areas_ranked
    from editions
    inner join {{ ref('int_carried_imd') }} as carried
        on editions.edition_id = carried.edition_id
    where editions.carry_statistic not in ('own', 'worst_part')

    union all

    select
        editions.edition_id,
        'imd' as index_name,
        editions.imd_threshold_percent as threshold_percent,
        scores.area_code,
        scores.index_score as score,
        scores.index_rank as place_given,
        scores.areas_ranked
    from editions
    inner join {{ ref('int_index_scores') }} as scores
        on editions.imd_release = scores.index_release
    where editions.carry_statistic in ('own', 'worst_part')

    union all

    select
        editions.edition_id,
        'cni' as index_name,
        editions.cni_threshold_percent as threshold_percent,
        scores.area_code,
        scores.index_score as score,
        scores.index_rank as place_given,
        scores.areas_ranked
    from editions
    inner join {{ ref('int_index_scores') }} as scores
        on editions.cni_release = scores.index_release

),

placed as (

    select
        edition_id,
        index_name,
        {{ to_compare('score') }} as score,
        method.threshold_rank(areas_ranked, threshold_percent) as threshold_rank,
        row_number()
            over (partition by edition_id, index_name order by place_given, area_code)
            as place
    from ranked
    where place_given is not null

),

edges as (

    select
        edition_id,
        index_name,
        threshold_rank,
        max(score) filter (place = threshold_rank) as last_score_within,
        max(score) filter (place = threshold_rank + 1) as first_score_beyond
    from placed
    group by edition_id, index_name, threshold_rank

)

select
    edition_id,
    index_name,
    threshold_rank,
    case when last_score_within = first_score_beyond then last_score_within end
        as tied_score
from edges
