"""The questions that the commands ask of a published release: one query layer for all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]
# What may become of an area from one list to another, in the order of interest.
CHANGES = ("joined", "left", "stayed")


@dataclass(frozen=True)
class Filters:
    """Which rows of a list: names or codes, matched without regard to case; None for all."""

    region: str | None = None
    lad: str | None = None
    name: str | None = None


class UnknownEditionError(Exception):
    """No such edition in the release; ``known`` are those that there are."""

    def __init__(self, edition: str, known: list[str]) -> None:
        super().__init__(edition)
        self.edition = edition
        self.known = known


class UnknownPlaceError(Exception):
    """No area of the edition lies there; ``candidates`` are the names that there are, or near."""

    def __init__(self, what: str, name: str, candidates: list[str]) -> None:
        super().__init__(f"No {what} '{name}'. There are: {', '.join(candidates)}.")


@contextmanager
def open_release(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(release / "warehouse.duckdb"), read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def query_rows(
    connection: duckdb.DuckDBPyConnection, query: str, *parameters: Any, **named: Any
) -> list[Row]:
    """The rows of a query, as ``{column: value}``; parameters by place ($1) or by name ($name)."""
    cursor = connection.execute(query, named or parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def list_edition(
    connection: duckdb.DuckDBPyConnection, edition: str, filters: Filters
) -> list[Row]:
    """The areas on an edition's list, the worst by IMD rank first.

    Raises:
        UnknownEditionError: the release has no such edition.
        UnknownPlaceError: the edition has no such region or authority.
    """
    check_edition(connection, edition)
    check_places(connection, edition, filters)
    return query_rows(
        connection,
        """
        select
            areas.edition_id,
            areas.area_code,
            areas.area_name,
            areas.lad_code,
            areas.lad_name,
            areas.region_name,
            areas.population,
            areas.imd_rank,
            areas.imd_decile,
            areas.cni_rank,
            areas.cni_decile,
            areas.published_flag,
            release.release_id,
            release.label
        from marts.double_disadvantage as areas
        cross join meta.release
        where
            areas.edition_id = $1
            and areas.is_doubly_disadvantaged
            and ($2 is null or lower(areas.region_name) = lower($2))
            and ($3 is null or lower($3) in (lower(areas.lad_name), lower(areas.lad_code)))
            and (
                $4 is null
                or contains(lower(areas.area_name), lower($4))
                or lower(areas.area_code) = lower($4)
            )
        order by areas.imd_rank, areas.area_code
        """,
        edition,
        filters.region,
        filters.lad,
        filters.name,
    )


def check_edition(connection: duckdb.DuckDBPyConnection, edition: str) -> None:
    """Nothing, if the release has the edition.

    Raises:
        UnknownEditionError: it has not.
    """
    known = [row["edition_id"] for row in editions(connection)]
    if edition not in known:
        raise UnknownEditionError(edition, known)


def check_places(connection: duckdb.DuckDBPyConnection, edition: str, filters: Filters) -> None:
    """Nothing, if the edition has areas in the region and the authority of the filters.

    Raises:
        UnknownPlaceError: it has none; it names the regions, or the authorities that sound alike.
    """
    places = query_rows(
        connection,
        "select distinct region_name, lad_name, lad_code from marts.double_disadvantage "
        "where edition_id = $1 order by all",
        edition,
    )
    regions = sorted({row["region_name"] for row in places})
    if filters.region is not None and filters.region.lower() not in map(str.lower, regions):
        raise UnknownPlaceError("region", filters.region, regions)
    names = {
        row[name].lower(): row["lad_name"] for row in places for name in ("lad_name", "lad_code")
    }
    if filters.lad is not None and filters.lad.lower() not in names:
        near = difflib.get_close_matches(filters.lad.lower(), names, n=8, cutoff=0.5)
        alike = sorted({names[name] for name in near}) or sorted(set(names.values()))
        raise UnknownPlaceError("authority", filters.lad, alike)


def editions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    return query_rows(connection, "select * from marts.dim_edition order by edition_id")
