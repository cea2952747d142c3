-- Our lists against the published ones, area by area: an area on either is a row, and where they
-- differ the row says why that is likely.
with editions as (

    select * from {{ ref('stg_editions') }}
    where published_flag_release is not null

),

on_either as (

    select
        ours.*,
        editions.carry_rule,
        editions.carry_statistic,
        carried.imd_parts,
        ours.is_doubly_disadvantaged and coalesce(ours.published_flag, false) as is_agreed,
        coalesce({{ to_compare('ours.imd_score') }} = imd_ties.tied_score, false) as is_imd_tied,
        coalesce({{ to_compare('ours.cni_score') }} = cni_ties.tied_score, false) as is_cni_tied,
        coalesce(
            abs(ours.cni_ranks_to_threshold) * 100
            <= rules.percent_of_areas * ours.cni_areas_ranked,
            false
        ) as is_near_by_cni,
        -- The CNI stands on the edition's own areas; only what is carried can be carried otherwise.
        coalesce(
            carried.imd_parts >= rules.least_parts
            and abs(ours.imd_ranks_to_threshold) * 100
            <= rules.percent_of_areas * ours.imd_areas_ranked,
            false
        ) as is_near_by_carry_rule
    from editions
    inner join {{ ref('double_disadvantage') }} as ours on editions.edition_id = ours.edition_id
    left join {{ ref('int_carried_imd') }} as carried
        on
            ours.edition_id = carried.edition_id
            and ours.area_code = carried.area_code
    left join {{ ref('reconciliation_rules') }} as rules on editions.carry_rule = rules.carry_rule
    left join {{ ref('int_edition_ties') }} as imd_ties
        on
            editions.edition_id = imd_ties.edition_id
            and imd_ties.index_name = 'imd'
    left join {{ ref('int_edition_ties') }} as cni_ties
        on
            editions.edition_id = cni_ties.edition_id
            and cni_ties.index_name = 'cni'
    where ours.is_doubly_disadvantaged or ours.published_flag

),

decided as (

    select
        *,
        case
            when is_agreed then 'agreed'
            when is_doubly_disadvantaged then 'only_computed'
            else 'only_published'
        end as agreement,
        case
            -- Not on ours: the index that keeps it off. An index without a rank does, too.
            when not is_doubly_disadvantaged
                then
                    case
                        when is_within_imd_threshold then 'cni'
                        when is_within_cni_threshold then 'imd'
                        else 'both'
                    end
            -- On ours alone: the index that another could have seen otherwise.
            when not is_agreed and is_imd_tied and is_cni_tied then 'both'
            when not is_agreed and is_imd_tied then 'imd'
            when not is_agreed and is_cni_tied then 'cni'
            -- Else, and on both: the one that is nearer to its threshold, by which the area would
            -- leave first.
            else
                method.nearer_index(
                    imd_ranks_to_threshold,
                    imd_areas_ranked,
                    cni_ranks_to_threshold,
                    cni_areas_ranked
                )
        end as deciding_index
    from on_either

),

explained as (

    select
        *,
        case
            when agreement = 'agreed' then null
            when imd_rank is null and carry_statistic <> 'own' and cni_rank is not null
                then 'nothing carried'
            when
                (is_imd_tied or deciding_index = 'cni')
                and (is_cni_tied or deciding_index = 'imd')
                then 'tie at the threshold'
            when deciding_index <> 'cni' and is_near_by_carry_rule then 'carry rule'
            when deciding_index = 'cni' and is_near_by_cni then 'near the CNI threshold'
            else 'other'
        end as likely_reason,
        'IMD rank '
        || {{ rank_in_words('imd_rank', 'imd_areas_ranked', 'imd_ranks_to_threshold') }}
            as imd_in_words,
        'CNI rank '
        || {{ rank_in_words('cni_rank', 'cni_areas_ranked', 'cni_ranks_to_threshold') }}
            as cni_in_words
    from decided

)

select
    edition_id,
    area_code,
    area_name,
    lad_code,
    lad_name,
    region_name,
    agreement,
    imd_rank,
    imd_areas_ranked,
    imd_ranks_to_threshold,
    cni_rank,
    cni_areas_ranked,
    cni_ranks_to_threshold,
    deciding_index,
    likely_reason,
    case likely_reason
        when 'nothing carried'
            then 'Not rated here: ' || not_rated_reason || '; ' || cni_in_words || '.'
        when 'tie at the threshold'
            then
                case deciding_index
                    when 'imd' then imd_in_words
                    when 'cni' then cni_in_words
                    else imd_in_words || ', and ' || cni_in_words
                end
                || '; an area on the other side of it has the same score, and which of them is '
                || 'inside depends on how ties are broken.'
        when 'carry rule'
            then
                imd_in_words || ', from ' || {{ counted('imd_parts', 'part') }} || ' by '
                || carry_rule || '; the publisher may have carried it in another way; '
                || cni_in_words || '.'
        when 'near the CNI threshold'
            then
                cni_in_words || ', and ' || imd_in_words
                || '; the CNI decides, and is near to its threshold: a figure that was rounded or '
                || 'corrected since may have moved the area across.'
        when 'other'
            then
                imd_in_words || ', and ' || cni_in_words
                || coalesce('; not rated: ' || not_rated_reason, '')
                || '; neither a tie, nor the carry rule, nor an edge that is near explains the '
                || 'difference.'
    end as likely_reason_text
from explained
order by edition_id, area_code
