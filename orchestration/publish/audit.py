"""The audit of a candidate, made by the release step itself, since the UI can run it alone."""

from __future__ import annotations

import duckdb

from data_quality import DBT_GUARD, load_suites
from orchestration.fingerprint import code_version
from orchestration.problems import Problem, RefreshError


def audit(build: duckdb.DuckDBPyConnection) -> None:
    """Every suite and dbt's tests must have judged what lies in the build now, and passed it.

    Raises:
        RefreshError: with every guard that failed or was not run.
    """
    required = [*load_suites(), DBT_GUARD]
    judged = {
        guard
        for (guard,) in build.execute("select distinct guard from meta.guard_result").fetchall()
    }
    problems = [
        Problem(
            where=f"guard {guard}",
            found="it has not judged this candidate",
            expected="every guard run since the candidate was last written",
            remedy="materialise everything again: lbn refresh, or the job refresh",
        )
        for guard in required
        if guard not in judged
    ]
    built_by = build.execute("select code_version from meta.build").fetchall()[0][0]
    if built_by != code_version():
        problems.append(
            Problem(
                where="the candidate",
                found=f"built by code {built_by}; the code is now {code_version()}",
                expected="a candidate of the code that publishes it",
                remedy="materialise everything again: lbn refresh, or the job refresh",
            )
        )
    problems += failed_guards(build)
    if problems:
        raise RefreshError("Auditing the candidate", problems)


def failed_guards(build: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Every expectation that failed, with the rows that broke it."""
    failed = build.execute(
        "select guard, expectation, unexpected, examples, expected, remedy "
        "from meta.guard_result where not passed order by guard, expectation"
    ).fetchall()
    return [
        Problem(
            where=f"guard {guard}, {expectation}",
            found=f"{unexpected} broken: {examples}",
            expected=expected,
            remedy=remedy,
        )
        for guard, expectation, unexpected, examples, expected, remedy in failed
    ]
