-- The lists at other thresholds, counted from the ranks.
with percents as (

    select
        edition_id,
        imd_threshold_percent,
        cni_threshold_percent,
        unnest(generate_series(least_percent, most_percent))::integer as threshold_percent
    from {{ ref('int_stability_editions') }}

),

thresholds as (

    select
        edition_id,
        'both' as varied_index,
        threshold_percent,
        threshold_percent as imd_percent,
        threshold_percent as cni_percent
    from percents
    union all
    select
        edition_id,
        'imd' as varied_index,
        threshold_percent,
        threshold_percent as imd_percent,
        cni_threshold_percent as cni_percent
    from percents
    union all
    select
        edition_id,
        'cni' as varied_index,
        threshold_percent,
        imd_threshold_percent as imd_percent,
        threshold_percent as cni_percent
    from percents

),

flags as (

    select
        thresholds.edition_id,
        thresholds.varied_index,
        thresholds.threshold_percent,
        thresholds.imd_percent,
        thresholds.cni_percent,
        lists.population,
        lists.is_doubly_disadvantaged as is_own,
        coalesce(
            lists.imd_rank
            <= method.threshold_rank(lists.imd_areas_ranked, thresholds.imd_percent)
            and lists.cni_rank
            <= method.threshold_rank(lists.cni_areas_ranked, thresholds.cni_percent),
            false
        ) as is_listed
    from thresholds
    inner join {{ ref('double_disadvantage') }} as lists on thresholds.edition_id = lists.edition_id

)

select
    edition_id,
    varied_index,
    threshold_percent,
    imd_percent as imd_threshold_percent,
    cni_percent as cni_threshold_percent,
    count(*) filter (where is_listed) as areas_listed,
    count(*) filter (where is_listed and is_own) as areas_in_common,
    count(*) filter (where is_listed and not is_own) as areas_joined,
    count(*) filter (where is_own and not is_listed) as areas_departed,
    coalesce(sum(population) filter (where is_listed), 0)::bigint as population
from flags
group by edition_id, varied_index, threshold_percent, imd_percent, cni_percent
order by edition_id, varied_index, threshold_percent
