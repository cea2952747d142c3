{# The columns are a key: no row twice, no column missing. Also stated as a primary key; this test
   holds on targets that have none. #}
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
