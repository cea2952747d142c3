with summaries as (

    select
        *,
        areas > 0 as is_ranked
    from {{ ref('int_summary_editions') }}

),

-- Among its kind, and only what has an area of the edition.
ranked as (

    select
        *,
        count(*) filter (is_ranked) over (partition by edition_id, geography_type)
            as geographies_ranked,
        {{ most_first('areas_listed') }} as rank_of_areas_listed,
        {{ most_first('share_of_areas') }} as rank_of_share_of_areas,
        {{ most_first('population_listed') }} as rank_of_population_listed
    from summaries

)

select
    edition_id,
    geography_type,
    geography,
    geography_code,
    geography_name,
    region_code,
    region_name,
    areas,
    areas_rated,
    areas_listed,
    share_of_areas,
    population,
    population_listed,
    share_of_population,
    geographies_ranked,
    rank_of_areas_listed,
    rank_of_share_of_areas,
    rank_of_population_listed,
    areas_within_imd_threshold,
    areas_within_cni_threshold,
    imd_release,
    imd_lsoas,
    imd_population,
    average_rank,
    average_score,
    proportion,
    extent,
    local_concentration,
    income_scale,
    employment_scale
from ranked
order by edition_id, geography_type, geography_code
