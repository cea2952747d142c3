-- Each list by every carry rule that its edition has weights for, against the published one.
with judged as (

    select
        carried.edition_id,
        carried.carry_rule,
        carried.is_own_rule,
        lists.published_flag,
        carried.imd_rank is not null and lists.cni_rank is not null as is_rated,
        coalesce(
            lists.is_within_cni_threshold
            and method.is_within(
                carried.imd_rank, carried.imd_areas_ranked, editions.imd_threshold_percent
            ),
            false
        ) as is_listed
    from {{ ref('int_imd_by_rule') }} as carried
    inner join {{ ref('stg_editions') }} as editions on carried.edition_id = editions.edition_id
    inner join {{ ref('int_rated_areas') }} as lists
        on
            carried.edition_id = lists.edition_id
            and carried.area_code = lists.area_code

),

published as (

    select
        edition_id,
        count(*) filter (where published_flag) as areas_published
    from {{ ref('int_rated_areas') }}
    group by edition_id
    having count(published_flag) > 0

),

counted as (

    select
        edition_id,
        carry_rule,
        is_own_rule,
        count(*) filter (where is_rated) as areas_rated,
        count(*) filter (where is_listed) as areas_listed,
        count(*) filter (where is_listed and published_flag) as areas_agreed
    from judged
    group by edition_id, carry_rule, is_own_rule

)

select
    counted.edition_id,
    counted.carry_rule,
    rules.carry_rule_label,
    rules.statistic,
    rules.weighting,
    counted.is_own_rule,
    counted.areas_rated,
    counted.areas_listed,
    published.areas_published,
    case when published.areas_published is not null then counted.areas_agreed end as areas_agreed,
    published.areas_published - counted.areas_agreed as areas_only_published
from counted
inner join {{ ref('carry_rules') }} as rules on counted.carry_rule = rules.carry_rule
left join published on counted.edition_id = published.edition_id
order by counted.edition_id, counted.carry_rule
