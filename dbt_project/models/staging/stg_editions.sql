-- The editions whose releases this profile has: a release that only England has brings no edition
-- to the sample. A table, since the guards read it too, and they read no views.
{{ config(materialized='table') }}

with editions as (

    select * from {{ ref('editions') }}

),

-- A release is there where its index file is, or at least its indicators are.
releases as (

    select source_id as index_release from {{ ref('stg_source_files') }}
    union
    select index_release from {{ ref('stg_indicators') }}

),

-- Not every copy of a release's file says which areas the publisher lists.
flagged as (

    select distinct index_release from {{ ref('stg_index_areas') }}
    where published_flag is not null

)

select
    editions.edition_id,
    editions.label,
    editions.area_type,
    editions.lad_type,
    editions.imd_release,
    editions.cni_release,
    editions.carry_rule,
    rules.carry_rule_label,
    rules.statistic as carry_statistic,
    rules.weighting as carry_weighting,
    rules.not_rated_reason as not_carried_reason,
    editions.carry_lookup_id,
    editions.imd_threshold_percent,
    editions.cni_threshold_percent,
    flagged.index_release as published_flag_release,
    case when flagged.index_release is not null then editions.published_flag_origin end
        as published_flag_origin,
    case when flagged.index_release is not null then editions.is_cross_check end
        as is_cross_check,
    editions.comparable_group,
    editions.publisher_count
from editions
inner join releases as imd on editions.imd_release = imd.index_release
inner join releases as cni on editions.cni_release = cni.index_release
left join {{ ref('carry_rules') }} as rules on editions.carry_rule = rules.carry_rule
left join flagged on editions.published_flag_release = flagged.index_release
