-- From an edition to a later one that it may be compared with: an area on either list is a row that
-- says whether it joined, left or stayed, and what moved it.
with pairs as (

    select
        pairs.edition_from,
        pairs.edition_to,
        pairs.what_changed,
        earlier.carry_rule as carry_rule_from,
        later.carry_rule as carry_rule_to,
        imd_from.area_type as imd_area_type_from,
        imd_to.area_type as imd_area_type_to
    from {{ ref('int_edition_pairs') }} as pairs
    inner join {{ ref('stg_editions') }} as earlier on pairs.edition_from = earlier.edition_id
    inner join {{ ref('stg_editions') }} as later on pairs.edition_to = later.edition_id
    inner join {{ ref('index_releases') }} as imd_from
        on earlier.imd_release = imd_from.index_release
    inner join {{ ref('index_releases') }} as imd_to on later.imd_release = imd_to.index_release
    where pairs.is_comparable

),

exact_fits as (

    select distinct
        from_type,
        to_type,
        from_code,
        to_code,
        change_code
    from {{ ref('stg_lookups') }}
    where relation = 'exact_fit'

),

-- Only where the two IMD releases stand on areas of different vintages.
boundaries as (

    select
        pairs.edition_from,
        pairs.edition_to,
        parts.to_code as area_code,
        case when count(distinct parts.change_code) = 1 then min(parts.change_code) else 'X' end
            as change_code,
        count(distinct parts.from_code) as boundary_parts_from,
        count(distinct siblings.to_code) as boundary_parts_to
    from pairs
    inner join exact_fits as parts
        on
            pairs.imd_area_type_from = parts.from_type
            and pairs.imd_area_type_to = parts.to_type
    inner join exact_fits as siblings
        on
            parts.from_type = siblings.from_type
            and parts.to_type = siblings.to_type
            and parts.from_code = siblings.from_code
    where pairs.imd_area_type_from <> pairs.imd_area_type_to
    group by pairs.edition_from, pairs.edition_to, parts.to_code

),

on_either as (

    select
        pairs.*,
        later.area_code,
        later.area_name,
        later.lad_code,
        later.lad_name,
        later.region_name,
        earlier.is_doubly_disadvantaged as is_listed_from,
        later.is_doubly_disadvantaged as is_listed_to,
        earlier.imd_rank as imd_rank_from,
        earlier.imd_areas_ranked as imd_areas_ranked_from,
        earlier.imd_ranks_to_threshold as imd_ranks_to_threshold_from,
        later.imd_rank as imd_rank_to,
        later.imd_areas_ranked as imd_areas_ranked_to,
        later.imd_ranks_to_threshold as imd_ranks_to_threshold_to,
        earlier.cni_rank as cni_rank_from,
        earlier.cni_areas_ranked as cni_areas_ranked_from,
        earlier.cni_ranks_to_threshold as cni_ranks_to_threshold_from,
        later.cni_rank as cni_rank_to,
        later.cni_areas_ranked as cni_areas_ranked_to,
        later.cni_ranks_to_threshold as cni_ranks_to_threshold_to,
        -- Of its two ratings the one that is not on the list; of an area that stayed the later.
        case
            when later.is_doubly_disadvantaged and not earlier.is_doubly_disadvantaged
                then earlier.imd_ranks_to_threshold
            else later.imd_ranks_to_threshold
        end as imd_distance,
        case
            when later.is_doubly_disadvantaged and not earlier.is_doubly_disadvantaged
                then earlier.cni_ranks_to_threshold
            else later.cni_ranks_to_threshold
        end as cni_distance,
        boundaries.change_code,
        boundaries.boundary_parts_from,
        boundaries.boundary_parts_to,
        means.mean_imd_rank as imd_rank_from_by_mean_parent,
        -- The rank less its distance is the last rank within the threshold.
        case
            when means.mean_imd_rank is not null
                then
                    means.mean_imd_rank <= earlier.imd_rank - earlier.imd_ranks_to_threshold
                    and coalesce(earlier.cni_ranks_to_threshold <= 0, false)
        end as is_listed_from_by_mean_parent
    from pairs
    inner join {{ ref('double_disadvantage') }} as later on pairs.edition_to = later.edition_id
    -- Comparable editions have the same areas, and each has a row for every one of them.
    inner join {{ ref('double_disadvantage') }} as earlier
        on
            pairs.edition_from = earlier.edition_id
            and later.area_code = earlier.area_code
    left join boundaries
        on
            pairs.edition_from = boundaries.edition_from
            and pairs.edition_to = boundaries.edition_to
            and later.area_code = boundaries.area_code
    left join {{ ref('int_edition_mean_parents') }} as means
        on
            pairs.edition_from = means.edition_id
            and later.area_code = means.area_code
    where earlier.is_doubly_disadvantaged or later.is_doubly_disadvantaged

),

decomposed as (

    select
        *,
        case
            when is_listed_from and is_listed_to then 'stayed'
            when is_listed_to then 'joined'
            else 'left'
        end as change, -- noqa: RF04
        -- On a list it is within both thresholds, so what it misses on the other, it crossed. An
        -- index without a rank is not within.
        case
            when is_listed_from and is_listed_to then null
            else concat_ws(
                ' and ',
                case when coalesce(imd_distance > 0, true) then 'imd' end,
                case when coalesce(cni_distance > 0, true) then 'cni' end
            )
        end as index_crossed,
        case
            when is_listed_from and is_listed_to then least(-imd_distance, -cni_distance)
            else least(
                case when imd_distance > 0 then imd_distance end,
                case when cni_distance > 0 then cni_distance end
            )
        end as nearest_miss_ranks,
        carry_rule_from <> carry_rule_to as is_carry_rule_changed,
        case
            when imd_area_type_from = imd_area_type_to then false
            else change_code <> 'U'
        end as is_boundary_changed,
        case
            when is_listed_from_by_mean_parent is not null
                then is_listed_from and not is_listed_to and not is_listed_from_by_mean_parent
        end as is_left_by_carry_rule,
        {{ rank_in_words(
            'imd_rank_from', 'imd_areas_ranked_from', 'imd_ranks_to_threshold_from'
        ) }} as imd_before,
        {{ rank_in_words('imd_rank_to', 'imd_areas_ranked_to', 'imd_ranks_to_threshold_to') }}
            as imd_now,
        {{ rank_in_words(
            'cni_rank_from', 'cni_areas_ranked_from', 'cni_ranks_to_threshold_from'
        ) }} as cni_before,
        {{ rank_in_words('cni_rank_to', 'cni_areas_ranked_to', 'cni_ranks_to_threshold_to') }}
            as cni_now
    from on_either

),

worded as (

    select
        *,
        'rank ' || imd_before || ' became ' || imd_now as imd_in_words,
        -- Mostly the same: editions that are comparable have one CNI.
        case
            when cni_before = cni_now then 'rank ' || cni_now
            else 'rank ' || cni_before || ' became ' || cni_now
        end as cni_in_words
    from decomposed

)

select
    edition_from,
    edition_to,
    area_code,
    area_name,
    lad_code,
    lad_name,
    region_name,
    change,
    index_crossed,
    nearest_miss_ranks,
    imd_rank_from,
    imd_areas_ranked_from,
    method.rank_share(imd_rank_from, imd_areas_ranked_from) as imd_rank_share_from,
    imd_rank_to,
    imd_areas_ranked_to,
    method.rank_share(imd_rank_to, imd_areas_ranked_to) as imd_rank_share_to,
    method.ranks_moved(imd_rank_from, imd_areas_ranked_from, imd_rank_to, imd_areas_ranked_to)
        as imd_ranks_moved,
    100 * (
        method.rank_share(imd_rank_to, imd_areas_ranked_to)
        - method.rank_share(imd_rank_from, imd_areas_ranked_from)
    ) as imd_percentile_points_moved,
    imd_ranks_to_threshold_from,
    imd_ranks_to_threshold_to,
    cni_rank_from,
    cni_areas_ranked_from,
    method.rank_share(cni_rank_from, cni_areas_ranked_from) as cni_rank_share_from,
    cni_rank_to,
    cni_areas_ranked_to,
    method.rank_share(cni_rank_to, cni_areas_ranked_to) as cni_rank_share_to,
    method.ranks_moved(cni_rank_from, cni_areas_ranked_from, cni_rank_to, cni_areas_ranked_to)
        as cni_ranks_moved,
    100 * (
        method.rank_share(cni_rank_to, cni_areas_ranked_to)
        - method.rank_share(cni_rank_from, cni_areas_ranked_from)
    ) as cni_percentile_points_moved,
    cni_ranks_to_threshold_from,
    cni_ranks_to_threshold_to,
    is_boundary_changed,
    change_code,
    boundary_parts_from,
    boundary_parts_to,
    is_carry_rule_changed,
    imd_rank_from_by_mean_parent,
    is_listed_from_by_mean_parent,
    is_left_by_carry_rule,
    case
        when change = 'stayed'
            then 'Stayed: IMD ' || imd_in_words || '; CNI ' || cni_in_words
        else
            upper(change[1]) || change[2:] || ' by the '
            || case index_crossed
                when 'imd' then 'IMD: ' || imd_in_words
                when 'cni' then 'CNI: ' || cni_in_words
                else 'IMD and CNI: IMD ' || imd_in_words || '; CNI ' || cni_in_words
            end
    end
    || case
        when is_boundary_changed
            then
                '; boundary changed ('
                || case change_code
                    when 'S' then 'split'
                    when 'M' then 'merged'
                    else 'irregular'
                end
                || ', ' || {{ counted('boundary_parts_from', 'area') }}
                || ' became ' || boundary_parts_to || ')'
        else ''
    end
    || case
        when is_listed_from and not is_listed_from_by_mean_parent
            then
                '; by the mean of its parents, IMD rank '
                || format('{:,}', imd_rank_from_by_mean_parent)
                || ', it would not have been on the earlier list'
        else ''
    end
    || '.' as reason,
    what_changed
from worded
order by edition_from, edition_to, area_code
