select
    area_type,
    area_code,
    outcome,
    source_id,
    counted_area_type,
    numerator,
    denominator,
    rate,
    apportioned,
    is_assumed
from {{ ref('int_outcome_areas') }}
order by area_type, outcome, area_code
