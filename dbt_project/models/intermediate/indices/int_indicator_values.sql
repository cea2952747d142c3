-- The value of each indicator in each area: as given, a rate, a rate shrunk to the larger area, or
-- what the missing rule puts in its place.
{{ config(materialized='view') }}

with denominators as (

    {{ people_of_index_areas() }}

),

declared as (

    select
        indicators.*,
        units.scale,
        indicators.denominator is not null
        and (units.is_share or indicators.shrinkage) as is_share,
        releases.area_type,
        coalesce(indicators.count_periods, 1) as periods
    from {{ ref('indicators') }} as indicators
    inner join {{ ref('indicator_units') }} as units on indicators.unit = units.unit
    inner join {{ ref('index_releases') }} as releases
        on indicators.index_release = releases.index_release

),

given as (

    select
        published.source_id,
        published.line_number,
        published.sheet,
        published.index_release,
        published.area_code,
        published.indicator,
        published.status,
        published.published_value,
        declared.scale,
        declared.shrinkage,
        declared.missing_rule,
        declared.denominator is not null as is_rate,
        parents.parent_code as larger_area_code,
        declared.periods,
        coalesce(published.published_denominator, denominators.people) as denominator,
        coalesce(
            published.published_value,
            case declared.missing_rule
                when 'zero' then 0
                when 'value' then declared.missing_value
            end
        ) as counted_value,
        declared.is_share
    from {{ ref('stg_indicators') }} as published
    inner join declared
        on
            published.index_release = declared.index_release
            and published.indicator = declared.indicator
    left join denominators
        on
            published.index_release = denominators.index_release
            and published.area_code = denominators.area_code
            and declared.denominator = denominators.denominator
    left join {{ ref('int_area_parents') }} as parents
        on
            declared.area_type = parents.child_type
            and published.area_code = parents.child_code
            and declared.larger_area = parents.parent_type

),

-- A numerator r of n. Counts that were averaged over periods are put back to all of them.
counted as (

    select
        *,
        -- Of nobody there is no rate, not even an assumed one.
        is_rate and counted_value is not null and coalesce(denominator, 0) > 0 as is_counted,
        case
            -- Of a population no more can be counted, or assumed, than there are. How many areas
            -- may overstep it in the files is guarded. (LEAST passes over NULLs.)
            when is_counted and is_share then least(counted_value, denominator)
            when is_counted then counted_value
        end * periods as r,
        case when is_counted then denominator end * periods as n
    from given

),

logits as (

    select
        *,
        case when shrinkage then method.logit(r, n) end as own_logit,
        case when shrinkage then method.logit_variance(r, n) end as own_variance
    from counted

),

larger_areas as (

    select
        index_release,
        indicator,
        larger_area_code,
        sum(r) as larger_r,
        sum(n) as larger_n,
        count(own_logit) as logits,
        -- In the order of the areas, so that the last digits are the same on every run.
        {{ in_order('counted_value', 'area_code') }} / count(counted_value) as mean_value
    from logits
    where larger_area_code is not null
    group by index_release, indicator, larger_area_code

),

larger_logits as (

    select
        *,
        case when logits > 0 then method.logit(larger_r, larger_n) end as larger_logit
    from larger_areas

),

spreads as (

    select
        logits.index_release,
        logits.indicator,
        logits.larger_area_code,
        {{ in_order(
            'pow(logits.own_logit - larger_logits.larger_logit, 2)', 'logits.area_code'
        ) }} / (count(*) - 1) as variance_between
    from logits
    inner join larger_logits
        on
            logits.index_release = larger_logits.index_release
            and logits.indicator = larger_logits.indicator
            and logits.larger_area_code = larger_logits.larger_area_code
    where logits.own_logit is not null
    group by logits.index_release, logits.indicator, logits.larger_area_code
    having count(*) > 1

),

weighed as (

    select
        logits.*,
        larger_logits.larger_logit,
        larger_logits.larger_r,
        larger_logits.larger_n,
        larger_logits.mean_value,
        spreads.variance_between,
        -- Alone in its larger area, or in none, an area keeps what is its own.
        coalesce(
            method.shrinkage_weight(logits.own_variance, spreads.variance_between), 1
        ) as own_weight
    from logits
    left join larger_logits
        on
            logits.index_release = larger_logits.index_release
            and logits.indicator = larger_logits.indicator
            and logits.larger_area_code = larger_logits.larger_area_code
    left join spreads
        on
            logits.index_release = spreads.index_release
            and logits.indicator = spreads.indicator
            and logits.larger_area_code = spreads.larger_area_code

)

select
    source_id,
    line_number,
    sheet,
    index_release,
    indicator,
    area_code,
    status,
    published_value,
    denominator,
    larger_area_code,
    case when shrinkage and own_logit is not null then own_weight end as own_weight,
    case when is_rate then larger_r end as larger_area_numerator,
    case when is_rate then larger_n end as larger_area_denominator,
    case when not is_rate then mean_value end as larger_area_mean,
    variance_between as larger_area_variance,
    case
        when counted_value is null and missing_rule = 'lad_value' and is_rate
            then scale * larger_r / larger_n
        when counted_value is null and missing_rule = 'lad_value' then mean_value
        -- Alone in its larger area an area has its own rate: the half that a logit adds to a count
        -- is for what is drawn together.
        when shrinkage and variance_between is not null
            then method.shrunken_rate(scale, own_weight, own_logit, larger_logit)
        when is_rate then scale * r / n
        else counted_value
    -- The word of the marts' contract.
    end as value, -- noqa: RF04
    case
        when value is null then 'excluded'
        when counted_value is null then 'larger_area'
        when published_value is null then 'assumed'
        when shrinkage and variance_between is not null then 'shrunk_rate'
        when is_rate then 'rate'
        else 'given'
    end as value_origin
from weighed
