"""One edition as one file, for ``lbn export``: written beside its place, then moved into it."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import duckdb

from orchestration.ask.editions import Edition, find_edition
from orchestration.problems import RefusedError, UsageError
from orchestration.publish.exports.formats import ExportFormat
from orchestration.queries import Filters

# The ending of a file by which other tools know its format, and those that are one.
_SUFFIXES = {
    format_: f".{'parquet' if format_ is ExportFormat.geoparquet else format_}"
    for format_ in ExportFormat
}
_FITTING = {ExportFormat.geoparquet: (".parquet", ".geoparquet")}


class ExistsError(RefusedError):
    """The file is there already, and was not to be overwritten."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is there already. Nothing was written;", "--force overwrites it.")


def default_name(edition: str, format_: ExportFormat, filters: Filters, *, listed: bool) -> str:
    """Name of the file: the edition and what it was narrowed to."""
    said = [
        edition,
        "listed" if listed else None,
        *(within.geography_name for within in filters.within),
    ]
    slugs = [re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_") for part in said if part]
    boundaries = "_boundaries" if format_ is ExportFormat.geoparquet else ""
    return "_".join(slugs) + boundaries + _SUFFIXES[format_]


def require_fitting(output: Path, format_: ExportFormat) -> None:
    """Nothing, if the name of the file ends as the format does, by which other tools know it.

    Raises:
        UsageError: it does not.
    """
    fitting = _FITTING.get(format_, (_SUFFIXES[format_],))
    if output.suffix.lower() in fitting:
        return
    others = [each for each in ExportFormat if _SUFFIXES[each] == output.suffix.lower()]
    or_else = f", or ask for --format {others[0]}" if others else ""
    raise UsageError(
        f"A file of the format {format_} ends in {' or '.join(fitting)}, and {output.name} does "
        f"not. Nothing was written.",
        f"Name it {output.with_suffix(fitting[0]).name}{or_else}.",
    )


def describes(output: Path) -> Path:
    """Where the description of a CSV file goes, which cannot carry its own."""
    return output.with_name(f"{output.stem}.datapackage.json")


def export_edition(
    warehouse: duckdb.DuckDBPyConnection,
    edition: str,
    format_: ExportFormat,
    output: Path,
    filters: Filters,
    *,
    listed: bool = False,
    bom: bool = False,
    force: bool = False,
) -> tuple[list[Path], int]:
    """Write the areas of an edition to a file; a CSV file gets a ``datapackage.json`` beside it.

    Args:
        warehouse: A release.
        edition: Its id.
        format_: What to write.
        output: The file to write; its folder is there.
        filters: Which areas.
        listed: Only those on the list.
        bom: With a byte-order mark (CSV).
        force: Overwrite.

    Returns:
        The files, and the number of areas in them.

    Raises:
        UnknownEditionError: the release has no such edition.
        UsageError: the file's name does not end as the format does; or it is a format of maps, and
            there are no boundaries of a composite edition.
        ExistsError: a file is there already; nothing was written.
        RefusedError: the folder cannot be written to; nothing was written.
    """
    named = find_edition(warehouse, edition)
    require_fitting(output, format_)
    if named.is_composite:
        from orchestration.ask.selection_export import require_boundaries

        require_boundaries(warehouse, named, format_)
    files = [output]
    if format_ is ExportFormat.csv:
        files.append(describes(output))
    there = [file for file in files if file.exists() and not force]
    if there:
        raise ExistsError(there[0])
    try:
        with tempfile.TemporaryDirectory(prefix=".lbn-export-", dir=output.parent) as folder:
            made = Path(folder) / output.name
            rows = _write(warehouse, named, format_, made, filters, listed=listed, bom=bom)
            for file in reversed(files):
                os.replace(made.with_name(file.name), file)
    except OSError as error:
        raise RefusedError(f"Nothing was written: {error}") from error
    return files, rows


def _write(
    warehouse: duckdb.DuckDBPyConnection,
    edition: Edition,
    format_: ExportFormat,
    path: Path,
    filters: Filters,
    *,
    listed: bool,
    bom: bool,
) -> int:
    # These libraries take a second to import.
    from orchestration.publish.exports.about import about as read_about
    from orchestration.publish.exports.csv_file import write_csv
    from orchestration.publish.exports.datapackage import File, write_datapackage
    from orchestration.publish.exports.geometry import with_boundaries
    from orchestration.publish.exports.geopackage import Layer, write_geopackage
    from orchestration.publish.exports.parquet import write_geoparquet, write_parquet
    from orchestration.publish.exports.selection import selection_table
    from orchestration.publish.exports.sheets import Sheet, list_names, sheet_name
    from orchestration.publish.exports.tables import edition_table
    from orchestration.publish.exports.workbook import write_workbook

    about = read_about(warehouse)
    if edition.is_composite:
        table = selection_table(warehouse, about, edition.edition_id, filters, listed=listed)
        sheet = sheet_name(edition.edition_id)
    else:
        table = edition_table(warehouse, about, edition.edition_id, filters, listed=listed)
        sheet = list_names(about.editions)[edition.edition_id]
    match format_:
        case ExportFormat.csv:
            write_csv(path, table, bom=bom)
            write_datapackage(describes(path), about, [File(path, table.title, table)])
        case ExportFormat.parquet:
            write_parquet(path, table, about)
        case ExportFormat.geoparquet:
            frame = with_boundaries(warehouse, table, edition.area_type)
            write_geoparquet(path, table, frame, about)
        case ExportFormat.gpkg:
            frame = with_boundaries(warehouse, table, edition.area_type)
            write_geopackage(path, [Layer(table, frame)], about)
        case ExportFormat.xlsx:
            write_workbook(path, about, [Sheet(sheet, table)])
    return int(table.data.num_rows)
