-- Why an area is listed, in one select: its domains on the areas of the edition, brought there by
-- the edition's carry rule, as the index itself is.
with areas as (

    select
        lists.edition_id,
        lists.area_code,
        editions.imd_release,
        editions.cni_release,
        editions.carry_rule
    from {{ ref('int_rated_areas') }} as lists
    inner join {{ ref('stg_editions') }} as editions on lists.edition_id = editions.edition_id

),

-- An area of the release's own type is its only part.
parts as (

    select
        edition_id,
        area_code,
        'imd' as index_name,
        imd_release as index_release,
        carry_rule,
        area_code as part_code,
        cast(1 as double) as part_population,
        1 as part_imd_rank
    from areas
    where carry_rule = 'direct'

    union all

    select
        edition_id,
        area_code,
        'cni' as index_name,
        cni_release as index_release,
        'direct' as carry_rule,
        area_code as part_code,
        cast(1 as double) as part_population,
        1 as part_imd_rank
    from areas

    union all

    select
        areas.edition_id,
        areas.area_code,
        'imd' as index_name,
        areas.imd_release as index_release,
        areas.carry_rule,
        carried.part_code,
        carried.part_population,
        carried.part_imd_rank
    from areas
    inner join {{ ref('int_imd_parts') }} as carried
        on
            areas.edition_id = carried.edition_id
            and areas.area_code = carried.area_code

),

-- The part that decides is the worst by the IMD, since the area has its IMD from that one.
carried as (

    select
        parts.edition_id,
        parts.area_code,
        parts.index_name,
        parts.index_release,
        parts.carry_rule,
        domains.domain,
        any_value(domains.weight) as weight,
        any_value(domains.areas_ranked) as parts_ranked,
        count(*) as parts,
        arg_min(parts.part_code, (parts.part_imd_rank, parts.part_code)) as worst_part_code,
        arg_min(domains.domain_score, (parts.part_imd_rank, parts.part_code)) as worst_part_score,
        arg_min(domains.domain_rank, (parts.part_imd_rank, parts.part_code)) as worst_part_rank,
        method.weighted_mean(domains.domain_score, parts.part_population, parts.part_code)
            as mean_score,
        round(
            sum(domains.domain_rank * parts.part_population)
            / nullif(sum(parts.part_population), 0)
        ) as part_mean_rank,
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
        parts.index_name,
        parts.index_release,
        parts.carry_rule,
        domains.domain

),

ranked as (

    select
        *,
        carry_rule = 'population_weighted_mean' as is_averaged,
        if(is_averaged, mean_score, worst_part_score) as domain_score,
        if(
            is_averaged,
            method.rank_worst_first(mean_score, (edition_id, index_name, domain)),
            worst_part_rank
        ) as domain_rank,
        if(
            is_averaged,
            count(mean_score) over (partition by edition_id, index_name, domain),
            parts_ranked
        ) as areas_ranked
    from carried

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
    if(ranked.carry_rule = 'any_parent', 'parts', 'areas') as rank_scale,
    if(ranked.carry_rule = 'any_parent', ranked.worst_part_code, null) as part_code,
    if(ranked.carry_rule = 'direct', null, ranked.parts) as parts,
    if(ranked.carry_rule = 'direct', null, ranked.parts_ranked) as parts_ranked,
    cast(if(ranked.carry_rule = 'direct', null, ranked.part_mean_rank) as bigint)
        as part_mean_rank,
    if(ranked.carry_rule = 'direct', null, ranked.part_worst_rank) as part_worst_rank,
    if(ranked.carry_rule = 'direct', null, ranked.part_best_rank) as part_best_rank
from ranked
inner join {{ ref('stg_domain_weights') }} as domains
    on
        ranked.index_release = domains.index_release
        and ranked.domain = domains.domain
order by ranked.edition_id, ranked.index_name, ranked.domain, ranked.area_code
