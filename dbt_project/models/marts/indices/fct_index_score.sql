select
    scores.index_release,
    scores.area_code,
    releases.index_name,
    releases.area_type,
    scores.index_score,
    scores.index_rank,
    scores.index_decile,
    scores.areas_ranked,
    scores.index_origin,
    scores.computed_score,
    scores.computed_rank,
    scores.published_score,
    scores.published_rank,
    scores.published_decile,
    scores.computed_score - scores.published_score as score_difference,
    scores.computed_rank - scores.published_rank as rank_difference,
    scores.index_release as source_id,
    scores.line_number
from {{ ref('int_index_scores') }} as scores
inner join {{ ref('index_releases') }} as releases
    on scores.index_release = releases.index_release
order by scores.index_release, scores.area_code
