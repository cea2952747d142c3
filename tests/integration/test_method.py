"""The formulas of the method: described, refused where they would round, and the same elsewhere.

Where a formula must live in another language too (numpy draws, the sample as its publisher), it is
held to the macro here, over generated inputs. The explorer's slider is in the browser tests.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.build.method import create_formulas
from orchestration.modelling.draws import Carry, places, within
from orchestration.sample.publisher import publishing
from orchestration.settings import DBT_PROJECT

Floats = npt.NDArray[np.float64]

with (DBT_PROJECT / "seeds" / "formulas.csv").open(encoding="utf-8", newline="") as seed:
    DESCRIBED = {row["formula_name"]: row for row in csv.DictReader(seed)}


@pytest.fixture(scope="module")
def formulas() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_formulas(connection)
        yield connection


def asked(connection: duckdb.DuckDBPyConnection, expression: str, **columns: Any) -> list[Any]:
    """The expression for every row of the columns, in their order."""
    rows = pd.DataFrame({"position": np.arange(len(next(iter(columns.values())))), **columns})
    connection.register("given_rows", rows)
    found = connection.execute(
        f"select found from (select position, {expression} as found from given_rows) "
        "order by position"
    ).fetchall()
    connection.unregister("given_rows")
    return [value for (value,) in found]


# --- What is said of them -------------------------------------------------------------------------


def test_every_formula_is_described_with_its_parameters(
    formulas: duckdb.DuckDBPyConnection,
) -> None:
    made = dict(
        formulas.execute(
            "select function_name, parameters from duckdb_functions() where schema_name = 'method'"
        ).fetchall()
    )
    values = {name: row for name, row in DESCRIBED.items() if row["kind"] != "table"}
    assert set(values) == set(made)
    for name, row in values.items():
        stated = [part.partition(":=")[0].strip() for part in row["parameters"].split(", ")]
        assert stated == made[name], name


@pytest.mark.parametrize(
    "name", [name for name, row in DESCRIBED.items() if row["kind"] != "table"]
)
def test_an_example_gives_what_it_says(formulas: duckdb.DuckDBPyConnection, name: str) -> None:
    row = DESCRIBED[name]
    found = formulas.execute(f"select ({row['example']})::varchar").fetchone()
    assert found == (row["example_result"],)


@pytest.mark.parametrize(
    "call",
    [
        "threshold_rank(33755, 12.5)",
        "threshold_rank(33755, 0.1::double, 1)",
        "threshold_rank(33755, '10')",
        "is_within(3375, 33755, 10, 99.5)",
    ],
)
def test_a_threshold_that_would_be_rounded_is_refused(
    formulas: duckdb.DuckDBPyConnection, call: str
) -> None:
    with pytest.raises(duckdb.InvalidInputException, match=r"12\.5% is 125, 1000"):
        formulas.execute(f"select method.{call}")


# --- The same in another language -----------------------------------------------------------------

# Few different values, so that there are ties.
SCORES = st.lists(st.integers(0, 9).map(lambda value: value / 7), min_size=1, max_size=60).map(
    np.array
)


@settings(deadline=None, max_examples=60)
@given(SCORES, st.integers(0, 100))
def test_numpy_draws_rank_and_list_as_the_formulas_do(
    formulas: duckdb.DuckDBPyConnection, scores: Floats, percent: int
) -> None:
    ranks = asked(formulas, "method.rank_worst_first(score, 1)", score=scores)
    assert places(scores).tolist() == ranks
    count = len(scores)
    listed = asked(formulas, f"method.is_within(r, {count}, {percent})", r=np.array(ranks))
    assert within(scores, count, percent).tolist() == listed


PARTS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 9).map(float), st.integers(0, 500).map(float)),
    min_size=1,
    max_size=40,
).map(sorted)


@settings(deadline=None, max_examples=60)
@given(PARTS)
def test_numpy_draws_carry_as_the_formulas_do(
    formulas: duckdb.DuckDBPyConnection, parts: list[tuple[int, float, float]]
) -> None:
    area, score, people = (np.array(column) for column in zip(*parts, strict=True))
    areas, starts = np.unique(area, return_index=True)
    carry = Carry("mean_score", areas.astype(str), np.arange(len(parts)), starts, people)
    formulas.register("parts", pd.DataFrame({"area": area, "score": score, "people": people}))
    expected = formulas.execute(
        "select method.carried_score('mean_score', score, people, score), "
        "method.carried_mean_rank('mean_rank', 10 - score, people, score), "
        "method.carried_rank('worst_part', 10 - score) from parts group by area order by area"
    ).fetchall()
    formulas.unregister("parts")
    means = [None if np.isinf(mean) else mean for mean in carry.mean(score).tolist()]
    assert means == pytest.approx([mean for mean, _, _ in expected], rel=1e-12)
    by_rank = [None if np.isinf(mean) else -mean for mean in carry.mean(score - 10).tolist()]
    assert by_rank == pytest.approx([mean for _, mean, _ in expected], rel=1e-12)
    for edge in (1.0, 5.0):
        flags = carry.any_part(10 - score <= edge)
        assert flags.tolist() == [rank <= edge for _, _, rank in expected]


@settings(deadline=None, max_examples=60)
@given(SCORES)
def test_the_sample_publishes_by_the_same_arithmetic(
    formulas: duckdb.DuckDBPyConnection, scores: Floats
) -> None:
    ranks = publishing.rank_worst_first(scores)
    count = len(scores)
    assert ranks.tolist() == asked(formulas, "method.rank_worst_first(score, 1)", score=scores)
    assert publishing.decile(ranks).tolist() == asked(
        formulas, f"method.decile(rank, {count})", rank=ranks
    )
    transformed = asked(
        formulas, f"method.transform(method.mean_place(rank, 1), {count})", rank=ranks
    )
    assert publishing.exponential(ranks).tolist() == pytest.approx(transformed, abs=1e-9)
