-- The indices as the draws need them: one row an area, with its domain scores by either tie rule as
-- lists in the order of the domains. Of a release that lacks a domain of some ranked area there are
-- no lists: its weights cannot vary, because it would rank other areas.
with indices as (

    select
        index_release,
        area_code,
        index_score,
        index_rank,
        count(computed_score) over (partition by index_release)
        = count(*) over (partition by index_release) as is_whole
    from {{ ref('int_index_scores') }}

),

-- Placed among all areas that have the domain, as in int_domain_scores.
placed as (

    select
        domains.index_release,
        domains.domain,
        domains.area_code,
        domains.areas_ranked,
        releases.arithmetic,
        method.place_for_transform(
            domains.domain_rank, (domains.index_release, domains.domain), 'mean_rank'
        ) as mean_place,
        method.place_for_transform(
            domains.domain_rank, (domains.index_release, domains.domain), 'min_rank'
        ) as min_place
    from {{ ref('int_domain_scores') }} as domains
    inner join {{ ref('index_releases') }} as releases
        on domains.index_release = releases.index_release

),

scored as (

    select
        index_release,
        domain,
        area_code,
        arithmetic,
        method.transform(mean_place, areas_ranked, arithmetic) as mean_score,
        method.transform(min_place, areas_ranked, arithmetic) as min_score
    from placed

),

-- Gathered, then sorted by the first field: several times faster than list(... order by).
gathered as (

    select
        index_release,
        area_code,
        list_sort(list({
            'domain': domain,
            'mean_score': method.stored(mean_score, arithmetic),
            'min_score': method.stored(min_score, arithmetic)
        })) as domains
    from scored
    group by index_release, area_code

),

listed as (

    select
        index_release,
        area_code,
        [entry['mean_score'] for entry in domains] as scores_mean_rank,
        [entry['min_score'] for entry in domains] as scores_min_rank
    from gathered

)

select
    indices.index_release,
    indices.area_code,
    indices.index_score,
    indices.index_rank,
    -- Not a condition of the join: with a column of one side in it, DuckDB compares every pair.
    case when indices.is_whole then listed.scores_mean_rank end as scores_mean_rank,
    case when indices.is_whole then listed.scores_min_rank end as scores_min_rank
from indices
left join listed
    on
        indices.index_release = listed.index_release
        and indices.area_code = listed.area_code
