"""Where a name is: what ``lbn find`` asks of a release, and the explorer of a page."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.ask.names import How, Names
from orchestration.ask.succession import became
from orchestration.queries import Row, query_rows

# Kinds of area, in the order in which people mean them; others follow by their label.
_ORDER = ("authority", "constituency", "ward", "msoa", "region")
SHOWN = 8  # of a kind


@dataclass(frozen=True)
class Group:
    """What was found of one kind: the first rows, and how many there are in all.

    A row has area_type, area_code, area_name, place_name, lad_name, region_name and ``listed``,
    the editions on whose list the area is.
    """

    label: str
    rows: list[Row]
    total: int


@dataclass(frozen=True)
class Found:
    """What a text leads to, by kind; ``is_close`` where only spellings near it were found.

    ``became`` says what became of areas of another time that had this code or name.
    """

    groups: list[Group]
    is_close: bool
    became: list[str]


def find(connection: duckdb.DuckDBPyConnection, text: str) -> Found:
    """The areas of every kind that a text names, by code, by name, or by their place.

    Args:
        connection: A published release.
        text: A name, its beginning, some of its words or a code.
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
    groups: dict[str, list[Row]] = {}
    for row, _ in found:
        groups.setdefault(row["label"], []).append(row)
    by_kind = sorted(groups.items(), key=lambda group: _place(group[1][0]))
    listed = _listed(connection)
    return Found(
        groups=[
            Group(
                label,
                [row | {"listed": listed.get(row["area_code"], [])} for row in there[:SHOWN]],
                len(there),
            )
            for label, there in by_kind
        ],
        is_close=bool(found) and found[0][1] is How.close,
        # Most wards of another time have the name of one of today.
        became=became(connection, text, but=["ward"] if found and found[0][1] is How.exact else []),
    )


def _place(row: Row) -> tuple[int, str]:
    geography = row["geography"]
    return (_ORDER.index(geography) if geography in _ORDER else len(_ORDER), row["label"])


def _listed(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = query_rows(
        connection,
        "select area_code, list(edition_id order by edition_id) as editions "
        "from marts.double_disadvantage where is_doubly_disadvantaged group by area_code",
    )
    return {row["area_code"]: row["editions"] for row in rows}
