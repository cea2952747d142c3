"""The audit: of a candidate before it is published, and of a release by what it says of itself.

That of a candidate is made by the release step itself, since the UI can run it alone.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from data_quality import DBT_GUARD, GuardResult, load_suites, run_suite
from orchestration.build.parts import edited_tables, mixed_parts
from orchestration.fingerprint import code_version, release_id
from orchestration.layout import MANIFEST, WAREHOUSE, read_manifest
from orchestration.problems import CHECKING, DamagedError, Problem, RefreshError
from orchestration.publish.verification import remedy
from orchestration.queries import open_release, query_rows


def audit(build: duckdb.DuckDBPyConnection, expected: Collection[str]) -> None:
    """Every part must be made of the others, and judged and passed by every guard and test.

    What is published must hold what was judged: a candidate can lie there for days, held.

    Args:
        expected: Every part that a candidate must have: tables, guards and tests.

    Raises:
        RefreshError: with every part that is missing, of another candidate or edited, and every
            guard or test that failed.
    """
    problems = mixed_parts(build, expected)
    problems += edited_tables(build, "marts")
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


def audit_release(release: Path) -> int:
    """Check what a release says of itself: its name, its tables, its verdicts.

    Where the code is still the one that made it, the guards that need nothing but the marts judge
    them again.

    Returns:
        How many rules were judged again.

    Raises:
        DamagedError: with everything that does not agree.
    """
    manifest = read_manifest(release)
    inputs = {entry["source_id"]: entry["sha256"] for entry in manifest["inputs"]}
    named = release_id(manifest["profile"], inputs, manifest["code_version"])
    file, database = release / MANIFEST, release / WAREHOUSE
    problems = []
    if {named, manifest["release_id"]} != {release.name}:
        problems.append(
            _says(file, manifest["release_id"], f"{release.name}; {named} by its inputs")
        )
    judged = 0
    with open_release(release) as warehouse:
        (stated,) = query_rows(warehouse, "select * from meta.release")
        for name, value in stated.items():
            if value != manifest.get(name):
                problems.append(_says(database, f"{name} {value}", f"{manifest.get(name)}"))
        for table, rows in manifest["row_counts"].items():
            if (there := _rows(warehouse, table)) != rows:
                problems.append(_says(database, f"{there:,} rows in marts.{table}", f"{rows:,}"))
        verdicts = dict(
            warehouse.execute(
                "select guard, count(*) from meta.guard_result group by all"
            ).fetchall()
        )
        for guard in manifest["guards"]:
            said = verdicts.get(guard["guard"], 0)
            if said != guard["expectations"]:
                found = f"{said} verdicts of guard {guard['guard']}"
                problems.append(_says(database, found, str(guard["expectations"])))
        problems += failed_guards(warehouse)
        if manifest["code_version"] == code_version():
            for each in load_suites().values():
                if suite := each.of_marts_alone():
                    results = run_suite(suite, warehouse)
                    judged += len(results)
                    problems += [problem_of(each) for each in results if not each.passed]
    if problems:
        raise DamagedError(CHECKING, problems)
    return judged


def _rows(warehouse: duckdb.DuckDBPyConnection, table: str) -> int:
    try:
        (found,) = warehouse.execute(f'select count(*) from marts."{table}"').fetchall()
    except duckdb.CatalogException:
        return 0
    return int(found[0])


def _says(where: Path, found: str, expected: str) -> Problem:
    return Problem(str(where), found, f"{expected}, as it was published", remedy(where.parent))
