"""What changed between two editions of a published release: what ``lbn diff`` asks of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from orchestration.ask.editions import known_edition
from orchestration.ask.lists import CHANGES
from orchestration.problems import UsageError
from orchestration.queries import Filters, Row, query_rows


@dataclass(frozen=True)
class Diff:
    """The change from an edition to a later one.

    ``counts`` are of all areas that pass the filters; ``rows`` hold those with the changes asked
    for. ``swapped`` says that they were asked for in the other order, ``what_changed`` what did so
    in the method beside the places. ``regions`` are the counts by region, of composite editions.
    """

    edition_from: str
    edition_to: str
    swapped: bool
    what_changed: str | None
    counts: dict[str, int]
    rows: list[Row]
    release_id: str
    label: str
    regions: tuple[Row, ...] = ()


class NotComparableError(UsageError):
    """The editions may not be set against each other; ``reason`` says why, to be read after ':'."""

    def __init__(self, edition: str, other: str, reason: str) -> None:
        super().__init__(f"{edition} and {other} may not be compared: {reason}.")


def diff_editions(
    connection: duckdb.DuckDBPyConnection,
    edition: str,
    other: str,
    filters: Filters,
    changes: Collection[str] = ("joined", "left"),
) -> Diff:
    """What joined, left and stayed from the earlier of two editions to the later.

    Joined comes first, then left, then stayed; in each the worst by the later IMD rank.

    Raises:
        UnknownEditionError: the release has no such edition.
        NotComparableError: the editions may not be compared; it says why.
    """
    edition, other = (known_edition(connection, each) for each in (edition, other))
    pair = _comparable(connection, edition, other)
    edition_from, edition_to = pair["edition_from"], pair["edition_to"]
    rows = query_rows(
        connection,
        f"""
        select changes.*, release.release_id, release.label as release_label
        from marts.edition_change as changes
        cross join meta.release
        where
            changes.edition_from = $edition_from
            and changes.edition_to = $edition_to
            and {filters.condition("changes")}
        -- As it happens, the order of the alphabet is that of interest.
        order by changes.change, changes.imd_rank_to nulls last, changes.area_code
        """,
        edition_from=edition_from,
        edition_to=edition_to,
        **filters.parameters,
    )
    found = Counter(row["change"] for row in rows)
    (release,) = query_rows(connection, "select release_id, label from meta.release")
    return Diff(
        edition_from=edition_from,
        edition_to=edition_to,
        swapped=edition_from != edition,
        what_changed=pair["what_changed"],
        counts={change: found[change] for change in CHANGES},
        rows=[row for row in rows if row["change"] in changes],
        release_id=release["release_id"],
        label=release["label"],
    )


def _comparable(connection: duckdb.DuckDBPyConnection, edition: str, other: str) -> Row:
    """What is said of the two: which is the earlier one, and what changed."""
    if edition == other:
        raise NotComparableError(edition, other, "they are the same edition")
    declared = query_rows(
        connection,
        """
        select * from marts.dim_edition_pair
        where edition_from in ($1, $2) and edition_to in ($1, $2)
        """,
        edition,
        other,
    )
    (pair,) = declared
    if not pair["is_comparable"]:
        raise NotComparableError(edition, other, pair["reason_not_comparable"])
    return pair
