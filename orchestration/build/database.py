"""The build database: the writer's private file, in which a candidate release grows.

Schemas: ``raw`` (the readers), ``staging``, ``intermediate``, ``marts`` and ``seeds`` (dbt), and
``meta``: what it is built from, of which parts each part was made (``parts``), and what the guards
said of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data_quality import GuardResult
from orchestration.build.making import begin, is_formed_as, is_kept_from, prepare, version_of
from orchestration.build.method import create_formulas
from orchestration.build.parts import Parts
from orchestration.modelling.seeds import Methodology, load_methodology, refuse_stand_ins
from orchestration.problems import Problem, RefreshError
from orchestration.queries import query_rows, quoted
from orchestration.raw.kept import KeptRows, throw_away
from orchestration.raw.readers import (
    MEANINGS,
    RAW_TABLES,
    STAGE,
    TABLES_OF_KIND,
    UnreadableError,
    read_all,
)
from orchestration.settings import Settings, moment_of_the_build
from orchestration.sources.registry import Registry, area_types
from orchestration.sources.vault import Vault, VaultFile

# A row of a source is a line of its file; but these may have many lines, or sheets, for an area,
# or many places on a line.
_COUNTED = dict.fromkeys(("indicator", "summary", "outcome"), "area_code") | {
    "postcode": "postcode",
    "programme_place": "(lad_name, place_name)",
}
# What describe_inputs says of the files and of what is expected of them.
_DESCRIBED = (
    "source_file",
    "expected_source",
    "expected_indicator",
    "expected_outcome",
    "expected_code",
)
_GUARD_TYPES = {"passed": "boolean", "unexpected": "bigint"}


@contextmanager
def open_build(
    settings: Settings, *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build database, closed whatever happens."""
    settings.build.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(settings.build_database), read_only=read_only)
    try:
        connection.execute(f"set threads = {settings.workers}")
        yield connection
    finally:
        connection.close()


def clear_build(settings: Settings) -> None:
    """Throw away what a build could keep: its tables, and the rows of files as they were read."""
    # The folder stays: it may be a link to another disk.
    for place in settings.kept_rows.iterdir() if settings.kept_rows.is_dir() else ():
        throw_away(place)
    _remove(settings.build_database)


def require_build(settings: Settings) -> None:
    """Refuse where no build lies that a part could be put into.

    Raises:
        RefreshError: says what to do first.
    """
    if not is_kept_from(settings.build_database):
        is_there = settings.build_database.exists()
        raise RefreshError(
            "Making a part of the build",
            [
                Problem(
                    where=str(settings.build_database),
                    found="one of other code, damaged or in use" if is_there else "no build yet",
                    expected="a build, of which a part can be made anew",
                    remedy="make everything once: lbn refresh --force, or the job with force",
                )
            ],
        )


def load_build(
    settings: Settings,
    registry: Registry,
    vault: Vault,
    files: list[VaultFile],
    tables: Collection[str] = RAW_TABLES.keys(),
    run: str | None = None,
) -> None:
    """Read vault files into the raw tables of the build, all of them or some.

    Of a build that is there, raw tables that hold the same stay, and so does all that was made of
    them. Files that their readers refuse are set apart from the vault.

    Args:
        settings: Where the build is.
        registry: The sources of the profile.
        vault: Where the files are.
        files: What is read.
        tables: The raw tables to make; without, all.
        run: The run that keeps what would be made the same again, where all tables are made.

    Raises:
        RefreshError: once, with the problems of all files; the build database is then as before.
    """
    whole = set(tables) == set(RAW_TABLES)
    wanted = {
        source.id for source in registry.sources if set(TABLES_OF_KIND[source.kind]) & set(tables)
    }
    files = [file for file in files if file.source_id in wanted]
    if not whole:
        require_build(settings)
    missing = wanted - {file.source_id for file in files}
    _require_taken({source for source in missing if not registry.source(source).is_optional})
    settings.build.mkdir(parents=True, exist_ok=True)
    settings.held.unlink(missing_ok=True)
    fresh = settings.build_loading
    _remove(fresh)
    methodology = load_methodology()
    refuse_stand_ins(methodology, registry)
    kept = KeptRows(settings.kept_rows, registry.profile)
    try:
        with duckdb.connect(str(fresh)) as connection:
            connection.execute(f"set threads = {settings.workers}")
            create_formulas(connection)
            read_all(connection, registry, vault, files, methodology, kept, settings.workers)
            connection.begin()
            describe_inputs(connection, registry, files, methodology)
            _record(connection, registry, files, RAW_TABLES)
            begin(connection, run)
            connection.commit()
        if whole and not (
            is_kept_from(settings.build_database) and is_formed_as(settings.build_database, fresh)
        ):
            _remove(settings.build_database)
            fresh.replace(settings.build_database)
        else:
            with open_build(settings) as connection:
                connection.execute(f"attach '{quoted(str(fresh))}' as fresh (read_only)")
                connection.begin()
                create_formulas(connection)
                if whole:
                    _put_what_changed(connection, registry, files, methodology)
                else:
                    _put_tables(connection, registry, files, tables, methodology)
                begin(connection, run if whole else None)
                connection.commit()
    except UnreadableError as error:
        for file, problems in error.refused:
            vault.set_apart(file, problems)
        raise
    finally:
        _remove(fresh)


def _require_taken(missing: Collection[str]) -> None:
    if missing:
        raise RefreshError(
            STAGE,
            [
                Problem(
                    where=f"source {source}",
                    found="no file was taken into the vault for this build",
                    expected="the file of every source that is read",
                    remedy="materialise the source first, or everything: lbn refresh",
                )
                for source in sorted(missing)
            ],
        )


def _put_what_changed(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    files: list[VaultFile],
    methodology: Methodology,
) -> None:
    """Replace the raw tables that hold something else in the database attached as ``fresh``."""
    for table in RAW_TABLES:
        # Hashed as it is, not as it was noted: somebody may have edited it.
        now = version_of(connection, f"fresh.raw.{table}")
        if version_of(connection, f"raw.{table}") != now:
            _put_table(connection, table)
    connection.execute("delete from meta.reading where regexp_matches(reader, '^(raw|meta)\\.')")
    connection.execute("delete from meta.part where regexp_matches(part, '^(source|raw|meta)\\.')")
    describe_inputs(connection, registry, files, methodology)
    _record(connection, registry, files, RAW_TABLES)


def _put_table(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    connection.execute(f"create or replace table raw.{table} as from fresh.raw.{table}")
    for name in ("source_id", "line_number", *RAW_TABLES[table]):
        connection.execute(f"comment on column raw.{table}.{name} is '{quoted(MEANINGS[name])}'")


def _put_tables(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    files: list[VaultFile],
    tables: Collection[str],
    methodology: Methodology,
) -> None:
    """Replace raw tables by those of the database attached as ``fresh``; the other tables stay."""
    for table in tables:
        _put_table(connection, table)
    anew = {file.source_id for file in files}
    # Of a source that was not read again, what the build says stays; its path is of no use here.
    kept = [
        VaultFile(path="", **entry)
        for entry in query_rows(
            connection,
            "select source_id, sha256, bytes, file_name, origin, retrieved_at, issue "
            "from meta.source_file",
        )
        if entry["source_id"] not in anew
    ]
    order = {source.id: place for place, source in enumerate(registry.sources)}
    together = sorted((*files, *kept), key=lambda file: order[file.source_id])
    describe_inputs(connection, registry, together, methodology)
    _record(connection, registry, files, tables)


def _record(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    files: list[VaultFile],
    tables: Iterable[str],
) -> None:
    """Note the files as parts, and of which the raw tables were made."""
    parts = Parts(connection)
    for file in files:
        parts.record(f"source.{file.source_id}", file.sha256)
    for table in tables:
        kinds = {kind for kind, of_kind in TABLES_OF_KIND.items() if table in of_kind}
        # Those that are there: an optional one need not be.
        sources = [
            file.source_id for file in files if registry.source(file.source_id).kind in kinds
        ]
        parts.record_table("raw", table, [f"source.{source}" for source in sources])
    for table in _DESCRIBED:
        parts.record_table("meta", table)


def _remove(database: Path) -> None:
    database.unlink(missing_ok=True)
    database.with_name(database.name + ".wal").unlink(missing_ok=True)


def describe_inputs(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    files: list[VaultFile],
    methodology: Methodology,
) -> None:
    """Write ``meta``: the source files, what is expected of them, room for parts and verdicts.

    What is noted of parts and said by guards stays, where it is there.
    """
    connection.execute("create schema if not exists meta")
    rows_read = {
        source_id: count
        for table in RAW_TABLES
        for source_id, count in connection.execute(
            f"select source_id, count(distinct {_COUNTED.get(table, 'line_number')}) "
            f"from raw.{table} group by 1"
        ).fetchall()
    }
    sources = [(registry.source(file.source_id), file) for file in files]
    indicators_read = set(
        connection.execute("select distinct source_id, indicator from raw.indicator").fetchall()
    )
    flagged = set(
        connection.execute(
            "select distinct source_id from raw.index_area where published_flag is not null"
        ).fetchall()
    )
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
            "official_file": "varchar",
            "provenance_status": "varchar not null",
            "provenance": "varchar not null",
            "differs": "varchar",
            "file_name": "varchar not null",
            "sha256": "varchar not null",
            "bytes": "bigint not null",
            "origin": "varchar not null",
            "retrieved_at": "varchar not null",
            "issue": "varchar not null",
            "rows": "bigint not null",
        },
        [
            source.model_dump()
            | asdict(file)
            | {"provenance_status": copy.status, "provenance": str(copy), "differs": copy.differs}
            | {"rows": rows_read[source.id]}
            for source, file in sources
            for copy in [registry.copy_of(source, file.sha256, file.origin)]
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
            "may_lack_rows": "bigint not null",
            "unmatched_areas": "bigint not null",
            "uncovered_areas": "bigint not null",
            "published_flags": "bigint",
        },
        [
            {
                "source_id": source.id,
                "kind": source.kind,
                "area_type": source.area_type,
                "expected_rows": registry.rows(source),
                "may_lack_rows": registry.may_lack_rows(source),
                "unmatched_areas": registry.unmatched_areas(source),
                "uncovered_areas": registry.uncovered_areas(source),
                "published_flags": registry.published_flags(source)
                if "published_flag" not in source.may_lack or (source.id,) in flagged
                else None,
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
            "sub_domain": "varchar not null",
            "direction": "varchar not null",
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
            for column, indicator in methodology.in_files_of(source.index_release).items()
            if column not in source.may_lack or (source.id, indicator.indicator) in indicators_read
        ],
    )
    _write(
        connection,
        "expected_outcome",
        {
            "source_id": "varchar not null",
            "outcome": "varchar not null",
            "count_periods": "integer",
            "known_total": "bigint",
        },
        [
            {
                "source_id": source.id,
                "outcome": measure,
                # Without it the seed does not know the outcome; a guard says so.
                "count_periods": (outcome.count_periods or 1) if outcome else None,
                "known_total": registry.known_total(source, measure),
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
            "is_class": "boolean not null",
        },
        [
            {
                "area_type": area_type,
                "code_pattern": registry.code_pattern(area_type),
                "dimension_source_id": facts["dimension_source_id"] or None,
                "is_class": facts["is_class"] == "true",
            }
            for area_type, facts in area_types().items()
        ],
    )
    verdict = {
        field.name: f"{_GUARD_TYPES.get(field.name, 'varchar')} not null"
        for field in fields(GuardResult)
    }
    declared = ", ".join(f"{name} {kind}" for name, kind in verdict.items())
    connection.execute(
        f"create table if not exists meta.guard_result ({declared}, checked_at varchar)"
    )
    prepare(connection)


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Make a table of ``meta`` and fill it in one go; keys that are no columns are left out."""
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create or replace table meta.{table} ({declared})")
    if rows:
        data = pa.table({name: [row.get(name) for row in rows] for name in columns})
        connection.register("given_rows", data)
        connection.execute(f"insert into meta.{table} select * from given_rows")
        connection.unregister("given_rows")


def record_verdicts(
    connection: duckdb.DuckDBPyConnection,
    guard: str,
    results: Sequence[GuardResult],
    kept: Collection[str] = (),
) -> None:
    """Replace what a guard said of these expectations; those kept have the time that they had."""
    now = moment_of_the_build().isoformat(timespec="seconds")
    before = dict(
        connection.execute(
            "select expectation, checked_at from meta.guard_result where guard = ?", [guard]
        ).fetchall()
    )
    connection.execute(
        "delete from meta.guard_result "
        "where guard = ? and expectation in (select unnest(?::varchar[]))",
        [guard, [result.expectation for result in results]],
    )
    if results:
        places = ", ".join("?" * (len(fields(GuardResult)) + 1))
        connection.executemany(
            f"insert into meta.guard_result values ({places})",
            [
                [*astuple(each), before[each.expectation] if each.expectation in kept else now]
                for each in results
            ],
        )
