"""The inverse normal of the macros, run in DuckDB as dbt writes it, against SciPy's."""

from __future__ import annotations

import jinja2
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from duckdb import DuckDBPyConnection
from scipy.special import ndtri

from orchestration.settings import DBT_PROJECT

Floats = npt.NDArray[np.float64]

AREAS = 33_755  # of the largest release; places are k / (areas + 1)


@pytest.fixture(scope="module")
def formula() -> str:
    """The SQL of inverse_normal('p')."""
    source = (DBT_PROJECT / "macros" / "indicators.sql").read_text(encoding="utf-8")
    # Whatever else the file's macros call is dbt's and is not called here.
    module = jinja2.Environment().from_string(source).module  # noqa: S701 - SQL, no HTML
    return str(module.inverse_normal("p"))  # type: ignore[attr-defined]


def computed(connection: DuckDBPyConnection, formula: str, p: Floats) -> Floats:
    connection.register("given", pd.DataFrame({"place": range(len(p)), "p": p}))
    try:
        found = connection.execute(f"select {formula} as z from given order by place")
        return np.asarray(found.df()["z"].to_numpy(dtype=np.float64))
    finally:
        connection.unregister("given")


def test_it_agrees_with_scipy_at_every_place_of_the_largest_release(
    connection: DuckDBPyConnection, formula: str
) -> None:
    p = np.arange(1, AREAS + 1) / (AREAS + 1)
    assert np.abs(computed(connection, formula, p) - ndtri(p)).max() < 1e-12


def test_it_agrees_with_scipy_in_both_tails(connection: DuckDBPyConnection, formula: str) -> None:
    lower = 10.0 ** -np.arange(0.5, 300.25, 0.25)
    assert np.abs(computed(connection, formula, lower) - ndtri(lower)).max() < 1e-8
    upper = 1 - 10.0 ** -np.arange(0.5, 15.25, 0.25)
    assert np.abs(computed(connection, formula, upper) - ndtri(upper)).max() < 1e-8


@pytest.mark.parametrize("edge", [0.075, 0.925, np.exp(-25), 0.5])
def test_it_does_not_leap_where_one_formula_takes_over_from_another(
    connection: DuckDBPyConnection, formula: str, edge: float
) -> None:
    p = np.array([np.nextafter(edge, 0), edge, np.nextafter(edge, 1)])
    assert np.abs(computed(connection, formula, p) - ndtri(p)).max() < 1e-13


def test_it_is_odd_about_the_middle_and_rises(connection: DuckDBPyConnection, formula: str) -> None:
    p = np.arange(1, 1024) / 1024  # exact, and so is 1 - p
    z = computed(connection, formula, p)
    assert (z == -z[::-1]).all()
    assert (np.diff(z) > 0).all()


def test_nothing_and_certainty_have_none(connection: DuckDBPyConnection, formula: str) -> None:
    p = np.array([-0.1, 0.0, 1.0, 1.1])
    assert np.isnan(computed(connection, formula, p)).all()
