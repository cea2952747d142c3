"""The audit of a candidate, made by the release step itself, since the UI can run it alone."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from data_quality import DBT_GUARD, GuardResult, load_suites
from orchestration.build.parts import mixed_parts
from orchestration.problems import Problem, RefreshError
from orchestration.queries import query_rows


def audit(build: duckdb.DuckDBPyConnection, expected: Collection[str]) -> None:
    """Every part must be made of the others, and judged and passed by every guard and test.

    Args:
        expected: Every part that a candidate must have: tables, guards and tests.

    Raises:
        RefreshError: with every part that is missing or of another candidate, and every guard or
            test that failed.
    """
    problems = mixed_parts(build, expected)
    problems += missing_verdicts(build, expected)
    problems += failed_guards(build)
    if problems:
        raise RefreshError("Auditing the candidate", problems)


def missing_verdicts(build: duckdb.DuckDBPyConnection, expected: Collection[str]) -> list[Problem]:
    """Guards and tests that are noted as run, and of whose rules some have no verdict."""
    said = set(build.execute("select guard, expectation from meta.guard_result").fetchall())
    rules = {
        name: [each.name for each in suite.expectations] for name, suite in load_suites().items()
    } | {DBT_GUARD: [part.removeprefix("test ") for part in expected if part.startswith("test ")]}
    return [
        Problem(
            where=f"guard {guard}",
            found=f"no verdict on {', '.join(missing)}",
            expected="a verdict on each of its rules",
            remedy="judge everything again: lbn refresh, or the job refresh",
        )
        for guard, names in rules.items()
        if (missing := sorted(name for name in names if (guard, name) not in said))
    ]


def failed_guards(build: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Every expectation that failed, with the rows that broke it."""
    failed = query_rows(
        build,
        "select * exclude (checked_at) from meta.guard_result where not passed "
        "order by guard, expectation",
    )
    return [problem_of(GuardResult(**row)) for row in failed]


def problem_of(result: GuardResult) -> Problem:
    """What a guard or a test that failed says to the person who must act."""
    return Problem(
        where=f"guard {result.guard}, {result.expectation}",
        found=f"{result.unexpected} broken: {result.examples}",
        expected=result.expected,
        remedy=result.remedy,
    )
