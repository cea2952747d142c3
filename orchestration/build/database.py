"""The build database: the writer's private file, in which a candidate release grows.

Schemas: ``raw`` (the readers), ``staging``, ``intermediate``, ``marts`` and ``seeds`` (dbt), and
``meta``: what it is built from and what the guards said of it. Whoever writes a stage takes away
the verdicts on it and on all that follows, so a verdict always speaks of what lies there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from datetime import UTC, datetime
from pathlib import Path

import duckdb

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
            _describe(connection, registry, files, methodology)
        _remove(settings.build_database)
        fresh.replace(settings.build_database)
    finally:
        _remove(fresh)


def _remove(database: Path) -> None:
    database.unlink(missing_ok=True)
    database.with_name(database.name + ".wal").unlink(missing_ok=True)


def _describe(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    files: list[VaultFile],
    methodology: Methodology,
) -> None:
    """Write ``meta``: the source files, what is expected of them, room for the verdicts."""
    connection.execute("create schema meta")
    connection.execute("create table meta.build as select ? as code_version", [code_version()])
    connection.execute(
        """
        create table meta.source_file (
            source_id varchar not null, kind varchar not null, title varchar not null,
            area_type varchar, publisher varchar not null, licence varchar not null,
            citation varchar not null, landing_page varchar not null, file_name varchar not null,
            sha256 varchar not null, bytes bigint not null, origin varchar not null,
            retrieved_at varchar not null, issue varchar not null, rows bigint not null)
        """
    )
    connection.execute(
        """
        create table meta.expected_source (
            source_id varchar not null, kind varchar not null, area_type varchar,
            expected_rows bigint not null, unmatched_areas bigint not null)
        """
    )
    connection.execute(
        """
        create table meta.expected_indicator (
            source_id varchar not null, index_release varchar not null,
            indicator varchar not null, expected_areas bigint not null, denominator varchar,
            is_share boolean not null, max_over_denominator bigint not null,
            max_missing_percent double not null)
        """
    )
    connection.execute(
        """
        create table meta.expected_outcome (
            source_id varchar not null, outcome varchar not null, count_periods integer)
        """
    )
    connection.execute(
        """
        create table meta.expected_code (
            area_type varchar not null, code_pattern varchar not null, dimension_source_id varchar)
        """
    )
    guard_columns = ", ".join(
        f"{field.name} {_GUARD_TYPES.get(field.name, 'varchar')} not null"
        for field in fields(GuardResult)
    )
    connection.execute(f"create table meta.guard_result ({guard_columns}, checked_at varchar)")
    rows = {
        source_id: count
        for table in RAW_TABLES
        for source_id, count in connection.execute(
            f"select source_id, count(distinct {_COUNTED.get(table, 'line_number')}) "
            f"from raw.{table} group by 1"
        ).fetchall()
    }
    for file in files:
        source = registry.source(file.source_id)
        connection.execute(
            "insert into meta.source_file values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                source.id,
                source.kind,
                source.title,
                source.area_type,
                source.publisher,
                source.licence,
                source.citation,
                source.landing_page,
                file.file_name,
                file.sha256,
                file.bytes,
                file.origin,
                file.retrieved_at,
                file.issue,
                rows[source.id],
            ],
        )
        connection.execute(
            "insert into meta.expected_source values (?, ?, ?, ?, ?)",
            [
                source.id,
                source.kind,
                source.area_type,
                registry.rows(source),
                registry.unmatched_areas(source),
            ],
        )
        for measure in source.outcomes:
            # Without count_periods the seed does not know it; a guard says so.
            outcome = methodology.outcome_of_file(measure)
            connection.execute(
                "insert into meta.expected_outcome values (?, ?, ?)",
                [source.id, measure, (outcome.count_periods or 1) if outcome else None],
            )
        if source.kind != "indicators" or source.index_release is None:
            continue
        for indicator in methodology.in_files_of(source.index_release).values():
            connection.execute(
                "insert into meta.expected_indicator values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    source.id,
                    indicator.index_release,
                    indicator.indicator,
                    registry.rows(source),
                    indicator.denominator,
                    methodology.is_share(indicator),
                    indicator.max_over_denominator or 0,
                    indicator.max_missing_percent,
                ],
            )
    for area_type, facts in area_types().items():
        connection.execute(
            "insert into meta.expected_code values (?, ?, nullif(?, ''))",
            [area_type, registry.code_pattern(area_type), facts["dimension_source_id"]],
        )


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
