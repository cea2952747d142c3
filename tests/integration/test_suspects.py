"""What SQL leaves out, no rule refuses: verdict and count are those over every row."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from data_quality import Suite, load_suites, preload, run_suite

VALUES = {
    "double": ("null", "'nan'", "'inf'", "'-inf'", "-1", "0", "0.1", "0.3", "1", "1.0000000001"),
    "bigint": ("null", "-1", "0", "1", "2", "1000000007"),
    "boolean": ("null", "true", "false"),
    "varchar": ("null", "''", "'a'", "'it''s'", "'1'"),
    "decimal(9, 2)": ("null", "-1", "0", "0.1", "0.3", "1"),
}
EQUAL = "expect_column_pair_values_to_be_equal"
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
NOT_NULL = "expect_column_values_to_not_be_null"
UNIQUE = "expect_compound_columns_to_be_unique"
IGNORING: tuple[dict[str, Any], ...] = (
    {},
    {"ignore_row_if": "neither"},
    {"ignore_row_if": "both_values_are_missing"},
    {"ignore_row_if": "either_value_is_missing"},
)
PAIR = {"column_A": "a", "column_B": "b"}
ONE = {"column": "a"}

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    *((EQUAL, PAIR | ignoring, kind, kind) for ignoring in IGNORING for kind in VALUES),
    *((EQUAL, PAIR | ignoring, "double", "bigint") for ignoring in IGNORING),
    *((EQUAL, PAIR | ignoring, "double", "decimal(9, 2)") for ignoring in IGNORING),
    *(
        (GREATER, PAIR | ignoring | {"or_equal": or_equal}, *kinds)
        for ignoring in IGNORING
        for or_equal in (False, True)
        for kinds in (("double", "double"), ("double", "bigint"), ("bigint", "double"))
    ),
    *(
        (BETWEEN, ONE | limits, kind, kind)
        for kind in ("double", "bigint")
        for limits in (
            {"min_value": 0},
            {"min_value": 0, "strict_min": True},
            {"max_value": 1},
            {"max_value": 1, "strict_max": True},
            {"min_value": 0, "max_value": 1},
            {"min_value": 0.1, "max_value": 0.3, "strict_min": True, "strict_max": True},
        )
    ),
    (IN_SET, ONE | {"value_set": [0, 1]}, "double", "double"),
    (IN_SET, ONE | {"value_set": [0, 0.3]}, "bigint", "bigint"),
    (IN_SET, ONE | {"value_set": [True]}, "boolean", "boolean"),
    (IN_SET, ONE | {"value_set": [True]}, "bigint", "bigint"),
    (IN_SET, ONE | {"value_set": [1]}, "boolean", "boolean"),
    (IN_SET, ONE | {"value_set": ["a", "it's"]}, "varchar", "varchar"),
    *((NOT_NULL, ONE, kind, kind) for kind in VALUES),
    *((UNIQUE, {"column_list": ["a", "b"]}, kind, "bigint") for kind in VALUES),
]


def _rows(a: str, b: str, twice: int = 0) -> str:
    """Every value of a type beside every one of another; of the first few, a second row."""
    left = ", ".join(f"({value}::{a})" for value in VALUES[a])
    right = ", ".join(f"({value}::{b})" for value in VALUES[b])
    return f"""
        select row_number() over () as line_number, a, b
        from (values {left}) as left_side(a), (values {right}) as right_side(b), range(2) as n(copy)
        qualify copy = 0 or line_number % 5 < {twice}
    """


def _by_itself(table: Any, kind: str, kwargs: dict[str, Any], columns: list[str]) -> int:
    """How many of all rows Great Expectations refuses."""
    preload()
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("all").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch(
        {"dataframe": table.select(columns).to_pandas()}
    )
    verdict = batch.validate(get_expectation_impl(kind)(**kwargs), result_format="SUMMARY")
    return int(verdict.result["unexpected_count"])


def test_every_type_of_rule_is_tried() -> None:
    used = {rule.type for suite in load_suites().values() for rule in suite.expectations}
    assert used == {kind for kind, *_ in CASES}


@pytest.mark.parametrize("twice", [0, 2], ids=["rows", "some of them twice"])
@pytest.mark.parametrize(
    ("kind", "kwargs", "a", "b"), CASES, ids=[" ".join(map(str, case)) for case in CASES]
)
def test_as_many_rows_are_refused_as_of_all(
    connection: duckdb.DuckDBPyConnection,
    kind: str,
    kwargs: dict[str, Any],
    a: str,
    b: str,
    twice: int,
) -> None:
    rule = {"name": "rule", "type": kind, "kwargs": kwargs, "expected": "it", "remedy": "it"}
    suite = Suite.model_validate(
        {
            "name": "raw_lookup",
            "description": "every value",
            "frames": [
                {"keys": ["line_number"], "sql": _rows(a, b, twice), "expectations": [rule]}
            ],
        }
    )
    table = connection.execute(_rows(a, b, twice)).to_arrow_table()
    (result,) = run_suite(suite, connection)
    assert "could not be checked" not in result.examples
    assert result.unexpected == _by_itself(table, kind, kwargs, suite.expectations[0].columns)
