-- Counts of people or households in areas, and what they are counts of: from outcome files, and
-- the numerators of the index releases' rates with the denominators of their index files. A table,
-- since it is read more than once and the indicators are many.
{{ config(materialized='table') }}

with declared as (

    select
        outcome,
        source_measure,
        index_release,
        coalesce(count_periods, 1) as periods
    from {{ ref('outcomes') }}

),

from_files as (

    select
        counts.source_id,
        counts.line_number,
        sources.area_type,
        counts.area_code,
        declared.outcome,
        -- Counts that were added up over periods become their mean.
        counts.numerator / declared.periods as numerator,
        counts.denominator,
        false as is_assumed
    from {{ source('raw', 'outcome') }} as counts
    inner join {{ ref('stg_source_files') }} as sources on counts.source_id = sources.source_id
    inner join declared
        on
            counts.outcome = declared.source_measure
            and declared.index_release is null

),

denominators as (

    {{ people_of_index_areas() }}

),

-- The numerator and not the published rate times the denominator: the rate is shrunk to the
-- authority, and some are not published. A numerator may be above its denominator; both are
-- rounded, and to cut one off would bias the sums.
from_indices as (

    select
        published.source_id,
        published.line_number,
        releases.area_type,
        published.area_code,
        declared.outcome,
        -- An empty cell is a small count; the seed of the indicators says what is assumed.
        coalesce(published.published_value, indicators.missing_value) as numerator,
        coalesce(published.published_denominator, denominators.people) as denominator,
        published.published_value is null as is_assumed
    from {{ ref('stg_indicators') }} as published
    inner join declared
        on
            published.index_release = declared.index_release
            and published.indicator = declared.source_measure
    inner join {{ ref('indicators') }} as indicators
        on
            published.index_release = indicators.index_release
            and published.indicator = indicators.indicator
    inner join {{ ref('index_releases') }} as releases
        on published.index_release = releases.index_release
    left join denominators
        on
            published.index_release = denominators.index_release
            and published.area_code = denominators.area_code
            and indicators.denominator = denominators.denominator

)

select * from from_files
where {{ in_nation('area_code') }}
union all
select * from from_indices
