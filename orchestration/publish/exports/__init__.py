"""Exports of a release, for those who do not query the warehouse.

One module a format. ``tables`` says what is exported, ``about`` what every file says of itself:
content, direction of the scales, licences, citations, and SYNTHETIC for the sample.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from orchestration.publish.exports.tables import ExportTable

DICTIONARY = "data_dictionary.csv"
LICENCE = "LICENCE-AND-CITATION.txt"
GEOPACKAGE = "left_behind.gpkg"
ALL_AREAS = "left_behind_all_areas.gpkg"
WORKBOOK = "left_behind.xlsx"
DATAPACKAGE = "datapackage.json"


def write_exports(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> dict[Path, str]:
    """Write every export of a release into a folder that is there.

    Args:
        warehouse: A release's warehouse (schemas marts and meta); it is only read.
        folder: Where to write. Files of the same names are overwritten.

    Returns:
        The files, each with its content id.
    """
    # These libraries take a second to import.
    from orchestration.publish.exports.about import about as read_about
    from orchestration.publish.exports.about import licence_text
    from orchestration.publish.exports.csv_file import write_csv
    from orchestration.publish.exports.datapackage import File, package_id, write_datapackage
    from orchestration.publish.exports.derived import indicator_table, lookup_table
    from orchestration.publish.exports.geometry import with_boundaries
    from orchestration.publish.exports.geopackage import Layer, write_geopackage
    from orchestration.publish.exports.parquet import write_geoparquet, write_parquet
    from orchestration.publish.exports.selection import selection_table
    from orchestration.publish.exports.sheets import sheets_for_people
    from orchestration.publish.exports.tables import (
        MARTS,
        dictionary,
        edition_table,
        mart_table,
    )
    from orchestration.publish.exports.workbook import write_workbook

    about = read_about(warehouse)
    files: list[File] = []
    said: dict[Path, str] = {}
    layers: list[Layer] = []
    all_areas: list[Layer] = []
    tables: dict[str, ExportTable] = {}
    of_kind = (
        (about.editions, edition_table, "is_doubly_disadvantaged"),
        (about.composites, selection_table, "is_selected"),
    )
    for edition, table_of, flag in (
        (edition, table_of, flag) for editions, table_of, flag in of_kind for edition in editions
    ):
        name = edition["edition_id"]
        table = table_of(warehouse, about, name)
        listed = table_of(warehouse, about, name, listed=True)
        frame = with_boundaries(warehouse, table, edition["area_type"])
        csv, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
        boundaries = folder / f"{name}_boundaries.parquet"
        write_csv(csv, table)
        write_parquet(parquet, table, about)
        write_geoparquet(boundaries, table, frame, about)
        files += [File(csv, table.title, table), File(parquet, table.title, table)]
        files.append(
            File(boundaries, f"{table.title}, with boundaries (GeoParquet)", table.with_geometry())
        )
        on_list = frame[frame[flag].astype(bool)]
        layers.append(Layer(listed, on_list))
        all_areas.append(Layer(table, frame))
        tables[name] = table
    marts = {}
    for mart in MARTS:
        table = marts[mart] = mart_table(warehouse, about, mart)
        write_csv(folder / f"{table.name}.csv", table)
        files.append(File(folder / f"{table.name}.csv", table.title, table))
    for derived in (indicator_table(warehouse, about), lookup_table(warehouse, about)):
        write_csv(folder / f"{derived.name}.csv", derived)
        files.append(File(folder / f"{derived.name}.csv", derived.title, derived))
    for name, layers_of, which in (
        (GEOPACKAGE, layers, "a layer an edition"),
        (ALL_AREAS, all_areas, "a layer an edition, with every area of it"),
    ):
        said[folder / name] = write_geopackage(folder / name, layers_of, about)
        files.append(File(folder / name, f"{about.title}: {which}"))
    overview, sheets = sheets_for_people(about, tables, marts)
    said[folder / WORKBOOK] = write_workbook(folder / WORKBOOK, about, sheets, overview)
    files.append(File(folder / WORKBOOK, f"{about.title}: workbook for people"))
    columns = dictionary(about, [(file.path.name, file.table) for file in files if file.table])
    write_csv(folder / DICTIONARY, columns)
    files.append(File(folder / DICTIONARY, columns.title, columns))
    said |= {file.path: file.table.content_id for file in files if file.table}
    said[folder / LICENCE] = said[folder / DATAPACKAGE] = package_id(about, files)
    text = licence_text(about, said[folder / LICENCE])
    (folder / LICENCE).write_text(text, encoding="utf-8")
    files.append(File(folder / LICENCE, "Licences, citations, which way the scales run"))
    write_datapackage(folder / DATAPACKAGE, about, files)
    return said
