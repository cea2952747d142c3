-- Why an area is listed, in one select: its domains on the areas of the edition, brought there by
-- the edition's carry rule, as the index itself is.
with areas as (

    select
        lists.edition_id,
        lists.area_code,
        editions.imd_release,
        editions.cni_release,
        editions.carry_statistic
    from {{ ref('int_rated_areas') }} as lists
    inner join {{ ref('stg_editions') }} as editions on lists.edition_id = editions.edition_id

),

-- As in the file: the CNI always, and the IMD where the areas are the release's own.
own as (

    select
        edition_id,
        area_code,
        'cni' as index_name,
        cni_release as index_release
    from areas

    union all

    select
        edition_id,
        area_code,
        'imd' as index_name,
        imd_release as index_release
    from areas
    where carry_statistic = 'own'

),

direct as (

    select
        own.edition_id,
        own.area_code,
        own.index_name,
        own.index_release,
        domains.domain,
        domains.weight,
        domains.domain_score,
        domains.domain_rank,
        domains.areas_ranked,
        'areas' as rank_scale,
        domains.published_rank,
        domains.domain_score - domains.published_transformed_score as score_difference
    from own
    inner join {{ ref('int_domain_scores') }} as domains
        on
            own.index_release = domains.index_release
            and own.area_code = domains.area_code

),

-- The part that decides is the worst by the IMD, since the area has its IMD from that one.
parts as (

    select
        areas.edition_id,
        areas.area_code,
        areas.imd_release as index_release,
        areas.carry_statistic,
        carried.part_code,
        carried.part_population,
        row_number() over (
            partition by areas.edition_id, areas.area_code
            order by carried.part_imd_rank, carried.part_code
        ) = 1 as is_worst
    from areas
    inner join {{ ref('int_imd_parts') }} as carried
        on
            areas.edition_id = carried.edition_id
            and areas.area_code = carried.area_code
    where carried.is_own_weighting

),

gathered as (

    select
        parts.edition_id,
        parts.area_code,
        parts.index_release,
        parts.carry_statistic,
        domains.domain,
        any_value(domains.weight) as weight,
        any_value(domains.areas_ranked) as parts_ranked,
        count(*) as parts,
        max(parts.part_code) filter (where parts.is_worst) as worst_part_code,
        max(domains.domain_score) filter (where parts.is_worst) as worst_part_score,
        max(domains.domain_rank) filter (where parts.is_worst) as worst_part_rank,
        method.carried_score(
            parts.carry_statistic, domains.domain_score, parts.part_population, parts.part_code
        ) as mean_score,
        method.carried_mean_rank(
            parts.carry_statistic, domains.domain_rank, parts.part_population, parts.part_code
        ) as mean_rank,
        cast(round(
            sum(domains.domain_rank * parts.part_population)
            / nullif(sum(parts.part_population), 0)
        ) as bigint) as part_mean_rank,
        min(domains.domain_rank) as part_worst_rank,
        max(domains.domain_rank) as part_best_rank
    from parts
    inner join {{ ref('int_domain_scores') }} as domains
        on
            parts.index_release = domains.index_release
            and parts.part_code = domains.area_code
    group by
        parts.edition_id,
        parts.area_code,
        parts.index_release,
        parts.carry_statistic,
        domains.domain

),

any_parent as (

    select
        *,
        'imd' as index_name,
        worst_part_score as domain_score,
        worst_part_rank as domain_rank,
        parts_ranked as areas_ranked,
        'parts' as rank_scale,
        worst_part_code as part_code
    from gathered
    where carry_statistic = 'worst_part'

),

averaged as (

    select
        *,
        'imd' as index_name,
        mean_score as domain_score,
        method.rank_worst_first(
            coalesce(mean_score, -mean_rank), (edition_id, domain)
        ) as domain_rank,
        count(coalesce(mean_score, mean_rank)) over (partition by edition_id, domain)
            as areas_ranked,
        'areas' as rank_scale
    from gathered
    where carry_statistic in ('mean_score', 'mean_rank')

),

ranked as (

    select * from direct
    union all by name
    select * exclude (carry_statistic, mean_score, mean_rank) from any_parent
    union all by name
    select * exclude (carry_statistic, mean_score, mean_rank) from averaged

)

select
    ranked.edition_id,
    ranked.area_code,
    ranked.index_name,
    ranked.index_release,
    ranked.domain,
    domains.domain_label,
    ranked.weight,
    ranked.domain_score,
    ranked.domain_rank,
    method.decile(ranked.domain_rank, ranked.areas_ranked) as domain_decile,
    ranked.areas_ranked,
    ranked.rank_scale,
    ranked.part_code,
    ranked.parts,
    ranked.parts_ranked,
    ranked.part_mean_rank,
    ranked.part_worst_rank,
    ranked.part_best_rank,
    ranked.published_rank,
    ranked.domain_rank - ranked.published_rank as rank_difference,
    ranked.score_difference
from ranked
inner join {{ ref('stg_domain_weights') }} as domains
    on
        ranked.index_release = domains.index_release
        and ranked.domain = domains.domain
order by ranked.edition_id, ranked.index_name, ranked.domain, ranked.area_code
