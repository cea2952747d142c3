"""What became of areas of another time: an authority that was merged, an LSOA that was split."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from orchestration.ask.names import How, Names
from orchestration.queries import Row, query_rows


def became(
    connection: duckdb.DuckDBPyConnection, text: str, *, but: Collection[str] = ()
) -> list[str]:
    """A sentence for every area of another time that has this code, or exactly this name.

    Those of the geographies that ``but`` names are left out.
    """
    rows = query_rows(
        connection,
        """
        select
            changed.*,
            types.label as type_label,
            types.geography
        from marts.area_succession as changed
        inner join marts.dim_area_type as types on changed.area_type = types.area_type
        order by changed.area_type desc, changed.area_code, changed.share_of_residents desc,
            changed.became_code
        """,
    )
    names = Names(
        (name, row) for row in rows for name in (row["area_code"], row["area_name"] or "")
    )
    by_area: dict[str, list[Row]] = {}
    for row, how in names.find(text):
        if how is How.exact and row["geography"] not in but:
            by_area.setdefault(row["area_code"], []).append(row)
    return [_sentence(found) for found in by_area.values()]


def _sentence(found: list[Row]) -> str:
    first = found[0]
    now = " and ".join(
        f"{row['became_name']} ({row['became_code']})"
        if row["became_name"]
        else str(row["became_code"])
        for row in found
    )
    named = (
        f"{first['area_name']} ({first['area_code']})" if first["area_name"] else first["area_code"]
    )
    if first["how_matched"] == "successor":
        if first["area_code"] == first["became_code"]:
            return f"{named} has been called {first['became_name']} since {first['since_year']}"
        return f"{named} became part of {now} in {first['since_year']}"
    if first["how_matched"] == "exact fit":
        return f"{named} is an area of the type '{first['type_label']}', now {now}"
    mostly = "" if first["share_of_residents"] > 0.995 else ", where most of its residents live"
    return f"{named} is an area of the type '{first['type_label']}', now {now}{mostly}"
