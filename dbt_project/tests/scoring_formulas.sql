-- The formulas of macros/method at values worked out outside the warehouse: by Python's
-- decimal module with 40 digits, by hand, and as printed in the CNI 2019 file. A row is a formula
-- that gives something else here.
with transform_cases (worked_at, place, areas, arithmetic, expected) as (

    values
    ('the worst of 32,844', '1'::double, 32844, 'double', '100'::double),
    ('the last rank of decile 1', '3284', 32844, 'double', '50.4353239360385'),
    ('the first rank of decile 2', '3285', 32844, 'double', '50.4291309870238'),
    ('the middle', '16422', 32844, 'double', '15.6481549037798'),
    ('the best of 32,844', '32844', 32844, 'double', '0.0006912324448'),
    ('two areas tied at 1,234', '1234.5', 7433, 'double', '39.8610615907482'),
    ('CNI 2019: Becontree', '1198', 7433, 'single', '40.5006446838379'),
    ('CNI 2019: Abbey', '2603', 7433, 'single', '23.5961017608643')

),

transformed as (

    select
        'exponential_transform' as formula,
        worked_at,
        expected,
        method.stored(method.transform(place, areas, arithmetic), arithmetic) as found
    from transform_cases

),

whole_number_cases (
    worked_at, area_rank, areas, percent, decile_expected, threshold_expected
) as (

    values
    -- 0.1 * 32,844 = 3,284.4
    ('last rank of decile 1', 3284, 32844, 10, 1, 3284),
    ('first rank of decile 2', 3285, 32844, 10, 2, 3284),
    ('last of all', 32844, 32844, 10, 10, 3284),
    ('fewer areas than deciles', 1, 3, 10, 4, 0),
    -- 0.9 / 15 * 100 is 6.000000000000001 in doubles.
    ('an edge that doubles overstep', 9, 15, 10, 6, 1),
    ('ten per cent is a whole number', 743, 7430, 10, 1, 743),
    ('one rank further', 744, 7430, 10, 2, 743),
    -- 0.29 * 100 is 28.999999999999996 in doubles.
    ('29 per cent of 100', 29, 100, 29, 3, 29)

),

in_whole_numbers as (

    select
        worked_at,
        decile_expected,
        threshold_expected,
        method.decile(area_rank, areas) as decile_found,
        method.threshold_rank(areas, percent) as threshold_found
    from whole_number_cases

),

found as (

    select * from transformed

    union all

    select
        'decile' as formula,
        worked_at,
        decile_expected as expected,
        decile_found as found
    from in_whole_numbers

    union all

    select
        'threshold_rank' as formula,
        worked_at,
        threshold_expected as expected,
        threshold_found as found
    from in_whole_numbers

)

select *
from found
where found is null or abs(found - expected) > 1e-9
