-- How the chosen areas fare beside areas that are as deprived and were not chosen: the rate of
-- those is standardised to the bands of IMD rank in which the chosen live.
with areas as (

    select
        edition_id,
        area_code,
        is_selected,
        {{ part_of_n(20, 'imd_rank', 'areas_ranked') }} as imd_band
    from {{ ref('composite_selection') }}
    where composite is not null

),

counts as (

    select
        areas.edition_id,
        areas.area_code,
        areas.is_selected,
        areas.imd_band,
        outcomes.outcome,
        {{ exact_sum('outcomes.numerator') }} as numerator,
        {{ exact_sum('outcomes.denominator') }} as denominator
    from areas
    inner join {{ ref('stg_composite_editions') }} as editions
        on areas.edition_id = editions.edition_id
    inner join {{ ref('int_area_parents') }} as parents
        on
            editions.area_type = parents.parent_type
            and areas.area_code = parents.parent_code
            and editions.part_type = parents.child_type
    inner join {{ ref('outcome_area') }} as outcomes
        on
            parents.child_type = outcomes.area_type
            and parents.child_code = outcomes.area_code
    where outcomes.denominator > 0
    group by
        areas.edition_id, areas.area_code, areas.is_selected, areas.imd_band, outcomes.outcome

),

-- In the shape that method.ratio_variance takes: of all the chosen (band 0), of the others by band.
moments as (

    select
        edition_id,
        outcome,
        is_selected,
        if(is_selected, 0, imd_band) as imd_band,
        count(*) as areas,
        {{ exact_sum('denominator', 15) }} as x,
        {{ exact_sum('numerator', 15) }} / {{ exact_sum('denominator', 15) }} as rate,
        {{ exact_sum('numerator * numerator', 15) }} as yy,
        {{ exact_sum('numerator * denominator', 15) }} as xy,
        {{ exact_sum('denominator * denominator', 15) }} as xx
    from counts
    group by edition_id, outcome, is_selected, if(is_selected, 0, imd_band)

),

rated as (

    select
        moments.*,
        method.ratio_variance(moments) as rate_variance
    from moments

),

-- Of whom the outcome is counted in the chosen areas, by band.
living as (

    select
        edition_id,
        outcome,
        imd_band,
        {{ exact_sum('denominator', 15) }} as people
    from counts
    where is_selected
    group by edition_id, outcome, imd_band

),

compared as (

    select
        living.edition_id,
        living.outcome,
        unchosen.areas,
        unchosen.rate,
        unchosen.rate_variance,
        living.people,
        -- Where nobody as deprived was left, nothing can be compared.
        if(unchosen.x > 0, living.people, 0) as people_compared
    from living
    left join rated as unchosen
        on
            living.edition_id = unchosen.edition_id
            and living.outcome = unchosen.outcome
            and living.imd_band = unchosen.imd_band
            and not unchosen.is_selected

),

standardised as (

    select
        edition_id,
        outcome,
        cast(coalesce(sum(areas), 0) as bigint) as areas,
        {{ exact_sum('people_compared', 15) }} / {{ exact_sum('people', 15) }} as share_compared,
        {{ mean_by_people('rate', 'people_compared') }} as rate,
        -- A band of one area has no variance, and so the rate has none.
        case
            when count(rate) = count(rate_variance)
                then
                    {{ exact_sum('pow(people_compared, 2) * rate_variance') }}
                    / nullif(pow({{ exact_sum('people_compared') }}, 2), 0)
        end as rate_variance
    from compared
    group by edition_id, outcome

)

select
    chosen.edition_id,
    chosen.outcome,
    outcomes.outcome_label,
    outcomes.denominator_label,
    outcomes.direction,
    outcomes.reference_period,
    outcomes.source_id,
    chosen.areas as areas_selected,
    chosen.rate as selected_rate,
    chosen.rate - method.interval_half_width(sqrt(chosen.rate_variance)) as selected_ci_low,
    chosen.rate + method.interval_half_width(sqrt(chosen.rate_variance)) as selected_ci_high,
    unchosen.areas as areas_as_deprived,
    unchosen.share_compared,
    unchosen.rate as as_deprived_rate,
    unchosen.rate - method.interval_half_width(sqrt(unchosen.rate_variance)) as as_deprived_ci_low,
    unchosen.rate + method.interval_half_width(sqrt(unchosen.rate_variance)) as as_deprived_ci_high,
    chosen.rate - unchosen.rate as selected_gap,
    chosen.rate - unchosen.rate
    - method.interval_half_width(sqrt(chosen.rate_variance + unchosen.rate_variance))
        as selected_gap_ci_low,
    chosen.rate - unchosen.rate
    + method.interval_half_width(sqrt(chosen.rate_variance + unchosen.rate_variance))
        as selected_gap_ci_high
from rated as chosen
inner join standardised as unchosen
    on
        chosen.edition_id = unchosen.edition_id
        and chosen.outcome = unchosen.outcome
inner join {{ ref('dim_outcome') }} as outcomes on chosen.outcome = outcomes.outcome
where chosen.is_selected
order by chosen.edition_id, chosen.outcome
