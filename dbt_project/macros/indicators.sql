{#
  From an indicator's raw value to its standardised one. Each formula stands once, here, and has
  tests. Rank 1 is the worst area, and the worst area has the highest standardised value.
#}

{# A polynomial by Horner's rule, the coefficients from the lowest power up. #}
{% macro polynomial(coefficients, x) -%}
    {%- for coefficient in coefficients[:-1] -%}
        {{ '(' ~ coefficient ~ '::double + ' ~ x ~ ' * ' }}
    {%- endfor -%}
    {{ coefficients[-1] ~ '::double' ~ ')' * (coefficients | length - 1) }}
{%- endmacro %}

{# The inverse of the standard normal distribution at 0 < p < 1, to about 1e-15: algorithm AS 241,
   PPND16 (Wichura 1988, Applied Statistics 37, 477-484). DuckDB has no such function. #}
{% macro inverse_normal(p) -%}
    {%- set tail = "sqrt(-ln(least(" ~ p ~ ", 1.0::double - " ~ p ~ ")))" -%}
    {%- set from_middle = "(" ~ p ~ " - 0.5::double)" -%}
    {%- set middle = "(0.180625::double - " ~ from_middle ~ " * " ~ from_middle ~ ")" -%}
    case
        when {{ p }} <= 0 or {{ p }} >= 1 then null
        when abs({{ from_middle }}) <= 0.425
            then {{ from_middle }}
                * {{ polynomial([
                    '3.3871328727963666080', '133.14166789178437745', '1971.5909503065514427',
                    '13731.693765509461125', '45921.953931549871457', '67265.770927008700853',
                    '33430.575583588128105', '2509.0809287301226727'
                ], middle) }}
                / {{ polynomial([
                    '1', '42.313330701600911252', '687.18700749205790830',
                    '5394.1960214247511077', '21213.794301586595867', '39307.895800092710610',
                    '28729.085735721942674', '5226.4952788528545610'
                ], middle) }}
        when {{ tail }} <= 5
            then sign({{ from_middle }})
                * {{ polynomial([
                    '1.42343711074968357734', '4.63033784615654529590', '5.76949722146069140550',
                    '3.64784832476320460504', '1.27045825245236838258', '0.241780725177450611770',
                    '0.0227238449892691845833', '0.000774545014278341407640'
                ], "(" ~ tail ~ " - 1.6::double)") }}
                / {{ polynomial([
                    '1', '2.05319162663775882187', '1.67638483018380384940',
                    '0.689767334985100004550', '0.148103976427480074590',
                    '0.0151986665636164571966', '0.000547593808499534494600',
                    '0.00000000105075007164441684324'
                ], "(" ~ tail ~ " - 1.6::double)") }}
        else sign({{ from_middle }})
            * {{ polynomial([
                '6.65790464350110377720', '5.46378491116411436990', '1.78482653991729133580',
                '0.296560571828504891230', '0.0265321895265761230930',
                '0.00124266094738807843860', '0.0000271155556874348757815',
                '0.000000201033439929228813265'
            ], "(" ~ tail ~ " - 5.0::double)") }}
            / {{ polynomial([
                '1', '0.599832206555887937690', '0.136929880922735805310',
                '0.0148753612908506148525', '0.000786869131145613259100',
                '0.0000184631831751005468180', '0.000000142151175831644588870',
                '0.00000000000000204426310338993978564'
            ], "(" ~ tail ~ " - 5.0::double)") }}
    end
{%- endmacro %}

{# Log odds of r of n, with half a case added to either side so that 0 and n have one.
   Source: IoD 2019 technical report, appendix D.2. #}
{% macro logit(r, n) -%}
    ln(({{ r }} + 0.5::double) / ({{ n }} - {{ r }} + 0.5::double))
{%- endmacro %}

{# Sampling variance of that log odds. Source: IoD 2019 technical report, appendix D.2. #}
{% macro logit_variance(r, n) -%}
    (({{ n }} + 1.0::double) * ({{ n }} + 2.0::double)
    / ({{ n }} * ({{ r }} + 1.0::double) * ({{ n }} - {{ r }} + 1.0::double)))
{%- endmacro %}

{# How much of the shrunken estimate is the area's own: (1/s2) / (1/s2 + 1/t2), with s2 the area's
   sampling variance and t2 the variance between the areas of the larger area. Written so that it
   holds for t2 = 0. Source: IoD 2019 technical report, appendix D.2. #}
{% macro shrinkage_weight(s2, t2) -%}
    ({{ t2 }} / ({{ t2 }} + {{ s2 }}))
{%- endmacro %}

{# Rows of (index_release, indicator, area_code, worse, standardisation) ranked and standardised.
   rank_normal: the inverse normal of (N - place + 1) / (N + 1), tied areas at the mean of the places
   that they share; N + 1 is what reproduces the published sub-domain scores. z_score: distance from
   the mean in standard deviations of the N areas. none: the value itself, higher = worse. #}
{% macro standardise(relation) -%}
    select
        positioned.* exclude (normal_position, mean, deviation),
        case positioned.standardisation
            when 'rank_normal' then {{ inverse_normal('positioned.normal_position') }}
            when 'z_score' then (positioned.worse - positioned.mean) / positioned.deviation
            else positioned.worse
        end as standard_score
    from (
        select
            ranked.*,
            moments.mean,
            moments.deviation,
            (ranked.areas_ranked - ranked.place + 1.0::double)
            / (ranked.areas_ranked + 1.0::double) as normal_position
        from (
            select
                *,
                count(*) over (partition by index_release, indicator) as areas_ranked,
                {{ rank_worst_first('worse', 'index_release, indicator') }} as indicator_rank,
                {{ rank_worst_first('worse', 'index_release, indicator') }}
                + (count(*) over (partition by index_release, indicator, worse) - 1) / 2.0 as place
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
    ) as positioned
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
