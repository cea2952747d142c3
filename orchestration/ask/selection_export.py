"""Whether a composite edition can be exported in a format."""

from __future__ import annotations

import duckdb

from orchestration.ask.editions import Edition
from orchestration.problems import UsageError
from orchestration.publish.exports.formats import ExportFormat

_OF_MAPS = (ExportFormat.geoparquet, ExportFormat.gpkg)


def require_boundaries(
    warehouse: duckdb.DuckDBPyConnection, edition: Edition, format_: ExportFormat
) -> None:
    """Nothing, if the release has what a format of maps needs of an edition.

    Raises:
        UsageError: it has no boundary of its areas.
    """
    if format_ not in _OF_MAPS:
        return
    found = warehouse.execute(
        "select 1 from marts.area_boundary where area_type = $1 limit 1", [edition.area_type]
    ).fetchone()
    if found is None:
        others = [str(each) for each in ExportFormat if each not in _OF_MAPS]
        raise UsageError(
            f"This release has no boundaries of the areas of {edition.edition_id}, and {format_} "
            "is for maps. Nothing was written.",
            f"Ask for --format {', '.join(others[:-1])} or {others[-1]}.",
        )
