{# What reconciliation and edition_change say of ranks, in words. Rank 1 = worst. #}

{# 'places' and 'place': a number of something, with thousands separated. #}
{% macro counted(number, noun) -%}
    format('{:,}', {{ number }}) || ' {{ noun }}' || case when {{ number }} = 1 then '' else 's' end
{%- endmacro %}

{# '755 of 7,427 (13 places beyond the threshold of 742)'; the threshold is its last rank. #}
{% macro rank_in_words(rank, n, ranks_to_threshold) -%}
    case
        when {{ rank }} is null then 'none'
        else format('{:,} of {:,}', {{ rank }}, {{ n }}) || ' ('
            || case
                when {{ ranks_to_threshold }} > 0
                    then {{ counted(ranks_to_threshold, 'place') }} || ' beyond'
                when {{ ranks_to_threshold }} < 0
                    then {{ counted('-' ~ ranks_to_threshold, 'place') }} || ' inside'
                else 'the last place inside'
            end
            || format(' the threshold of {:,})', {{ rank }} - {{ ranks_to_threshold }})
    end
{%- endmacro %}

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

{# Joined and stayed make the later list, left and stayed the earlier one; no area of either is
   missing, and none is told otherwise than its lists do. #}
{% test changes_add_up(model) %}
    with pairs as (

        select
            pairs.edition_from,
            pairs.edition_to
        from {{ ref('edition_pairs') }} as pairs
        inner join {{ ref('stg_editions') }} as earlier on pairs.edition_from = earlier.edition_id
        inner join {{ ref('stg_editions') }} as later on pairs.edition_to = later.edition_id
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
