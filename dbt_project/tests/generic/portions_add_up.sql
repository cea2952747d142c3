{# An area's counts go somewhere as a whole: nothing is lost on the way, nothing counted twice. #}
{% test portions_add_up(model) %}
    select
        from_type,
        from_code,
        to_type,
        sum(portion) as found
    from {{ model }}
    group by from_type, from_code, to_type
    having abs(sum(portion) - 1) > 1e-9
{% endtest %}
