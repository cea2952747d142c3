{# The values in rows of (indicator_number, area_code, worse, standardisation), each ranked and
   standardised: a row a value, for the areas that have it. Ranks by a number and without the rest of
   the row are several times quicker.
   rank_normal: method.normal_score of the place, tied areas at the mean of the places that they
   share; n + 1 is what reproduces the published sub-domain scores. z_score: distance from the mean
   in standard deviations of the areas. none: the value itself, higher = worse. #}
{% macro standardise(relation) -%}
    select
        ranked.indicator_number,
        ranked.worse,
        ranked.areas_ranked,
        ranked.indicator_rank,
        ranked.place,
        case ranked.standardisation
            when 'rank_normal' then method.normal_score(ranked.place, ranked.areas_ranked)
            when 'z_score' then (ranked.worse - moments.mean) / moments.deviation
            else ranked.worse
        end as standard_score
    from (
        select distinct
            indicator_number,
            standardisation,
            worse,
            count(*) over (partition by indicator_number) as areas_ranked,
            method.rank_worst_first(worse, indicator_number) as indicator_rank,
            method.mean_place_by_score(worse, indicator_number) as place
        from {{ relation }}
        where worse is not null
    ) as ranked
    left join (
        select
            indicator_number,
            -- In the order of the areas, so that the last digits are the same on every run.
            list_avg(list(worse order by area_code)) as mean,
            list_stddev_pop(list(worse order by area_code)) as deviation
        from {{ relation }}
        where standardisation = 'z_score'
        group by indicator_number
    ) as moments
        on ranked.indicator_number = moments.indicator_number
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
