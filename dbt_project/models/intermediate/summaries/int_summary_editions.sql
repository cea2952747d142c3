-- An edition's list counted by authority and by region, with the edition's IMD summed up beside it.
-- Every authority of the edition's vintage is a row, with none listed too.
with editions as (

    select * from {{ ref('stg_editions') }}

),

kinds as (

    select
        edition_id,
        imd_release,
        lad_type as area_type
    from editions

    union all

    select
        edition_id,
        imd_release,
        'rgn' as area_type
    from editions

),

larger_areas as (

    select
        kinds.edition_id,
        kinds.imd_release,
        kinds.area_type,
        described.area_code,
        described.area_name,
        described.region_code,
        described.region_name
    from kinds
    inner join {{ ref('int_described_areas') }} as described
        on kinds.area_type = described.area_type

),

listed as (

    select
        lists.edition_id,
        lists.not_rated_reason,
        lists.is_doubly_disadvantaged,
        lists.is_within_imd_threshold,
        lists.is_within_cni_threshold,
        lists.population,
        editions.lad_type,
        lists.lad_code,
        described.region_code
    from {{ ref('int_rated_areas') }} as lists
    inner join editions on lists.edition_id = editions.edition_id
    inner join {{ ref('int_described_areas') }} as described
        on
            editions.area_type = described.area_type
            and lists.area_code = described.area_code

),

both_kinds as (

    select
        *,
        lad_type as area_type,
        lad_code as area_code
    from listed

    union all

    select
        *,
        'rgn' as area_type,
        region_code as area_code
    from listed

),

counted as (

    select
        edition_id,
        area_type,
        area_code,
        count(*) as areas,
        count(*) filter (not_rated_reason is null) as areas_rated,
        count(*) filter (is_doubly_disadvantaged) as areas_listed,
        count(*) filter (is_within_imd_threshold) as areas_within_imd_threshold,
        count(*) filter (is_within_cni_threshold) as areas_within_cni_threshold,
        sum(population) as population,
        sum(population) filter (is_doubly_disadvantaged) as population_listed
    from both_kinds
    group by edition_id, area_type, area_code

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
    larger_areas.edition_id,
    larger_areas.area_type,
    larger_areas.area_code,
    larger_areas.area_name,
    larger_areas.region_code,
    larger_areas.region_name,
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
    larger_areas.imd_release,
    imd.areas as imd_lsoas,
    imd.denominator as imd_population,
    imd.average_rank,
    imd.average_score,
    imd.proportion,
    imd.extent,
    imd.local_concentration,
    scales.income_scale,
    scales.employment_scale
from larger_areas
left join counted
    on
        larger_areas.edition_id = counted.edition_id
        and larger_areas.area_type = counted.area_type
        and larger_areas.area_code = counted.area_code
left join {{ ref('int_summary_statistics') }} as imd
    on
        larger_areas.imd_release = imd.index_release
        and larger_areas.area_type = imd.area_type
        and larger_areas.area_code = imd.area_code
        and imd.measure = 'overall'
left join scales
    on
        larger_areas.imd_release = scales.index_release
        and larger_areas.area_type = scales.area_type
        and larger_areas.area_code = scales.area_code
