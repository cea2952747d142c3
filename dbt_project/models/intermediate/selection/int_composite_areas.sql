-- Every area of a composite edition, standardised, ranked, in its group, and chosen or not.
with editions as (

    select * from {{ ref('stg_composite_editions') }}

),

exclusions as (

    select
        source_id,
        area_type as group_type,
        area_code as group_code,
        string_agg(distinct published_name, ', ' order by published_name) as excluded_by
    from {{ ref('int_programme_places') }}
    where place_role = 'exclusion' and area_code is not null
    group by source_id, area_type, area_code

),

candidates as (

    select
        editions.edition_id,
        editions.standardisation,
        editions.imd_weight,
        editions.cni_weight,
        editions.most_in_group,
        editions.most_in_authority,
        editions.most_selected,
        editions.group_type,
        areas.area_type,
        areas.area_code,
        areas.lad_code,
        placed.geography_code as group_code,
        placed.share_of_residents as share_in_group,
        exclusions.excluded_by,
        exclusions.group_code is not null as is_excluded,
        scores.parts,
        scores.imd_score,
        scores.cni_score
    from editions
    inner join {{ ref('int_described_areas') }} as areas
        on editions.area_type = areas.area_type
    left join {{ ref('int_composite_scores') }} as scores
        on
            editions.edition_id = scores.edition_id
            and areas.area_code = scores.area_code
            and scores.is_own_weighting
    left join {{ ref('int_area_geographies') }} as placed
        on
            areas.area_type = placed.area_type
            and areas.area_code = placed.area_code
            and editions.group_type = placed.geography_type
            and placed.is_main
    left join exclusions
        on
            editions.exclusion_source_id = exclusions.source_id
            and editions.group_type = exclusions.group_type
            and placed.geography_code = exclusions.group_code

),

{{ composite_ctes() }}

select * exclude (compared, is_within_group, is_in_line)
from chosen
