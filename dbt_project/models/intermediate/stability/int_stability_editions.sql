-- Each edition with what may vary in its draws. An edition whose carry rule has no rules keeps its
-- row, without draws: the model that draws says so and stops.
select
    editions.edition_id,
    editions.imd_release,
    editions.cni_release,
    editions.carry_rule,
    editions.imd_threshold_percent,
    editions.cni_threshold_percent,
    rules.carry_rules_drawn,
    rules.tie_rules_drawn,
    rules.threshold_points_below,
    rules.threshold_points_above,
    rules.weight_concentration,
    rules.draws,
    rules.seed,
    rules.least_percent,
    rules.most_percent
from {{ ref('stg_editions') }} as editions
left join {{ ref('stability_rules') }} as rules on editions.carry_rule = rules.carry_rule
