with published as (

    select
        summaries.index_release,
        summaries.measure,
        sources.area_type,
        summaries.area_code,
        summaries.source_id,
        min(summaries.line_number) as line_number,
        max(summaries.published_value) filter (summaries.statistic = 'average_rank')
            as average_rank,
        max(summaries.published_value) filter (summaries.statistic = 'average_score')
            as average_score,
        max(summaries.published_value) filter (summaries.statistic = 'proportion')
            as proportion,
        max(summaries.published_value) filter (summaries.statistic = 'extent')
            as extent,
        max(summaries.published_value) filter (summaries.statistic = 'local_concentration')
            as local_concentration,
        max(summaries.published_value) filter (summaries.statistic = 'scale')
            as scale
    from {{ ref('stg_summaries') }} as summaries
    inner join {{ ref('stg_source_files') }} as sources
        on summaries.source_id = sources.source_id
    group by
        summaries.index_release,
        summaries.measure,
        sources.area_type,
        summaries.area_code,
        summaries.source_id

),

ranked as (

    select
        *,
        method.rank_worst_first(average_rank, (index_release, measure, area_type))
            as rank_of_average_rank,
        method.rank_worst_first(average_score, (index_release, measure, area_type))
            as rank_of_average_score,
        method.rank_worst_first(proportion, (index_release, measure, area_type))
            as rank_of_proportion,
        method.rank_worst_first(extent, (index_release, measure, area_type))
            as rank_of_extent,
        method.rank_worst_first(local_concentration, (index_release, measure, area_type))
            as rank_of_local_concentration,
        method.rank_worst_first(scale, (index_release, measure, area_type))
            as rank_of_scale
    from {{ ref('int_summary_statistics') }}
    where has_every_measure

)

select
    ranked.index_release,
    ranked.measure,
    ranked.area_type,
    ranked.area_code,
    dim_area.area_name,
    dim_area.region_name,
    ranked.areas,
    ranked.areas_worst_decile,
    ranked.areas_ranked,
    measures.denominator as denominator_kind,
    ranked.denominator,
    ranked.rank_origin,
    ranked.scale_origin,
    ranked.average_rank,
    ranked.rank_of_average_rank,
    ranked.average_score,
    ranked.rank_of_average_score,
    ranked.proportion,
    ranked.rank_of_proportion,
    ranked.extent,
    ranked.rank_of_extent,
    ranked.local_concentration,
    ranked.rank_of_local_concentration,
    ranked.scale,
    ranked.rank_of_scale,
    published.average_rank as published_average_rank,
    ranked.average_rank - published.average_rank as average_rank_difference,
    published.average_score as published_average_score,
    ranked.average_score - published.average_score as average_score_difference,
    published.proportion as published_proportion,
    ranked.proportion - published.proportion as proportion_difference,
    published.extent as published_extent,
    ranked.extent - published.extent as extent_difference,
    published.local_concentration as published_local_concentration,
    ranked.local_concentration - published.local_concentration as local_concentration_difference,
    published.scale as published_scale,
    ranked.scale - published.scale as scale_difference,
    published.source_id as published_source_id,
    published.line_number as published_line_number
from ranked
inner join {{ ref('summary_measures') }} as measures on ranked.measure = measures.measure
left join {{ ref('dim_area') }} as dim_area
    on
        ranked.area_type = dim_area.area_type
        and ranked.area_code = dim_area.area_code
left join published
    on
        ranked.index_release = published.index_release
        and ranked.measure = published.measure
        and ranked.area_type = published.area_type
        and ranked.area_code = published.area_code
order by ranked.index_release, ranked.measure, ranked.area_type, ranked.area_code
