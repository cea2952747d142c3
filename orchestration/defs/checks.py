"""One blocking asset check a Great Expectations suite.

Here: what Dagster is told of a suite. Not here: what the suites expect (data_quality/suites).
"""

from collections.abc import Iterator, Sequence

import dagster as dg
import duckdb

from data_quality import SUITES, GuardResult, Suite, load_suites, run_suite
from orchestration.build.database import open_build, record_verdicts, require_build
from orchestration.build.making import end, keep_in, table_version
from orchestration.build.parts import Parts
from orchestration.defs.keys import key
from orchestration.defs.told import told
from orchestration.problems import RefreshError
from orchestration.publish.audit import problem_of
from orchestration.settings import Settings


def guard_step(settings: Settings, suite: Suite) -> str:
    """Name of the step that runs a suite."""
    return f"{settings.profile}__{suite.stage}__{suite.table}_{suite.name}"


def build_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    return [_check(settings, suite) for suite in load_suites().values()]


def _check(settings: Settings, suite: Suite) -> dg.AssetChecksDefinition:
    table = key(settings, suite.stage, suite.table)

    @dg.multi_asset_check(
        name=guard_step(settings, suite),
        specs=[
            dg.AssetCheckSpec(
                suite.name,
                asset=table,
                blocking=True,
                description=suite.description,
                metadata={"suite": dg.MetadataValue.path(SUITES / f"{suite.name}.yml")},
            )
        ],
        required_resource_keys={"turn"},
    )
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with told():
            require_build(settings)
            with open_build(settings) as connection:
                kept = keep_in(connection, context.run.run_id) and _is_kept(connection, suite)
                results = [] if kept else _judge(connection, suite)
            broken = [result for result in results if not result.passed]
            # A warning would not block, so a guard that fails is always an error.
            yield dg.AssetCheckResult(
                asset_key=table,
                check_name=suite.name,
                passed=not broken,
                severity=dg.AssetCheckSeverity.ERROR,
                description="; ".join(result.expected for result in broken) or None,
                metadata={
                    "expectations": len(suite.expectations),
                    "reused": kept,
                    "failed": len(broken),
                    "failing_rows": dg.MetadataValue.md(_table(broken)),
                },
            )
            # Dagster's own error names the check alone; this one says which rows, and what to do.
            if broken:
                raise RefreshError(
                    f"Guarding {suite.stage}.{suite.table}", [problem_of(each) for each in broken]
                )

    return check


def _is_kept(connection: duckdb.DuckDBPyConnection, suite: Suite) -> bool:
    """Whether the suite has said of just these tables that each of its rules holds."""
    said = connection.execute(
        "select version from meta.part where part = ? and made_of is not null",
        [f"guard {suite.name}"],
    ).fetchall()
    return said == [(_said(connection, suite),)] and Parts(connection).keep(*_judged(suite))


def _said(connection: duckdb.DuckDBPyConnection, suite: Suite) -> str:
    """The version of the verdicts of a suite, as they are in the build."""
    return table_version(
        connection, f"(select * from meta.guard_result where guard = '{suite.name}')"
    )


def _judge(connection: duckdb.DuckDBPyConnection, suite: Suite) -> list[GuardResult]:
    """Have the suite judge, and note what it says."""
    results = run_suite(suite, connection)
    connection.begin()
    # Also what it said of rules that it no longer has.
    connection.execute("delete from meta.guard_result where guard = ?", [suite.name])
    record_verdicts(connection, suite.name, results)
    passed = all(result.passed for result in results)
    Parts(connection).record_verdict(
        *_judged(suite), passed=passed, version=_said(connection, suite)
    )
    end(connection)
    connection.commit()
    return results


def _judged(suite: Suite) -> tuple[str, str, str, set[str]]:
    return f"guard {suite.name}", "guard", suite.model_dump_json(), suite.reads


def _table(broken: Sequence[GuardResult]) -> str:
    """The failing keys, where the engineer looks."""
    if not broken:
        return "none"
    lines = ["| expectation | rows | examples | expected | to do |", "|---|---|---|---|---|"]
    lines += [
        f"| {result.expectation} | {result.unexpected} | {result.examples} "
        f"| {result.expected} | {result.remedy} |"
        for result in broken
    ]
    return "\n".join(lines)
