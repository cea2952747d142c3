{#
  The higher-level measures of the Indices of Deprivation: from small areas to an authority or
  region. Source: IoD 2019 technical report, table 3.2 and appendix N. They meet the figures of
  2025 too. tests/summary_worked_examples.sql holds them to the report's worked examples.

  Every measure runs the same way: higher = worse. Rank 1 is the worst of n small areas. Each macro
  of a sum is an aggregate over the small areas of a larger one.
#}

{# A sum that is the same in every order: whole numbers of 1e-9 add up exactly, doubles do not. Far
   faster here than putting a million rows in order, as weighted_mean() does. #}
{% macro exact_sum(expression, decimals=9) -%}
    sum(({{ expression }})::decimal(38, {{ decimals }}))::double
{%- endmacro %}

{# sum(value * people) / sum(people); people of an area without a value do not count. #}
{% macro mean_by_people(value, people) -%}
    {{ exact_sum(value ~ ' * ' ~ people) }}
    / nullif({{ exact_sum('if(' ~ value ~ ' is not null, ' ~ people ~ ', null)') }}, 0)
{%- endmacro %}

{# average rank = (n + 1) - sum(rank * people) / sum(people): turned round, as higher = worse. #}
{% macro average_rank(rank, n, people) -%}
    any_value({{ n }}) + 1 - {{ mean_by_people(rank, people) }}
{%- endmacro %}

{# average score = sum(score * people) / sum(people). #}
{% macro average_score(score, people) -%}
    {{ mean_by_people(score, people) }}
{%- endmacro %}

{# proportion = small areas in the most deprived 10% / small areas. Counts areas, not people. #}
{% macro proportion_in_worst_decile(decile) -%}
    count(*) filter ({{ decile }} = 1)::double / nullif(count({{ decile }}), 0)
{%- endmacro %}

{# percentile = ceil(100 rank / n) in whole numbers, as decile(). #}
{% macro percentile(rank, n) -%}
    ((100 * {{ rank }} + {{ n }} - 1) // {{ n }})
{%- endmacro %}

{# How much of an area's people counts towards the extent: all in the worst 10%, then from 95% in
   the 11th percentile down in equal steps to 5% in the 30th, none beyond. #}
{% macro extent_weight(rank, n) -%}
    case
        when {{ percentile(rank, n) }} <= 10 then 1.0::double
        when {{ percentile(rank, n) }} <= 30
            then 0.95::double
                - ({{ percentile(rank, n) }} - 11) * (0.9::double / 19.0::double)
        when {{ rank }} is not null then 0.0::double
    end
{%- endmacro %}

{# extent = sum(extent weight * people) / all people of the larger area. #}
{% macro extent(rank, n, people, all_people) -%}
    {{ exact_sum('(' ~ extent_weight(rank, n) ~ ') * ' ~ people) }}
    / nullif({{ all_people }}, 0)
{%- endmacro %}

{# People of a small area that are among the most deprived 10% of the larger area's: all, until
   exactly 10% are counted; of the last area only those that are still wanted. people_up_to: those
   of the areas as bad or worse, this one included. #}
{% macro people_in_worst_tenth(people, people_up_to, all_people) -%}
    greatest(
        0.0::double,
        least(
            {{ people }}::double,
            {{ all_people }} / 10.0::double - ({{ people_up_to }} - {{ people }})
        )
    )
{%- endmacro %}

{# local concentration = (n + 1) - the mean rank of the most deprived 10% of the larger area's
   people. people_counted: people_in_worst_tenth(). #}
{% macro local_concentration(rank, n, people_counted) -%}
    {{ average_rank(rank, n, people_counted) }}
{%- endmacro %}

{# scale = number of people who are income (or employment) deprived. #}
{% macro scale(numerator) -%}
    {{ exact_sum(numerator) }}
{%- endmacro %}

{# A part of a whole; NULL where there is no whole. #}
{% macro share(part, whole) -%}
    ({{ part }})::double / nullif({{ whole }}, 0)
{%- endmacro %}

{# No authority is lost and nobody is counted twice: every release, measure and kind of larger area
   has a row for each area of dim_area's, and small areas and people add up to the nation's. #}
{% test summaries_cover_the_nation(model) %}
    with nation as (

        select
            index_release,
            measure,
            count(*) as areas,
            sum(people) as people
        from {{ ref('int_summary_areas') }}
        group by index_release, measure

    ),

    kinds as (

        select distinct
            index_release,
            area_type
        from {{ ref('int_summary_geographies') }}

    ),

    expected as (

        select
            nation.index_release,
            nation.measure,
            kinds.area_type,
            count(*) as larger_areas,
            any_value(nation.areas) as areas,
            any_value(nation.people) as people
        from nation
        inner join kinds on nation.index_release = kinds.index_release
        inner join {{ ref('dim_area') }} as dim_area on kinds.area_type = dim_area.area_type
        group by nation.index_release, nation.measure, kinds.area_type

    ),

    found as (

        select
            index_release,
            measure,
            area_type,
            count(*) filter (areas > 0 and area_name is not null) as larger_areas,
            sum(areas) as areas,
            sum(denominator) as people
        from {{ model }}
        group by index_release, measure, area_type

    )

    select
        index_release,
        measure,
        area_type,
        expected.larger_areas as larger_areas_expected,
        found.larger_areas as larger_areas_found,
        expected.areas as areas_expected,
        found.areas as areas_found,
        expected.people as people_expected,
        found.people as people_found
    from expected
    full join found using (index_release, measure, area_type)
    where
        expected.larger_areas is distinct from found.larger_areas
        or expected.areas is distinct from found.areas
        or abs(expected.people - found.people) > 1e-6
        or (expected.people is null) <> (found.people is null)
{% endtest %}

{# The counts of an edition's larger areas add up to the edition's own list, and each larger area
   of the kind has a row, with none listed too. #}
{% test list_adds_up(model, area_type, code) %}
    with nation as (

        select
            edition_id,
            count(*) as areas,
            count(*) filter (not_rated_reason is null) as areas_rated,
            count(*) filter (is_doubly_disadvantaged) as areas_listed,
            count(*) filter (is_imd_worst_decile) as areas_imd_worst_decile,
            count(*) filter (is_cni_worst_decile) as areas_cni_worst_decile,
            coalesce(sum(population), 0) as population,
            coalesce(sum(population) filter (is_doubly_disadvantaged), 0) as population_listed
        from {{ ref('double_disadvantage') }}
        group by edition_id

    ),

    rows_expected as (

        select
            editions.edition_id,
            count(*) as larger_areas
        from {{ ref('stg_editions') }} as editions
        inner join {{ ref('dim_area') }} as dim_area on {{ area_type }} = dim_area.area_type
        group by editions.edition_id

    ),

    found as (

        select
            edition_id,
            count({{ code }}) as larger_areas,
            sum(areas) as areas,
            sum(areas_rated) as areas_rated,
            sum(areas_listed) as areas_listed,
            sum(areas_imd_worst_decile) as areas_imd_worst_decile,
            sum(areas_cni_worst_decile) as areas_cni_worst_decile,
            sum(population) as population,
            sum(population_listed) as population_listed
        from {{ model }}
        group by edition_id

    )

    select edition_id
    from nation
    full join found using (edition_id)
    full join rows_expected using (edition_id)
    where
        rows_expected.larger_areas is distinct from found.larger_areas
        or nation.areas is distinct from found.areas
        or nation.areas_rated is distinct from found.areas_rated
        or nation.areas_listed is distinct from found.areas_listed
        or nation.areas_imd_worst_decile is distinct from found.areas_imd_worst_decile
        or nation.areas_cni_worst_decile is distinct from found.areas_cni_worst_decile
        or nation.population is distinct from found.population
        or nation.population_listed is distinct from found.population_listed
{% endtest %}
