select
    scores.index_release,
    scores.area_code,
    scores.domain,
    releases.index_name,
    scores.domain_rank,
    scores.areas_ranked,
    scores.transform_rank as place,
    scores.weight,
    scores.domain_score,
    scores.published_score,
    scores.domain_score - scores.published_transformed_score as score_difference,
    scores.published_rank,
    scores.rank_from_score,
    scores.rank_origin,
    scores.indicator_score,
    scores.indicator_rank,
    scores.indicator_rank - scores.published_rank as indicator_rank_difference,
    scores.index_release as source_id,
    scores.line_number
from {{ ref('int_domain_scores') }} as scores
inner join {{ ref('index_releases') }} as releases
    on scores.index_release = releases.index_release
order by scores.index_release, scores.area_code, scores.domain
