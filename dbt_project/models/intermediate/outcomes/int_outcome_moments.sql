-- What the intervals of outcome_comparison are made of: counts and sums of squares over the areas
-- of each group. Every variance there is a function of these few numbers.
with areas as (

    select
        rated.edition_id,
        editions.area_type,
        rated.area_code,
        rated.population,
        case
            when rated.not_rated_reason is not null then 'not_rated'
            when rated.is_doubly_disadvantaged then 'left_behind'
            when rated.is_within_imd_threshold then 'other_deprived'
            else 'rest'
        end as area_group
    from {{ ref('int_rated_areas') }} as rated
    inner join {{ ref('stg_editions') }} as editions on rated.edition_id = editions.edition_id

),

outcomes as (

    select distinct outcome from {{ ref('int_outcome_areas') }}

),

sizes as (

    select
        edition_id,
        area_group,
        count(*) as all_areas,
        cast(coalesce(sum(population), 0) as bigint) as residents
    from areas
    group by edition_id, area_group

),

-- Fifteen decimals, since rates and their squares are small.
sums as (

    select
        areas.edition_id,
        areas.area_group,
        counts.outcome,
        count(*) as areas,
        count(*) filter (where counts.is_assumed) as areas_assumed,
        {{ exact_sum('counts.numerator', 15) }} as numerator,
        {{ exact_sum('counts.denominator', 15) }} as denominator,
        {{ exact_sum('counts.denominator * counts.apportioned', 15) }}
            as apportioned_denominator,
        {{ exact_sum('counts.numerator * counts.numerator', 15) }}
            as numerator_squares,
        {{ exact_sum('counts.numerator * counts.denominator', 15) }} as products,
        {{ exact_sum('counts.denominator * counts.denominator', 15) }}
            as denominator_squares,
        {{ exact_sum('counts.rate', 15) }} as rates,
        {{ exact_sum('counts.rate * counts.rate', 15) }} as rate_squares
    from areas
    inner join {{ ref('int_outcome_areas') }} as counts
        on
            areas.area_type = counts.area_type
            and areas.area_code = counts.area_code
    -- Of nobody there is no rate.
    where counts.denominator > 0
    group by areas.edition_id, areas.area_group, counts.outcome

),

-- A group that no area of which has a count is a row too: nothing is dropped.
complete as (

    select
        sizes.edition_id,
        sizes.area_group,
        outcomes.outcome,
        sizes.residents,
        coalesce(sums.areas, 0) as areas,
        sizes.all_areas - coalesce(sums.areas, 0) as areas_without_data,
        coalesce(sums.areas_assumed, 0) as areas_assumed,
        coalesce(sums.numerator, 0) as numerator,
        coalesce(sums.denominator, 0) as denominator,
        coalesce(sums.apportioned_denominator, 0) as apportioned_denominator,
        coalesce(sums.numerator_squares, 0) as numerator_squares,
        coalesce(sums.products, 0) as products,
        coalesce(sums.denominator_squares, 0) as denominator_squares,
        coalesce(sums.rates, 0) as rates,
        coalesce(sums.rate_squares, 0) as rate_squares
    from sizes
    cross join outcomes
    left join sums
        on
            sizes.edition_id = sums.edition_id
            and sizes.area_group = sums.area_group
            and outcomes.outcome = sums.outcome

),

nation as (

    select
        edition_id,
        'nation' as area_group,
        outcome,
        cast(sum(residents) as bigint) as residents,
        cast(sum(areas) as bigint) as areas,
        cast(sum(areas_without_data) as bigint) as areas_without_data,
        cast(sum(areas_assumed) as bigint) as areas_assumed,
        {{ exact_sum('numerator', 15) }} as numerator,
        {{ exact_sum('denominator', 15) }} as denominator,
        {{ exact_sum('apportioned_denominator', 15) }} as apportioned_denominator,
        {{ exact_sum('numerator_squares', 15) }} as numerator_squares,
        {{ exact_sum('products', 15) }} as products,
        {{ exact_sum('denominator_squares', 15) }} as denominator_squares,
        {{ exact_sum('rates', 15) }} as rates,
        {{ exact_sum('rate_squares', 15) }} as rate_squares
    from complete
    group by edition_id, outcome

),

groups as (

    select * from complete
    union all by name
    select * from nation

),

-- A mean of areas is a ratio of sums too: of the areas' rates over a 1 for each.
methods as (

    select
        groups.*,
        'pooled' as method, -- noqa: RF04
        groups.numerator as y,
        groups.denominator as x,
        groups.numerator_squares as yy,
        groups.products as xy,
        groups.denominator_squares as xx
    from groups

    union all

    select
        groups.*,
        'mean_of_areas' as method, -- noqa: RF04
        groups.rates as y,
        groups.areas as x,
        groups.rate_squares as yy,
        groups.rates as xy,
        groups.areas as xx
    from groups

)

select
    edition_id,
    outcome,
    method,
    area_group,
    areas,
    areas_without_data,
    areas_assumed,
    residents,
    numerator,
    denominator,
    apportioned_denominator,
    x,
    yy,
    xy,
    xx,
    y / nullif(x, 0) as rate
from methods
