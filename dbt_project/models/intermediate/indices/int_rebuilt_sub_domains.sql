-- The sub-domains that can be computed here: their indicators are in a source that this profile
-- has, and nothing of them is unpublished.
{{ config(materialized='view') }}

with present as (

    select distinct index_release from {{ ref('stg_indicators') }}

),

counted as (

    select
        index_release,
        sub_domain,
        count(*) as indicators
    from {{ ref('indicators') }}
    where part_of is null
    group by index_release, sub_domain

)

select
    sub_domains.index_release,
    sub_domains.domain,
    sub_domains.sub_domain,
    sub_domains.weight,
    sub_domains.weighting,
    sub_domains.combination,
    counted.indicators
from {{ ref('stg_sub_domains') }} as sub_domains
inner join present on sub_domains.index_release = present.index_release
inner join counted
    on
        sub_domains.index_release = counted.index_release
        and sub_domains.sub_domain = counted.sub_domain
where sub_domains.not_rebuilt_because is null
