"""Which edition a question is about, and of which kind it is: here alone it is told.

A threshold edition lists areas that are among the worst on both indices, in double_disadvantage. A
composite edition takes those with the highest composite of both, in composite_selection.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.problems import UsageError
from orchestration.queries import Row, query_rows


@dataclass(frozen=True)
class Edition:
    """An edition of the release: its id, its areas, and which authorities those lie in."""

    edition_id: str
    label: str
    area_type: str
    lad_type: str | None
    is_composite: bool

    @property
    def areas(self) -> str:
        """The mart with a row an area of it, whose codes and names are there called the same."""
        return "marts.composite_selection" if self.is_composite else "marts.double_disadvantage"


class UnknownEditionError(UsageError):
    """No such edition in the release, or none named; it says which there are."""

    def __init__(self, edition: str | None, release: str, known: list[Row]) -> None:
        what = f"No edition '{edition}' in {release}." if edition else "Which edition?"
        there = [f"\n  {row['edition_id']}  {row['label']}" for row in known]
        super().__init__(what, f"There are:{''.join(there)}")


def find_edition(connection: duckdb.DuckDBPyConnection, edition: str | None) -> Edition:
    """An edition that the release has, of either kind, in whatever case it was written.

    Raises:
        UnknownEditionError: it has none of that id, or none was named.
    """
    known = query_rows(
        connection,
        """
        select edition_id, label, area_type, lad_type, false as is_composite
        from marts.dim_edition
        union all
        select editions.edition_id, editions.label, editions.area_type, types.lad_type, true
        from marts.dim_composite_edition as editions
        inner join marts.dim_area_type as types on editions.area_type = types.area_type
        order by is_composite, edition_id
        """,
    )
    for row in known:
        if edition and row["edition_id"].casefold() == edition.strip().casefold():
            return Edition(**row)
    (release,) = query_rows(connection, "select release_id from meta.release")
    raise UnknownEditionError(edition, release["release_id"], known)


def known_edition(connection: duckdb.DuckDBPyConnection, edition: str | None) -> str:
    """The id of a threshold edition that the release has.

    Raises:
        UnknownEditionError: it has none of that id, or none was named.
        UsageError: it is a composite edition.
    """
    found = find_edition(connection, edition)
    if found.is_composite:
        raise UsageError(f"{found.edition_id} is a composite edition, and no list by thresholds.")
    return found.edition_id
