"""Where a question is about: a region, an authority, a constituency, as a person names it."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.ask.editions import Edition, find_edition
from orchestration.ask.names import How, Names
from orchestration.ask.succession import became
from orchestration.problems import UsageError
from orchestration.queries import Filters, Row, Within, query_rows

CANDIDATES = 8
ALL = 30  # so many of a kind are listed where none of them is meant


class UnknownPlaceError(UsageError):
    """No larger area of that name, or several."""


@dataclass(frozen=True)
class Places:
    """What areas are narrowed to, as it was asked; None for all.

    ``within`` is a kind of geography and a name or code: 'constituency:Clacton', 'ward24:Abbey'.
    """

    region: str | None = None
    lad: str | None = None
    within: tuple[str, ...] = ()
    name: str | None = None


def resolve(connection: duckdb.DuckDBPyConnection, edition: str, places: Places) -> Filters:
    """The areas of an edition that are meant.

    Raises:
        UnknownEditionError: the release has no such edition.
        UnknownPlaceError: it has no such place, or several; it names those near, and what became of
            one that there is no more.
    """
    declared = find_edition(connection, edition)
    asked = [
        *([("region", places.region)] if places.region is not None else []),
        *([("authority", places.lad)] if places.lad is not None else []),
        *map(_kind_and_name, places.within),
    ]
    found = [_larger(connection, declared, kind, name) for kind, name in asked]
    return Filters(
        within=tuple(within for within, _ in found),
        codes=None if places.name is None else _codes(connection, declared, places.name),
        notes=tuple(note for _, notes in found for note in notes),
    )


def _codes(connection: duckdb.DuckDBPyConnection, edition: Edition, name: str) -> tuple[str, ...]:
    """The areas of an edition that have a name, or lie in a place that has it."""
    rows = query_rows(
        connection,
        f"select area_code, area_name, place_name from {edition.areas} "
        "where edition_id = $1 order by area_code",
        edition.edition_id,
    )
    names = Names((text, row) for row in rows for text in row.values() if text)
    found = names.find(name)
    if found and found[0][1] is not How.close:
        return tuple(row["area_code"] for row, _ in found)
    near = "; ".join(f"{row['area_code']} {row['area_name']}" for row, _ in found[:CANDIDATES])
    raise UnknownPlaceError(
        f"No area of {edition.edition_id} is called '{name}'.",
        f"Did you mean: {near}?" if near else f"lbn find '{name}' looks everywhere.",
    )


def _kind_and_name(text: str) -> tuple[str, str]:
    kind, colon, name = text.partition(":")
    if not colon or not kind.strip() or not name.strip():
        raise UnknownPlaceError(
            f"'{text}' names no kind of geography.",
            "Write KIND:NAME, such as constituency:Clacton.",
        )
    return kind.strip().lower(), name.strip()


def _larger(
    connection: duckdb.DuckDBPyConnection, edition: Edition, kind: str, name: str
) -> tuple[Within, list[str]]:
    """The larger area of a kind that is meant, and what a person should know of it."""
    rows = query_rows(
        connection,
        """
        select
            member.geography_type,
            member.geography,
            member.geography_code,
            member.geography_name,
            types.label,
            bool_and(member.how_matched <> 'residents') as by_lookup
        from marts.geography_membership as member
        inner join marts.dim_area_type as types on member.geography_type = types.area_type
        where member.area_type = $1 and member.is_main
        group by
            member.geography_type, member.geography, member.geography_code, member.geography_name,
            types.label
        -- Of several vintages the edition's own goes first, then what is known by lookups, then the
        -- newest.
        order by
            member.geography_type <> $2, by_lookup desc, member.geography_type desc,
            member.geography_name, member.geography_code
        """,
        edition.area_type,
        edition.lad_type,
    )
    known = sorted({row["geography"] for row in rows})
    of_kind = [row for row in rows if kind in (row["geography"], row["geography_type"])]
    if not of_kind:
        raise UnknownPlaceError(
            f"The areas of this edition are not counted by '{kind}'.",
            f"There are: {'; '.join(known)}.",
        )
    names = Names(
        (text, row) for row in of_kind for text in (row["geography_code"], row["geography_name"])
    )
    found = names.find(name)
    sure = _surest(found)
    if len(sure) == 1:
        (row,) = sure
        within = Within(
            edition.area_type,
            row["geography_type"],
            row["geography_code"],
            row["geography_name"],
        )
        return within, _notes(connection, edition, row, name, found[0][1])
    if sure:
        raise UnknownPlaceError(
            f"Several are called '{name}'.", f"Did you mean: {_listed(sure)}? Give the code."
        )
    if told := became(connection, name):
        raise UnknownPlaceError(f"{told[0]}.", "Ask for what it became.")
    if found:
        raise UnknownPlaceError(
            f"No {kind} '{name}'.", f"Did you mean: {_listed([row for row, _ in found])}?"
        )
    newest = [row for row in of_kind if row["geography_type"] == of_kind[0]["geography_type"]]
    if len(newest) <= ALL:
        raise UnknownPlaceError(f"No {kind} '{name}'.", f"There are: {_listed(newest, ALL)}.")
    raise UnknownPlaceError(f"No {kind} '{name}'.", f"lbn find '{name}' looks everywhere.")


def _surest(found: list[tuple[Row, How]]) -> list[Row]:
    """Those that were found as surely as the first; a slip of the hand is never taken for meant.

    The same area of several vintages is one, of the vintage that goes first.
    """
    if not found or found[0][1] is How.close:
        return []
    best = found[0][1]
    sure: dict[tuple[str, str], Row] = {}
    for row, how in found:
        if how is best:
            sure.setdefault((row["geography"], row["geography_code"]), row)
    # An authority that was given another code, and nothing else, is one by its name.
    by_name: dict[str, Row] = {}
    for row in sure.values():
        key = row["geography_name"] if row["geography"] == "authority" else row["geography_code"]
        by_name.setdefault(key, row)
    return list(by_name.values())


def _notes(
    connection: duckdb.DuckDBPyConnection, edition: Edition, row: Row, name: str, how: How
) -> list[str]:
    notes = []
    if how is not How.exact:
        notes.append(f"'{name}' is taken for {row['geography_name']} ({row['geography_code']}).")
    if row["geography"] == "authority" and row["geography_type"] != edition.lad_type:
        notes += [f"{text}." for text in became(connection, row["geography_code"])]
        how_known = "" if row["by_lookup"] else ", by where most of their residents live"
        notes.append(
            f"Shown are the areas that lie in {row['geography_name']}, {row['label']}{how_known}."
        )
    return notes


def _listed(rows: list[Row], most: int = CANDIDATES) -> str:
    # Names hold commas.
    told = [f"{row['geography_name']} ({row['geography_code']})" for row in rows]
    more = f"; and {len(told) - most} more" if len(told) > most else ""
    return "; ".join(told[:most]) + more
