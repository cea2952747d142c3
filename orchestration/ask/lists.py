"""The lists of a release: what ``lbn list`` asks of it."""

from __future__ import annotations

import duckdb

from orchestration.ask.editions import known_edition
from orchestration.queries import Filters, Row, query_rows

# What may become of an area from one list to another, in the order of interest.
CHANGES = ("joined", "left", "stayed")


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
