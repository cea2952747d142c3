"""What is exported: tables with the meaning of each column, read from a release.

Descriptions are the comments of the warehouse; unit and direction are those of the yml of its mart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.publish.exports.about import About
from orchestration.publish.scales import Scale, scales
from orchestration.queries import Filters, Row, query_rows, quoted

_CONTENT = (
    (
        "content_id",
        "Id of the table that the row is from: equal where all of its rows are, and the code that "
        "wrote them. Manifest and README of a release say which it has.",
    ),
    (
        "release_label",
        "REAL, or SYNTHETIC: of a made-up country; no figure is evidence of anything.",
    ),
)


@dataclass(frozen=True)
class Export:
    """A mart as a file: its name and title; ``only`` the rows that meet a condition, and why."""

    name: str
    title: str
    only: str = "true"
    left_out: str | None = None


# The wide table of an edition: mart and column.
_EDITION = (
    ("double_disadvantage", "edition_id"),
    ("dim_edition", "area_type"),
    ("double_disadvantage", "area_code"),
    ("double_disadvantage", "area_name"),
    ("double_disadvantage", "place_name"),
    ("dim_area", "msoa21_code"),
    ("msoa", "area_name"),
    ("double_disadvantage", "ward25_code"),
    ("double_disadvantage", "ward25_name"),
    ("double_disadvantage", "pcon24_code"),
    ("double_disadvantage", "pcon24_name"),
    ("dim_area", "lad_type"),
    ("double_disadvantage", "lad_code"),
    ("double_disadvantage", "lad_name"),
    ("dim_area", "region_code"),
    ("double_disadvantage", "region_name"),
    ("double_disadvantage", "population"),
    ("dim_area", "population_source_id"),
    ("dim_area", "area_ha"),
    ("dim_area", "centroid_longitude"),
    ("dim_area", "centroid_latitude"),
    ("area_boundary", "boundary_source"),
    ("area_boundary", "is_approximate"),
    ("double_disadvantage", "is_doubly_disadvantaged"),
    ("double_disadvantage", "imd_score"),
    ("double_disadvantage", "imd_rank"),
    ("double_disadvantage", "imd_areas_ranked"),
    ("double_disadvantage", "imd_decile"),
    ("double_disadvantage", "is_within_imd_threshold"),
    ("double_disadvantage", "imd_ranks_to_threshold"),
    ("double_disadvantage", "cni_score"),
    ("double_disadvantage", "cni_rank"),
    ("double_disadvantage", "cni_areas_ranked"),
    ("double_disadvantage", "cni_decile"),
    ("double_disadvantage", "is_within_cni_threshold"),
    ("double_disadvantage", "cni_ranks_to_threshold"),
    ("double_disadvantage", "published_flag"),
    ("double_disadvantage", "not_rated_reason"),
    ("flag_stability", "probability"),
    ("flag_stability", "stability_class"),
)
# What has another name there, since the mart's would not say of what it is.
_NAMED = {
    ("msoa", "area_name"): "msoa21_name",
    ("area_boundary", "is_approximate"): "is_boundary_approximate",
    ("flag_stability", "probability"): "stability_probability",
}
# The mart behind a name that stands in for it.
_MART = {"msoa": "dim_area"}
_MSOA_NAME = "Name of that Middle layer Super Output Area; NULL for other types."
# What is exported besides, under the name of the mart.
MARTS = {
    "dim_edition": Export("editions", "The editions of the list"),
    "summary_geography": Export(
        "summary_geography",
        "The lists by authority, constituency, care board, region",
        # Those are tens of thousands of rows, for whom the warehouse is the better place.
        "geography not in ('ward', 'msoa')",
        "Wards and MSOAs are in the warehouse only.",
    ),
    "edition_change": Export("edition_change", "What changed from an edition to a later one"),
    "reconciliation": Export("reconciliation", "Our lists against the published ones"),
    "outcome_comparison": Export("outcome_comparison", "Left behind areas and others, by outcome"),
    "threshold_sensitivity": Export("threshold_sensitivity", "The lists at other thresholds"),
    "dim_composite_edition": Export("composite_editions", "The composite editions"),
    "composite_near_miss": Export("composite_near_miss", "Who would be chosen next"),
    "composite_reconciliation": Export(
        "composite_reconciliation", "Whom the rule chooses against whom the programme chose"
    ),
    "composite_stability": Export(
        "composite_stability",
        "How sure it is that an area is chosen",
        "is_selected or probability > 0",
        "Areas that no draw chooses are in the warehouse only.",
    ),
    "composite_overlap": Export("composite_overlap", "How much of a chosen area is on a list"),
    "composite_coverage": Export("composite_coverage", "How much of a list lies in chosen areas"),
    "composite_outcome": Export("composite_outcome", "Chosen areas and those as deprived"),
}


@dataclass(frozen=True)
class ExportColumn:
    """A column of an export; ``type`` is string, integer, number or boolean; any for a shape."""

    name: str
    type: str
    description: str
    unit: str | None
    direction: str | None


@dataclass(frozen=True)
class ExportTable:
    """A table of an export: what it holds, its key and its rows, in the order of the columns.

    ``content_id`` is that of the whole table, also where only some of its rows are here.
    """

    name: str
    content_id: str
    title: str
    description: str
    columns: tuple[ExportColumn, ...]
    key: tuple[str, ...]
    data: pa.Table

    def rows(self) -> Iterator[tuple[Any, ...]]:
        return _rows(self.data)

    def with_geometry(self) -> ExportTable:
        """Described with the column of boundaries that geometry.with_boundaries adds."""
        return replace(self, columns=(*self.columns, GEOMETRY))

    def in_order(self, *names: str) -> ExportTable:
        """The same with its rows in the order of these columns, nulls last."""
        return replace(self, data=self.data.sort_by([(name, "ascending") for name in names]))

    def having(self, condition: pc.Expression) -> ExportTable:
        """The same with the rows of which the condition is true."""
        return replace(self, data=self.data.filter(condition))

    def with_rows_of(self, others: Iterable[ExportTable]) -> ExportTable:
        """The same with the rows of others of its columns after its own."""
        return replace(self, data=pa.concat_tables([self.data, *(each.data for each in others)]))

    def only(self, names: tuple[str, ...]) -> ExportTable:
        """The same with these columns, as far as it has them, in their order."""
        columns = {column.name: column for column in self.columns}
        chosen = [name for name in names if name in columns]
        return replace(
            self,
            columns=tuple(columns[name] for name in chosen),
            data=self.data.select(chosen),
        )


_OF_CONTENT = tuple(ExportColumn(name, "string", text, None, None) for name, text in _CONTENT)
GEOMETRY = ExportColumn(
    "geometry",
    "any",
    "Boundary of the area: polygon or multipolygon, longitude and latitude, EPSG:4326. NULL where "
    "there is none.",
    None,
    None,
)


def edition_table(
    warehouse: duckdb.DuckDBPyConnection,
    about: About,
    edition: str,
    filters: Filters | None = None,
    *,
    listed: bool = False,
) -> ExportTable:
    """Every area of an edition, or those on its list, with parents, ranks, flags and reasons.

    Args:
        warehouse: A release.
        about: Of the same release.
        edition: One that the release has.
        filters: Which areas; None for all.
        listed: Only the areas on the list.
    """
    tables = _tables(warehouse)
    marts = [mart for mart, _ in _EDITION]
    chosen = [(mart, column) for mart, column in _EDITION if mart in tables or mart == "msoa"]
    comments = comments_of(warehouse, marts) | {("msoa", "area_name"): _MSOA_NAME}
    selected = ", ".join(
        f"{mart}.{column} as {_NAMED.get((mart, column), column)}" for mart, column in chosen
    )
    stability = """
        left join marts.flag_stability
            on
                double_disadvantage.edition_id = flag_stability.edition_id
                and double_disadvantage.area_code = flag_stability.area_code
    """
    filters = filters or Filters()
    domains = _domains(warehouse, edition)
    ranks = ", ".join(
        f"max(domain_rank) filter (index_name = '{quoted(row['index_name'])}' "
        f"and domain = '{quoted(row['domain'])}') as {_domain_column(row).name}"
        for row in domains
    )
    found = warehouse.execute(
        f"""
        with domains as (
            select {ranks}{", " if ranks else ""}area_code
            from marts.edition_domain
            where edition_id = $edition
            group by area_code
        )
        select
            {selected},
            domains.* exclude (area_code),
            sha256(area_boundary.geometry_wkb) as boundary,
            (not $listed or double_disadvantage.is_doubly_disadvantaged)
            and {filters.condition("double_disadvantage")} as is_chosen
        from marts.double_disadvantage
        inner join marts.dim_edition using (edition_id)
        left join marts.dim_area
            on
                dim_edition.area_type = dim_area.area_type
                and double_disadvantage.area_code = dim_area.area_code
        left join marts.dim_area as msoa
            on msoa.area_type = 'msoa21' and dim_area.msoa21_code = msoa.area_code
        left join marts.area_boundary
            on
                dim_edition.area_type = area_boundary.area_type
                and double_disadvantage.area_code = area_boundary.area_code
        left join domains on double_disadvantage.area_code = domains.area_code
        {stability if "flag_stability" in tables else ""}
        where double_disadvantage.edition_id = $edition
        order by double_disadvantage.area_code
        """,
        {"edition": edition, "listed": listed, **filters.parameters},
    ).to_arrow_table()
    data = found.drop_columns(["boundary", "is_chosen"])
    (about_edition,) = (row for row in about.editions if row["edition_id"] == edition)
    which = "The areas on the list" if listed else "Every area of the edition, on the list or not"
    columns = (
        *columns_of(data.select(range(len(chosen))), comments, chosen),
        *map(_domain_column, domains),
    )
    # Whatever is chosen of it and in whatever format, a row is from one table with its boundaries.
    shown = (columns, *_rows(found.drop_columns(["is_chosen"])))
    content = about.content_id(edition, about_edition["label"], *shown)
    return ExportTable(
        name=edition,
        content_id=content,
        title=about.titled(about_edition["label"]),
        description=f"{which}. Use is_doubly_disadvantaged; rank 1 = worst.",
        columns=(*columns, *_OF_CONTENT),
        key=("edition_id", "area_code"),
        data=_with_content(data.filter(found["is_chosen"]), content, about),
    )


def mart_table(warehouse: duckdb.DuckDBPyConnection, about: About, mart: str) -> ExportTable:
    """A mart of ``MARTS``, with its content id beside each row, in the order of its key."""
    export = MARTS[mart]
    comments = comments_of(warehouse, [mart])
    keys = warehouse.execute(
        "select key_columns from meta.mart_key where mart = ?", [mart]
    ).fetchone()
    key = tuple(keys[0]) if keys else ()
    described = warehouse.execute(
        "select comment from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'marts' and table_name = ?",
        [mart],
    ).fetchone()
    data = warehouse.execute(
        f"select * from marts.{mart} where {export.only} order by {', '.join(key) or 'all'}"
    ).to_arrow_table()
    columns = columns_of(data, comments, [(mart, column) for column in data.column_names])
    said = (described[0] if described else None) or export.title
    description = " ".join(filter(None, (said, export.left_out)))
    return told(about, export.name, export.title, description, columns, key, data)


def told(
    about: About,
    name: str,
    title: str,
    description: str,
    columns: tuple[ExportColumn, ...],
    key: tuple[str, ...],
    data: pa.Table,
    besides: Iterable[object] = (),
) -> ExportTable:
    """A whole table, each of its rows with the content id of all, and of what comes besides."""
    content = about.content_id(name, title, description, columns, *_rows(data), *besides)
    return ExportTable(
        name=name,
        content_id=content,
        title=about.titled(title),
        description=description,
        columns=(*columns, *_OF_CONTENT),
        key=key,
        data=_with_content(data, content, about),
    )


def contents(about: About, name: str, tables: Iterable[ExportTable]) -> str:
    """The content id of a file of several tables."""
    return about.content_id(name, *(table.content_id for table in tables))


def dictionary(about: About, tables: list[tuple[str, ExportTable]]) -> ExportTable:
    """The data dictionary as a table: a row a file and column, in their order."""
    rows = [
        (file, column.name, column.type, column.unit, column.direction, column.description)
        for file, table in tables
        for column in table.columns
    ]
    meanings = {
        "file": "Name of the file.",
        "column": "Name of the column.",
        "type": "string, integer, number or boolean; any for a shape.",
        "unit": "Unit of the value; empty for text and flags.",
        "direction": "Which way the scale runs; empty where it has no better or worse end.",
        "description": "What it is.",
    }
    data = pa.table(
        [pa.array(values, pa.string()) for values in zip(*rows, strict=True)], list(meanings)
    )
    return ExportTable(
        name="data_dictionary",
        content_id=about.content_id("data_dictionary", *rows),
        title="What each column of each file is",
        description="A row a file and column.",
        columns=tuple(
            ExportColumn(name, "string", text, None, None) for name, text in meanings.items()
        ),
        key=("file", "column"),
        data=data,
    )


def _domains(warehouse: duckdb.DuckDBPyConnection, edition: str) -> list[Row]:
    return query_rows(
        warehouse,
        "select distinct index_name, domain, domain_label from marts.edition_domain "
        "where edition_id = $1 order by index_name desc, domain",
        edition,
    )


def _domain_column(row: Row) -> ExportColumn:
    """The rank in a domain, which is a column of the editions that have the domain."""
    index = row["index_name"]
    said = (
        f"Rank of the area in the domain '{row['domain_label']}' of the {index.upper()}, "
        f"rank 1 = worst; on the scale of {index}_rank."
    )
    scale = scales("edition_domain")["domain_rank"]
    return ExportColumn(f"{index}_{row['domain']}_rank", "integer", said, *scale)


def columns_of(
    data: pa.Table,
    comments: dict[tuple[str, str], str],
    chosen: Sequence[tuple[str, str]],
) -> tuple[ExportColumn, ...]:
    """The columns of a table, each with what is said of the mart's column that it is."""
    return tuple(
        ExportColumn(
            field.name,
            _type(field.type),
            comments.get((mart, column), ""),
            *scales(_MART.get(mart, mart)).get(column, Scale()),
        )
        for field, (mart, column) in zip(data.schema, chosen, strict=True)
    )


def _rows(data: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in data.itercolumns()), strict=True)


def _with_content(data: pa.Table, content: str, about: About) -> pa.Table:
    """The rows, each with the columns of ``_OF_CONTENT``."""
    for column, value in zip(_OF_CONTENT, (content, about.label), strict=True):
        values = pa.repeat(pa.scalar(value, pa.string()), data.num_rows)
        data = data.append_column(column.name, values)
    return data


def _type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    return "number" if pa.types.is_floating(kind) else "string"


def _tables(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    found = warehouse.execute(
        "select table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name = 'marts'"
    ).fetchall()
    return {name for (name,) in found}


def comments_of(
    warehouse: duckdb.DuckDBPyConnection, marts: list[str]
) -> dict[tuple[str, str], str]:
    found = warehouse.execute(
        "select table_name, column_name, comment from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'marts' "
        "and comment is not null and list_contains(?, table_name)",
        [sorted(set(marts))],
    ).fetchall()
    return {(table, column): comment for table, column, comment in found}
