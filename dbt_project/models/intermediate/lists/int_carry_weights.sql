-- Weights between the areas of an IMD (parts) and those of an edition: how many people of a part
-- count for an area. Whole parts go where they fit best, with the people that the release counts;
-- by small areas a part is shared out, with theirs. int_imd_by_rule applies the rules.
with editions as (

    select
        editions.*,
        releases.area_type as part_type
    from {{ ref('stg_editions') }} as editions
    inner join {{ ref('index_releases') }} as releases
        on editions.imd_release = releases.index_release

),

whole as (

    select
        editions.edition_id,
        'whole' as weighting,
        lookups.to_code as area_code,
        lookups.from_code as part_code,
        editions.part_type,
        populations.total_population as part_population,
        null::bigint as small_areas,
        null::bigint as small_areas_by_best_fit,
        lookups.source_id as lookup_source_id,
        lookups.line_number as lookup_line_number
    from editions
    inner join {{ ref('stg_lookups') }} as lookups
        on
            editions.carry_lookup_id = lookups.source_id
            and editions.area_type = lookups.to_type
            and editions.part_type = lookups.from_type
    left join {{ ref('stg_index_areas') }} as populations
        on
            editions.imd_release = populations.index_release
            and lookups.from_code = populations.area_code

),

-- Of many lines the first of the lookup is named, before one by best fit; carry_small_area has all.
by_small_areas as (

    select
        editions.edition_id,
        'small_areas' as weighting,
        pieces.area_code,
        pieces.part_code,
        editions.part_type,
        sum(pieces.population) as part_population,
        count(*) as small_areas,
        count(*) filter (where pieces.allocation <> 'lies in it') as small_areas_by_best_fit,
        arg_min(
            pieces.area_lookup_id, (pieces.allocation <> 'lies in it', pieces.small_area_code)
        ) as lookup_source_id,
        arg_min(
            pieces.area_line_number, (pieces.allocation <> 'lies in it', pieces.small_area_code)
        ) as lookup_line_number
    from editions
    inner join {{ ref('int_carry_small_areas') }} as pieces
        on
            editions.area_type = pieces.area_type
            and editions.part_type = pieces.part_type
    where pieces.area_code is not null
    group by editions.edition_id, pieces.area_code, pieces.part_code, editions.part_type

)

select * from whole
union all
select * from by_small_areas
