-- Every outcome in the areas of the editions: as counted where the file has them, else brought
-- there by the portions of int_area_shares.
with types as (

    select distinct area_type from {{ ref('stg_editions') }}

),

as_counted as (

    select
        outcomes.area_type,
        outcomes.area_code,
        outcomes.outcome,
        outcomes.source_id,
        outcomes.numerator,
        outcomes.denominator,
        outcomes.is_assumed,
        0.0::double as apportioned_denominator,
        outcomes.area_type as counted_area_type
    from {{ ref('stg_outcomes') }} as outcomes
    inner join types on outcomes.area_type = types.area_type

),

brought as (

    select
        divided.to_type as area_type,
        divided.to_code as area_code,
        outcomes.outcome,
        outcomes.source_id,
        {{ exact_sum('outcomes.numerator * divided.portion') }} as numerator,
        {{ exact_sum('outcomes.denominator * divided.portion') }} as denominator,
        bool_or(outcomes.is_assumed) as is_assumed,
        {{ exact_sum(
            'if(divided.is_apportioned, outcomes.denominator * divided.portion, 0)'
        ) }} as apportioned_denominator,
        outcomes.area_type as counted_area_type
    from {{ ref('stg_outcomes') }} as outcomes
    inner join {{ ref('int_area_shares') }} as divided
        on
            outcomes.area_type = divided.from_type
            and outcomes.area_code = divided.from_code
    inner join types on divided.to_type = types.area_type
    group by
        divided.to_type,
        divided.to_code,
        outcomes.outcome,
        outcomes.source_id,
        outcomes.area_type

),

everything as (

    select * from as_counted
    union all
    select * from brought

)

select
    area_type,
    area_code,
    outcome,
    source_id,
    counted_area_type,
    numerator,
    denominator,
    numerator / nullif(denominator, 0) as rate,
    apportioned_denominator / nullif(denominator, 0) as apportioned,
    is_assumed
from everything
