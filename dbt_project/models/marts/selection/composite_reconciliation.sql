-- The rule's choice against the programme's own list, by name: a neighbourhood on either is a row,
-- and where they differ the row says why that is likely.
with editions as (

    select * from {{ ref('stg_composite_editions') }}
    where is_programmes_own and places_published is not null

),

areas as (

    select selection.*
    from {{ ref('composite_selection') }} as selection
    inner join editions on selection.edition_id = editions.edition_id

),

published as (

    select
        editions.edition_id,
        places.area_code,
        min(places.lad_name) as published_lad_name,
        min(places.published_name) as published_name,
        min(places.how_matched) as how_matched
    from editions
    inner join {{ ref('int_programme_places') }} as places
        on
            editions.programme_source_id = places.source_id
            and editions.area_type = places.area_type
    where places.place_role = 'neighbourhood' and places.area_code is not null
    group by editions.edition_id, places.area_code

),

-- Areas whose residents live in several groups: which of them an area is counted to is a choice.
elsewhere as (

    select
        areas.edition_id,
        areas.area_code,
        areas.composite,
        areas.group_code,
        areas.group_name,
        coalesce(areas.place_name, areas.area_name) as split_name,
        placed.geography_code as other_group_code,
        other_groups.area_name as other_group_name,
        placed.share_of_residents as share_in_other
    from areas
    inner join editions on areas.edition_id = editions.edition_id
    inner join {{ ref('int_area_geographies') }} as placed
        on
            editions.area_type = placed.area_type
            and areas.area_code = placed.area_code
            and editions.group_type = placed.geography_type
            and not placed.is_main
    inner join {{ ref('dim_area') }} as other_groups
        on
            placed.geography_type = other_groups.area_type
            and placed.geography_code = other_groups.area_code

),

firsts as (

    select
        areas.edition_id,
        areas.group_code,
        areas.area_code,
        areas.composite
    from areas
    where areas.place_in_group = 1 and not areas.is_excluded

),

-- Of each split area the group with most of the others, and whether it would be first there.
split as (

    select
        elsewhere.*,
        coalesce(elsewhere.composite > firsts.composite, false) as is_first_there
    from elsewhere
    left join firsts
        on
            elsewhere.edition_id = firsts.edition_id
            and elsewhere.other_group_code = firsts.group_code
    qualify
        elsewhere.other_group_code
        = arg_max(
            elsewhere.other_group_code, (elsewhere.share_in_other, elsewhere.other_group_code)
        ) over (partition by elsewhere.edition_id, elsewhere.area_code)

),

on_either as (

    select
        areas.*,
        published.published_lad_name,
        published.published_name,
        published.how_matched,
        case
            when areas.is_selected and published.area_code is not null then 'agreed'
            when areas.is_selected then 'only_computed'
            else 'only_published'
        end as agreement
    from areas
    left join published
        on
            areas.edition_id = published.edition_id
            and areas.area_code = published.area_code
    where areas.is_selected or published.area_code is not null

),

counted as (

    select
        edition_id,
        count(*) filter (where agreement = 'only_published') as areas_missed
    from on_either
    group by edition_id

),

explained as (

    select
        on_either.*,
        itself.other_group_name,
        itself.share_in_other,
        itself.is_first_there,
        rival.split_name as rival_name,
        rival.area_code as rival_code,
        rival.group_name as rival_group_name,
        rival.other_group_name as rival_other_group_name,
        rival.share_in_other as rival_share,
        case
            when on_either.agreement = 'agreed' then null
            when on_either.agreement = 'only_published' and itself.is_first_there
                then 'split between groups'
            when rival.area_code is not null then 'behind one that is split'
            when
                on_either.agreement = 'only_computed'
                and on_either.place_in_line > editions.most_selected - counted.areas_missed
                then 'end of the line'
            when on_either.agreement = 'only_computed' and not itself.is_first_there
                then 'split between groups'
            else 'other'
        end as likely_reason
    from on_either
    inner join editions on on_either.edition_id = editions.edition_id
    inner join counted on on_either.edition_id = counted.edition_id
    left join split as itself
        on
            on_either.edition_id = itself.edition_id
            and on_either.area_code = itself.area_code
    -- A split area that is ahead of it here, or would be if it were counted to its other group.
    left join lateral (
        select elsewhere.*
        from elsewhere
        where
            elsewhere.edition_id = on_either.edition_id
            and elsewhere.area_code <> on_either.area_code
            and elsewhere.composite > on_either.composite
            and (
                elsewhere.group_code = on_either.group_code
                or elsewhere.other_group_code = on_either.group_code
            )
        order by elsewhere.composite desc, elsewhere.area_code asc
        limit 1
    ) as rival on true

)

select
    edition_id,
    area_code,
    area_name,
    place_name,
    lad_code,
    lad_name,
    region_name,
    published_lad_name,
    published_name,
    how_matched,
    agreement,
    composite,
    composite_rank,
    group_code,
    group_name,
    place_in_group,
    place_in_line,
    selection_reason,
    reason_text,
    likely_reason,
    case likely_reason
        when 'split between groups'
            then
                format('{:.0f}% of its residents live in ', 100 * share_in_group)
                || group_name
                || format(' and {:.0f}% in ', 100 * share_in_other) || other_group_name
                || '; counted to the second it would '
                || if(is_first_there, 'be first there.', 'not be first there.')
        when 'behind one that is split'
            then
                rival_name || ' (' || rival_code || '), whose composite is higher, lies in '
                || rival_group_name
                || format(', and {:.0f}% of its residents in ', 100 * rival_share)
                || rival_other_group_name || '; the publisher may have counted it to the other.'
        when 'end of the line'
            then
                'Among the last that are taken: the published list took another in its place.'
        when 'other' then 'Neither a split area nor the end of the line explains it.'
    end as likely_reason_text
from explained
order by edition_id, area_code
