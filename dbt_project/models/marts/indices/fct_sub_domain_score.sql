with sub_domains as (

    select
        sub_domains.*,
        releases.published_domain_score = 'standardised' as is_same_scale,
        {{ group_number('sub_domains.index_release', 'sub_domains.sub_domain') }}
            as sub_domain_number
    from {{ ref('stg_sub_domains') }} as sub_domains
    inner join {{ ref('index_releases') }} as releases
        on sub_domains.index_release = releases.index_release

),

published as (

    select
        sub_domains.sub_domain_number,
        measures.area_code,
        measures.published_score,
        measures.published_rank,
        measures.published_decile,
        measures.line_number,
        count(measures.published_rank) over (partition by sub_domains.sub_domain_number)
            as published_areas
    from {{ ref('stg_index_measures') }} as measures
    inner join sub_domains
        on
            measures.index_release = sub_domains.index_release
            and measures.measure = sub_domains.sub_domain

),

rebuilt as (

    select
        sub_domains.sub_domain_number,
        scores.area_code,
        scores.sub_domain_score as computed_score,
        scores.sub_domain_rank as computed_rank,
        scores.areas_ranked,
        method.mean_place(scores.sub_domain_rank, sub_domains.sub_domain_number) as place
    from {{ ref('int_sub_domain_scores') }} as scores
    inner join sub_domains
        on
            scores.index_release = sub_domains.index_release
            and scores.sub_domain = sub_domains.sub_domain

),

both_ways as (

    select
        coalesce(published.sub_domain_number, rebuilt.sub_domain_number) as sub_domain_number,
        coalesce(published.area_code, rebuilt.area_code) as area_code,
        published.published_score,
        published.published_rank,
        published.published_decile,
        published.line_number,
        published.published_areas,
        rebuilt.computed_score,
        rebuilt.computed_rank,
        rebuilt.areas_ranked,
        rebuilt.place
    from published
    full join rebuilt
        on
            published.sub_domain_number = rebuilt.sub_domain_number
            and published.area_code = rebuilt.area_code

),

weighed as (

    select
        both_ways.*,
        sub_domains.index_release,
        sub_domains.domain,
        sub_domains.sub_domain,
        sub_domains.weight as domain_weight,
        sub_domains.is_same_scale
    from both_ways
    inner join sub_domains on both_ways.sub_domain_number = sub_domains.sub_domain_number

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
    place,
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
