"""``datapackage.json``: what lies in the folder, by the Frictionless Data standard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.fingerprint import sha256_of
from orchestration.publish.exports.about import DIRECTION, OPEN_LICENCES, About
from orchestration.publish.exports.tables import ExportColumn, ExportTable

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".gpkg": "application/geopackage+sqlite3",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".txt": "text/plain",
}


@dataclass(frozen=True)
class File:
    """A file that was written: its title, and its table where it holds one."""

    path: Path
    title: str
    table: ExportTable | None = None


def package_id(about: About, files: list[File]) -> str:
    """The content id of a package: its tables, and the sources that it names."""
    tables = (file.table.content_id for file in files if file.table)
    return about.content_id("exports", about.sources, *tables)


def write_datapackage(path: Path, about: About, files: list[File]) -> None:
    """Describe files that lie beside ``path``, with hash, size, rows, columns, licence, sources."""
    content = package_id(about, files)
    package = {
        "profile": "data-package",
        "name": content,
        "title": about.title,
        "description": f"{about.warning or about.country} {DIRECTION}",
        "content_id": content,
        "citation": about.citation(content),
        "release_label": about.label,
        "licenses": _licences(about),
        "sources": [_source(row) for row in about.sources],
        "resources": [_resource(file) for file in files],
    }
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _licences(about: About) -> list[dict[str, str]]:
    found = []
    for licence in about.licences:
        known = OPEN_LICENCES.get(licence)
        if known:
            found.append({"name": known[0], "path": known[1], "title": licence})
        else:
            found.append({"name": "other-closed", "title": licence})
    return found


def _source(row: dict[str, Any]) -> dict[str, str]:
    source = {
        "title": row["title"],
        "name": row["source_id"],
        "citation": row["citation"],
        "licence": row["licence"],
        "provenance": row["provenance"],
        "sha256": row["sha256"],
    }
    # The landing page of the sample is no address.
    if str(row["landing_page"]).startswith("http"):
        source["path"] = row["landing_page"]
    return source


def _resource(file: File) -> dict[str, Any]:
    suffix = file.path.suffix
    tabular = file.table is not None and suffix == ".csv"
    resource: dict[str, Any] = {
        "profile": "tabular-data-resource" if tabular else "data-resource",
        "name": file.path.name.lower().replace(" ", "-"),
        "path": file.path.name,
        "title": file.title,
        "format": suffix.removeprefix("."),
        "mediatype": _MEDIA_TYPES[suffix],
        # What is no CSV is a file to validators: they read neither nulls of Parquet nor notes.
        "type": "table" if tabular else "text" if suffix == ".txt" else "file",
        "hash": f"sha256:{sha256_of(file.path)}",
        "bytes": file.path.stat().st_size,
    }
    if suffix in (".csv", ".txt"):
        resource["encoding"] = "utf-8"
    if file.table is not None:
        resource["description"] = file.table.description
    if file.table is not None and tabular:
        resource["rows"] = file.table.data.num_rows
        resource["dialect"] = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"'}
    if file.table is not None:
        resource["schema"] = _schema(file.table)
    return resource


def _schema(table: ExportTable) -> dict[str, Any]:
    return {
        "fields": [_field(column, required=column.name in table.key) for column in table.columns],
        "missingValues": [""],
        **({"primaryKey": list(table.key)} if table.key else {}),
    }


def _field(column: ExportColumn, *, required: bool) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "description": column.description,
    }
    if column.unit:
        field["unit"] = column.unit
    if column.direction:
        field["direction"] = column.direction
    if required:
        field["constraints"] = {"required": True}
    return field
