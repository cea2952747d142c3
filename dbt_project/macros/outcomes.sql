{#
  The arithmetic of outcome_comparison. Areas are the units: an area brings y (a numerator, or a
  rate) and x (its denominator, or 1), a group has the rate R = sum(y) / sum(x), and X = sum(x).
  `group` names a relation with the sums of y, x and their products over the areas of a group.
#}

{# Sum over the areas of a group of (y - r x)(y - s x), from the sums of products. #}
{% macro residual_products(group, r, s) -%}
    ({{ group }}.yy - ({{ r }} + {{ s }}) * {{ group }}.xy + {{ r }} * {{ s }} * {{ group }}.xx)
{%- endmacro %}

{# A variance from differences of squares: rounding may put it a hair below 0. One area alone has
   none. #}
{% macro variance(areas, squares) -%}
    case when {{ areas }} > 1
        then greatest(0, {{ areas }}::double / ({{ areas }} - 1) * ({{ squares }}))
    end
{%- endmacro %}

{# Variance of a ratio of sums over areas, linearised: n / (n - 1) sum((y - R x)^2) / X^2.
   Source: Cochran 1977, Sampling Techniques, 3rd edition, section 6.3. With x = 1 it is the variance
   of a mean, s^2 / n. #}
{% macro ratio_variance(group) -%}
    {{ variance(
        group ~ '.areas',
        residual_products(group, group ~ '.rate', group ~ '.rate') ~ ' / pow(' ~ group ~ '.x, 2)'
    ) }}
{%- endmacro %}

{# Variance of the difference between a group and a whole that contains it. An area of the whole has
   the linearised value e = (y - R x) / X, within the group less the group's, and the variance is
   n / (n - 1) sum(e^2) over the whole. Between two groups that share no area variances add up
   (Welch 1947, Biometrika 34, 28-35). Source: Särndal, Swensson and Wretman 1992, Model Assisted
   Survey Sampling, section 5.5 (Taylor linearisation). #}
{% macro variance_of_part_and_whole(part, whole) -%}
    {{ variance(
        whole ~ '.areas',
        residual_products(part, part ~ '.rate', part ~ '.rate') ~ ' / pow(' ~ part ~ '.x, 2)'
        ~ ' - 2 * ' ~ residual_products(part, part ~ '.rate', whole ~ '.rate')
        ~ ' / (' ~ part ~ '.x * ' ~ whole ~ '.x)'
        ~ ' + ' ~ residual_products(whole, whole ~ '.rate', whole ~ '.rate')
        ~ ' / pow(' ~ whole ~ '.x, 2)'
    ) }}
{%- endmacro %}

{# Half the width of the interval: 95% with the interval_z of dbt_project.yml. #}
{% macro interval_half_width(standard_error) -%}
    ({{ var('interval_z') }}::double * {{ standard_error }})
{%- endmacro %}
