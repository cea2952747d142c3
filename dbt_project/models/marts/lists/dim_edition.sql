with lists as (

    select
        edition_id,
        count(*) as areas,
        count(*) filter (where not_rated_reason is null) as areas_rated,
        count(*) filter (where is_doubly_disadvantaged) as areas_listed,
        count(*) filter (where published_flag) as areas_published
    from {{ ref('double_disadvantage') }}
    group by edition_id

)

select
    editions.edition_id,
    editions.label,
    editions.area_type,
    editions.lad_type,
    editions.imd_release,
    editions.cni_release,
    editions.carry_rule,
    editions.carry_rule_label,
    editions.carry_statistic,
    editions.imd_threshold_percent,
    editions.cni_threshold_percent,
    editions.published_flag_release,
    editions.published_flag_origin,
    editions.is_cross_check,
    editions.publisher_count,
    editions.comparable_group,
    lists.areas,
    lists.areas_rated,
    lists.areas_listed,
    case when editions.published_flag_release is not null then lists.areas_published end
        as areas_published
from {{ ref('stg_editions') }} as editions
inner join lists on editions.edition_id = lists.edition_id
order by editions.edition_id
