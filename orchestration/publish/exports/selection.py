"""A composite edition as a table of an export, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.publish.exports.about import About
from orchestration.publish.exports.tables import ExportTable, columns_of, comments_of, told
from orchestration.queries import Filters, query_rows

_MART = "composite_selection"


def selection_notes(warehouse: duckdb.DuckDBPyConnection, editions: Iterable[str]) -> list[str]:
    """How well the rule of composite editions fits, and what the choice is not: once a rule."""
    fits = query_rows(
        warehouse,
        """
        select distinct own.edition_id, own.areas_agreed, own.places_published
        from marts.dim_composite_edition as editions
        inner join marts.dim_composite_edition as own
            on editions.composite_rule = own.composite_rule and own.is_programmes_own
        where list_contains($ids, editions.edition_id)
        order by own.edition_id
        """,
        ids=list(editions),
    )
    notes = []
    for fit in fits:
        how_well = (
            f": {fit['areas_agreed']:,} of its {fit['places_published']:,} places are among those "
            f"of {fit['edition_id']}"
            if fit["places_published"] is not None
            else ""
        )
        notes.append(
            f"The rule is inferred from the list that the programme published{how_well}. These are "
            "not the programme's own data; the boundaries of funded places were settled locally "
            "afterwards."
        )
    return notes


def selection_table(
    warehouse: duckdb.DuckDBPyConnection,
    about: About,
    edition: str,
    filters: Filters | None = None,
    *,
    listed: bool = False,
) -> ExportTable:
    """Every area of a composite edition, or those that it chooses, with scores, rank and reason.

    Args:
        warehouse: A release.
        about: Of the same release.
        edition: A composite one that the release has.
        filters: Which areas; None for all.
        listed: Only the areas that it chooses.
    """
    filters = filters or Filters()
    found = warehouse.execute(
        f"""
        select
            areas.*,
            sha256(area_boundary.geometry_wkb) as boundary,
            (not $listed or areas.is_selected) and {filters.condition("areas")} as is_wanted
        from marts.composite_selection as areas
        left join marts.dim_composite_edition using (edition_id)
        left join marts.area_boundary
            on
                dim_composite_edition.area_type = area_boundary.area_type
                and areas.area_code = area_boundary.area_code
        where areas.edition_id = $edition
        order by areas.area_code
        """,
        {"edition": edition, "listed": listed, **filters.parameters},
    ).to_arrow_table()
    data: pa.Table = found.drop_columns(["boundary", "is_wanted"])
    columns = columns_of(
        data, comments_of(warehouse, [_MART]), [(_MART, column) for column in data.column_names]
    )
    (label,) = (row["label"] for row in about.composites if row["edition_id"] == edition)
    notes = selection_notes(warehouse, [edition])
    said = " ".join([f"Use is_selected; rank 1 = worst. {label}.", *notes])
    key = ("edition_id", "area_code")
    # Whatever is chosen of it and in whatever format, a row is from one table with its boundaries.
    shapes = found["boundary"].to_pylist()
    table = told(about, edition, label, said, columns, key, data, shapes)
    which = "The areas that are chosen" if listed else "Every area of the edition, chosen or not"
    table = replace(table, description=f"{which}. {said}")
    wanted = found.filter(found["is_wanted"])["area_code"].combine_chunks()
    return table.having(pc.is_in(pc.field("area_code"), value_set=wanted))
