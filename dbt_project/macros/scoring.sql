{#
  The arithmetic that IMD and CNI share. Each formula stands once, here, and has dbt unit tests.
  Everywhere rank 1 is the worst area (most deprived, greatest need) and N is the number of areas
  that were ranked.
#}

{# R = (N - rank + 1) / N; f = -23 ln(1 - R (1 - exp(-100/23))). 100 for the worst, near 0 for the
   best. Source: IoD technical reports 2015, 2019 and 2025, 'exponential transformation'.
   `arithmetic` = 'single' repeats a publisher's single-precision storage of R (CNI 2019). #}
{% macro exponential_transform(rank, n, arithmetic) -%}
    -23.0::double * ln(
        1.0::double - {{ stored('(' ~ n ~ ' - ' ~ rank ~ ' + 1.0::double) / ' ~ n, arithmetic) }}
        * (1.0::double - exp(-100.0::double / 23.0::double))
    )
{%- endmacro %}

{# The value as the publisher's software kept it: 'single' rounds it to 32 bits, 'double' not. #}
{% macro stored(expression, arithmetic) -%}
    case
        when {{ arithmetic }} = 'single' then ({{ expression }})::float::double
        else {{ expression }}
    end
{%- endmacro %}

{# Competition (minimum) rank of the highest score first: ties share the smallest rank. Missing
   scores get no rank and take none. #}
{% macro rank_worst_first(score, partition_by) -%}
    case
        when {{ score }} is not null
            then rank() over (partition by {{ partition_by }} order by {{ score }} desc nulls last)
    end
{%- endmacro %}

{# The rank that the transform takes: tied areas all stand at the mean of the places that they
   share, (first + last) / 2 ('mean_rank'), or all at the first ('min_rank'). #}
{% macro rank_for_transform(rank, partition_by, score_tie_rule) -%}
    case
        when {{ score_tie_rule }} = 'min_rank' then {{ rank }}::double
        else {{ rank }} + (count(*) over (partition by {{ partition_by }}, {{ rank }}) - 1) / 2.0
    end
{%- endmacro %}

{# decile = ceil(10 rank / N), 1 = worst. In whole numbers, so that no rounded quotient comes out a
   hair above an edge; ntile() differs from the published deciles for some areas. #}
{% macro decile(rank, n) -%}
    ((10 * {{ rank }} + {{ n }} - 1) // {{ n }})
{%- endmacro %}

{# The last rank within a threshold: the largest whole rank with rank / N <= percent / 100. #}
{% macro threshold_rank(n, percent) -%}
    (({{ n }} * {{ percent }}) // 100)
{%- endmacro %}

{# sum(value * weight) / sum(weight), added up in a stated order so that it is the same on every
   run. A part without a value has no weight; NULL where no part has weight. #}
{% macro weighted_mean(value, weight, order_by) -%}
    list_sum(list({{ value }} * {{ weight }} order by {{ order_by }}))
    / nullif(
        list_sum(list({{ weight }} order by {{ order_by }}) filter ({{ value }} is not null)), 0
    )
{%- endmacro %}
