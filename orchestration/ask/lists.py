"""The lists of a release, and the editions that a question may name."""

from __future__ import annotations

import duckdb

from orchestration.problems import UsageError
from orchestration.queries import Filters, Row, editions, query_rows

# What may become of an area from one list to another, in the order of interest.
CHANGES = ("joined", "left", "stayed")


class UnknownEditionError(UsageError):
    """No such edition in the release."""

    def __init__(self, edition: str, release: str, known: list[str]) -> None:
        super().__init__(f"No edition '{edition}' in {release}.", f"There are: {', '.join(known)}")


def list_edition(
    connection: duckdb.DuckDBPyConnection, edition: str, filters: Filters
) -> list[Row]:
    """The areas on an edition's list, the worst by IMD rank first.

    Raises:
        UnknownEditionError: the release has no such edition.
    """
    check_edition(connection, edition)
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
