"""Publish: audit the candidate, write an immutable release beside the others, swap the pointer.

A release is a folder ``releases/<id>/`` of read-only files: ``warehouse.duckdb`` (schemas marts
and meta), what is made of it for people (``companions``), ``manifest.json``, ``README.md``,
``SHA256SUMS``.
Readers open ``releases/current/``; they never see a half-written release, and a reader that has the
old one open keeps it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from orchestration.build.dbt import candidate_parts, manifest_path, mart_keys
from orchestration.build.method import create_formulas, create_questions
from orchestration.fingerprint import code_version, git_commit, release_id, sha256_of
from orchestration.layout import (
    CHECKSUMS,
    DOCUMENTATION,
    MANIFEST,
    MARTS_VERSION,
    WAREHOUSE,
    current_release,
    read_manifest,
)
from orchestration.problems import Problem, RefreshError
from orchestration.publish.audit import audit
from orchestration.publish.companions import write_documentation, write_for_people, write_readme
from orchestration.publish.differences import (
    Difference,
    differences,
    differences_of_marts,
    list_sizes,
    refuse_held,
    require_subjects,
    stated_sizes,
    unknown_downloads,
)
from orchestration.publish.held import noted
from orchestration.publish.pointer import is_current, point_to, refuse_withdrawn
from orchestration.publish.provenance import provenance
from orchestration.publish.verification import verify
from orchestration.queries import query_rows, quoted
from orchestration.settings import Settings, moment_of_the_build
from orchestration.sources.registry import Registry

# The oldest format that holds what we write, so that any DuckDB from 1.1 on reads the file.
STORAGE_VERSION = "v1.0.0"
_PUBLISHED_META = ("source_file", "guard_result")
_LIBRARIES = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "geopandas")


@dataclass(frozen=True)
class Published:
    """What a publication did."""

    release_id: str
    path: Path
    manifest: dict[str, Any]
    was_there: bool


def publish(
    settings: Settings,
    registry: Registry,
    accepted: Mapping[str, str] | None = None,
    *,
    copies: bool = True,
) -> Published:
    """Audit the build and publish it, unless the same release is there already.

    Args:
        settings: Where the build is, and where releases go.
        registry: The sources of the profile.
        accepted: What may differ from the current release beyond its band, and why.
        copies: Exports and pages that would be the same are copied from the current release.

    Raises:
        RefreshError: the candidate has not passed every guard; nothing is published.
        HeldError: it differs too much from the current release; nothing is published.
        UsageError: something is accepted that does not exist.
    """
    accepted = accepted or {}
    require_subjects(settings, registry, accepted)
    with noted(settings):
        return _publish(settings, registry, accepted, copies=copies)


def _publish(
    settings: Settings, registry: Registry, accepted: Mapping[str, str], *, copies: bool
) -> Published:
    if not settings.build_database.exists():
        raise RefreshError(
            "Publishing",
            [
                Problem(
                    where=str(settings.build_database),
                    found="no candidate",
                    expected="a built warehouse",
                    remedy="materialise everything first: lbn refresh, or the job refresh",
                )
            ],
        )
    with _opened(settings.build_database) as build:
        audit(build, candidate_parts(settings, registry))
        inputs = dict(build.execute("select source_id, sha256 from meta.source_file").fetchall())
        code = code_version()
        name = release_id(settings.profile, inputs, code)
        target = settings.releases / name
        if target.exists():
            restore(settings, name, accepted)
            return Published(name, target, read_manifest(target), was_there=True)
        taken_back = refuse_withdrawn(settings.releases, settings.profile, name, accepted)
        current = current_release(settings.releases)
        if current:
            # What somebody changed is nothing to compare with.
            verify(current)
        differs = unknown_downloads(build, registry, current)
        if current:
            differs += differences(build, settings, registry, current, inputs)
        refuse_held(settings.profile, differs, accepted)
        manifest = _manifest(build, settings, registry, name, code)
        manifest["changes_since"] = changes_since(build, current, differs)
        manifest["accepted"] = taken_back + _accepted(differs, accepted)
    settings.releases.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=settings.releases) as folder:
        incoming = Path(folder) / name
        incoming.mkdir()
        with _opened(settings.build_database) as build:
            keys = mart_keys(manifest_path(settings, registry))
            write_warehouse(build, incoming / WAREHOUSE, manifest, keys)
        manifest["warehouse_sha256"] = sha256_of(incoming / WAREHOUSE)
        # dbt opens the build itself, so nothing else here may have it open.
        write_documentation(settings, registry, incoming / DOCUMENTATION)
        manifest["content_ids"], manifest["companions"] = write_for_people(
            incoming, current if copies else None, settings.workers
        )
        _write_text(incoming / MANIFEST, json.dumps(manifest, indent=2) + "\n")
        write_readme(incoming, manifest)
        _seal(incoming)
        try:
            incoming.rename(target)
        except OSError:
            # Somebody else published the same release between our look and our rename.
            if not target.exists():
                raise
    verify(target)
    point_to(settings.releases, name)
    return Published(name, target, manifest, was_there=False)


def restore(settings: Settings, name: str, accepted: Mapping[str, str]) -> None:
    """Make a release current that is there already, if it is whole and nobody withdrew it.

    Its lists, rows and columns are held to the bands as those of a candidate are; its files were
    when it was published.

    Raises:
        DamagedError: somebody changed it, or what is current.
        HeldError: it was withdrawn, or differs too much from what is current.
    """
    target, current = settings.releases / name, current_release(settings.releases)
    taken_back = refuse_withdrawn(settings.releases, settings.profile, name, accepted)
    verify(target)
    differs: list[Difference] = []
    if current and current.name != name:
        verify(current)
        files = [entry["source_id"] for entry in read_manifest(target)["inputs"]]
        with _opened(target / WAREHOUSE) as build:
            differs = differences_of_marts(build, current, files)
        refuse_held(settings.profile, differs, accepted)
    if not is_current(settings.releases, name):
        told = taken_back + _accepted(differs, accepted)
        point_to(settings.releases, name, how="restored", accepted=told)


def _accepted(differs: Sequence[Difference], accepted: Mapping[str, str]) -> list[dict[str, str]]:
    """What was held and is not, and why."""
    return [
        {"subject": each.subject, "reason": accepted[each.subject], "found": each.found}
        for each in differs
        if each.is_held
    ]


def _seal(folder: Path) -> None:
    """Write the checksums of all files, and take away the right to write them."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    sums = [f"{sha256_of(file)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    _write_text(folder / CHECKSUMS, "".join(sums))
    for file in [*files, folder / CHECKSUMS]:
        file.chmod(0o444)


@contextmanager
def _opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database attached read-only as ``build``, by a connection that may write elsewhere."""
    # By default, what memory does not hold would go to where the command was called.
    with duckdb.connect(config={"temp_directory": tempfile.gettempdir()}) as connection:
        connection.execute(f"attach '{quoted(str(database))}' as build (read_only)")
        connection.execute("use build")
        yield connection


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _mart_tables(build: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        name
        for (name,) in build.execute(
            "select table_name from duckdb_tables() "
            "where database_name = current_database() and schema_name = 'marts' order by 1"
        ).fetchall()
    ]


def _manifest(
    build: duckdb.DuckDBPyConnection,
    settings: Settings,
    registry: Registry,
    name: str,
    code: str,
) -> dict[str, Any]:
    sources = query_rows(build, "select * from meta.source_file order by source_id")
    row_counts = {
        table: query_rows(build, f'select count(*) as n from marts."{table}"')[0]["n"]
        for table in _mart_tables(build)
    }
    return {
        "release_id": name,
        "marts_version": MARTS_VERSION,
        "profile": settings.profile,
        "country": registry.profile.label,
        "label": "SYNTHETIC" if registry.profile.synthetic else "REAL",
        "built_at": moment_of_the_build().isoformat(timespec="seconds"),
        "code_version": code,
        "git_commit": git_commit(),
        "libraries": {library: version(library) for library in _LIBRARIES},
        "editions": query_rows(
            build,
            "select edition_id, label, areas, areas_rated, areas_listed, areas_published, "
            "is_cross_check from marts.dim_edition order by edition_id",
        ),
        "composite_editions": query_rows(
            build,
            "select edition_id, label, areas, areas_rated, areas_selected, places_published, "
            "areas_agreed, is_programmes_own from marts.dim_composite_edition order by edition_id",
        ),
        "row_counts": row_counts,
        "guards": query_rows(
            build,
            "select stage, guard, count(*) as expectations, "
            "count(*) filter (where passed) as passed, max(checked_at) as checked_at "
            "from meta.guard_result group by stage, guard order by stage desc, guard",
        ),
        "allowed": query_rows(
            build,
            "select guard, expectation, expected, examples as found from meta.guard_result "
            "where passed and examples <> '' order by guard, expectation",
        ),
        "provenance": provenance(sources),
        "inputs": sources,
        "licences": sorted({source["licence"] for source in sources}),
        "citations": sorted({source["citation"] for source in sources}),
    }


def changes_since(
    build: duckdb.DuckDBPyConnection, current: Path | None, differs: Sequence[Difference]
) -> dict[str, Any] | None:
    """What the candidate changes against the release that is current: each list, and all else."""
    if current is None:
        return None
    before = read_manifest(current)
    then, now = stated_sizes(before), list_sizes(build)
    moved = {each.subject: each.areas for each in differs if each.kind == "list"}
    editions = []
    for edition in sorted({*then, *now}):
        areas = moved.get(edition, ())
        joined = sum(area["change"] == "joined" for area in areas)
        departed = len(areas) - joined
        # An edition that came or went has its whole list as what joined or left.
        if edition not in then:
            joined = now[edition]
        elif edition not in now:
            departed = then[edition]
        editions.append(
            {
                "edition_id": edition,
                "listed_before": then.get(edition, 0),
                "listed_after": now.get(edition, 0),
                "joined": joined,
                "departed": departed,
                "areas": list(areas),
            }
        )
    return {
        "release_id": before["release_id"],
        "editions": editions,
        "differences": [each.as_dict() for each in differs if each.kind != "list"],
    }


def write_warehouse(
    build: duckdb.DuckDBPyConnection,
    path: Path,
    manifest: Mapping[str, Any],
    keys: Mapping[str, Sequence[str]],
) -> None:
    """Copy the marts and what analysts may know of the build, with comments.

    Args:
        build: A connection to the build, which may write elsewhere.
        path: The file to make.
        manifest: What the release says of itself.
        keys: The columns of each mart's key.
    """
    build.execute(
        f"attach '{quoted(str(path))}' as published (storage_version '{STORAGE_VERSION}')"
    )
    try:
        build.execute("create schema published.marts")
        build.execute("create schema published.meta")
        tables = [("marts", table) for table in _mart_tables(build)]
        tables += [("meta", table) for table in _PUBLISHED_META]
        for schema, table in tables:
            _copy_table(build, schema, table)
        build.execute(
            "create table published.meta.release as select "
            "? as release_id, ? as profile, ? as country, ? as label, ? as built_at, "
            "? as code_version, ?::varchar as git_commit, ? as marts_version",
            [
                manifest[field]
                for field in (
                    "release_id",
                    "profile",
                    "country",
                    "label",
                    "built_at",
                    "code_version",
                    "git_commit",
                    "marts_version",
                )
            ],
        )
        build.execute(
            "create table published.meta.mart_key (mart varchar not null, "
            "key_columns varchar[] not null)"
        )
        build.executemany(
            "insert into published.meta.mart_key values (?, ?)",
            [(mart, list(columns)) for mart, columns in sorted(keys.items())],
        )
        build.execute("use published")
        create_formulas(build)
        create_questions(build)
        build.execute("use build")
        build.execute("checkpoint published")
    finally:
        build.execute("detach published")


def _copy_table(build: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    described = build.execute(
        "select sql, comment from duckdb_tables() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    assert described is not None
    statement, comment = described
    name = f'published."{schema}"."{table}"'
    build.execute(statement.replace(f"CREATE TABLE {schema}.{table}", f"CREATE TABLE {name}", 1))
    build.execute(f'insert into {name} select * from "{schema}"."{table}"')
    comments = build.execute(
        "select column_name, comment from duckdb_columns() where comment is not null "
        "and database_name = current_database() and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    # COMMENT takes no parameters: quotes are doubled by hand.
    if comment:
        build.execute(f"comment on table {name} is '{quoted(comment)}'")
    for column, text in comments:
        build.execute(f"comment on column {name}.\"{column}\" is '{quoted(text)}'")
