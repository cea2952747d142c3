{#
  The arithmetic of outcome_comparison. Areas are the units: an area brings y (a numerator, or a
  rate) and x (its denominator, or 1), a group has the rate R = sum(y) / sum(x), and X = sum(x). A
  group is a row with its areas, rate, x, and the sums yy, xy and xx of the products of y and x.
#}

{# Sum over the areas of a group of (y - r x)(y - s x), from the sums of products. #}
{% macro residual_products(areas, r, s) -%}
    ({{ areas }}.yy - ({{ r }} + {{ s }}) * {{ areas }}.xy + {{ r }} * {{ s }} * {{ areas }}.xx)
{%- endmacro %}

{# A variance from differences of squares: rounding may put it a hair below 0. One area alone has
   none. #}
{% macro variance(areas, squares) -%}
    case when {{ areas }} > 1
        then greatest(0, {{ areas }}::double / ({{ areas }} - 1) * ({{ squares }}))
    end
{%- endmacro %}

{% macro method_of_outcomes() %}
create or replace macro method.ratio_variance(areas) as
    {{ variance(
        '(areas).areas',
        residual_products('(areas)', '(areas).rate', '(areas).rate') ~ ' / pow((areas).x, 2)'
    ) }};

create or replace macro method.variance_of_part_and_whole(part, whole) as
    {{ variance(
        '(whole).areas',
        residual_products('(part)', '(part).rate', '(part).rate') ~ ' / pow((part).x, 2)'
        ~ ' - 2 * ' ~ residual_products('(part)', '(part).rate', '(whole).rate')
        ~ ' / ((part).x * (whole).x)'
        ~ ' + ' ~ residual_products('(whole)', '(whole).rate', '(whole).rate')
        ~ ' / pow((whole).x, 2)'
    ) }};

create or replace macro method.interval_half_width(standard_error) as
    1.959963984540054::double * standard_error;
{% endmacro %}
