"""The formats of ``lbn export``: apart from what writes them, which takes time to import."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    csv = "csv"
    parquet = "parquet"
    geoparquet = "geoparquet"
    gpkg = "gpkg"
    xlsx = "xlsx"
