"""The lists of a release, and what a question may name: editions, regions, authorities."""

from __future__ import annotations

import difflib

import duckdb

from orchestration.problems import UsageError
from orchestration.queries import Filters, Row, editions, query_rows

# What may become of an area from one list to another, in the order of interest.
CHANGES = ("joined", "left", "stayed")


class UnknownEditionError(UsageError):
    """No such edition in the release."""

    def __init__(self, edition: str, release: str, known: list[str]) -> None:
        super().__init__(f"No edition '{edition}' in {release}.", f"There are: {', '.join(known)}")


class UnknownPlaceError(UsageError):
    """No area of the edition lies there; ``candidates`` are the names that there are, or near."""

    def __init__(self, what: str, name: str, candidates: list[str]) -> None:
        super().__init__(f"No {what} '{name}'.", f"There are: {', '.join(candidates)}.")


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
        f"""
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
            areas.edition_id = $edition
            and areas.is_doubly_disadvantaged
            and {filters.condition("areas")}
        order by areas.imd_rank, areas.area_code
        """,
        edition=edition,
        **filters.parameters,
    )


def check_edition(connection: duckdb.DuckDBPyConnection, edition: str) -> None:
    """Nothing, if the release has the edition.

    Raises:
        UnknownEditionError: it has not.
    """
    known = [row["edition_id"] for row in editions(connection)]
    if edition not in known:
        (release,) = query_rows(connection, "select release_id from meta.release")
        raise UnknownEditionError(edition, release["release_id"], known)


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
