"""Have Great Expectations judge a suite.

Great Expectations takes 3-4 s to import, so it is imported when a suite runs and not before. Only
rows that a rule could refuse go to it (``suspects``), and of them the columns that rules compare;
the keys stay in Arrow and are looked up for the rows that fail, because its own way to name failing
rows takes a minute for a million of them.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data_quality.suite import Expectation, Frame, Suite
from data_quality.suspects import suspects
from data_quality.verdict import GuardResult

if TYPE_CHECKING:
    import duckdb
    from great_expectations.core.batch_definition import BatchDefinition

EXAMPLES = 5
# Failing rows that are put in the order of their keys, so that the examples are the same each run.
SORTED = 1_000


def run_suite(suite: Suite, connection: duckdb.DuckDBPyConnection) -> list[GuardResult]:
    """One result for every expectation, in the order of the suite. Nothing is written.

    What raises has failed, and so has a rule that had no rows to look at, where there must be some.
    """
    batches = _batches()
    results = []
    if suite.bounds:
        connection.register("bounds", pa.table(suite.bound_columns))
    for frame in suite.frames:
        try:
            table: pa.Table | Exception | None = _rows(frame, connection)
        except Exception as error:  # said of each of the frame's rules
            table = error
        for expectation in frame.expectations:
            try:
                passed, unexpected, examples = _judge(expectation, frame, table, batches)
            except Exception as error:  # a guard that cannot look says so and fails
                passed, unexpected = False, 0
                examples = f"could not be checked: {' '.join(str(error).split())}"
            results.append(
                GuardResult(
                    stage=suite.stage,
                    guard=suite.name,
                    expectation=expectation.name,
                    passed=passed,
                    unexpected=unexpected,
                    examples=examples,
                    expected=expectation.expected,
                    remedy=expectation.remedy,
                )
            )
    if suite.bounds:
        connection.unregister("bounds")
    return results


def preload() -> None:
    """Import Great Expectations, without telemetry: a caller with time to spare may do it early."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations  # noqa: F401


def _rows(frame: Frame, connection: duckdb.DuckDBPyConnection) -> pa.Table | None:
    """The rows of a frame that its rules could refuse, or one where there are none.

    None where there is nothing to judge.
    """
    if frame.only_if and not connection.execute(frame.only_if).fetchall():
        return None
    described = connection.execute(f"describe {frame.sql}").fetchall()
    types = {name: kind for name, kind, *_ in described}
    return connection.execute(suspects(frame, types)).to_arrow_table()


@cache
def _batches() -> BatchDefinition[Any]:
    """Where Great Expectations takes data frames from: in memory, silent, without telemetry."""
    preload()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logger = logging.getLogger("great_expectations")
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("build").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("rows")


def _judge(
    expectation: Expectation,
    frame: Frame,
    table: pa.Table | Exception | None,
    batches: BatchDefinition[Any],
) -> tuple[bool, int, str]:
    """Whether the rule holds, how many rows break it, and some of them or of those allowed."""
    from great_expectations.expectations.registry import get_expectation_impl

    if isinstance(table, Exception):
        raise table
    if table is None:
        return True, 0, "nothing to judge: an optional file that is not there"
    named = {*frame.keys, *expectation.columns, *expectation.details}
    named |= {expectation.allowed} if expectation.allowed else set()
    if absent := sorted(named - set(table.column_names)):
        raise ValueError(f"the query gives no column {', '.join(absent)}")
    if table.num_rows == 0:
        return False, 0, "the query gave no rows, so nothing was checked"
    # Arrow makes a whole number that may be missing a float: a missing value equals nothing,
    # where pandas' own nullable numbers make Great Expectations raise.
    compared = table.select(expectation.columns).to_pandas()
    verdict = batches.get_batch({"dataframe": compared}).validate(
        get_expectation_impl(expectation.type)(**expectation.kwargs),
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": SORTED},
    )
    # It does not raise what an expectation raised: it says so, once for each metric that failed.
    information = verdict.exception_info or {}
    each = [information] if "raised_exception" in information else information.values()
    if raised := {str(one["exception_message"]) for one in each if one["raised_exception"]}:
        raise RuntimeError("; ".join(sorted(raised)))
    if verdict.success:
        column = expectation.allowed
        allowed = [row for row in table.to_pylist() if row[column]] if column else []
        return True, 0, _examples(allowed, len(allowed), frame, expectation)
    if "unexpected_count" not in verdict.result:
        return False, 1, f"found {verdict.result.get('observed_value')}"
    unexpected = int(verdict.result["unexpected_count"])
    failing = table.take(verdict.result["partial_unexpected_index_list"]).to_pylist()
    return False, unexpected, _examples(failing, unexpected, frame, expectation)


def _examples(
    rows: list[dict[str, Any]], count: int, frame: Frame, expectation: Expectation
) -> str:
    """The first of the rows in words, in the order of their keys, and how many more there are."""
    rows = sorted(rows, key=lambda row: [str(row[key]) for key in frame.keys])
    examples = [_example(row, frame, expectation) for row in rows[:EXAMPLES]]
    if count > len(examples):
        examples.append(f"and {count - len(examples):,} more")
    return "; ".join(examples)


def _example(row: dict[str, Any], frame: Frame, expectation: Expectation) -> str:
    """A failing row in words: ``imd2019, E01000001 (line 2): decile 3, expected_decile 2``."""
    keys = [key for key in frame.keys if key != "line_number" and row[key] is not None]
    where = ", ".join(str(row[key]) for key in keys)
    if row.get("line_number") is not None:
        where += f" (line {row['line_number']})"
    shown = dict.fromkeys([*expectation.columns, *expectation.details])
    values = ", ".join(f"{name} {_shown(row[name])}" for name in shown if name not in frame.keys)
    return f"{where}: {values}" if values else where


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)
