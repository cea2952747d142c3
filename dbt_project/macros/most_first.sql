{# Among the kinds of geography of an edition, rank 1 = most. What has no area has no rank. #}
{% macro most_first(column) -%}
    case
        when is_ranked then
            rank() over (
                partition by edition_id, geography_type, is_ranked order by {{ column }} desc
            )
    end
{%- endmacro %}
