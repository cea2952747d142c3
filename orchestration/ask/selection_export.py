"""A composite edition as a table of an export, with the meaning of its columns."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ask.editions import Edition
from orchestration.ask.selection import foot_notes
from orchestration.problems import UsageError
from orchestration.publish.exports.about import About
from orchestration.publish.exports.formats import ExportFormat
from orchestration.publish.exports.tables import ExportTable, columns_of, comments_of, told
from orchestration.queries import Filters

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


def selection_table(
    warehouse: duckdb.DuckDBPyConnection,
    about: About,
    edition: Edition,
    filters: Filters,
    *,
    listed: bool = False,
) -> ExportTable:
    """Every area of a composite edition, or those that it chooses, with scores, rank and reason.

    Args:
        warehouse: A release.
        about: Of the same release.
        edition: A composite one.
        filters: Which areas.
        listed: Only the areas that it chooses.
    """
    found = warehouse.execute(
        f"""
        select
            areas.*,
            (not $listed or areas.is_selected) and {filters.condition("areas")} as is_wanted
        from marts.composite_selection as areas
        where areas.edition_id = $edition
        order by areas.area_code
        """,
        {"edition": edition.edition_id, "listed": listed, **filters.parameters},
    ).to_arrow_table()
    data: pa.Table = found.drop_columns(["is_wanted"])
    mart = "composite_selection"
    columns = columns_of(
        data, comments_of(warehouse, [mart]), [(mart, column) for column in data.column_names]
    )
    which = "The areas that are chosen" if listed else "Every area of the edition, chosen or not"
    described = f"{which}. Use is_selected; rank 1 = worst. " + " ".join(
        foot_notes(warehouse, edition)
    )
    key = ("edition_id", "area_code")
    table = told(about, edition.edition_id, edition.label, described, columns, key, data)
    wanted = found.filter(found["is_wanted"])["area_code"].combine_chunks()
    return table.having(pc.is_in(pc.field("area_code"), value_set=wanted))
