-- The outcomes of which this profile has the file.
with counted as (

    select distinct
        outcome,
        source_id,
        counted_area_type
    from {{ ref('outcome_area') }}

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
    declared.index_release,
    counted.source_id,
    counted.counted_area_type
from {{ ref('outcomes') }} as declared
inner join counted on declared.outcome = counted.outcome
order by declared.outcome
