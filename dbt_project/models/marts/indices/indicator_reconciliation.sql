-- What comes out of the indicators, set against what was published: a row a sub-domain or domain
-- and route, and a row with the reason for what cannot be computed.
with releases as (

    select distinct index_release from {{ ref('stg_indicators') }}

),

sub_domains as (

    select
        sub_domains.*,
        domains.sub_domain_weight_total,
        domains.domain_label,
        count(sub_domains.weight)
            over (partition by sub_domains.index_release, sub_domains.domain) as sub_domains
    from {{ ref('stg_sub_domains') }} as sub_domains
    inner join {{ ref('stg_domain_weights') }} as domains
        on
            sub_domains.index_release = domains.index_release
            and sub_domains.domain = domains.domain
    inner join releases on sub_domains.index_release = releases.index_release

),

-- Not every copy of a file has all of them.
present as (

    select distinct
        index_release,
        indicator
    from {{ ref('fct_indicator') }}

),

indicators as (

    select
        indicators.index_release,
        indicators.sub_domain,
        count(*) as indicators,
        string_agg(distinct indicators.standardisation, ' and ' order by indicators.standardisation)
            as standardisation,
        bool_or(indicators.shrinkage) as is_shrunk
    from {{ ref('indicators') }} as indicators
    inner join present
        on
            indicators.index_release = present.index_release
            and indicators.indicator = present.indicator
    where indicators.part_of is null
    group by indicators.index_release, indicators.sub_domain

),

declared as (

    select
        sub_domains.index_release,
        sub_domains.domain,
        sub_domains.sub_domain as measure,
        'sub_domain' as measure_level,
        'indicators' as route,
        coalesce(indicators.indicators, 0) as indicators,
        sub_domains.not_rebuilt_because,
        concat_ws(
            ', ',
            case when indicators.is_shrunk then 'rates shrunk to the larger area' end,
            indicators.standardisation,
            case when indicators.indicators > 1 then sub_domains.weighting || ' weights' end,
            case when indicators.indicators > 1 then sub_domains.combination end
        -- The word of the contract.
        ) as method -- noqa: RF04
    from sub_domains
    left join indicators
        on
            sub_domains.index_release = indicators.index_release
            and sub_domains.sub_domain = indicators.sub_domain

    union all

    -- A domain without sub-domains is its own sub-domain, above.
    select
        sub_domains.index_release,
        sub_domains.domain,
        sub_domains.domain as measure,
        'domain' as measure_level,
        routes.route,
        cast(
            case when any_value(routes.route) = 'indicators' then sum(indicators.indicators) end
            as bigint
        ) as indicators,
        case
            when any_value(routes.route) = 'indicators'
                then string_agg(
                    sub_domains.sub_domain_label || ': ' || sub_domains.not_rebuilt_because, '; '
                    order by sub_domains.sub_domain
                )
        end as not_rebuilt_because,
        'exponential transform of sub-domain ranks, weights '
        || string_agg(cast(sub_domains.weight as bigint), ' and ' order by sub_domains.sub_domain)
            as method -- noqa: RF04
    from sub_domains
    left join indicators
        on
            sub_domains.index_release = indicators.index_release
            and sub_domains.sub_domain = indicators.sub_domain
    cross join (values ('indicators'), ('sub_domain_ranks')) as routes (route)
    where sub_domains.sub_domains > 1 and sub_domains.weight is not null
    group by sub_domains.index_release, sub_domains.domain, routes.route

),

pairs as (

    select
        index_release,
        sub_domain as measure,
        'sub_domain' as measure_level,
        'indicators' as route,
        area_code,
        computed_score,
        computed_rank,
        computed_decile,
        -- What was published on another scale has only ranks to compare.
        computed_score - score_difference as published_score,
        published_rank,
        published_decile
    from {{ ref('fct_sub_domain_score') }}
    where computed_rank is not null

    union all

    select
        rebuilds.index_release,
        rebuilds.domain as measure,
        'domain' as measure_level,
        rebuilds.route,
        rebuilds.area_code,
        rebuilds.domain_score as computed_score,
        rebuilds.domain_rank as computed_rank,
        method.decile(rebuilds.domain_rank, rebuilds.areas_ranked) as computed_decile,
        published.published_score,
        published.published_rank,
        published.published_decile
    from {{ ref('int_domain_rebuilds') }} as rebuilds
    inner join {{ ref('stg_index_measures') }} as published
        on
            rebuilds.index_release = published.index_release
            and rebuilds.domain = published.measure
            and rebuilds.area_code = published.area_code

),

compared as (

    select
        index_release,
        measure,
        measure_level,
        route,
        count(coalesce(published_rank, published_score)) as areas_compared,
        -- In the order of the areas, so that the last digits are the same on every run.
        corr(computed_score, published_score order by area_code) as score_correlation,
        corr(computed_rank, published_rank order by area_code) as rank_correlation,
        max(abs(computed_score - published_score)) as greatest_score_difference,
        median(abs(computed_score - published_score)) as median_score_difference,
        max(abs(computed_rank - published_rank)) as greatest_rank_difference,
        median(abs(computed_rank - published_rank)) as median_rank_difference,
        avg(cast(computed_decile = published_decile as integer)) as share_in_same_decile
    from pairs
    group by index_release, measure, measure_level, route

)

select
    declared.index_release,
    declared.domain,
    declared.measure,
    declared.measure_level,
    declared.route,
    declared.indicators,
    declared.method,
    coalesce(compared.areas_compared, 0) as areas_compared,
    compared.score_correlation,
    compared.rank_correlation,
    compared.greatest_score_difference,
    compared.median_score_difference,
    compared.greatest_rank_difference,
    compared.median_rank_difference,
    compared.share_in_same_decile,
    declared.not_rebuilt_because
from declared
left join compared
    on
        declared.index_release = compared.index_release
        and declared.measure = compared.measure
        and declared.measure_level = compared.measure_level
        and declared.route = compared.route
order by
    declared.index_release asc,
    declared.domain asc,
    declared.measure_level desc,
    declared.measure asc,
    declared.route asc
