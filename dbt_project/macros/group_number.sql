{# A small number for what ranks are among, such as the domain of a release: several times quicker
   to sort areas by than the texts that name it. To be asked of the groups, before areas join. #}
{% macro group_number() -%}
    dense_rank() over (order by {{ varargs | join(', ') }})
{%- endmacro %}
