with published as (

    select
        measures.index_release,
        sub_domains.domain,
        sub_domains.sub_domain,
        measures.area_code,
        measures.published_score,
        measures.published_rank,
        measures.published_decile,
        measures.line_number,
        releases.published_domain_score = 'standardised' as is_same_scale,
        count(measures.published_rank)
            over (partition by measures.index_release, measures.measure) as published_areas
    from {{ ref('stg_index_measures') }} as measures
    inner join {{ ref('stg_sub_domains') }} as sub_domains
        on
            measures.index_release = sub_domains.index_release
            and measures.measure = sub_domains.sub_domain
    inner join {{ ref('index_releases') }} as releases
        on measures.index_release = releases.index_release

),

rebuilt as (

    select
        index_release,
        domain,
        sub_domain,
        area_code,
        sub_domain_score as computed_score,
        sub_domain_rank as computed_rank,
        areas_ranked
    from {{ ref('int_sub_domain_scores') }}

),

both_ways as (

    select
        coalesce(published.index_release, rebuilt.index_release) as index_release,
        coalesce(published.domain, rebuilt.domain) as domain,
        coalesce(published.sub_domain, rebuilt.sub_domain) as sub_domain,
        coalesce(published.area_code, rebuilt.area_code) as area_code,
        published.published_score,
        published.published_rank,
        published.published_decile,
        published.line_number,
        published.is_same_scale,
        published.published_areas,
        rebuilt.computed_score,
        rebuilt.computed_rank,
        rebuilt.areas_ranked
    from published
    full join rebuilt
        on
            published.index_release = rebuilt.index_release
            and published.domain = rebuilt.domain
            and published.sub_domain = rebuilt.sub_domain
            and published.area_code = rebuilt.area_code

),

weighed as (

    select
        both_ways.*,
        sub_domains.weight as domain_weight
    from both_ways
    inner join {{ ref('stg_sub_domains') }} as sub_domains
        on
            both_ways.index_release = sub_domains.index_release
            and both_ways.sub_domain = sub_domains.sub_domain

)

select
    index_release,
    domain,
    sub_domain,
    area_code,
    domain_weight,
    computed_score,
    computed_rank,
    method.decile(computed_rank, areas_ranked) as computed_decile,
    areas_ranked,
    case
        when computed_rank is not null
            then method.mean_place(computed_rank, (index_release, sub_domain))
    end as place,
    published_score,
    published_rank,
    coalesce(published_decile, method.decile(published_rank, published_areas))
        as published_decile,
    case when is_same_scale then computed_score - published_score end as score_difference,
    computed_rank - published_rank as rank_difference,
    case when published_areas is not null then index_release end as source_id,
    line_number
from weighed
order by index_release, domain, sub_domain, area_code
