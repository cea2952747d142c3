"""Where a name is: what ``lbn find`` asks of a release, and the explorer of a page."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.ask.names import How, Names
from orchestration.ask.postcodes import Postcodes, postcodes
from orchestration.ask.succession import became
from orchestration.queries import Row, query_rows

# Kinds of area, in the order in which people mean them; others follow by their label.
_ORDER = ("authority", "constituency", "ward", "msoa", "region")
SHOWN = 8  # of a kind


@dataclass(frozen=True)
class Group:
    """What was found of one kind: the first rows, and how many there are in all.

    A row has area_type, area_code, area_name, place_name, lad_name, region_name, ``listed``, the
    editions on whose list the area is, and ``chosen``, the composite editions that choose it.
    """

    label: str
    rows: list[Row]
    total: int


@dataclass(frozen=True)
class Found:
    """What a text leads to, by kind; ``is_close`` where only spellings near it were found.

    ``became`` says what became of areas of another time that had this code or name. ``note`` is
    what is to be said of a postcode.
    """

    groups: list[Group]
    is_close: bool
    became: list[str]
    note: str | None


def find(connection: duckdb.DuckDBPyConnection, text: str) -> Found:
    """The areas of every kind that a text names, by code, by name, or by their place.

    Args:
        connection: A published release.
        text: A name, its beginning, some of its words or a code; a postcode or its beginning.
    """
    rows = query_rows(
        connection,
        """
        select
            areas.area_type,
            types.label,
            types.geography,
            areas.area_code,
            areas.area_name,
            areas.place_name,
            areas.lad_name,
            areas.region_name
        from marts.dim_area as areas
        inner join marts.dim_area_type as types on areas.area_type = types.area_type
        where
            types.geography is not null
            or areas.area_type in (select editions.area_type from marts.dim_edition as editions)
        -- Of an area that is the same in several vintages, the newest.
        qualify
            row_number() over (
                partition by coalesce(types.geography, areas.area_type), areas.area_code,
                    areas.area_name
                order by areas.area_type desc
            ) = 1
        order by areas.region_name, areas.lad_name, areas.area_name, areas.area_code
        """,
    )
    names = Names(
        (name, row)
        for row in rows
        for name in (row["area_code"], row["area_name"], row["place_name"])
        if name
    )
    found = names.find(text)
    is_close = bool(found) and found[0][1] is How.close
    groups: dict[str, list[Row]] = {}
    for row, _ in found:
        groups.setdefault(row["label"], []).append(row)
    by_kind = sorted(groups.items(), key=lambda group: _place(group[1][0]))
    by_postcode = postcodes(connection, text)
    if by_postcode:
        by_kind.insert(0, _by_postcode(rows, by_postcode))
        # What is spelt like a postcode is nothing that was asked for.
        by_kind = by_kind[:1] if is_close else by_kind
    listed = _editions(connection, "marts.double_disadvantage", "is_doubly_disadvantaged")
    chosen = _editions(connection, "marts.composite_selection", "is_selected")
    return Found(
        groups=[
            Group(
                label,
                [
                    row
                    | {
                        "listed": listed.get(row["area_code"], []),
                        "chosen": chosen.get(row["area_code"], []),
                    }
                    for row in there[:SHOWN]
                ],
                len(there),
            )
            for label, there in by_kind
            if there
        ],
        is_close=is_close and not by_postcode,
        note=by_postcode.note if by_postcode else None,
        # Most wards of another time have the name of one of today.
        became=became(connection, text, but=["ward"] if found and found[0][1] is How.exact else []),
    )


def _by_postcode(rows: list[Row], found: Postcodes) -> tuple[str, list[Row]]:
    """The areas of the postcodes, as a kind of its own."""
    wanted = {area["area_code"]: area["postcodes"] for area in found.areas}
    # They are of one type, and their codes can be those of another.
    areas = {row["area_code"]: row for row in rows if row["area_type"] == "lsoa21"}
    there = [areas[code] | {"postcodes": many} for code, many in wanted.items()]
    return f"Postcode {found.label}", there


def _place(row: Row) -> tuple[int, str]:
    geography = row["geography"]
    return (_ORDER.index(geography) if geography in _ORDER else len(_ORDER), row["label"])


def _editions(connection: duckdb.DuckDBPyConnection, mart: str, flag: str) -> dict[str, list[str]]:
    """The editions in which an area has a flag, by its code."""
    rows = query_rows(
        connection,
        "select area_code, list(edition_id order by edition_id) as editions "
        f"from {mart} where {flag} group by area_code",
    )
    return {row["area_code"]: row["editions"] for row in rows}
