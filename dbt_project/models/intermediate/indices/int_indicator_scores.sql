-- Each indicator ranked and standardised; then the composites, which are made of standardised parts
-- and are ranked and standardised like any other.
with declared as (

    select * from {{ ref('indicators') }}

),

of_files as (

    select
        indicator_values.*,
        declared.standardisation,
        declared.part_of,
        -- The last bits of a rate must not break a tie.
        round(
            case declared.direction
                when 'higher_is_better'
                    then coalesce(declared.best_value, 0) - indicator_values.value
                else indicator_values.value
            end,
            12
        ) as worse
    from {{ ref('int_indicator_values') }} as indicator_values
    inner join declared
        on
            indicator_values.index_release = declared.index_release
            and indicator_values.indicator = declared.indicator

),

of_files_standardised as (

    {{ standardise('of_files') }}

),

expected_parts as (

    select
        index_release,
        part_of,
        count(*) as parts
    from declared
    where part_of is not null
    group by index_release, part_of

),

composites as (

    select
        parts.index_release,
        parts.part_of as indicator,
        parts.area_code,
        'composite' as value_origin,
        any_value(declared.standardisation) as standardisation,
        list_sum(list(parts.standard_score order by parts.indicator)) / count(*)
            -- The word of the marts' contract.
            as value, -- noqa: RF04
        round(list_sum(list(parts.standard_score order by parts.indicator)) / count(*), 12) as worse
    from of_files_standardised as parts
    inner join declared
        on
            parts.index_release = declared.index_release
            and parts.part_of = declared.indicator
    inner join expected_parts
        on
            parts.index_release = expected_parts.index_release
            and parts.part_of = expected_parts.part_of
    group by parts.index_release, parts.part_of, parts.area_code
    having count(*) = any_value(expected_parts.parts)

),

composites_standardised as (

    {{ standardise('composites') }}

),

-- An area without a value has no rank, and is kept with the reason.
without_value as (

    select
        *,
        null as standard_score
    from of_files
    where worse is null

)

select
    index_release,
    indicator,
    area_code,
    source_id,
    sheet,
    line_number,
    status,
    published_value,
    denominator,
    larger_area_code,
    own_weight,
    larger_area_numerator,
    larger_area_denominator,
    larger_area_mean,
    larger_area_variance,
    value,
    value_origin,
    areas_ranked,
    indicator_rank,
    place,
    standard_score
from (
    select * from of_files_standardised
    union all by name
    select * from composites_standardised
    union all by name
    select * from without_value
) as scores
