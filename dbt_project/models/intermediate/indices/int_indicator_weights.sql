-- The weight of each indicator in its sub-domain: equal, given, or estimated.
{{ config(materialized='view') }}

select
    sub_domains.index_release,
    sub_domains.domain,
    sub_domains.sub_domain,
    indicators.indicator,
    sub_domains.weighting,
    sub_domains.combination,
    case sub_domains.weighting
        when 'equal' then 1
        when 'given' then indicators.weight
        when 'ml_one_factor' then factors.weight
    end as weight,
    sub_domains.indicators
from {{ ref('int_rebuilt_sub_domains') }} as sub_domains
inner join {{ ref('indicators') }} as indicators
    on
        sub_domains.index_release = indicators.index_release
        and sub_domains.sub_domain = indicators.sub_domain
left join {{ ref('int_factor_weights') }} as factors
    on
        indicators.index_release = factors.index_release
        and indicators.indicator = factors.indicator
where indicators.part_of is null
