{# Rows of (index_release, indicator, area_code, worse, standardisation) ranked and standardised.
   rank_normal: method.normal_score of the place, tied areas at the mean of the places that they
   share; n + 1 is what reproduces the published sub-domain scores. z_score: distance from the mean
   in standard deviations of the areas. none: the value itself, higher = worse. #}
{% macro standardise(relation) -%}
    select
        ranked.*,
        case ranked.standardisation
            when 'rank_normal' then method.normal_score(ranked.place, ranked.areas_ranked)
            when 'z_score' then (ranked.worse - moments.mean) / moments.deviation
            else ranked.worse
        end as standard_score
    from (
        select
            *,
            count(*) over (partition by index_release, indicator) as areas_ranked,
            method.rank_worst_first(worse, (index_release, indicator)) as indicator_rank,
            method.mean_place_by_score(worse, (index_release, indicator)) as place
        from {{ relation }}
        where worse is not null
    ) as ranked
    left join (
        select
            index_release,
            indicator,
            -- In the order of the areas, so that the last digits are the same on every run.
            list_avg(list(worse order by area_code)) as mean,
            list_stddev_pop(list(worse order by area_code)) as deviation
        from {{ relation }}
        where standardisation = 'z_score'
        group by index_release, indicator
    ) as moments
        on
            ranked.index_release = moments.index_release
            and ranked.indicator = moments.indicator
{%- endmacro %}

{# The populations of the index files, a row each, by the name that a rate gives its denominator. #}
{% macro people_of_index_areas() -%}
    unpivot (
        select
            index_release,
            area_code,
            total_population,
            children,
            working_age,
            older_people
        from {{ ref('stg_index_areas') }}
    ) on total_population, children, working_age, older_people
    into name denominator value people
{%- endmacro %}
