"""One blocking asset check a Great Expectations suite.

Here: what Dagster is told of a suite. Not here: what the suites expect (data_quality/suites).
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from data_quality import GuardResult, Suite, load_suites, run_suite
from orchestration.build.database import open_build, record_verdicts
from orchestration.defs.source_files import POOL
from orchestration.settings import Settings


def build_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    return [_check(settings, suite) for suite in load_suites().values()]


def _check(settings: Settings, suite: Suite) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        name=suite.name,
        asset=dg.AssetKey([suite.stage, suite.table]),
        blocking=True,
        description=suite.description,
        pool=POOL,
    )
    def check() -> dg.AssetCheckResult:
        with open_build(settings) as connection:
            results = run_suite(suite, connection)
            record_verdicts(connection, suite.name, results)
        broken = [result for result in results if not result.passed]
        # A warning would not block, so a guard that fails is always an error.
        return dg.AssetCheckResult(
            passed=not broken,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(result.expected for result in broken) or None,
            metadata={
                "expectations": len(results),
                "failed": len(broken),
                "failing_rows": dg.MetadataValue.md(_table(broken)),
            },
        )

    return check


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
