{# Whatever areas they are brought to, the nation's counts are those of the file. #}
{% test outcome_totals_are_kept(model) %}
    with counted as (

        select
            outcome,
            sum(numerator) as numerator,
            sum(denominator) as denominator
        from {{ ref('stg_outcomes') }}
        group by outcome

    ),

    brought as (

        select
            area_type,
            outcome,
            sum(numerator) as numerator,
            sum(denominator) as denominator
        from {{ model }}
        group by area_type, outcome

    )

    select
        types.area_type,
        counted.*,
        brought.numerator as numerator_found,
        brought.denominator as denominator_found
    from counted
    cross join (select distinct area_type from {{ ref('stg_editions') }}) as types
    left join brought
        on
            counted.outcome = brought.outcome
            and types.area_type = brought.area_type
    where
        abs(coalesce(brought.numerator, 0) - counted.numerator) > 1e-9 * counted.numerator
        or abs(coalesce(brought.denominator, 0) - counted.denominator) > 1e-9 * counted.denominator
{% endtest %}
