-- Each indicator ranked and standardised; then the composites, which are made of standardised parts
-- and are ranked and standardised like any other.
with declared as (

    select
        *,
        {{ group_number('index_release', 'indicator') }} as indicator_number
    from {{ ref('indicators') }}

),

of_files as (

    select
        indicator_values.*,
        declared.indicator_number,
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

values_of_files as (

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
        any_value(declared.indicator_number) as indicator_number,
        any_value(declared.standardisation) as standardisation,
        {{ in_order('standards.standard_score', 'parts.indicator') }} / count(*)
            -- The word of the marts' contract.
            as value, -- noqa: RF04
        round({{ in_order('standards.standard_score', 'parts.indicator') }} / count(*), 12) as worse
    from of_files as parts
    inner join values_of_files as standards
        on
            parts.indicator_number = standards.indicator_number
            and parts.worse = standards.worse
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

values_of_composites as (

    {{ standardise('composites') }}

),

-- An area without a value has no rank, and is kept with the reason.
of_files_standardised as (

    select
        of_files.*,
        standards.areas_ranked,
        standards.indicator_rank,
        standards.place,
        standards.standard_score
    from of_files
    left join values_of_files as standards
        on
            of_files.indicator_number = standards.indicator_number
            and of_files.worse = standards.worse

),

composites_standardised as (

    select
        composites.*,
        standards.areas_ranked,
        standards.indicator_rank,
        standards.place,
        standards.standard_score
    from composites
    inner join values_of_composites as standards
        on
            composites.indicator_number = standards.indicator_number
            and composites.worse = standards.worse

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
) as scores
