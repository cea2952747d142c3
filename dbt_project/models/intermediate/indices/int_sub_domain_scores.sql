-- Sub-domains (and domains that have none) from their indicators. An area that lacks one of the
-- indicators has no score.
with weights as (

    select
        *,
        {{ group_number('index_release', 'sub_domain') }} as sub_domain_number
    from {{ ref('int_indicator_weights') }}

),

summed as (

    select
        weights.sub_domain_number,
        any_value(weights.index_release) as index_release,
        any_value(weights.domain) as domain,
        any_value(weights.sub_domain) as sub_domain,
        scores.area_code,
        -- A compensated sum does not depend on the order in which threads bring the parts.
        fsum(weights.weight * scores.standard_score)
        / case any_value(weights.combination) when 'mean' then fsum(weights.weight) else 1 end
            as exact_score
    from weights
    inner join {{ ref('int_indicator_scores') }} as scores
        on
            weights.index_release = scores.index_release
            and weights.indicator = scores.indicator
    where scores.standard_score is not null
    group by weights.sub_domain_number, scores.area_code
    having count(*) = any_value(weights.indicators)

),

rounded as (

    select
        sub_domain_number,
        index_release,
        domain,
        sub_domain,
        area_code,
        -- Kept as it is ranked, so that what is computed from it has the same ties.
        {{ to_compare('exact_score') }} as sub_domain_score
    from summed

)

select
    * exclude (sub_domain_number),
    method.rank_worst_first(sub_domain_score, sub_domain_number) as sub_domain_rank,
    count(*) over (partition by sub_domain_number) as areas_ranked
from rounded
