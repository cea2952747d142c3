{# What names are compared by: without regard to capitals, blanks and the kind of apostrophe. #}
{% macro same_name(name) -%}
    lower(trim(regexp_replace(replace({{ name }}, '’', ''''), '\s+', ' ', 'g')))
{%- endmacro %}
