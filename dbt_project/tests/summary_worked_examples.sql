-- The worked examples of the IoD 2019 technical report, appendix N: method.average_rank and the
-- others must give the printed figures. A row is one that gives something else.
-- `total_people` is of the whole authority; the examples show some of its areas.
with examples (example, area, area_rank, areas, score, people, total_people) as (

    values
    ('average_rank', 'A', 3000, 32844, null::double, 1200, 7600),
    ('average_rank', 'B', 10000, 32844, null, 1800, 7600),
    ('average_rank', 'C', 500, 32844, null, 1400, 7600),
    ('average_rank', 'D', 1000, 32844, null, 1500, 7600),
    ('average_rank', 'E', 20000, 32844, null, 1700, 7600),
    ('average_score', 'A', null, null, 45.90, 1200, 7600),
    ('average_score', 'B', null, null, 26.51, 1800, 7600),
    ('average_score', 'C', null, null, 65.67, 1400, 7600),
    ('average_score', 'D', null, null, 59.14, 1500, 7600),
    ('average_score', 'E', null, null, 13.64, 1700, 7600),
    ('extent', 'A', 500, 32844, null, 1400, 70000),
    ('extent', 'B', 1000, 32844, null, 1500, 70000),
    ('extent', 'C', 3000, 32844, null, 1200, 70000),
    ('extent', 'D', 9000, 32844, null, 1800, 70000),
    ('local_concentration', 'A', 500, 32844, null, 1400, 70000),
    ('local_concentration', 'B', 1000, 32844, null, 1500, 70000),
    ('local_concentration', 'C', 3000, 32844, null, 1200, 70000),
    ('local_concentration', 'D', 10000, 32844, null, 1800, 70000),
    -- The last one is split: of 1,700 people the first 1,100 make 10% full.
    ('local_concentration', 'E', 20000, 32844, null, 1700, 70000)

),

cumulated as (

    select
        *,
        sum(people) over (
            partition by example order by area_rank, area rows unbounded preceding
        ) as people_up_to
    from examples

),

counted as (

    select
        *,
        method.people_in_worst_tenth(people, people_up_to, total_people) as people_counted
    from cumulated

),

computed as (

    select
        example,
        method.average_rank(area_rank, areas, people) as average_rank,
        method.average_score(score, people) as average_score,
        method.extent(area_rank, areas, people, any_value(total_people)) as extent,
        method.local_concentration(area_rank, areas, people_counted)
            as local_concentration
    from counted
    group by example

),

-- 18 of 65 areas are in the worst decile.
deciles as (

    select if(area.number <= 18, 1, 2) as area_decile
    from range(1, 66) as area (number)

),

found (statistic, expected, printed_to, found) as (

    select
        'average_rank',
        25240,
        0.5,
        average_rank
    from computed
    where example = 'average_rank'

    union all

    select
        'average_score',
        40.35,
        0.005,
        average_score
    from computed
    where example = 'average_score'

    union all

    -- The report rounds the weight of percentile 28 to 0.1447 on the way.
    select
        'extent',
        0.062292,
        0.0000015,
        extent
    from computed
    where example = 'extent'

    union all

    select
        'local_concentration',
        26302.14,
        0.005,
        local_concentration
    from computed
    where example = 'local_concentration'

    union all

    select
        'proportion',
        0.277,
        0.0005,
        method.proportion_in_worst_decile(area_decile)
    from deciles

    union all

    -- The edges of the extent: percentile 10, 11, 30, 31 of 100 areas.
    select
        'extent weight at rank ' || edge.area_rank,
        edge.expected,
        1e-12,
        method.extent_weight(edge.area_rank, 100)
    from (values (10, 1.0), (11, 0.95), (30, 0.05), (31, 0.0)) as edge (area_rank, expected)

)

select *
from found
where found is null or abs(found - expected) > printed_to
