select
    index_release,
    indicator,
    area_code,
    published_value,
    status,
    denominator,
    larger_area_code,
    larger_area_numerator,
    larger_area_denominator,
    larger_area_mean,
    larger_area_variance,
    own_weight,
    value,
    value_origin,
    indicator_rank,
    place,
    standard_score,
    source_id,
    sheet,
    line_number
from {{ ref('int_indicator_scores') }}
order by index_release, indicator, area_code
