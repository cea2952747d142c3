-- What became of areas of another time: of authorities by the changes year by year, of LSOAs by the
-- exact fit, and where no change is published (wards, authorities since 2024) by the residents of
-- the LSOAs that old and new share.
with recursive changes as (

    select distinct
        from_type as area_type,
        from_code as area_code,
        from_name as area_name,
        to_code as became_code,
        to_name as became_name,
        2000 + cast(right(to_type, 2) as bigint) as since_year
    from {{ ref('stg_lookups') }}
    where
        relation = 'history'
        and (from_code <> to_code or from_name <> to_name)

),

followed as (

    select * from changes

    union

    select
        followed.area_type,
        followed.area_code,
        followed.area_name,
        changes.became_code,
        changes.became_name,
        followed.since_year
    from followed
    inner join changes
        on
            followed.became_code = changes.area_code
            and followed.became_name = changes.area_name
            and followed.since_year < changes.since_year

),

newest as (

    select max(to_type) as became_type
    from {{ ref('stg_lookups') }}
    where relation = 'history'

),

authorities as (

    select
        followed.area_type,
        followed.area_code,
        followed.area_name,
        newest.became_type,
        followed.became_code,
        followed.became_name,
        'successor' as how_matched,
        followed.since_year,
        cast(1 as double) as share_of_residents
    from followed
    cross join newest
    left join changes
        on
            followed.became_code = changes.area_code
            and followed.became_name = changes.area_name
            and followed.since_year < changes.since_year
    where changes.area_code is null

),

small_areas as (

    select
        links.from_type as area_type,
        links.from_code as area_code,
        links.from_name as area_name,
        links.to_type as became_type,
        links.to_code as became_code,
        links.to_name as became_name,
        'exact fit' as how_matched,
        2000 + cast(right(links.to_type, 2) as bigint) as since_year,
        divided.portion as share_of_residents
    from {{ ref('stg_lookups') }} as links
    inner join {{ ref('int_area_shares') }} as divided
        on
            links.from_type = divided.from_type
            and links.from_code = divided.from_code
            and links.to_type = divided.to_type
            and links.to_code = divided.to_code
    where
        links.relation = 'exact_fit'
        and links.change_code <> 'U'

),

-- The newest wards and authorities, and those before them.
later as (

    select
        geography,
        max(area_type) as became_type
    from {{ ref('area_types') }}
    where geography in ('ward', 'authority')
    group by geography

),

earlier as (

    select
        area_types.area_type,
        later.became_type
    from {{ ref('area_types') }} as area_types
    inner join later on area_types.geography = later.geography
    where
        area_types.area_type <> later.became_type
        -- What the changes year by year lead on from is told by them.
        and area_types.area_type not in (
            select lookups.from_type
            from {{ ref('stg_lookups') }} as lookups
            where lookups.relation = 'history'
        )

),

lived_in as (

    select
        former.geography_type as area_type,
        former.geography_code as area_code,
        earlier.became_type,
        present.geography_code as became_code,
        {{ exact_sum('described.population') }} as people
    from {{ ref('int_area_geographies') }} as former
    inner join earlier on former.geography_type = earlier.area_type
    inner join {{ ref('int_area_geographies') }} as present
        on
            former.area_type = present.area_type
            and former.area_code = present.area_code
            and earlier.became_type = present.geography_type
    inner join {{ ref('int_described_areas') }} as described
        on
            former.area_type = described.area_type
            and former.area_code = described.area_code
    where
        former.area_type = 'lsoa21'
        and former.is_main
        and present.is_main
    group by
        former.geography_type,
        former.geography_code,
        earlier.became_type,
        present.geography_code

),

redrawn as (

    select
        lived_in.area_type,
        lived_in.area_code,
        named.area_name,
        lived_in.became_type,
        lived_in.became_code,
        became.area_name as became_name,
        'residents' as how_matched,
        2000 + cast(right(lived_in.became_type, 2) as bigint) as since_year,
        lived_in.people / sum(lived_in.people) over (
            partition by lived_in.area_type, lived_in.area_code
        ) as share_of_residents
    from lived_in
    left join {{ ref('int_areas') }} as named
        on
            lived_in.area_type = named.area_type
            and lived_in.area_code = named.area_code
    left join {{ ref('int_areas') }} as became
        on
            lived_in.became_type = became.area_type
            and lived_in.became_code = became.area_code
    -- A best fit can put a few people into what is next to it: that is left out. And a code that is
    -- still in use is of the same area.
    left join {{ ref('int_areas') }} as in_use
        on
            lived_in.became_type = in_use.area_type
            and lived_in.area_code = in_use.area_code
    where in_use.area_code is null
    qualify share_of_residents >= 0.05

)

select * from authorities
union all
select * from small_areas
union all
select * from redrawn
order by area_type, area_code, became_type, became_code
