"""The formulas of the method, run in DuckDB, against scipy and numpy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import duckdb
import jinja2
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import rankdata

from orchestration.build.method import create_formulas
from orchestration.settings import DBT_PROJECT

Floats = npt.NDArray[np.float64]

AREAS = 33_755
LEAST = 1e-300

_TEXT = (DBT_PROJECT / "macros" / "indicators.sql").read_text(encoding="utf-8")
_MODULE: Any = jinja2.Environment(autoescape=False).from_string(_TEXT).module  # noqa: S701  # SQL


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the formulas."""
    with duckdb.connect() as opened:
        create_formulas(opened)
        yield opened


def run(connection: duckdb.DuckDBPyConnection, expression: str, **columns: Floats) -> Floats:
    """The expression for every row of the columns; NaN for NULL."""
    rows = pd.DataFrame(columns)
    rows.insert(0, "row_number", np.arange(len(rows)))
    connection.register("given_rows", rows)
    found = connection.execute(
        f"select ({expression})::double as found from given_rows order by row_number"
    ).fetchall()
    connection.unregister("given_rows")
    return np.array([math.nan if value is None else value for (value,) in found])


def inverse_normal(connection: duckdb.DuckDBPyConnection, p: Floats) -> Floats:
    return run(connection, "method.inverse_normal(p)", p=p)


# --- inverse_normal -------------------------------------------------------------------------------


def test_inverse_normal_is_scipys_at_every_place_of_england(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    # Ties stand at half places.
    places = np.arange(1, AREAS + 0.5, 0.5)
    p = (AREAS - places + 1) / (AREAS + 1)
    assert inverse_normal(connection, p) == pytest.approx(ndtri(p), rel=0, abs=1e-14)


def test_inverse_normal_is_scipys_far_into_the_tails(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    p = np.concatenate([10.0 ** -np.arange(1, 301), 2.0 ** -np.arange(1, 997), [LEAST]])
    assert inverse_normal(connection, p) == pytest.approx(ndtri(p), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("edge", [0.075, 0.925, math.exp(-25), 1 - math.exp(-25)])
def test_inverse_normal_does_not_jump_where_its_formula_changes(
    connection: duckdb.DuckDBPyConnection, edge: float
) -> None:
    near = edge * (1 + np.arange(-20, 21) * 2.0**-53)
    p: Floats = near[near < 1].astype(np.float64)
    assert inverse_normal(connection, p) == pytest.approx(ndtri(p), rel=1e-13, abs=0)


def test_inverse_normal_is_symmetric_at_every_place_of_england(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    p = np.arange(1, AREAS + 1) / (AREAS + 1)
    found = inverse_normal(connection, p)
    assert found == pytest.approx(-found[::-1], rel=0, abs=1e-11)
    assert np.all(np.diff(found) > 0)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.25, 1.25, -1e-300, math.inf, -math.inf])
def test_inverse_normal_is_null_outside_0_and_1(
    connection: duckdb.DuckDBPyConnection, p: float
) -> None:
    assert np.isnan(inverse_normal(connection, np.array([p]))).all()


def test_inverse_normal_of_the_middle_is_0_and_of_null_is_null(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert inverse_normal(connection, np.array([0.5])).tolist() == [0.0]
    of_null = connection.execute("select method.inverse_normal(p) from (select null as p)")
    assert of_null.fetchone() == (None,)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(LEAST, 1, exclude_max=True), min_size=2, max_size=50, unique=True).map(
        sorted
    )
)
def test_inverse_normal_never_falls(connection: duckdb.DuckDBPyConnection, p: list[float]) -> None:
    found = inverse_normal(connection, np.array(p))
    # The last bits of a quotient of polynomials may.
    assert np.all(np.diff(found) >= -1e-14 * np.abs(found[1:]))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 2**52), min_size=1, max_size=50))
def test_inverse_normal_is_odd_about_the_middle(
    connection: duckdb.DuckDBPyConnection, numerators: list[int]
) -> None:
    # Of a whole number over 2^53, one minus it is exact.
    p = np.array(numerators) / 2.0**53
    assert inverse_normal(connection, p).tolist() == (-inverse_normal(connection, 1 - p)).tolist()


# --- shrinkage ------------------------------------------------------------------------------------

COUNTS = st.lists(
    st.tuples(st.integers(1, 2_000_000), st.floats(0, 1)).map(
        lambda drawn: (float(round(drawn[0] * drawn[1])), float(drawn[0]))
    ),
    min_size=1,
    max_size=50,
)


@settings(deadline=None, max_examples=40)
@given(COUNTS)
def test_logit_and_its_variance_are_those_of_the_technical_report(
    connection: duckdb.DuckDBPyConnection, counts: list[tuple[float, float]]
) -> None:
    r, n = np.array(counts).T
    assert run(connection, "method.logit(r, n)", r=r, n=n) == pytest.approx(
        np.log((r + 0.5) / (n - r + 0.5)), rel=1e-14, abs=1e-14
    )
    assert run(connection, "method.logit_variance(r, n)", r=r, n=n) == pytest.approx(
        (n + 1) * (n + 2) / (n * (r + 1) * (n - r + 1)), rel=1e-14
    )


@settings(deadline=None, max_examples=40)
@given(COUNTS)
def test_cases_and_the_others_have_opposite_log_odds_and_one_variance(
    connection: duckdb.DuckDBPyConnection, counts: list[tuple[float, float]]
) -> None:
    r, n = np.array(counts).T
    logits = run(connection, "method.logit(r, n)", r=r, n=n)
    variances = run(connection, "method.logit_variance(r, n)", r=r, n=n)
    assert run(connection, "method.logit(r, n)", r=n - r, n=n) == pytest.approx(
        -logits, rel=1e-14, abs=1e-14
    )
    assert run(connection, "method.logit_variance(r, n)", r=n - r, n=n) == pytest.approx(
        variances, rel=1e-14
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(1e-9, 1e3), st.floats(1e-9, 1e3)), min_size=1, max_size=50))
def test_shrinkage_weight_is_the_inverse_of_variances(
    connection: duckdb.DuckDBPyConnection, variances: list[tuple[float, float]]
) -> None:
    s2, t2 = np.array(variances).T
    assert run(connection, "method.shrinkage_weight(s2, t2)", s2=s2, t2=t2) == pytest.approx(
        (1 / s2) / (1 / s2 + 1 / t2), rel=1e-13
    )


def test_of_areas_that_do_not_differ_nothing_is_an_areas_own(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = run(
        connection,
        "method.shrinkage_weight(s2, t2)",
        s2=np.array([0.25]),
        t2=np.array([0.0]),
    )
    assert found.tolist() == [0.0]


# --- standardise ----------------------------------------------------------------------------------


def standardised(connection: duckdb.DuckDBPyConnection, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a value, each with what the macro makes of it, by indicator and area."""
    connection.register("given_rows", rows)
    found = connection.execute(
        f"""
        select * from given_rows
        join ({_MODULE.standardise("given_rows")}) using (indicator_number, worse)
        order by indicator_number, area_code
        """
    ).df()
    connection.unregister("given_rows")
    return found


def frame(standardisation: str, worse: list[float | None], number: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "indicator_number": number,
            "area_code": [f"A{area:05}" for area in range(len(worse))],
            "worse": pd.array(worse, dtype="Float64"),
            "standardisation": standardisation,
        }
    )


# Few different values, so that there are ties.
WORSE = st.lists(st.integers(-3, 3).map(lambda value: value / 7), min_size=1, max_size=60)


@settings(deadline=None, max_examples=40)
@given(WORSE, st.integers(0, 5))
def test_rank_normal_is_scipys_rank_and_normal(
    connection: duckdb.DuckDBPyConnection, worse: list[float], missing: int
) -> None:
    rows = frame("rank_normal", [*worse, *([None] * missing)])
    # Another indicator's values are ranked apart.
    other = frame("none", [9.0, 8.0], 2)
    both = standardised(connection, pd.concat([rows, other]))
    found = both[both["indicator_number"] == 1]
    places = rankdata(-np.array(worse), method="average")
    count = len(worse)
    assert found["place"].tolist() == places.tolist()
    assert found["indicator_rank"].tolist() == rankdata(-np.array(worse), method="min").tolist()
    assert found["areas_ranked"].tolist() == [count] * count
    assert found["standard_score"].to_numpy() == pytest.approx(
        ndtri((count - places + 1) / (count + 1)), rel=0, abs=1e-14
    )
    assert both[both["indicator_number"] == 2]["standard_score"].tolist() == [9.0, 8.0]


@settings(deadline=None, max_examples=40)
@given(WORSE)
def test_rank_normal_turned_round_has_the_opposite_sign(
    connection: duckdb.DuckDBPyConnection, worse: list[float]
) -> None:
    found = standardised(connection, frame("rank_normal", list(worse)))
    turned = standardised(connection, frame("rank_normal", [-value for value in worse]))
    assert turned["standard_score"].to_numpy() == pytest.approx(
        -found["standard_score"].to_numpy(), rel=0, abs=1e-13
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-1000, 1000).map(lambda value: value / 7), min_size=2, max_size=60))
def test_z_score_is_numpys(connection: duckdb.DuckDBPyConnection, worse: list[float]) -> None:
    assume(len(set(worse)) > 1)
    found = standardised(connection, frame("z_score", [*worse, None]))
    given_values = np.array(worse)
    expected = (given_values - given_values.mean()) / given_values.std(ddof=0)
    assert found["standard_score"].to_numpy() == pytest.approx(expected, rel=0, abs=2e-12)


@settings(deadline=None, max_examples=40)
@given(WORSE)
def test_none_leaves_the_value_as_it_is(
    connection: duckdb.DuckDBPyConnection, worse: list[float]
) -> None:
    found = standardised(connection, frame("none", list(worse)))
    assert found["standard_score"].tolist() == worse


@pytest.mark.parametrize("standardisation", ["rank_normal", "z_score", "none"])
def test_the_order_of_the_rows_does_not_matter(
    connection: duckdb.DuckDBPyConnection, standardisation: str
) -> None:
    drawn = np.random.default_rng(7).normal(size=500).round(2)
    rows = frame(standardisation, drawn.tolist())
    in_order = standardised(connection, rows)
    shuffled = standardised(connection, rows.sample(frac=1, random_state=7).reset_index(drop=True))
    assert in_order["place"].tolist() == shuffled["place"].tolist()
    assert in_order["standard_score"].to_numpy() == pytest.approx(
        shuffled["standard_score"].to_numpy(), rel=0, abs=2e-12
    )
