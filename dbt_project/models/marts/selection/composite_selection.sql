with editions as (

    select * from {{ ref('stg_composite_editions') }}

),

areas as (

    select * from {{ ref('int_composite_areas') }}

),

published as (

    select distinct
        source_id,
        area_type,
        area_code
    from {{ ref('int_programme_places') }}
    where place_role = 'neighbourhood' and area_code is not null

),

-- Whom the rule takes last, in each group and in all: what others fall short of.
last_of_groups as (

    select
        edition_id,
        group_code,
        area_code,
        composite
    from areas
    where place_in_group = most_in_group

),

last_of_all as (

    select
        edition_id,
        min(composite) as composite
    from areas
    where is_selected
    group by edition_id

),

joined as (

    select
        areas.edition_id,
        areas.area_code,
        dim_area.area_name,
        dim_area.place_name,
        dim_area.lad_code,
        dim_area.lad_name,
        dim_area.region_name,
        dim_area.population,
        areas.parts,
        areas.imd_score,
        areas.imd_rank,
        areas.imd_standardised,
        areas.cni_score,
        areas.cni_rank,
        areas.cni_standardised,
        areas.composite,
        areas.composite_rank,
        areas.areas_ranked,
        areas.group_type,
        areas.group_code,
        group_areas.area_name as group_name,
        areas.share_in_group,
        areas.place_in_group,
        areas.is_excluded,
        areas.excluded_by,
        areas.place_in_authority,
        areas.place_in_line,
        areas.is_selected,
        case
            when editions.places_published is not null then published.area_code is not null
        end as published_flag,
        areas.most_in_authority,
        editions.most_selected,
        case
            when areas.is_selected then 'selected'
            when areas.composite is null then 'not rated'
            when areas.is_excluded then 'excluded'
            when areas.place_in_group > areas.most_in_group then 'behind in its group'
            when areas.place_in_authority > areas.most_in_authority
                then 'beyond the number of its authority'
            when areas.place_in_line > areas.most_selected then 'beyond the number'
            else 'in no group'
        end as selection_reason,
        ahead.area_code as ahead_code,
        coalesce(ahead_area.place_name, ahead_area.area_name) as ahead_name,
        ahead.composite - areas.composite as short_of_group,
        last_of_all.composite - areas.composite as short_of_all
    from areas
    inner join editions on areas.edition_id = editions.edition_id
    inner join {{ ref('dim_area') }} as dim_area
        on
            areas.area_type = dim_area.area_type
            and areas.area_code = dim_area.area_code
    left join {{ ref('dim_area') }} as group_areas
        on
            areas.group_type = group_areas.area_type
            and areas.group_code = group_areas.area_code
    left join published
        on
            editions.programme_source_id = published.source_id
            and areas.area_type = published.area_type
            and areas.area_code = published.area_code
    left join last_of_groups as ahead
        on
            areas.edition_id = ahead.edition_id
            and areas.group_code = ahead.group_code
            and areas.place_in_group > areas.most_in_group
    left join {{ ref('dim_area') }} as ahead_area
        on
            areas.area_type = ahead_area.area_type
            and ahead.area_code = ahead_area.area_code
    left join last_of_all on areas.edition_id = last_of_all.edition_id

)

select
    edition_id,
    area_code,
    area_name,
    place_name,
    lad_code,
    lad_name,
    region_name,
    population,
    parts,
    imd_score,
    imd_rank,
    imd_standardised,
    cni_score,
    cni_rank,
    cni_standardised,
    composite,
    composite_rank,
    areas_ranked,
    group_type,
    group_code,
    group_name,
    share_in_group,
    place_in_group,
    is_excluded,
    excluded_by,
    place_in_authority,
    place_in_line,
    is_selected,
    published_flag,
    selection_reason,
    case when selection_reason = 'behind in its group' then ahead_code end as ahead_code,
    case selection_reason
        when 'behind in its group' then short_of_group
        when 'beyond the number' then short_of_all
    end as composite_short,
    case selection_reason
        when 'selected'
            then
                coalesce('Place ' || place_in_group || ' in ' || group_name || ', and p', 'P')
                || format('lace {:,} of the {:,} that are taken', place_in_line, most_selected)
                || format('; composite {:.3f}, rank {:,}', composite, composite_rank)
                || format(' of {:,}.', areas_ranked)
        when 'not rated'
            then
                'Without ' || case
                    when imd_score is null and cni_score is null then 'IMD and CNI'
                    when imd_score is null then 'IMD'
                    else 'CNI'
                end || ' in its parts.'
        when 'excluded' then group_name || ' holds ' || excluded_by || ', so none is taken there.'
        when 'behind in its group'
            then
                format('Place {:,} in ', place_in_group) || group_name
                || format(': {} ({}) is ahead by {:.3f}.', ahead_name, ahead_code, short_of_group)
        when 'beyond the number of its authority'
            then
                format('Place {:,} of those of ', place_in_authority) || lad_name
                || format(', of which {:,} can be taken.', most_in_authority)
        when 'beyond the number'
            then
                coalesce('Place ' || place_in_group || ' in ' || group_name || ', and p', 'P')
                || format('lace {:,} in line', place_in_line)
                || format(': {:,} are taken, and it is ', most_selected)
                || format('short by {:.3f}.', short_of_all)
        else 'It lies in no group that it could be taken of.'
    end as reason_text
from joined
order by edition_id, area_code
