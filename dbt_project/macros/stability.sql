{# The classes of stability, each from its least probability up to the next one's. #}
{% macro stability_ranges() -%}
    select
        stability_class,
        least_probability,
        coalesce(
            lead(least_probability) over (order by least_probability), 'infinity'::double
        ) as below_probability
    from {{ ref('stability_classes') }}
{%- endmacro %}
