{# UK-wide files hold other nations' rows. They stay in the raw tables; models read the nation's. #}
{% macro in_nation(code) -%}
    starts_with({{ code }}, '{{ var("nation_prefix") }}')
{%- endmacro %}
