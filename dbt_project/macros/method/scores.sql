{#
  The arithmetic that IMD and CNI share. Rank 1 is the worst area (most deprived, greatest need), n
  is the number of areas that were ranked, and a higher score is worse.
#}

{# What scores are compared by: those that differ only after the ninth decimal are ties, so that the
   last bits of a double decide no rank. Whatever ranks computed scores ranks by this. #}
{% macro to_compare(score) -%} round({{ score }}, 9) {%- endmacro %}

{# Values that are to be added up in a stated order, so that the last digits are the same on every
   run. Gathered, then put in order: where groups are small, several times quicker than
   list(... order by). #}
{% macro in_order(expression, ordering, condition=none) -%}
    {%- set only = ' filter (' ~ condition ~ ')' if condition else '' -%}
    list_sum(list_select(
        list({{ expression }}){{ only }}, list_grade_up(list({{ ordering }}){{ only }})
    ))
{%- endmacro %}

{% macro mean_in_order(number, weight, ordering) -%}
    {{ in_order(number ~ ' * ' ~ weight, ordering) }}
    / nullif({{ in_order(weight, ordering, number ~ ' is not null') }}, 0)
{%- endmacro %}

{# ceil(parts * rank / n) in whole numbers, so that no rounded quotient comes out a hair above an
   edge; ntile() differs from the published deciles for some areas. #}
{% macro part_of_n(parts, rank, n) -%}
    (({{ parts }} * {{ rank }} + {{ n }} - 1) // {{ n }})
{%- endmacro %}

{# The value as the publisher's software kept it: 'single' rounds it to 32 bits, 'double' not. #}
{% macro stored(expression, arithmetic) -%}
    case
        when {{ arithmetic }} = 'single' then ({{ expression }})::float::double
        else {{ expression }}
    end
{%- endmacro %}

{# The mean of the places that tied areas share, (first + last) / 2. #}
{% macro mean_place(first, tied) -%}
    {{ first }} + (count(*) over (partition by among, {{ tied }}) - 1) / 2.0
{%- endmacro %}

{% macro worst_first() -%}
    rank() over (partition by among order by {{ to_compare('score') }} desc nulls last)
{%- endmacro %}

{% macro method_of_scores() %}
create or replace macro method.rank_worst_first(score, among) as
    case when score is not null then {{ worst_first() }} end;

create or replace macro method.mean_place(rank, among) as {{ mean_place('rank', 'rank') }};

create or replace macro method.mean_place_by_score(score, among) as
    case when score is not null then {{ mean_place(worst_first(), to_compare('score')) }} end;

create or replace macro method.place_for_transform(rank, among, tie_rule) as
    case when tie_rule = 'min_rank' then rank::double else {{ mean_place('rank', 'rank') }} end;

create or replace macro method.transform(place, n, arithmetic := 'double') as
    -23.0::double * ln(
        1.0::double - {{ stored('(n - place + 1.0::double) / n', 'arithmetic') }}
        * (1.0::double - exp(-100.0::double / 23.0::double))
    );

create or replace macro method.stored(number, arithmetic) as
    {{ stored('number', 'arithmetic') }};

create or replace macro method.decile(rank, n) as {{ part_of_n(10, 'rank', 'n') }};

create or replace macro method.percentile(rank, n) as {{ part_of_n(100, 'rank', 'n') }};

create or replace macro method.weighted_sum(number, weight, ordering) as
    {{ in_order('weight * number', 'ordering') }};

create or replace macro method.weighted_mean(number, weight, ordering) as
    {{ mean_in_order('number', 'weight', 'ordering') }};
{% endmacro %}
