with counts as (

    select
        edition_id,
        count(*) as areas,
        count(composite) as areas_rated,
        count(*) filter (where is_selected) as areas_selected,
        count(distinct group_code) as groups_counted,
        count(distinct group_code) filter (where is_excluded) as groups_excluded,
        count(*) filter (where is_selected and published_flag) as areas_agreed,
        max(composite_rank) filter (where is_selected) as last_rank_selected
    from {{ ref('composite_selection') }}
    group by edition_id

)

select
    editions.edition_id,
    editions.label,
    editions.area_type,
    editions.imd_release,
    editions.cni_release,
    editions.composite_rule,
    editions.composite_rule_label,
    editions.part_type,
    editions.imd_lookup_id,
    editions.weighting,
    editions.standardisation,
    editions.imd_weight,
    editions.cni_weight,
    editions.group_type,
    editions.most_in_group,
    editions.most_in_authority,
    editions.most_selected,
    editions.exclusion_source_id,
    editions.programme_source_id,
    editions.is_programmes_own,
    counts.areas,
    counts.areas_rated,
    counts.groups_counted,
    counts.groups_excluded,
    counts.areas_selected,
    editions.places_published,
    case when editions.places_published is not null then counts.areas_agreed end as areas_agreed,
    counts.last_rank_selected
from {{ ref('stg_composite_editions') }} as editions
inner join counts on editions.edition_id = counts.edition_id
order by editions.edition_id
