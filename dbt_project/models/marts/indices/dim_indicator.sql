with weights as (

    select * from {{ ref('int_indicator_weights') }}

),

present as (

    select
        index_release,
        indicator,
        any_value(source_id) as source_id,
        count(indicator_rank) as areas_ranked
    from {{ ref('fct_indicator') }}
    group by index_release, indicator

)

select
    indicators.index_release,
    indicators.indicator,
    indicators.indicator_label,
    sub_domains.domain,
    indicators.sub_domain,
    indicators.part_of,
    indicators.unit,
    units.unit_label,
    indicators.direction,
    indicators.best_value,
    indicators.denominator,
    units.scale as rate_scale,
    indicators.count_periods,
    case when indicators.shrinkage then indicators.larger_area end as shrunk_to,
    indicators.standardisation,
    sub_domains.weighting,
    sub_domains.combination,
    weights.weight,
    weights.weight / sum(weights.weight)
        over (partition by indicators.index_release, indicators.sub_domain) as weight_share,
    factors.loading,
    factors.uniqueness,
    factors.areas as weight_areas,
    factors.chi_square as weight_chi_square,
    factors.degrees_of_freedom as weight_degrees_of_freedom,
    factors.root_mean_square_residual as weight_residual,
    factors.input_sha256 as weight_input_sha256,
    cast(factors.estimated_on as date) as weight_estimated_on,
    indicators.missing_rule,
    indicators.missing_value,
    present.areas_ranked,
    indicators.stand_in as is_stand_in,
    present.source_id
from {{ ref('indicators') }} as indicators
inner join present
    on
        indicators.index_release = present.index_release
        and indicators.indicator = present.indicator
inner join {{ ref('stg_sub_domains') }} as sub_domains
    on
        indicators.index_release = sub_domains.index_release
        and indicators.sub_domain = sub_domains.sub_domain
inner join {{ ref('indicator_units') }} as units on indicators.unit = units.unit
left join weights
    on
        indicators.index_release = weights.index_release
        and indicators.indicator = weights.indicator
left join {{ ref('int_factor_weights') }} as factors
    on
        indicators.index_release = factors.index_release
        and indicators.indicator = factors.indicator
order by indicators.index_release, sub_domains.domain, indicators.sub_domain, indicators.indicator
