"""The build database: the writer's private file, in which a candidate release grows.

Schemas: ``raw`` (the readers), ``staging``, ``intermediate``, ``marts`` and ``seeds`` (dbt), and
``meta``: what it is built from and what the guards said of it. Whoever writes a stage takes away
the verdicts on it and on all that follows, so a verdict always speaks of what lies there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data_quality import STAGES, GuardResult, Stage
from orchestration.build.method import create_formulas
from orchestration.fingerprint import code_version
from orchestration.modelling.seeds import Methodology, load_methodology
from orchestration.raw.readers import RAW_TABLES, read_all
from orchestration.settings import Settings
from orchestration.sources.registry import Registry, area_types
from orchestration.sources.vault import Vault, VaultFile

# A row of a source is a line of its file; but these may have many lines, or sheets, for an area.
_COUNTED = dict.fromkeys(("indicator", "summary", "outcome"), "area_code")
_GUARD_TYPES = {"passed": "boolean", "unexpected": "bigint"}


@contextmanager
def open_build(
    settings: Settings, *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build database, closed whatever happens."""
    settings.build.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(settings.build_database), read_only=read_only)
    try:
        yield connection
    finally:
        connection.close()


def load_build(
    settings: Settings, registry: Registry, vault: Vault, files: list[VaultFile]
) -> None:
    """Read vault files into a fresh build database.

    Raises:
        RefreshError: once, with the problems of all files; the build database is then as before.
    """
    settings.build.mkdir(parents=True, exist_ok=True)
    fresh = settings.build_database.with_suffix(".loading")
    _remove(fresh)
    methodology = load_methodology()
    try:
        with duckdb.connect(str(fresh)) as connection:
            create_formulas(connection)
            read_all(connection, registry, vault, files, methodology)
            describe_inputs(connection, registry, files, methodology)
        _remove(settings.build_database)
        fresh.replace(settings.build_database)
    finally:
        _remove(fresh)


def _remove(database: Path) -> None:
    database.unlink(missing_ok=True)
    database.with_name(database.name + ".wal").unlink(missing_ok=True)


def describe_inputs(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    files: list[VaultFile],
    methodology: Methodology,
) -> None:
    """Write ``meta``: the source files, what is expected of them, room for the verdicts."""
    connection.execute("create schema meta")
    rows_read = {
        source_id: count
        for table in RAW_TABLES
        for source_id, count in connection.execute(
            f"select source_id, count(distinct {_COUNTED.get(table, 'line_number')}) "
            f"from raw.{table} group by 1"
        ).fetchall()
    }
    sources = [(registry.source(file.source_id), file) for file in files]
    _write(connection, "build", {"code_version": "varchar"}, [{"code_version": code_version()}])
    _write(
        connection,
        "source_file",
        {
            "source_id": "varchar not null",
            "kind": "varchar not null",
            "title": "varchar not null",
            "area_type": "varchar",
            "publisher": "varchar not null",
            "licence": "varchar not null",
            "citation": "varchar not null",
            "landing_page": "varchar not null",
            "file_name": "varchar not null",
            "sha256": "varchar not null",
            "bytes": "bigint not null",
            "origin": "varchar not null",
            "retrieved_at": "varchar not null",
            "issue": "varchar not null",
            "rows": "bigint not null",
        },
        [
            source.model_dump() | asdict(file) | {"rows": rows_read[source.id]}
            for source, file in sources
        ],
    )
    _write(
        connection,
        "expected_source",
        {
            "source_id": "varchar not null",
            "kind": "varchar not null",
            "area_type": "varchar",
            "expected_rows": "bigint not null",
            "unmatched_areas": "bigint not null",
        },
        [
            {
                "source_id": source.id,
                "kind": source.kind,
                "area_type": source.area_type,
                "expected_rows": registry.rows(source),
                "unmatched_areas": registry.unmatched_areas(source),
            }
            for source, _ in sources
        ],
    )
    _write(
        connection,
        "expected_indicator",
        {
            "source_id": "varchar not null",
            "index_release": "varchar not null",
            "indicator": "varchar not null",
            "expected_areas": "bigint not null",
            "denominator": "varchar",
            "is_share": "boolean not null",
            "max_over_denominator": "bigint not null",
            "max_missing_percent": "double not null",
        },
        [
            indicator.model_dump()
            | {
                "source_id": source.id,
                "expected_areas": registry.rows(source),
                "is_share": methodology.is_share(indicator),
                "max_over_denominator": indicator.max_over_denominator or 0,
            }
            for source, _ in sources
            if source.kind == "indicators" and source.index_release
            for indicator in methodology.in_files_of(source.index_release).values()
        ],
    )
    _write(
        connection,
        "expected_outcome",
        {
            "source_id": "varchar not null",
            "outcome": "varchar not null",
            "count_periods": "integer",
        },
        [
            {
                "source_id": source.id,
                "outcome": measure,
                # Without it the seed does not know the outcome; a guard says so.
                "count_periods": (outcome.count_periods or 1) if outcome else None,
            }
            for source, _ in sources
            for measure in source.outcomes
            for outcome in [methodology.outcome_of_file(measure)]
        ],
    )
    _write(
        connection,
        "expected_code",
        {
            "area_type": "varchar not null",
            "code_pattern": "varchar not null",
            "dimension_source_id": "varchar",
        },
        [
            {
                "area_type": area_type,
                "code_pattern": registry.code_pattern(area_type),
                "dimension_source_id": facts["dimension_source_id"] or None,
            }
            for area_type, facts in area_types().items()
        ],
    )
    verdict = {
        field.name: f"{_GUARD_TYPES.get(field.name, 'varchar')} not null"
        for field in fields(GuardResult)
    }
    _write(connection, "guard_result", verdict | {"checked_at": "varchar"}, [])


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Create a table of ``meta`` and fill it in one go; keys that are no columns are left out."""
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create table meta.{table} ({declared})")
    if rows:
        data = pa.table({name: [row.get(name) for row in rows] for name in columns})
        connection.register("given_rows", data)
        connection.execute(f"insert into meta.{table} select * from given_rows")
        connection.unregister("given_rows")


def clear_verdicts(connection: duckdb.DuckDBPyConnection, since: Stage) -> None:
    """Take away the verdicts on a stage and on all that follows it."""
    later = STAGES[STAGES.index(since) :]
    connection.execute("delete from meta.guard_result where stage in (select unnest(?))", [later])


def record_verdicts(
    connection: duckdb.DuckDBPyConnection, guard: str, results: Iterable[GuardResult]
) -> None:
    """Replace what a guard said."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute("delete from meta.guard_result where guard = ?", [guard])
    for result in results:
        values = [*astuple(result), now]
        connection.execute(
            f"insert into meta.guard_result values ({', '.join('?' * len(values))})", values
        )
