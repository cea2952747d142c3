"""The lists of a release, and the editions that a question may name."""

from __future__ import annotations

import duckdb

from orchestration.problems import UsageError
from orchestration.queries import Filters, Row, editions, query_rows

# What may become of an area from one list to another, in the order of interest.
CHANGES = ("joined", "left", "stayed")


class UnknownEditionError(UsageError):
    """No such edition in the release, or none named; it says which there are."""

    def __init__(self, edition: str | None, release: str, known: list[Row]) -> None:
        what = f"No edition '{edition}' in {release}." if edition else "Which edition?"
        there = [f"\n  {row['edition_id']}  {row['label']}" for row in known]
        super().__init__(what, f"There are:{''.join(there)}")


def list_edition(
    connection: duckdb.DuckDBPyConnection, edition: str, filters: Filters
) -> list[Row]:
    """The areas on an edition's list, the worst by IMD rank first.

    Raises:
        UnknownEditionError: the release has no such edition.
    """
    edition = known_edition(connection, edition)
    return query_rows(
        connection,
        f"""
        select
            areas.edition_id,
            areas.area_code,
            areas.area_name,
            areas.place_name,
            areas.ward25_name,
            areas.pcon24_name,
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
            release.label as release_label
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


def known_edition(connection: duckdb.DuckDBPyConnection, edition: str | None) -> str:
    """The id of an edition that the release has, in whatever case it was written.

    Raises:
        UnknownEditionError: it has none of that id, or none was named.
    """
    known = editions(connection)
    for row in known:
        if edition and row["edition_id"].casefold() == edition.strip().casefold():
            return str(row["edition_id"])
    (release,) = query_rows(connection, "select release_id from meta.release")
    raise UnknownEditionError(edition, release["release_id"], known)
