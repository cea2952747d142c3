-- Domains put together again, by two routes: from indicators through our own sub-domains, and from
-- the ranks of the published sub-domains.
with sub_domains as (

    select
        sub_domains.index_release,
        sub_domains.domain,
        sub_domains.sub_domain,
        sub_domains.weight,
        domains.sub_domain_weight_total as weight_total,
        releases.score_tie_rule,
        releases.arithmetic,
        count(*) over (partition by sub_domains.index_release, sub_domains.domain) as sub_domains
    from {{ ref('stg_sub_domains') }} as sub_domains
    inner join {{ ref('stg_domain_weights') }} as domains
        on
            sub_domains.index_release = domains.index_release
            and sub_domains.domain = domains.domain
    inner join {{ ref('index_releases') }} as releases
        on sub_domains.index_release = releases.index_release
    where sub_domains.weight is not null

),

ranks as (

    select
        'indicators' as route,
        index_release,
        sub_domain,
        area_code,
        sub_domain_score,
        sub_domain_rank
    from {{ ref('int_sub_domain_scores') }}

    union all

    select
        'sub_domain_ranks' as route,
        index_release,
        measure as sub_domain,
        area_code,
        null as sub_domain_score,
        published_rank as sub_domain_rank
    from {{ ref('stg_index_measures') }}
    where published_rank is not null

),

placed as (

    select
        sub_domains.*,
        ranks.route,
        ranks.area_code,
        ranks.sub_domain_score,
        method.place_for_transform(
            ranks.sub_domain_rank,
            (ranks.route, ranks.index_release, ranks.sub_domain),
            sub_domains.score_tie_rule
        ) as place,
        count(*) over (partition by ranks.route, ranks.index_release, ranks.sub_domain)
            as areas_ranked
    from sub_domains
    inner join ranks
        on
            sub_domains.index_release = ranks.index_release
            and sub_domains.sub_domain = ranks.sub_domain
    -- A domain that is its own sub-domain is not put together from ranks.
    where ranks.route = 'indicators' or sub_domains.sub_domains > 1

),

transformed as (

    select
        *,
        method.transform(place, areas_ranked, arithmetic) as transformed_score
    from placed

),

summed as (

    select
        route,
        index_release,
        domain,
        area_code,
        case
            when any_value(sub_domains) = 1 then any_value(sub_domain_score)
            else {{ to_compare('fsum(weight * transformed_score) / any_value(weight_total)') }}
        end as domain_score
    from transformed
    group by route, index_release, domain, area_code
    having count(*) = any_value(sub_domains)

)

select
    *,
    method.rank_worst_first(domain_score, (route, index_release, domain)) as domain_rank,
    count(*) over (partition by route, index_release, domain) as areas_ranked
from summed
