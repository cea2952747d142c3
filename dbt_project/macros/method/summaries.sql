{#
  The higher-level measures of the Indices of Deprivation: from small areas to an authority or
  region. Every measure runs the same way: higher = worse. Rank 1 is the worst of n small areas.
  Those of a sum are aggregates over the small areas of a larger one.
#}

{# A sum that is the same in every order: whole numbers of 1e-9 add up exactly, doubles do not. Far
   faster here than putting a million rows in order, as in_order() does. #}
{% macro exact_sum(expression, decimals=9) -%}
    sum(({{ expression }})::decimal(38, {{ decimals }}))::double
{%- endmacro %}

{% macro mean_by_people(number, people) -%}
    {{ exact_sum(number ~ ' * ' ~ people) }}
    / nullif({{ exact_sum('if(' ~ number ~ ' is not null, ' ~ people ~ ', null)') }}, 0)
{%- endmacro %}

{# How much of an area's people counts towards the extent: all in the worst 10%, then from 95% in
   the 11th percentile down in equal steps to 5% in the 30th, none beyond. #}
{% macro extent_weight(rank, n) -%}
    case
        when {{ part_of_n(100, rank, n) }} <= 10 then 1.0::double
        when {{ part_of_n(100, rank, n) }} <= 30
            then 0.95::double - ({{ part_of_n(100, rank, n) }} - 11) * (0.9::double / 19.0::double)
        when {{ rank }} is not null then 0.0::double
    end
{%- endmacro %}

{% macro method_of_summaries() %}
create or replace macro method.average_rank(rank, n, people) as
    any_value(n) + 1 - {{ mean_by_people('rank', 'people') }};

create or replace macro method.average_score(score, people) as
    {{ mean_by_people('score', 'people') }};

create or replace macro method.proportion_in_worst_decile(decile) as
    count(*) filter (decile = 1)::double / nullif(count(decile), 0);

create or replace macro method.extent_weight(rank, n) as
    {{ extent_weight('rank', 'n') }};

create or replace macro method.extent(rank, n, people, all_people) as
    {{ exact_sum('(' ~ extent_weight('rank', 'n') ~ ') * people') }} / nullif(all_people, 0);

create or replace macro method.people_in_worst_tenth(people, people_up_to, all_people) as
    greatest(
        0.0::double,
        least(people::double, all_people / 10.0::double - (people_up_to - people))
    );

create or replace macro method.local_concentration(rank, n, people_counted) as
    any_value(n) + 1 - {{ mean_by_people('rank', 'people_counted') }};

create or replace macro method.scale(numerator) as {{ exact_sum('numerator') }};

create or replace macro method.share(part, whole) as (part)::double / nullif(whole, 0);
{% endmacro %}
