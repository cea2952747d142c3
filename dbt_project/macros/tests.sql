{# The columns are a key: no row twice, no column missing. Also stated as a primary key; this test
   holds on targets that have none. #}
{% test unique_key(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as rows_found
    from {{ model }}
    group by all
    having count(*) > 1 or {% for column in columns -%}
        {{ column }} is null {%- if not loop.last %} or {% endif -%}
    {%- endfor %}
{% endtest %}

{# Nothing is dropped: an edition has every area of its type, each rated on both indices or with
   the reason why not, and the listed ones are rated. #}
{% test every_area_is_accounted_for(model) %}
    with expected as (

        select
            editions.edition_id,
            dim_area.area_code
        from {{ ref('stg_editions') }} as editions
        inner join {{ ref('dim_area') }} as dim_area on editions.area_type = dim_area.area_type

    )

    select
        coalesce(expected.edition_id, found.edition_id) as edition_id,
        coalesce(expected.area_code, found.area_code) as area_code
    from expected
    full join {{ model }} as found
        on
            expected.edition_id = found.edition_id
            and expected.area_code = found.area_code
    where
        expected.area_code is null
        or found.area_code is null
        or (found.imd_rank is null or found.cni_rank is null) <> (found.not_rated_reason is not null)
        or (found.is_doubly_disadvantaged and found.not_rated_reason is not null)
{% endtest %}

{# An area's counts go somewhere as a whole: nothing is lost on the way, nothing counted twice. #}
{% test portions_add_up(model) %}
    select
        from_type,
        from_code,
        to_type,
        sum(portion) as found
    from {{ model }}
    group by from_type, from_code, to_type
    having abs(sum(portion) - 1) > 1e-9
{% endtest %}

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
