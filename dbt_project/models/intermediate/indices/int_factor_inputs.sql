-- What maximum-likelihood weights are estimated from: the standardised indicators of the
-- sub-domains that are weighted so.
{{ config(materialized='view') }}

select
    indicators.index_release,
    indicators.sub_domain,
    scores.indicator,
    scores.area_code,
    scores.standard_score
from {{ ref('int_indicator_scores') }} as scores
inner join {{ ref('indicators') }} as indicators
    on
        scores.index_release = indicators.index_release
        and scores.indicator = indicators.indicator
inner join {{ ref('int_rebuilt_sub_domains') }} as sub_domains
    on
        indicators.index_release = sub_domains.index_release
        and indicators.sub_domain = sub_domains.sub_domain
where
    sub_domains.weighting = 'ml_one_factor'
    and indicators.part_of is null
    and scores.standard_score is not null
