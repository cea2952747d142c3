{# Every pair of editions that exist is declared once, in one direction; editions are comparable
   exactly where their comparable_group is one, and have the same type of area; a reason is given
   exactly where they are not. #}
{% test every_pair_of_editions_is_declared(model) %}
    with expected as (

        select
            one.edition_id as one_id,
            another.edition_id as another_id,
            coalesce(
                one.comparable_group = another.comparable_group
                and one.area_type = another.area_type,
                false
            ) as may_be_compared
        from {{ ref('stg_editions') }} as one
        inner join {{ ref('stg_editions') }} as another on one.edition_id < another.edition_id

    ),

    found as (

        select
            expected.one_id,
            expected.another_id,
            count(pairs.edition_from) as times_declared,
            count(pairs.edition_from) filter (
                pairs.is_comparable <> expected.may_be_compared
                or pairs.is_comparable <> (pairs.reason_not_comparable is null)
            ) as times_wrong
        from expected
        left join {{ model }} as pairs
            on
                pairs.edition_from in (expected.one_id, expected.another_id)
                and pairs.edition_to in (expected.one_id, expected.another_id)
        group by expected.one_id, expected.another_id

    )

    select * from found where times_declared <> 1 or times_wrong > 0
{% endtest %}
