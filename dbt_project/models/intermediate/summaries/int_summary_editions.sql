-- An edition's list counted by every geography of larger areas, with the edition's IMD summed up
-- beside it. Every authority of the edition's vintage is a row, with none listed too, and so is
-- every constituency, board, region. An area counts where most of its residents live.
with editions as (

    select
        editions.edition_id,
        editions.area_type,
        editions.lad_type,
        editions.imd_release,
        area_types.scale
    from {{ ref('stg_editions') }} as editions
    inner join {{ ref('area_types') }} as area_types on editions.area_type = area_types.area_type

),

kinds as (

    select
        editions.*,
        larger.area_type as geography_type,
        larger.geography
    from editions
    inner join {{ ref('area_types') }} as larger
        on
            editions.lad_type = larger.area_type
            or (larger.is_summarised and editions.scale < larger.scale)

),

geographies as (

    select
        kinds.edition_id,
        kinds.imd_release,
        kinds.geography_type,
        kinds.geography,
        described.area_code as geography_code,
        described.area_name,
        described.region_code,
        described.region_name
    from kinds
    inner join {{ ref('int_described_areas') }} as described
        on kinds.geography_type = described.area_type

),

counted as (

    select
        lists.edition_id,
        placed.geography_type,
        placed.geography_code,
        count(*) as areas,
        count(*) filter (lists.not_rated_reason is null) as areas_rated,
        count(*) filter (lists.is_doubly_disadvantaged) as areas_listed,
        count(*) filter (lists.is_within_imd_threshold) as areas_within_imd_threshold,
        count(*) filter (lists.is_within_cni_threshold) as areas_within_cni_threshold,
        sum(lists.population) as population,
        sum(lists.population) filter (lists.is_doubly_disadvantaged) as population_listed
    from {{ ref('int_rated_areas') }} as lists
    inner join editions on lists.edition_id = editions.edition_id
    inner join {{ ref('int_area_geographies') }} as placed
        on
            editions.area_type = placed.area_type
            and lists.area_code = placed.area_code
    where placed.is_main
    group by lists.edition_id, placed.geography_type, placed.geography_code

),

scales as (

    select
        index_release,
        area_type,
        area_code,
        max(scale) filter (measure = 'income') as income_scale,
        max(scale) filter (measure = 'employment') as employment_scale
    from {{ ref('int_summary_statistics') }}
    group by index_release, area_type, area_code

)

select
    geographies.edition_id,
    geographies.geography_type,
    geographies.geography,
    geographies.geography_code,
    geographies.area_name as geography_name,
    geographies.region_code,
    geographies.region_name,
    coalesce(counted.areas, 0) as areas,
    coalesce(counted.areas_rated, 0) as areas_rated,
    coalesce(counted.areas_listed, 0) as areas_listed,
    method.share(coalesce(counted.areas_listed, 0), counted.areas) as share_of_areas,
    cast(coalesce(counted.population, 0) as bigint) as population,
    cast(coalesce(counted.population_listed, 0) as bigint) as population_listed,
    method.share(coalesce(counted.population_listed, 0), counted.population)
        as share_of_population,
    coalesce(counted.areas_within_imd_threshold, 0) as areas_within_imd_threshold,
    coalesce(counted.areas_within_cni_threshold, 0) as areas_within_cni_threshold,
    geographies.imd_release,
    imd.areas as imd_lsoas,
    imd.denominator as imd_population,
    imd.average_rank,
    imd.average_score,
    imd.proportion,
    imd.extent,
    imd.local_concentration,
    scales.income_scale,
    scales.employment_scale
from geographies
left join counted
    on
        geographies.edition_id = counted.edition_id
        and geographies.geography_type = counted.geography_type
        and geographies.geography_code = counted.geography_code
left join {{ ref('int_summary_statistics') }} as imd
    on
        geographies.imd_release = imd.index_release
        and geographies.geography_type = imd.area_type
        and geographies.geography_code = imd.area_code
        and imd.measure = 'overall'
left join scales
    on
        geographies.imd_release = scales.index_release
        and geographies.geography_type = scales.area_type
        and geographies.geography_code = scales.area_code
