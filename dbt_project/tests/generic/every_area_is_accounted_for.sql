{# Nothing is dropped: an edition has every area of its type, each rated on both indices or with
   the reason why not, and the listed ones are rated. #}
{% test every_area_is_accounted_for(model) %}
    with expected as (

        select
            editions.edition_id,
            dim_area.area_code
        from {{ ref('stg_editions') }} as editions
        inner join {{ ref('dim_area') }} as dim_area on editions.area_type = dim_area.area_type

    )

    select
        coalesce(expected.edition_id, found.edition_id) as edition_id,
        coalesce(expected.area_code, found.area_code) as area_code
    from expected
    full join {{ model }} as found
        on
            expected.edition_id = found.edition_id
            and expected.area_code = found.area_code
    where
        expected.area_code is null
        or found.area_code is null
        or (found.imd_rank is null or found.cni_rank is null) <> (found.not_rated_reason is not null)
        or (found.is_doubly_disadvantaged and found.not_rated_reason is not null)
{% endtest %}
