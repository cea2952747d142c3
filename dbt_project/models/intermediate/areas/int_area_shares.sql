-- What share of an area's counts goes to an area of another type. Between the vintages of an
-- exact-fit lookup an area's counts go to its successors (or, the other way, its parents) in
-- proportion to their residents; by best fit they go whole. The shares of an area add up to 1, so
-- that totals are kept.
with residents as (

    select
        area_types.area_type,
        populations.area_code,
        populations.population
    from {{ ref('area_types') }} as area_types
    inner join {{ ref('stg_populations') }} as populations
        on
            area_types.population_source_id = populations.source_id
            and area_types.area_type = populations.area_type

),

either_way as (

    select
        from_type,
        from_code,
        to_type,
        to_code
    from {{ ref('stg_lookups') }}
    where relation = 'exact_fit'

    union all

    select
        to_type as from_type,
        to_code as from_code,
        from_type as to_type,
        from_code as to_code
    from {{ ref('stg_lookups') }}
    where relation = 'exact_fit'

),

weighed as (

    select
        either_way.*,
        residents.population,
        sum(residents.population)
            over (partition by either_way.from_type, either_way.from_code, either_way.to_type)
            as all_residents,
        count(*)
            over (partition by either_way.from_type, either_way.from_code, either_way.to_type)
            as parts
    from either_way
    left join residents
        on
            either_way.to_type = residents.area_type
            and either_way.to_code = residents.area_code

),

exact_fit as (

    select
        from_type,
        from_code,
        to_type,
        to_code,
        -- Where nobody lives in any of them, in equal parts.
        case
            when all_residents > 0 then coalesce(population, 0) / all_residents
            else 1.0::double / parts
        end as portion
    from weighed

),

best_fit as (

    select
        lookups.from_type,
        lookups.from_code,
        lookups.to_type,
        lookups.to_code,
        1.0::double as portion
    from {{ ref('stg_lookups') }} as lookups
    where
        lookups.relation = 'best_fit'
        and lookups.to_type in (
            select editions.area_type from {{ ref('stg_editions') }} as editions
        )

),

directly as (

    select distinct
        from_type,
        to_type
    from best_fit

),

-- To the other vintage and from there by best fit, where that vintage alone has one.
by_way_of as (

    select
        exact_fit.from_type,
        exact_fit.from_code,
        best_fit.to_type,
        best_fit.to_code,
        -- In a stated order, so that the last digits are the same on every run.
        {{ in_order('exact_fit.portion * best_fit.portion', 'exact_fit.to_code') }} as portion
    from exact_fit
    inner join best_fit
        on
            exact_fit.to_type = best_fit.from_type
            and exact_fit.to_code = best_fit.from_code
    left join directly
        on
            exact_fit.from_type = directly.from_type
            and best_fit.to_type = directly.to_type
    where directly.from_type is null
    group by
        exact_fit.from_type,
        exact_fit.from_code,
        best_fit.to_type,
        best_fit.to_code

),

every_way as (

    select * from exact_fit
    union all
    select * from best_fit
    union all
    select * from by_way_of

)

select
    *,
    -- Whole but for the rounding of portions that were added up.
    portion < 1 - 1e-9 as is_apportioned
from every_way
