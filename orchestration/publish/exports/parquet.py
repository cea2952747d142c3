"""Parquet and GeoParquet, which carry their own description: of the file and of each column."""

from __future__ import annotations

import io
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.publish.exports.about import About
from orchestration.publish.exports.tables import ExportColumn, ExportTable


def write_parquet(path: Path, table: ExportTable, about: About) -> None:
    """Write a table, with title, licence and citation as the file's key-value metadata."""
    _write(path, table.data, table, about)


def write_geoparquet(
    path: Path, table: ExportTable, frame: geopandas.GeoDataFrame, about: About
) -> None:
    """Write a table with its shapes. An area without a boundary has a null geometry.

    Args:
        path: The file to write.
        table: What ``frame`` was made of, for the descriptions.
        frame: The rows with their geometry and CRS.
        about: The release.
    """
    # geopandas knows the GeoParquet standard, but cannot describe columns: that is put in after.
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    _write(path, pq.read_table(buffer), table.with_geometry(), about)


def _write(path: Path, data: pa.Table, table: ExportTable, about: About) -> None:
    described = {column.name: _described(column) for column in table.columns}
    schema = pa.schema(
        [
            field.with_metadata(described[field.name]) if field.name in described else field
            for field in data.schema
        ],
        metadata={
            # What the GeoParquet standard needs is kept.
            **(data.schema.metadata or {}),
            **about.metadata(table.title, table.content_id),
            "description": table.description,
        },
    )
    pq.write_table(data.cast(schema), path, compression="zstd", store_schema=True)


def _described(column: ExportColumn) -> dict[str, str]:
    said = {
        "description": column.description,
        "unit": column.unit,
        "direction": column.direction,
    }
    return {name: text for name, text in said.items() if text}
