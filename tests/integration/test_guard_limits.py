"""The limits of the guards: what lies just inside passes, what lies just outside fails.

A limit of an expectation is tried on a row made for it; one in a suite's SQL, in its bounds, in
the registry or in a seed on the sample's build database, in a transaction that is rolled back. The
limits stand here a second time, so that one that moves in a suite is noticed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from math import copysign
from pathlib import Path

import duckdb
import pytest
from pydantic import ValidationError

from data_quality import Suite, load_suites, run_suite
from data_quality.suite import Bounds, Expectation
from orchestration.modelling.seeds import load_methodology
from orchestration.sources.registry import load_registry, profile_names

SUITES = load_suites()
INFINITE = float("inf")
# How far beyond a limit is beyond it.
STEP = 1e-9


def _alone(suite: Suite, rule: str, sql: str | None = None) -> Suite:
    """A suite of one of its rules, about rows of another query if one is given."""
    for frame in suite.frames:
        for expectation in frame.expectations:
            if expectation.name == rule:
                # Rows that are made for it there are, whatever there is else.
                rows = {"sql": sql, "only_if": None} if sql else {}
                change = {"expectations": (expectation,)} | rows
                return suite.model_copy(update={"frames": (frame.model_copy(update=change),)})
    raise AssertionError(f"{suite.name} has no rule {rule}")


def _passes(build: duckdb.DuckDBPyConnection, suite: Suite) -> bool:
    (result,) = run_suite(suite, build)
    assert "could not be checked" not in result.examples, result.examples
    return result.passed


# ---- limits of expectations -------------------------------------------------------------------

# Rule -> the least and the most that pass.
LIMITS: dict[tuple[str, str], tuple[float, float]] = {
    ("marts_composite_selection", "some_are_chosen"): (1, INFINITE),
    ("marts_composite_selection", "list_as_published"): (0.9, INFINITE),
    ("marts_composite_selection", "composite_again"): (-INFINITE, 0.000001),
    ("marts_dim_area", "population_positive"): (STEP, INFINITE),
    ("marts_double_disadvantage", "list_is_not_empty"): (1, INFINITE),
    ("marts_double_disadvantage", "list_as_published"): (0.9, INFINITE),
    ("marts_double_disadvantage", "imd_decile_in_range"): (1, 10),
    ("marts_double_disadvantage", "cni_decile_in_range"): (1, 10),
    ("marts_fct_domain_score", "score_in_range"): (STEP, 100.0000001),
    ("marts_flag_stability", "probability_is_a_share"): (0, 1),
    ("marts_flag_stability", "probability_imd_is_a_share"): (0, 1),
    ("marts_flag_stability", "probability_cni_is_a_share"): (0, 1),
    ("marts_outcome_comparison", "nation_is_the_file_numerator"): (-INFINITE, 1e-9),
    ("marts_outcome_comparison", "nation_is_the_file_denominator"): (-INFINITE, 1e-9),
    ("marts_outcome_comparison", "rate_is_a_share"): (0, 1),
    ("marts_summary_geography", "share_of_areas_is_a_share"): (0, 1),
    ("marts_summary_geography", "share_of_population_is_a_share"): (0, 1),
    ("raw_boundary", "area_is_positive"): (STEP, INFINITE),
    ("raw_boundary", "centroid_longitude"): (-9, 5),
    ("raw_boundary", "centroid_latitude"): (49, 62),
    ("raw_boundary", "no_shape_lies_elsewhere"): (-INFINITE, 2.5),
    ("raw_boundary", "shapes_lie_together"): (-INFINITE, 10),
    ("raw_boundary", "no_shape_lies_away"): (-INFINITE, 8),
    ("raw_index_area", "total_population"): (STEP, INFINITE),
    ("raw_index_area", "denominators_not_negative"): (0, INFINITE),
    ("raw_index_area", "people_as_other_releases_count"): (0.75, 1.33),
    ("raw_index_area", "people_area_by_area"): (0.6, INFINITE),
    ("raw_indicator", "values_differ"): (2, INFINITE),
    ("raw_indicator", "spread_as_known"): (0.3333, 3),
    ("raw_lookup", "one_parent"): (-INFINITE, 1),
    ("raw_outcome", "rates_differ"): (2, INFINITE),
    ("raw_outcome", "total_as_known"): (0.99, 1.01),
    ("raw_outcome", "authorities_as_indices_count"): (0.5, 2),
    ("raw_outcome", "people_area_by_area"): (0.5, INFINITE),
    ("raw_population", "total_population"): (STEP, INFINITE),
    ("raw_population", "population_not_negative"): (0, INFINITE),
    ("raw_population", "people_as_indices_count"): (0.8, 1.25),
    ("raw_population", "authorities_as_indices_count"): (0.5, 2),
    ("raw_population", "people_area_by_area"): (0.6, INFINITE),
}
# Rule -> whether the limit itself passes, where one column is the limit of another.
LIMITED_BY_A_COLUMN: dict[tuple[str, str], bool] = {
    ("marts_double_disadvantage", "list_is_not_too_long"): True,
    ("marts_edition_change", "miss_is_a_miss"): True,
    ("marts_edition_domain", "domain_ranks_as_published"): True,
    ("marts_edition_domain", "domain_scores_as_published"): True,
    ("marts_fct_domain_score", "score_order"): True,
    ("marts_fct_domain_score", "score_as_published"): True,
    ("marts_fct_index_score", "score_as_published"): True,
    ("marts_fct_index_score", "rank_as_published"): True,
    ("marts_flag_stability", "both_are_no_likelier_than_one"): True,
    ("marts_indicator_reconciliation", "ranks_near_the_published"): True,
    ("marts_summary_index", "summary_as_published"): True,
    ("marts_summary_geography", "listed_are_rated"): True,
    ("marts_summary_geography", "listed_are_within_both"): True,
    ("marts_threshold_sensitivity", "areas_grow_with_the_threshold"): True,
    ("marts_threshold_sensitivity", "population_grows_with_the_threshold"): True,
    ("raw_boundary", "area_is_known"): True,
    ("raw_boundary", "no_area_is_missing"): True,
    ("raw_boundary", "few_pairs_overlap"): True,
    ("raw_boundary", "no_shape_lies_within_another"): True,
    ("raw_boundary", "shapes_lie_where_their_parts_lie"): True,
    ("raw_index_area", "denominators_within_total"): True,
    ("raw_lookup", "neighbours_not_torn_apart"): False,
    ("raw_index_area", "area_is_known"): True,
    ("raw_index_area", "no_area_is_missing"): True,
    ("raw_index_area", "people_not_shifted"): False,
    ("raw_index_measure", "score_order"): True,
    ("raw_indicator", "missing_share"): True,
    ("raw_indicator", "numerator_within_denominator"): True,
    ("raw_indicator", "goes_with_its_score"): True,
    ("raw_indicator", "indicator_not_shifted"): False,
    ("raw_outcome", "outcome_not_shifted"): False,
    ("raw_postcode", "row_count"): True,
    ("raw_postcode", "areas_have_postcodes"): True,
    ("raw_population", "area_is_known"): True,
    ("raw_population", "no_area_is_missing"): True,
    ("raw_population", "people_not_shifted"): False,
}
# Rule -> the one number that passes.
NUMBERS: dict[tuple[str, str], int] = {
    ("marts_outcome_comparison", "both_methods"): 2,
    ("marts_programme_place", "name_is_one_area"): 1,
    ("marts_threshold_sensitivity", "own_threshold_gives_the_same_areas"): 0,
    ("raw_index_area", "authority_as_others_say"): 0,
    ("raw_index_area", "flags_within_the_worst_tenth"): 0,
    ("raw_outcome", "counts_given"): 0,
    ("raw_outcome", "counts_not_negative"): 0,
    ("raw_outcome", "numerator_within_denominator"): 0,
}


def _rules(of: str) -> set[tuple[str, str]]:
    return {
        (suite.name, rule.name)
        for suite in SUITES.values()
        for rule in suite.expectations
        if rule.type == of
    }


def _numbers(rule: Expectation) -> bool:
    return any(type(value) in (int, float) for value in rule.kwargs.get("value_set", ()))


def test_every_limit_of_an_expectation_is_tried() -> None:
    assert _rules("expect_column_values_to_be_between") == set(LIMITS)
    assert _rules("expect_column_pair_values_a_to_be_greater_than_b") == set(LIMITED_BY_A_COLUMN)
    numbers = {
        (suite.name, rule.name)
        for suite in SUITES.values()
        for rule in suite.expectations
        if _numbers(rule)
    }
    assert numbers == set(NUMBERS)


def _of_rows(suite: str, rule: str, *values: float) -> Suite:
    """The rule, about one row that has these values in the columns that it compares."""
    alone = _alone(SUITES[suite], rule)
    (frame,) = alone.frames
    (expectation,) = frame.expectations
    given = dict(zip(expectation.columns, values, strict=True))
    named = dict.fromkeys([*frame.keys, *expectation.columns, *expectation.details])
    named |= {expectation.allowed: None} if expectation.allowed else {}
    columns = [f"{given[name]!r}::double" if name in given else "'x'" for name in named]
    sql = "select " + ", ".join(f"{a} as {b}" for a, b in zip(columns, named, strict=True))
    return _alone(SUITES[suite], rule, sql)


@pytest.mark.parametrize(("suite", "rule"), LIMITS)
def test_a_limit_passes_and_what_lies_beyond_it_fails(
    connection: duckdb.DuckDBPyConnection, suite: str, rule: str
) -> None:
    least, most = LIMITS[suite, rule]
    for limit, beyond in ((least, -INFINITE), (most, INFINITE)):
        if limit != beyond:
            assert _passes(connection, _of_rows(suite, rule, limit))
            assert not _passes(connection, _of_rows(suite, rule, limit + copysign(STEP, beyond)))


@pytest.mark.parametrize(("suite", "rule"), LIMITED_BY_A_COLUMN)
def test_what_is_beyond_another_column_fails(
    connection: duckdb.DuckDBPyConnection, suite: str, rule: str
) -> None:
    assert _passes(connection, _of_rows(suite, rule, 0.5, 0.5 - STEP))
    assert _passes(connection, _of_rows(suite, rule, 0.5, 0.5)) == LIMITED_BY_A_COLUMN[suite, rule]
    assert not _passes(connection, _of_rows(suite, rule, 0.5, 0.5 + STEP))


@pytest.mark.parametrize(("suite", "rule"), NUMBERS)
def test_the_one_number_passes(
    connection: duckdb.DuckDBPyConnection, suite: str, rule: str
) -> None:
    number = NUMBERS[suite, rule]
    assert _passes(connection, _of_rows(suite, rule, number))
    assert not _passes(connection, _of_rows(suite, rule, number - 1))
    assert not _passes(connection, _of_rows(suite, rule, number + 1))


# ---- limits in the queries, the bounds, the registry and the seeds ----------------------------


@dataclass(frozen=True)
class Pair:
    """Two changes of the build: after one the rule passes, after the other it fails.

    ``change`` holds ``{value}``, which is ``inside`` or ``outside``.
    """

    name: str
    suite: str
    rule: str
    change: str
    inside: str | float
    outside: str | float


BURGLARY = "index_release = 'imd2025' and indicator = 'burglary'"
STUDENTS = "index_release = 'imd2025' and indicator = 'entry_to_higher_education'"
AN_AUTHORITY = "(select min(area_code) from raw.boundary where source_id = 'boundary_lad24')"
# An authority's centre this many of its sides to the east of the centre of its parts.
MOVED_AUTHORITY = f"""
    update raw.boundary set centroid_easting = centroid_easting + {{value}} * 100 * sqrt(area_ha)
    where area_code = {AN_AUTHORITY}
"""
CENSUS = "source_id = 'census2021_disability'"
A_COUNT = f"{CENSUS} and area_code = (select min(area_code) from raw.outcome where {CENSUS})"
CLAIMANTS = "source_id = 'claimants_2019'"
A_CLAIM = f"{CLAIMANTS} and area_code = (select min(area_code) from raw.outcome where {CLAIMANTS})"
A_STATISTIC = """
    source_id = 'imd2025_summary' and measure = 'overall' and area_code = (
        select min(area_code) from raw.summary where area_code > 'X')
"""

PAIRS = [
    Pair(
        "no more missing than max_missing_percent: 1% of 3,007 areas are 30",
        "raw_indicator",
        "missing_share",
        "update raw.indicator set value = if(place <= {value}, null, 1) from ("
        "select rowid as row, row_number() over (order by line_number) as place"
        f" from raw.indicator where {STUDENTS}) as line where indicator.rowid = line.row",
        30,
        31,
    ),
    Pair(
        "no more above their denominators than max_over_denominator",
        "raw_indicator",
        "numerator_within_denominator",
        "update raw.indicator set value = 99999 where index_release = 'imd2025'"
        " and indicator = 'income_deprived' and line_number < 2 + {value}",
        1,
        2,
    ),
    Pair(
        "a numerator may be all of its denominator",
        "raw_indicator",
        "numerator_within_denominator",
        "update raw.indicator set value = total_population + {value} from raw.index_area"
        " where index_release = 'imd2025' and indicator = 'income_deprived'"
        " and index_area.source_id = 'imd2025' and index_area.area_code = indicator.area_code"
        " and index_area.line_number < 4",
        0,
        1,
    ),
    Pair(
        "the most of an indicator",
        "raw_indicator",
        "values_in_range",
        f"update raw.indicator set value = {{value}} where {BURGLARY} and line_number = 2",
        130,
        130.1,
    ),
    Pair(
        "the least of an indicator",
        "raw_indicator",
        "values_in_range",
        f"update raw.indicator set value = {{value}} where {BURGLARY} and line_number = 2",
        0,
        -0.1,
    ),
    Pair(
        "what has no bounds may fit a little better when shifted",
        "raw_indicator",
        "indicator_not_shifted",
        # Homelessness is one value for an authority: slipped by a row, it is worse by 0.002.
        "update meta.expected_indicator set indicator = {value}"
        " where index_release = 'imd2025' and indicator = 'core_homelessness';"
        " update raw.indicator set indicator = {value}, value = above.value from ("
        " select rowid as row, lag(value) over (order by line_number) as value from raw.indicator"
        " where index_release = 'imd2025' and indicator = 'core_homelessness') as above"
        " where indicator.rowid = above.row and above.value is not null;"
        " update raw.indicator set indicator = {value}"
        " where index_release = 'imd2025' and indicator = 'core_homelessness'",
        "'another'",
        "'core_homelessness'",
    ),
    Pair(
        "a flag on the last rank of the worst tenth: 60 of 600 wards",
        "raw_index_area",
        "flags_within_the_worst_tenth",
        "update raw.index_area set published_flag = area_code in (select area_code"
        " from raw.index_measure where source_id = 'cni2019' and measure = 'overall'"
        " and rank = {value}) where source_id = 'cni2019'",
        60,
        61,
    ),
    Pair(
        "as many flags as the registry says",
        "raw_index_area",
        "flags_as_published",
        "update raw.index_area set published_flag = area_code in (select area_code"
        " from raw.index_measure where source_id = 'cni2019' and measure = 'overall'"
        " and rank <= {value}) where source_id = 'cni2019'",
        23,
        24,
    ),
    Pair(
        "an authority half a side from its parts",
        "raw_boundary",
        "shapes_lie_where_their_parts_lie",
        MOVED_AUTHORITY,
        0.49999,
        0.50001,
    ),
    Pair(
        "an authority two and a half sides from its parts",
        "raw_boundary",
        "no_shape_lies_elsewhere",
        MOVED_AUTHORITY,
        2.49999,
        2.50001,
    ),
    Pair(
        "wards half a side from their parts: 10% of 598 are 59",
        "raw_boundary",
        "shapes_lie_where_their_parts_lie",
        # All but the first wards lie on their parts: these are a side away.
        """
            update raw.boundary set
                centroid_easting = ward.easting + if(ward.place <= {value}, 1.5, 0) * ward.side,
                centroid_northing = ward.northing
            from (
                select
                    parts.*,
                    100 * sqrt(greatest(ward.area_ha, parts.area_ha)) as side,
                    row_number() over (order by ward.area_code) as place
                from (
                    select
                        link.to_code,
                        sum(part.area_ha) as area_ha,
                        sum(part.centroid_easting * part.area_ha) / sum(part.area_ha) as easting,
                        sum(part.centroid_northing * part.area_ha) / sum(part.area_ha) as northing
                    from (
                        select distinct link.to_code, fit.to_code as part
                        from raw.lookup as link
                        inner join raw.lookup as fit
                            on link.from_code = fit.from_code and fit.relation = 'exact_fit'
                        where link.to_type = 'ward17'
                    ) as link
                    inner join raw.boundary as part on link.part = part.area_code
                    group by link.to_code
                ) as parts
                inner join raw.boundary as ward on parts.to_code = ward.area_code
            ) as ward
            where boundary.area_code = ward.to_code
        """,
        59,
        60,
    ),
    Pair(
        "everybody counted, and one more",
        "raw_outcome",
        "numerator_within_denominator",
        f"update raw.outcome set numerator = denominator + {{value}} where {A_COUNT}",
        0,
        1,
    ),
    Pair(
        "everybody counted in each of twelve months, and one more",
        "raw_outcome",
        "numerator_within_denominator",
        f"update raw.outcome set numerator = 12 * denominator + {{value}} where {A_CLAIM}",
        0,
        1,
    ),
    Pair(
        "the most of the people for each resident",
        "raw_outcome",
        "people_as_indices_count",
        f"update raw.outcome set denominator = {{value}} * (select sum(total_population)"
        f" from raw.index_area where source_id = 'imd2025') / 3007 where {CENSUS}",
        1.1499,
        1.1501,
    ),
    Pair(
        "the least of the people for each resident",
        "raw_outcome",
        "people_as_indices_count",
        f"update raw.outcome set denominator = {{value}} * (select sum(total_population)"
        f" from raw.index_area where source_id = 'imd2025') / 3007 where {CENSUS}",
        0.8501,
        0.8499,
    ),
    *(
        Pair(
            f"a published {statistic} of {outside}",
            "raw_summary",
            "value_is_possible",
            f"update raw.summary set value = {{value}} where {A_STATISTIC}"
            f" and statistic = '{statistic}'",
            inside,
            outside,
        )
        for statistic, inside, outside in (
            ("proportion", 1, 1.001),
            ("extent", 0, -0.001),
            ("average_rank", 3007, 3007.1),
            ("local_concentration", 1, 0.9),
        )
    ),
    Pair(
        "a summary as far from the published one as its seed allows",
        "marts_summary_index",
        "summary_as_published",
        "update marts.summary_index set average_rank = published_average_rank + {value}"
        " where index_release = 'imd2019' and measure = 'overall'"
        " and published_average_rank is not null",
        0.1499,
        0.1501,
    ),
    Pair(
        "a computed score as far from the published one as its seed allows",
        "marts_fct_index_score",
        "score_as_published",
        "update marts.fct_index_score set score_difference = {value}"
        " where index_release = 'imd2019' and published_rank = 1",
        0.001,
        0.0011,
    ),
    Pair(
        "a computed rank as far from the published one as its seed allows",
        "marts_fct_index_score",
        "rank_as_published",
        "update marts.fct_index_score set rank_difference = {value}"
        " where index_release = 'imd2019' and published_rank = 1",
        1,
        2,
    ),
    Pair(
        "ranks out of place by 6% of 3,007 areas",
        "marts_indicator_reconciliation",
        "ranks_near_the_published",
        "update marts.indicator_reconciliation set greatest_rank_difference = {value}"
        " where index_release = 'imd2025' and measure = 'wider_barriers'",
        180,
        181,
    ),
    Pair(
        "a move that is the same in places and in shares, to a whole place",
        "marts_edition_change",
        "places_follow_from_shares",
        "update marts.edition_change set imd_ranks_moved = imd_ranks_moved + {value}",
        0,
        1,
    ),
]


@pytest.fixture(scope="module")
def build(
    sample_build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the sample's build database, to be changed and rolled back."""
    built = shutil.copy(sample_build, tmp_path_factory.mktemp("built"))
    with duckdb.connect(str(built)) as connection:
        yield connection


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_what_is_just_inside_passes_and_what_is_just_outside_fails(
    build: duckdb.DuckDBPyConnection, pair: Pair
) -> None:
    rule = _alone(SUITES[pair.suite], pair.rule)
    verdicts = []
    for value in (pair.inside, pair.outside):
        build.execute("begin")
        try:
            build.execute(pair.change.format(value=value))
            verdicts.append(_passes(build, rule))
        finally:
            build.execute("rollback")
    assert verdicts == [True, False]


def test_bounds_are_about_what_is_known() -> None:
    """A bound whose subject is misspelt would bind nothing."""
    known = {
        "source_id": {
            source.id for name in profile_names() for source in load_registry(name).sources
        },
        "outcome": {
            outcome
            for name in profile_names()
            for source in load_registry(name).sources
            for outcome in source.outcomes
        },
        "index_release": {row.index_release for row in load_methodology().indicators},
        "indicator": {row.indicator for row in load_methodology().indicators},
        "measure": {row.sub_domain for row in load_methodology().sub_domains},
    }
    for suite in SUITES.values():
        columns = suite.bound_columns
        for name in columns.keys() & known.keys():
            assert {value for value in columns[name] if value is not None} <= known[name], (
                suite.name
            )


def test_known_figures_are_of_profiles_that_are_known() -> None:
    """A profile that is misspelt would leave its figure unguarded."""
    for name in profile_names():
        for source in load_registry(name).sources:
            given = [source.published_flags, *(count.total for count in source.outcomes.values())]
            for figures in given:
                assert figures.keys() <= source.rows.keys(), source.id


def test_every_suite_gives_its_bounds_to_its_queries(build: duckdb.DuckDBPyConnection) -> None:
    suite = _alone(SUITES["raw_index_area"], "authority_as_others_say")
    change = (
        "update raw.index_area set lad_code = 'X08000006' where source_id = 'imd2025'"
        " and area_code = '{area}'"
    )
    area = "X01000001"
    known = Bounds(reason="the publishers differ", rows=({"area_code": area},))
    build.execute("begin")
    try:
        build.execute(change.format(area=area))
        assert not _passes(build, suite)
        assert _passes(build, suite.model_copy(update={"bounds": (*suite.bounds, known)}))
    finally:
        build.execute("rollback")
    # The table does not outlive the suite.
    with pytest.raises(duckdb.CatalogException):
        build.execute("from bounds")


@pytest.mark.parametrize(
    "bounds", [{"rows": [{"source_id": "cni2019"}]}, {"reason": "because", "rows": []}]
)
def test_bounds_need_a_reason_and_rows(bounds: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Bounds.model_validate(bounds)
