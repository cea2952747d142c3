{# Joined and stayed make the later list, left and stayed the earlier one; no area of either is
   missing, and none is told otherwise than its lists do. #}
{% test changes_add_up(model) %}
    with pairs as (

        select
            pairs.edition_from,
            pairs.edition_to
        from {{ ref('int_edition_pairs') }} as pairs
        where pairs.is_comparable

    ),

    listed as (

        select
            edition_id,
            area_code
        from {{ ref('double_disadvantage') }}
        where is_doubly_disadvantaged

    ),

    expected as (

        select
            pairs.*,
            listed.area_code,
            bool_or(listed.edition_id = pairs.edition_from) as was_listed,
            bool_or(listed.edition_id = pairs.edition_to) as is_listed
        from pairs
        inner join listed on listed.edition_id in (pairs.edition_from, pairs.edition_to)
        group by all

    )

    select
        coalesce(expected.area_code, found.area_code) as area_code,
        expected.was_listed,
        expected.is_listed,
        found.change
    from expected
    full join {{ model }} as found
        on
            expected.edition_from = found.edition_from
            and expected.edition_to = found.edition_to
            and expected.area_code = found.area_code
    where
        found.change is distinct from case
            when expected.was_listed and expected.is_listed then 'stayed'
            when expected.is_listed then 'joined'
            when expected.was_listed then 'left'
        end
{% endtest %}
