-- Left behind areas beside the other deprived ones, the rest and the nation, outcome by outcome.
with groups as (

    select
        moments.*,
        method.ratio_variance(moments) as rate_variance
    from {{ ref('int_outcome_moments') }} as moments

),

gaps as (

    select
        groups.*,
        left_behind.rate - groups.rate as left_behind_gap,
        left_behind.rate / nullif(groups.rate, 0) as left_behind_ratio,
        case
            when groups.area_group = 'nation'
                -- Each group as a row.
                then sqrt(method.variance_of_part_and_whole(left_behind, groups)) -- noqa: RF02
            -- No area is in both.
            else sqrt(left_behind.rate_variance + groups.rate_variance)
        end as left_behind_gap_standard_error
    from groups
    left join groups as left_behind
        on
            groups.edition_id = left_behind.edition_id
            and groups.outcome = left_behind.outcome
            and groups.method = left_behind.method
            and left_behind.area_group = 'left_behind'
            and groups.area_group in ('other_deprived', 'rest', 'nation')

)

select
    gaps.edition_id,
    gaps.outcome,
    gaps.method,
    gaps.area_group,
    outcomes.outcome_label,
    outcomes.denominator_label,
    outcomes.direction,
    outcomes.reference_period,
    outcomes.source_id,
    gaps.areas,
    gaps.areas_without_data,
    gaps.areas_assumed,
    gaps.residents,
    gaps.numerator,
    gaps.denominator,
    gaps.apportioned_denominator / nullif(gaps.denominator, 0) as apportioned,
    gaps.rate,
    sqrt(gaps.rate_variance) as standard_error,
    gaps.rate - method.interval_half_width(sqrt(gaps.rate_variance)) as ci_low,
    gaps.rate + method.interval_half_width(sqrt(gaps.rate_variance)) as ci_high,
    gaps.left_behind_gap,
    gaps.left_behind_gap_standard_error,
    gaps.left_behind_gap - method.interval_half_width(gaps.left_behind_gap_standard_error)
        as left_behind_gap_ci_low,
    gaps.left_behind_gap + method.interval_half_width(gaps.left_behind_gap_standard_error)
        as left_behind_gap_ci_high,
    gaps.left_behind_ratio
from gaps
inner join {{ ref('dim_outcome') }} as outcomes on gaps.outcome = outcomes.outcome
order by gaps.edition_id asc, gaps.outcome asc, gaps.method desc, gaps.area_group asc
