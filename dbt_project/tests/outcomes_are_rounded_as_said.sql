-- Counts that are no multiples of the base that their publisher is said to round to. Counts of
-- several periods come here as their mean.
select
    counts.outcome,
    counts.area_code,
    counts.numerator
from {{ ref('stg_outcomes') }} as counts
inner join {{ ref('outcomes') }} as declared on counts.outcome = declared.outcome
where
    round(counts.numerator * coalesce(declared.count_periods, 1)) % declared.rounded_to <> 0
