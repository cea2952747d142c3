-- Domains put together again, by two routes: from indicators through our own sub-domains, and from
-- the ranks of the published sub-domains.
with sub_domains as (

    select
        routes.route,
        sub_domains.index_release,
        sub_domains.domain,
        sub_domains.sub_domain,
        sub_domains.weight,
        domains.sub_domain_weight_total as weight_total,
        releases.score_tie_rule,
        releases.arithmetic,
        count(*) over (partition by routes.route, sub_domains.index_release, sub_domains.domain)
            as sub_domains,
        {{ group_number('routes.route', 'sub_domains.index_release', 'sub_domains.sub_domain') }}
            as sub_domain_number,
        {{ group_number('routes.route', 'sub_domains.index_release', 'sub_domains.domain') }}
            as domain_number
    from {{ ref('stg_sub_domains') }} as sub_domains
    inner join {{ ref('stg_domain_weights') }} as domains
        on
            sub_domains.index_release = domains.index_release
            and sub_domains.domain = domains.domain
    inner join {{ ref('index_releases') }} as releases
        on sub_domains.index_release = releases.index_release
    cross join (values ('indicators'), ('sub_domain_ranks')) as routes (route)
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
        sub_domains.sub_domain_number,
        ranks.area_code,
        ranks.sub_domain_score,
        method.place_for_transform(
            ranks.sub_domain_rank, sub_domains.sub_domain_number, sub_domains.score_tie_rule
        ) as place,
        count(*) over (partition by sub_domains.sub_domain_number) as areas_ranked
    from sub_domains
    inner join ranks
        on
            sub_domains.route = ranks.route
            and sub_domains.index_release = ranks.index_release
            and sub_domains.sub_domain = ranks.sub_domain
    -- A domain that is its own sub-domain is not put together from ranks.
    where sub_domains.route = 'indicators' or sub_domains.sub_domains > 1

),

transformed as (

    select
        sub_domains.*,
        placed.area_code,
        placed.sub_domain_score,
        method.transform(placed.place, placed.areas_ranked, sub_domains.arithmetic)
            as transformed_score
    from placed
    inner join sub_domains on placed.sub_domain_number = sub_domains.sub_domain_number

),

summed as (

    select
        domain_number,
        any_value(route) as route,
        any_value(index_release) as index_release,
        any_value(domain) as domain,
        area_code,
        case
            when any_value(sub_domains) = 1 then any_value(sub_domain_score)
            else {{ to_compare('fsum(weight * transformed_score) / any_value(weight_total)') }}
        end as domain_score
    from transformed
    group by domain_number, area_code
    having count(*) = any_value(sub_domains)

)

select
    * exclude (domain_number),
    method.rank_worst_first(domain_score, domain_number) as domain_rank,
    count(*) over (partition by domain_number) as areas_ranked
from summed
