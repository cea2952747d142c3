{# The columns are a key: no row twice, no column missing. The one place that states a table's key:
   there is no index for it (docs/decisions/0023-keys-as-tests.md). #}
{% test unique_key(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as rows_found
    from {{ model }}
    group by all
    having count(*) > 1 or {% for column in columns -%}
        {{ column }} is null {%- if not loop.last %} or {% endif -%}
    {%- endfor %}
{% endtest %}
