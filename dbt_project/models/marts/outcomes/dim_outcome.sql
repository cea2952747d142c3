-- The outcomes of which this profile has the file.
with counted as (

    select distinct
        outcome,
        source_id,
        counted_area_type
    from {{ ref('outcome_area') }}

),

-- What a rate is a share of in the middle area, as counted and before it is brought anywhere.
sizes as (

    select
        outcome,
        median(denominator) as median_denominator
    from {{ ref('stg_outcomes') }}
    group by outcome

)

select
    declared.outcome,
    declared.outcome_label,
    declared.numerator_label,
    declared.denominator_label,
    declared.direction,
    declared.reference_period,
    coalesce(declared.count_periods, 1) as count_periods,
    declared.is_part_of_imd,
    declared.rounded_to,
    declared.rounding,
    -- What was rounded is off by half the base at most.
    declared.rounded_to / 2 / sizes.median_denominator as rate_error_at_most,
    declared.caveat,
    declared.index_release,
    counted.source_id,
    counted.counted_area_type
from {{ ref('outcomes') }} as declared
inner join counted on declared.outcome = counted.outcome
left join sizes on declared.outcome = sizes.outcome
order by declared.outcome
