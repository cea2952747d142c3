-- The sub-domains of every index release, by its framework.
select
    releases.index_release,
    frameworks.domain,
    frameworks.sub_domain,
    frameworks.sub_domain_label,
    frameworks.weight,
    frameworks.weighting,
    frameworks.weight_total,
    frameworks.combination,
    frameworks.not_rebuilt_because
from {{ ref('sub_domains') }} as frameworks
inner join {{ ref('index_releases') }} as releases
    on frameworks.framework = releases.framework
