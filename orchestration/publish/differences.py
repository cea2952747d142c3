"""What a candidate changes against the current release, and what of it a person must accept.

Guards hold a candidate against rules and its sources against each other. Data that is wrong and
well-formed may pass them all; it then differs from what was there before. So each file that was
issued again is compared with the issue before it, cell by cell; each list, area by area; each mart
by its rows and columns. What lies beyond the bands (``bands.yml``) is held: nothing is published
until a person has accepted it by name. A new source or edition is no difference.
"""

from __future__ import annotations

import csv
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml

from orchestration.layout import (
    MARTS_VERSION,
    WAREHOUSE,
    current_release,
    marts_version,
    read_manifest,
)
from orchestration.modelling.seeds import load_methodology
from orchestration.problems import HeldError, Problem, RefreshError, UsageError
from orchestration.publish.pointer import withdrawals
from orchestration.queries import query_rows, quoted
from orchestration.raw.readers import RAW_TABLES, TABLES_OF_KIND, read_all
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import Registry, Source
from orchestration.sources.vault import Vault
from orchestration.text import one_line

BANDS = Path(__file__).with_name("bands.yml")
STAGE = "Comparing with the current release"
EXAMPLES = 5
# What tells rows of a raw table apart, beside the source.
_KEYS: dict[str, tuple[str, ...]] = {
    "index_area": ("area_code",),
    "index_measure": ("area_code", "measure"),
    "indicator": ("area_code", "indicator"),
    "summary": ("area_code", "measure", "statistic"),
    "outcome": ("area_code", "outcome"),
    "lookup": ("from_type", "from_code", "to_type", "to_code"),
    "population": ("area_code",),
    "boundary": ("area_code",),
}
# A shape is compared by its area and its centre: its bytes change with every way to simplify it.
_NOT_COMPARED = {
    "geometry_wkb",
    "sheet",
    "index_release",
    "repair",
    # Of the shapes: a guard judges how far they overlap, whatever did before.
    "overlap_percents",
    "overlap_codes",
}
_COLUMN_OF = {
    "index_measure": "new.measure",
    "indicator": "new.indicator",
    "outcome": "new.outcome",
    "summary": "concat_ws(' ', new.measure, new.statistic)",
    "lookup": "new.to_type",
}

_NUMBERS = ("double", "bigint")

Kind = Literal["issue", "list", "rows", "schema"]


@dataclass(frozen=True)
class Difference:
    """One subject in which the candidate differs.

    Args:
        subject: What a person accepts: a source, an edition or a mart.
        kind: Of what: a file's issue, a list, the rows or the columns of a mart.
        found: What differs, for people.
        expected: The band; empty where the difference lies within.
        areas: Of a list, every area that joined or left, with its names.
    """

    subject: str
    kind: Kind
    found: str
    expected: str = ""
    areas: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def is_held(self) -> bool:
        return bool(self.expected)

    def problem(self, command: str) -> Problem:
        """What is held, and the command that goes on with all that is."""
        return Problem(
            where=f"{self.subject} ({_KINDS[self.kind]})",
            found=self.found,
            expected=self.expected,
            remedy=f"look at it; if it is right, say why: {command} (the candidate is kept, and "
            "only published then)",
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"held": self.is_held, "areas": list(self.areas)}


_KINDS: dict[Kind, str] = {
    "issue": "a file that was issued again",
    "list": "a list",
    "rows": "rows of a mart",
    "schema": "columns of a mart",
}


@cache
def bands() -> dict[str, dict[str, Any]]:
    """The bands as declared."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(BANDS.read_text(encoding="utf-8"))
    return loaded


def subjects(settings: Settings, registry: Registry) -> set[str]:
    """Everything that can be accepted: sources, editions, marts, releases that were withdrawn.

    What is gone is held as well, so it can be accepted.
    """
    marts = {path.stem for path in (DBT_PROJECT / "models" / "marts").rglob("*.sql")}
    editions = set()
    for name in ("editions.csv", "composite_editions.csv"):
        with (DBT_PROJECT / "seeds" / name).open(encoding="utf-8") as seed:
            editions |= {row["edition_id"] for row in csv.DictReader(seed)}
    current = current_release(settings.releases)
    before = set(read_manifest(current)["row_counts"]) if current else set()
    known = {source.id for source in registry.sources} | editions | marts | before
    return known | set(withdrawals(settings.releases))


def require_subjects(settings: Settings, registry: Registry, accepted: Mapping[str, str]) -> None:
    """Refuse acceptances that name nothing, or give no reason.

    Raises:
        UsageError: says which.
    """
    if not accepted:
        return
    known = subjects(settings, registry)
    for subject, reason in accepted.items():
        if subject not in known:
            raise UsageError(
                f"There is no source, edition or mart '{subject}' to accept.",
                "What is held is named in the refusal; lbn sources lists the sources.",
            )
        if not reason.strip():
            raise UsageError(
                f"To accept {subject}, say why: --accept {subject}='the reason'.",
                "The reason stands in the release's manifest.",
            )
        if not reason.isprintable():
            raise UsageError(
                f"The reason to accept {subject} has signs that cannot be printed: {reason!r}.",
                "One line of plain text, please.",
            )


def refuse_held(
    profile: str, differences: Collection[Difference], accepted: Mapping[str, str]
) -> None:
    """Hold what lies beyond its band and was not accepted.

    Raises:
        HeldError: with every subject that is held.
    """
    held = [each for each in differences if each.is_held and each.subject not in accepted]
    if held:
        # What was accepted already is to be said again: each acceptance is for one run.
        reasons = {subject: shlex.quote(reason) for subject, reason in accepted.items()}
        reasons |= {each.subject: "'...'" for each in held}
        options = " ".join(f"--accept {subject}={reason}" for subject, reason in reasons.items())
        command = f"lbn refresh --profile {profile} {options}"
        raise HeldError(STAGE, [each.problem(command) for each in held])


def differences(
    build: duckdb.DuckDBPyConnection,
    settings: Settings,
    registry: Registry,
    current: Path,
    files: Mapping[str, str],
) -> list[Difference]:
    """Everything in which the candidate differs from a release.

    Args:
        build: A connection to the candidate.
        settings: Where the vault is.
        registry: The sources.
        current: The folder of the release.
        files: The sha256 of each source's file in the candidate.
    """
    then = {entry["source_id"]: entry["sha256"] for entry in read_manifest(current)["inputs"]}
    issues = [
        difference
        for source in registry.sources
        if source.id in then and then[source.id] != files.get(source.id)
        if (difference := _issue(build, settings, registry, source, then[source.id]))
    ]
    return issues + differences_of_marts(build, current, files)


def unknown_downloads(
    build: duckdb.DuckDBPyConnection, registry: Registry, current: Path | None
) -> list[Difference]:
    """Downloads whose sha256 the registry does not know, where it knows that of other issues.

    What is in the inbox a person has put there; what is current already was accepted before.
    """
    entries = read_manifest(current)["inputs"] if current else []
    then = {entry["source_id"]: entry["sha256"] for entry in entries}
    return [
        Difference(
            source.id,
            "issue",
            f"downloaded from {origin}, sha256 {sha256}, which the registry does not know",
            f"one of the {len(source.known):,} copies that the registry knows",
        )
        for source_id, sha256, origin in build.execute(
            "select source_id, sha256, origin from meta.source_file "
            "where origin <> 'inbox' order by source_id"
        ).fetchall()
        if (source := registry.source(source_id)).known
        and sha256 not in source.known
        and then.get(source_id) != sha256
    ]


def differences_of_marts(
    build: duckdb.DuckDBPyConnection, current: Path, files: Collection[str]
) -> list[Difference]:
    """The same without the files: lists, rows and columns.

    Args:
        build: A connection to the candidate, or to a release in its place, attached as ``build``.
        current: The folder of the release that it is compared with.
        files: The sources of the candidate.
    """
    before = read_manifest(current)
    build.execute(f"attach '{quoted(str(current / WAREHOUSE))}' as current_release (read_only)")
    try:
        now, then = set(list_sizes(build)), set(stated_sizes(before))
        found = list(_lists(build, now & then))
        is_wider = (
            not set(files) <= {entry["source_id"] for entry in before["inputs"]} or now - then
        )
        found += _rows(build, only_lost=bool(is_wider))
        if marts_version(current).split(".")[0] == MARTS_VERSION.split(".")[0]:
            found += _schema(build)
        return found
    finally:
        build.execute("detach current_release")


# --- Files ----------------------------------------------------------------------------------------


def _issue(
    build: duckdb.DuckDBPyConnection,
    settings: Settings,
    registry: Registry,
    source: Source,
    sha256: str,
) -> Difference | None:
    """A file against the issue before it; nothing where they say the same."""
    vault = Vault(settings, registry)
    earlier = vault.stored(source, sha256)
    expected = f"the issue of the current release (sha256 {sha256[:12]}...), to compare with"
    if earlier is None:
        return Difference(source.id, "issue", "the issue before it is not in the vault", expected)
    build.execute("attach ':memory:' as earlier")
    try:
        build.execute("use earlier")
        try:
            read_all(build, registry, vault, [earlier], load_methodology())
        except RefreshError as error:
            found = f"the issue before it can no longer be read: {error.problems[0].found}"
            return Difference(source.id, "issue", found, expected)
        finally:
            build.execute("use build")
        told: list[str] = []
        beyond: list[str] = []
        for table in TABLES_OF_KIND[source.kind]:
            for text, band in _cells(build, source, table):
                told.append(text)
                beyond += [band] if band else []
        if not told:
            return None
        return Difference(source.id, "issue", "; ".join(told), ", ".join(dict.fromkeys(beyond)))
    finally:
        build.execute("detach earlier")


def _cells(
    build: duckdb.DuckDBPyConnection, source: Source, table: str
) -> Iterator[tuple[str, str]]:
    """What differs in a raw table, and the band that it is beyond, if it is."""
    band = bands()["issue"] | bands()["sources"].get(source.id, {})
    keys = _KEYS[table]
    columns = {
        name: kind.split()[0]
        for name, kind in RAW_TABLES[table].items()
        if name not in keys and name not in _NOT_COMPARED
    }
    on = " and ".join(f"old.{key} is not distinct from new.{key}" for key in keys)
    joined = (
        f"(select * from earlier.raw.{table} where source_id = $1) as old full join "
        f"(select * from build.raw.{table} where source_id = $1) as new on {on}"
    )
    lost, added, examples = _one(
        build,
        f"""
        select
            count(*) filter (new.source_id is null), count(*) filter (old.source_id is null),
            list(concat_ws(' ', {", ".join(f"coalesce(new.{key}, old.{key})" for key in keys)})
                order by coalesce(new.line_number, old.line_number))
                filter (new.source_id is null or old.source_id is null)
        from {joined}
        """,
        source.id,
    )
    if lost or added:
        text = f"{added:,} rows new and {lost:,} gone ({_some(examples)})"
        yield text, f"no more than {band['rows']:,} rows" if lost + added > band["rows"] else ""
    area = "from_code" if table == "lookup" else "area_code"
    # Long tables hold the columns of the file under one name.
    apart = _COLUMN_OF.get(table, "''")
    for name, kind in columns.items():
        size, risen = _how_far(name) if kind in _NUMBERS else ("0", "0")
        differs = f"old.{name} is distinct from new.{name}"
        rows = build.execute(
            f"""
            select
                {apart} as part,
                count(*) as cells,
                count(*) filter ({differs}) as changed,
                {size} as size,
                {risen} as risen,
                min_by(
                    concat_ws(' ', new.{area}, 'line', new.line_number) || ': '
                    || coalesce(old.{name}::varchar, 'nothing') || ' -> '
                    || coalesce(new.{name}::varchar, 'nothing'),
                    new.line_number, {EXAMPLES}
                ) filter ({differs}) as examples
            from {joined}
            where old.source_id is not null and new.source_id is not null
            group by part
            having changed > 0
            order by part
            """,
            [source.id],
        ).fetchall()
        for column, cells, changed, size, risen, examples in rows:
            called = f"{name} of {column}" if column else name
            more = f" and {changed - len(examples):,} more" if changed > len(examples) else ""
            shown = ", ".join(map(one_line, examples))
            text = f"{called}: {changed:,} of {cells:,} differ ({shown}{more})"
            yield text, _beyond(band, kind, name, cells, changed, size, risen)


def _how_far(name: str) -> tuple[str, str]:
    """SQL: the greatest change of a column of numbers in units of its spread, and how many rose.

    The spread is that of the middle half, as a standard deviation: a file may hold totals, too. A
    value that came or went, or that a column without spread had, is as great a change as can be.
    """
    middle_half = f"quantile_cont(old.{name}, 0.75) - quantile_cont(old.{name}, 0.25)"
    spread = f"coalesce(nullif(({middle_half}) / 1.349, 0), nullif(stddev_samp(old.{name}), 0))"
    size = f"""
        max(case
            when old.{name} is not distinct from new.{name} then 0
            when old.{name} is null or new.{name} is null then 'infinity'::double
            else abs(new.{name} - old.{name})
        end) / coalesce({spread}, 1e-300)
    """
    return size, f"count(*) filter (new.{name} > old.{name})"


def _beyond(
    band: Mapping[str, Any],
    kind: str,
    name: str,
    cells: int,
    changed: int,
    size: float | None,
    risen: int,
) -> str:
    """The band that a column's changes are beyond; empty where they lie within."""
    if kind not in _NUMBERS:
        if name.endswith("_name"):
            most = band["share_of_names"]
            return f"no more than {most:.1%} of names" if changed > most * cells else ""
        return f"no more than {band['codes']:,} codes and flags" if changed > band["codes"] else ""
    told = []
    if changed > band["share_of_numbers"] * cells:
        told.append(f"no more than {band['share_of_numbers']:.1%} of the numbers of a column")
    if size is not None and size > band["size"]:
        told.append(f"no number moved by more than {band['size']:g} of its column's spread")
    one_way = max(risen, changed - risen)
    if changed >= band["one_way_from"] and one_way > band["one_way"] * changed:
        told.append(f"no more than {band['one_way']:.0%} of the changes the same way")
    return ", ".join(told)


# --- Lists and marts ------------------------------------------------------------------------------


def list_sizes(build: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many areas are on the list of each edition, of either kind, in a build or a release."""
    return dict(
        build.execute(
            "select edition_id, areas_listed from marts.dim_edition union all "
            "select edition_id, areas_selected from marts.dim_composite_edition order by 1"
        ).fetchall()
    )


def stated_sizes(manifest: Mapping[str, Any]) -> dict[str, int]:
    """The same as the manifest of a release has it; before marts 4.1 none had composite ones."""
    composites = manifest.get("composite_editions", ())
    return {edition["edition_id"]: edition["areas_listed"] for edition in manifest["editions"]} | {
        edition["edition_id"]: edition["areas_selected"] for edition in composites
    }


_LISTED = {
    "double_disadvantage": "is_doubly_disadvantaged",
    "composite_selection": "is_selected",
}


def _listed(build: duckdb.DuckDBPyConnection, database: str) -> str:
    """The areas on the lists of a database, of as many kinds as it knows."""
    known = build.execute(
        "select table_name from duckdb_tables() where database_name = $1 and schema_name = 'marts'",
        [database],
    ).fetchall()
    return " union all ".join(
        f"select edition_id, area_code, area_name, lad_name from {database}.marts.{table} "
        f"where {flag}"
        for table, flag in _LISTED.items()
        if (table,) in known
    )


def _lists(build: duckdb.DuckDBPyConnection, editions: Collection[str]) -> Iterator[Difference]:
    """The lists of editions that both have against those of the release: who joined, who left."""
    here, there = (_listed(build, database) for database in ("build", "current_release"))
    moved = query_rows(
        build,
        f"""
        with now as ({here}),
        before as ({there}),
        listed as (
            select 'joined' as change, * from now
            union all by name
            select 'left' as change, * from before
        )

        select edition_id, any_value(change) as change, area_code,
            any_value(area_name) as area_name, any_value(lad_name) as lad_name
        from listed
        where list_contains($editions, edition_id)
        group by edition_id, area_code
        having count(*) = 1
        order by edition_id, change, area_code
        """,
        editions=sorted(editions),
    )
    most = bands()["list"]["areas"]
    for edition in dict.fromkeys(row["edition_id"] for row in moved):
        areas = [
            {name: value for name, value in row.items() if name != "edition_id"}
            for row in moved
            if row["edition_id"] == edition
        ]
        told = []
        for change in ("joined", "left"):
            count = sum(area["change"] == change for area in areas)
            named = f": {named_areas(areas, change)}" if count else ""
            told.append(f"{count:,} {change}{named}")
        expected = f"no more than {most:,} areas to join or leave" if len(areas) > most else ""
        yield Difference(edition, "list", "; ".join(told), expected, tuple(areas))


def named_area(area: Mapping[str, Any]) -> str:
    """An area as people know it: ``E01000001 City of London 001A (City of London)``."""
    lad = f" ({area['lad_name']})" if area["lad_name"] else ""
    return one_line(f"{area['area_code']} {area['area_name'] or ''}{lad}")


def named_areas(areas: Iterable[Mapping[str, Any]], change: str) -> str:
    """The first of the areas that joined or left, and how many more there are."""
    return _some([named_area(area) for area in areas if area["change"] == change])


def _marts(build: duckdb.DuckDBPyConnection, database: str) -> dict[str, dict[str, str]]:
    """Of each mart its columns with their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in build.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = $1 and schema_name = 'marts'",
        [database],
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _rows(build: duckdb.DuckDBPyConnection, *, only_lost: bool) -> Iterator[Difference]:
    """How many rows each mart has, against the release."""
    both = sorted(set(_marts(build, "build")) & set(_marts(build, "current_release")))
    for mart in both:
        band = bands()["rows"] | bands()["marts"].get(mart, {})
        now, then = (
            build.execute(f'select count(*) from {database}.marts."{mart}"').fetchall()[0][0]
            for database in ("build", "current_release")
        )
        if now == then:
            continue
        expected = ""
        if now < then * (1 - band["lost"]):
            expected = f"no more than {band['lost']:.1%} of the rows lost"
        elif not only_lost and now > then * (1 + band["added"]):
            expected = f"no more than {band['added']:.1%} of the rows added"
        yield Difference(mart, "rows", f"{now:,} rows, {then:,} before", expected)


def _schema(build: duckdb.DuckDBPyConnection) -> Iterator[Difference]:
    """Marts and columns that are gone or of another type, in marts of the same version."""
    now, then = _marts(build, "build"), _marts(build, "current_release")
    expected = f"what marts of version {MARTS_VERSION} had before"
    for mart, columns in then.items():
        if mart not in now:
            yield Difference(mart, "schema", "the mart is gone", expected)
            continue
        told = [
            f"{name} is {now[mart].get(name, 'gone')}, was {kind}"
            for name, kind in columns.items()
            if now[mart].get(name) != kind
        ]
        if told:
            yield Difference(mart, "schema", "; ".join(told), expected)


def _one(build: duckdb.DuckDBPyConnection, sql: str, *values: object) -> tuple[Any, ...]:
    (row,) = build.execute(sql, list(values)).fetchall()
    return tuple(row)


def _some(texts: list[str] | None) -> str:
    """The first few of many, and how many more there are."""
    shown = [one_line(text) for text in (texts or [])[:EXAMPLES]]
    more = len(texts or []) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
