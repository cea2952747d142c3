-- The composite editions of which this profile has what their rule needs: both releases, the list
-- of the places that are left out, and the programme's list where that says how many are taken.
-- A table, since the guards read it too, and they read no views.
{{ config(materialized='table') }}

with releases as (

    select source_id as index_release from {{ ref('stg_source_files') }}

),

programmes as (

    select
        source_id,
        count(*) as places
    from {{ ref('stg_programme_places') }}
    group by source_id

)

select
    editions.edition_id,
    editions.label,
    editions.area_type,
    editions.composite_rule,
    rules.composite_rule_label,
    editions.imd_release,
    editions.cni_release,
    editions.imd_lookup_id,
    rules.part_type,
    rules.weighting,
    rules.standardisation,
    rules.imd_weight,
    rules.cni_weight,
    rules.group_type,
    rules.most_in_group,
    rules.most_in_authority,
    coalesce(rules.most_selected, published.places) as most_selected,
    rules.exclusion_source_id,
    rules.programme_source_id,
    published.places as places_published,
    editions.is_programmes_own
from {{ ref('composite_editions') }} as editions
inner join {{ ref('composite_rules') }} as rules on editions.composite_rule = rules.composite_rule
inner join releases as imd on editions.imd_release = imd.index_release
inner join releases as cni on editions.cni_release = cni.index_release
left join programmes as published on rules.programme_source_id = published.source_id
left join programmes as left_out on rules.exclusion_source_id = left_out.source_id
where
    (rules.exclusion_source_id is null or left_out.source_id is not null)
    and (rules.most_selected is not null or published.source_id is not null)
