-- The domains of every index release and their weights, by its framework. A table, since the
-- guards read it too, and they read no views.
{{ config(materialized='table') }}

select
    releases.index_release,
    frameworks.domain,
    frameworks.domain_label,
    frameworks.weight,
    frameworks.sub_domain_weight_total
from {{ ref('domain_weights') }} as frameworks
inner join {{ ref('index_releases') }} as releases
    on frameworks.framework = releases.framework
