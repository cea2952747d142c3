"""From vault files to the raw tables: one reader a kind, one or two tables a kind.

A raw table holds every release of its kind, told apart by ``source_id``, with the line (or, for
boundaries, the feature) that each row came from. Values are passed through: other nations' rows
stay, nothing is repaired but geometry, and that with a record.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import duckdb

from orchestration.modelling.seeds import Indicator, Methodology
from orchestration.problems import SCARCE, Problem, RefreshError, refused_by_the_machine
from orchestration.processes import WORTH_A_PROCESS, at_once
from orchestration.queries import quoted
from orchestration.raw.boundaries import read_boundaries
from orchestration.raw.indicators import read_indicators
from orchestration.raw.kept import KeptRows
from orchestration.raw.outcomes import read_outcomes
from orchestration.raw.postcodes import read_postcodes
from orchestration.raw.programmes import read_programme
from orchestration.raw.raw_file import RawFile
from orchestration.raw.sheets import open_tables, sheet_name
from orchestration.raw.summaries import read_summaries
from orchestration.raw.tabular import DeclaredColumn, SourceTable, ValueType
from orchestration.sources.registry import Kind, Profile, Registry, Source
from orchestration.sources.vault import Vault, VaultFile

STAGE = "Reading source files into the raw tables"
# Table name -> columns after source_id and line_number. The contract between readers and dbt.
RAW_TABLES: dict[str, dict[str, str]] = {
    "index_area": {
        "area_code": "varchar not null",
        "area_name": "varchar",
        "lad_code": "varchar",
        "lad_name": "varchar",
        "published_flag": "boolean",
        "total_population": "double",
        "children": "double",
        "working_age": "double",
        "older_people": "double",
    },
    "index_measure": {
        "area_code": "varchar not null",
        "measure": "varchar not null",
        "score": "double",
        "rank": "bigint",
        "decile": "bigint",
    },
    "indicator": {
        "index_release": "varchar not null",
        "sheet": "varchar",
        "area_code": "varchar not null",
        "indicator": "varchar not null",
        "value": "double",
        "denominator": "double",
        "status": "varchar not null",
    },
    "summary": {
        "sheet": "varchar",
        "index_release": "varchar not null",
        "area_code": "varchar not null",
        "measure": "varchar not null",
        "statistic": "varchar not null",
        "value": "double",
    },
    "outcome": {
        "area_code": "varchar not null",
        "outcome": "varchar not null",
        "numerator": "double",
        "denominator": "double",
    },
    "lookup": {
        "from_type": "varchar not null",
        "from_code": "varchar not null",
        "from_name": "varchar",
        "to_type": "varchar not null",
        "to_code": "varchar",
        "to_name": "varchar",
        "relation": "varchar not null",
        "change_code": "varchar",
    },
    "area_name": {"area_code": "varchar not null", "place_name": "varchar"},
    "postcode": {
        "postcode": "varchar not null",
        "area_code": "varchar",
        "terminated": "varchar",
    },
    "programme_place": {
        "lad_name": "varchar not null",
        "place_name": "varchar not null",
        "constituency_names": "varchar",
    },
    "population": {"area_code": "varchar not null", "population": "double"},
    "boundary": {
        "area_type": "varchar not null",
        "area_code": "varchar not null",
        "geometry_wkb": "blob not null",
        "crs": "varchar not null",
        "repair": "varchar",
        "area_ha": "double not null",
        "centroid_easting": "double not null",
        "centroid_northing": "double not null",
        "centroid_longitude": "double not null",
        "centroid_latitude": "double not null",
        "in_bounds": "boolean not null",
        "boundary_source": "varchar",
        "overlap_percents": "double[]",
        "overlap_codes": "varchar[]",
    },
}
# What a column means, in whatever raw table it stands; the build has it as comments.
MEANINGS = {
    "area_code": "Code of the area as the file has it.",
    "area_ha": "Area of the boundary in hectares.",
    "area_name": "Name of the area as the file has it.",
    "area_type": "Area type with vintage.",
    "boundary_source": "Where the shape is from, as the file says; NULL where it does not.",
    "centroid_easting": "Centroid, metres on the British National Grid.",
    "centroid_latitude": "Centroid, degrees, WGS 84.",
    "centroid_longitude": "Centroid, degrees, WGS 84.",
    "centroid_northing": "Centroid, metres on the British National Grid.",
    "change_code": "How the area changed between the vintages, as the lookup says.",
    "children": "Children, persons: denominator of IDACI.",
    "constituency_names": "Constituencies of the place, '; ' between them; NULL where unsure.",
    "crs": "Coordinate reference system that the file is in.",
    "decile": "Decile as published.",
    "denominator": "What the numerator is divided by, as published.",
    "from_code": "Code of the area that is looked up.",
    "from_name": "Name of the area that is looked up.",
    "from_type": "Type of the area that is looked up, with vintage.",
    "geometry_wkb": "Boundary as WKB, in EPSG:27700, valid.",
    "in_bounds": "Whether the boundary lies within the country.",
    "index_release": "Index and year whose indicators or summaries these are.",
    "indicator": "Id of the indicator in the seed.",
    "lad_code": "Code of the local authority as the file has it.",
    "lad_name": "Name of the local authority as the file has it.",
    "line_number": "Line of the file, row of the sheet, or number of the feature.",
    "measure": "What is ranked or summed up: overall, a domain or sub-domain.",
    "numerator": "How many are counted.",
    "older_people": "Older people, persons: denominator of IDAOPI.",
    "outcome": "Id of the outcome in the seed.",
    "overlap_codes": "Each larger area that has some of this one's shape; NULL if not measured.",
    "overlap_percents": "Share of the shape that lies within each of them, the greatest first.",
    "place_name": "Name by which people know the area or place, as the file has it.",
    "population": "Residents, persons.",
    "postcode": "Postcode as the file has it, in its two parts.",
    "published_flag": "Whether the publisher lists the area.",
    "rank": "Rank as published, rank 1 = worst.",
    "relation": "Kind of link: best_fit, exact_fit, member, successor, history or small_area.",
    "repair": "What was done to make the boundary valid; NULL where nothing was.",
    "score": "Score as published.",
    "sheet": "Sheet of the workbook; NULL for CSV.",
    "source_id": "The source release.",
    "statistic": "Which summary of the measure.",
    "status": "Whether the file has a value, a marker or nothing.",
    "terminated": "Year and month since which the postcode is not in use; NULL where it is.",
    "to_code": "Code of the area that it belongs to.",
    "to_name": "Name of the area that it belongs to.",
    "to_type": "Type of the area that it belongs to, with vintage.",
    "total_population": "All people, persons: denominator of income.",
    "value": "Value as published, in the indicator's or statistic's unit.",
    "working_age": "People of working age, persons: denominator of employment.",
}
TABLES_OF_KIND: dict[Kind, tuple[str, ...]] = {
    "index": ("index_area", "index_measure"),
    "indicators": ("indicator",),
    "summary": ("summary",),
    "outcome": ("outcome",),
    "lookup": ("lookup",),
    "names": ("area_name",),
    "postcodes": ("postcode",),
    "programme": ("programme_place",),
    "population": ("population",),
    "boundary": ("boundary",),
}
_MEASURE_TYPES: dict[str, ValueType] = {"score": "number", "rank": "integer", "decile": "integer"}
_INDEX_TYPES: dict[str, ValueType] = {"area_code": "code", "published_flag": "flag"}


@dataclass(frozen=True)
class Reading:
    """One file to read: what it is, its bytes, and the database that its rows go to.

    ``indicators`` are those that the seed says it has, by column.
    """

    connection: duckdb.DuckDBPyConnection
    profile: Profile
    source: Source
    file: RawFile
    indicators: Mapping[str, Indicator]

    def table(self, key: str) -> SourceTable:
        """The table of the file that has the column of area codes.

        Raises:
            RefreshError: of a workbook's sheets none or several are wanted; as `open_tables`.
        """
        tables = open_tables(self.file, key)
        wanted = re.compile(self.source.member or ".*", re.IGNORECASE)
        fitting = [
            table
            for table in tables
            if (name := sheet_name(table)) is None or wanted.fullmatch(name)
        ]
        if len(fitting) != 1:
            named = ", ".join(repr(sheet_name(table)) for table in tables)
            which = f", named like {self.source.member}" if self.source.member else ""
            raise self.file.refused(f"the sheet(s) {named}", f"one sheet of areas{which}")
        return fitting[0]

    def insert(self, table: str, values: dict[str, str]) -> None:
        """Append ``incoming_rows`` to a raw table; ``values`` maps its columns to expressions."""
        self.connection.execute(
            f"insert into raw.{table} by name "
            f"select '{self.source.id}' as source_id, line_number, "
            + ", ".join(f"{expression} as {name}" for name, expression in values.items())
            + " from incoming_rows"
        )


class UnreadableError(RefreshError):
    """Files could not be read; ``refused`` has those whose fault it is, each with its problems."""

    def __init__(
        self, problems: Iterable[Problem], refused: Sequence[tuple[VaultFile, list[Problem]]]
    ) -> None:
        super().__init__(STAGE, problems)
        self.refused = refused


def read_all(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    vault: Vault,
    files: list[VaultFile],
    methodology: Methodology,
    kept: KeptRows | None = None,
    workers: int = 1,
) -> None:
    """Create the raw tables in a fresh database and fill them with what the files hold.

    Where rows are ``kept``, those of a file that was read before, as it would be read now, are
    taken from there. Several ``workers`` read the other files at once, and keep their rows.

    There is no transaction: the caller throws a database away whose reading failed.

    Raises:
        UnreadableError: once, with the problems of all files.
    """
    connection.execute("create schema raw")
    for table, columns in RAW_TABLES.items():
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(
            f"create table raw.{table} "
            f"(source_id varchar not null, line_number bigint not null, {declared})"
        )
        for name in ("source_id", "line_number", *columns):
            connection.execute(
                f"comment on column raw.{table}.{name} is '{quoted(MEANINGS[name])}'"
            )
    if kept and workers > 1:
        _read_ahead(registry, vault, files, methodology, kept, workers)
    problems: list[Problem] = []
    refused: list[tuple[VaultFile, list[Problem]]] = []
    for file in files:
        source = registry.source(file.source_id)
        indicators = _indicators_in(source, methodology)
        try:
            data = vault.read(file)
        except RefreshError as error:
            problems += error.problems
            continue
        tables = TABLES_OF_KIND[source.kind]
        if kept and kept.insert(connection, kept.place(file, source, indicators), tables):
            continue
        raw = RawFile(
            data=data,
            suffix=PurePosixPath(file.path).suffix,
            where=f"source {source.id}, file {file.file_name}",
            again=source.again,
        )
        try:
            # What no reader foresaw is said of the file, too.
            with raw.read_as("file of its kind"):
                _READERS[source.kind](
                    Reading(connection, registry.profile, source, raw, indicators)
                )
        except RefreshError as error:
            problems += error.problems
            if not _is_of_the_machine(error.__cause__):
                refused.append((file, error.problems))
        else:
            if kept:
                kept.keep(connection, kept.place(file, source, indicators), source.id, tables)
    if problems:
        raise UnreadableError(problems, refused)


def _indicators_in(source: Source, methodology: Methodology) -> dict[str, Indicator]:
    """The indicators that the seed says a file has, by column."""
    if source.kind == "indicators" and source.index_release:
        return methodology.in_files_of(source.index_release)
    return {}


def _read_ahead(
    registry: Registry,
    vault: Vault,
    files: list[VaultFile],
    methodology: Methodology,
    kept: KeptRows,
    workers: int,
) -> None:
    """Keep the rows of the files whose rows are not, each read in a process of its own.

    What comes of it is looked at when the rows are taken: a file that has none by then is read
    again, and refused in its turn.
    """
    unread = [
        file
        for file in files
        for source in [registry.source(file.source_id)]
        if not kept.place(file, source, _indicators_in(source, methodology)).exists()
    ]
    if sum(file.bytes for file in unread) > WORTH_A_PROCESS:
        largest_first = sorted(unread, key=lambda file: file.bytes, reverse=True)
        call = partial(_read_and_keep, registry, vault, methodology, kept)
        # No process is as bad as one that was killed for want of memory.
        with suppress(BrokenProcessPool):
            for _ in at_once(workers, call, largest_first):
                pass


def _read_and_keep(
    registry: Registry, vault: Vault, methodology: Methodology, kept: KeptRows, file: VaultFile
) -> None:
    with duckdb.connect(config={"threads": 1}) as connection, suppress(RefreshError):
        read_all(connection, registry, vault, [file], methodology, kept)


def _is_of_the_machine(cause: BaseException | None) -> bool:
    """Whether a reader stopped for want of memory or disk, of which the file is innocent."""
    if isinstance(cause, OSError) and cause.errno in (errno.ENOMEM, errno.EIO):
        return True
    if isinstance(cause, MemoryError | duckdb.OutOfMemoryException | duckdb.IOException):
        return True
    return cause is not None and refused_by_the_machine(cause, SCARCE) is not None


def _read_index(job: Reading) -> None:
    columns = [
        DeclaredColumn(
            name, header, _INDEX_TYPES.get(name, "text"), name not in job.source.may_lack
        )
        for name, header in job.source.columns.items()
    ]
    columns += [
        DeclaredColumn(name, header, "number") for name, header in job.source.denominators.items()
    ]
    area_values = {column.name: f'"{column.name}"' for column in columns}
    # '<stem> Rank (where 1 is ...': what stands in brackets varies, and one release cuts it off.
    columns += [
        DeclaredColumn(
            f"{measure}:{part}",
            rf"(?:{spec.stem}) {part}( ?\(.*)?",
            _MEASURE_TYPES[part],
            required=part in spec.needs,
        )
        for measure, spec in job.source.measures.items()
        for part in _MEASURE_TYPES
    ]
    table = job.table(job.source.columns["area_code"])
    table.load(job.connection, "incoming_rows", columns)
    job.insert("index_area", area_values)
    measures = ", ".join(
        f"{{'measure': '{measure}', "
        + ", ".join(f"'{part}': \"{measure}:{part}\"" for part in _MEASURE_TYPES)
        + "}"
        for measure in job.source.measures
    )
    job.connection.execute(
        f"insert into raw.index_measure by name select '{job.source.id}' as source_id, "
        f"line_number, area_code, unnest([{measures}], recursive := true) from incoming_rows"
    )


def _read_indicators(job: Reading) -> None:
    release = job.source.index_release
    read_indicators(job.connection, job.source, job.file, job.indicators)
    job.insert(
        "indicator",
        {name: name for name in RAW_TABLES["indicator"] if name != "index_release"}
        | {"index_release": f"'{release}'"},
    )


def _read_summary(job: Reading) -> None:
    read_summaries(job.connection, job.source, job.file)
    job.insert(
        "summary",
        {name: name for name in RAW_TABLES["summary"] if name != "index_release"}
        | {"index_release": f"'{job.source.index_release}'"},
    )


def _read_outcome(job: Reading) -> None:
    read_outcomes(job.connection, job.source, job.file)
    job.insert("outcome", {name: name for name in RAW_TABLES["outcome"]})


def _read_lookup(job: Reading) -> None:
    table = job.table(job.source.links[0].from_[1])
    for link in job.source.links:
        columns = [
            DeclaredColumn("from_code", link.from_[1], "code"),
            *(DeclaredColumn("from_name", name, "text") for name in link.from_[2:]),
            DeclaredColumn("to_code", link.to[1], "text"),
            *(DeclaredColumn("to_name", name, "text") for name in link.to[2:]),
        ]
        if link.change:
            columns.append(DeclaredColumn("change_code", link.change, "text"))
        table.load(job.connection, "incoming_rows", columns)
        job.insert(
            "lookup",
            {
                **{column.name: column.name for column in columns},
                "from_type": f"'{link.from_[0]}'",
                "to_type": f"'{link.to[0]}'",
                "relation": f"'{link.relation}'",
            },
        )


def _read_names(job: Reading) -> None:
    columns = [
        DeclaredColumn("area_code", job.source.columns["area_code"], "code"),
        DeclaredColumn("place_name", job.source.columns["place_name"], "text"),
    ]
    job.table(job.source.columns["area_code"]).load(job.connection, "incoming_rows", columns)
    job.insert("area_name", {column.name: column.name for column in columns})


def _read_postcodes(job: Reading) -> None:
    read_postcodes(job.connection, job.source, job.file)
    job.insert("postcode", {name: name for name in RAW_TABLES["postcode"]})


def _read_programme(job: Reading) -> None:
    table = job.table(job.source.columns["lad_name"])
    read_programme(job.connection, job.source, job.file, table)
    job.insert("programme_place", {name: name for name in RAW_TABLES["programme_place"]})


def _read_population(job: Reading) -> None:
    columns = [
        DeclaredColumn("area_code", job.source.columns["area_code"], "code"),
        DeclaredColumn("population", job.source.columns["population"], "number"),
    ]
    job.table(job.source.columns["area_code"]).load(job.connection, "incoming_rows", columns)
    job.insert("population", {column.name: column.name for column in columns})


def _read_boundary(job: Reading) -> None:
    shapes = read_boundaries(job.file, job.source, job.profile)
    job.connection.register("incoming_shapes", shapes)
    try:
        job.connection.execute(
            "create or replace temp table incoming_rows as select * from incoming_shapes"
        )
    finally:
        job.connection.unregister("incoming_shapes")
    job.insert(
        "boundary",
        {name: name for name in RAW_TABLES["boundary"] if name != "area_type"}
        | {"area_type": f"'{job.source.area_type}'"},
    )


_READERS: dict[Kind, Callable[[Reading], None]] = {
    "index": _read_index,
    "indicators": _read_indicators,
    "summary": _read_summary,
    "outcome": _read_outcome,
    "lookup": _read_lookup,
    "names": _read_names,
    "postcodes": _read_postcodes,
    "programme": _read_programme,
    "population": _read_population,
    "boundary": _read_boundary,
}
