"""Postcodes: the small areas in which they lie. Only a release with the directory knows any."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from orchestration.queries import Row, query_rows

_WHOLE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?) *(\d[A-Z]{2})")
_BEGUN = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(?: *(\d[A-Z]?))?")
_SHORTER = re.compile(r"([A-Z]{1,2}\d)(\d)")


@dataclass(frozen=True)
class Postcodes:
    """What a text that may be a postcode, or its beginning, leads to.

    ``areas`` are LSOAs of 2021, that with most of the postcodes first: area_code and ``postcodes``,
    how many of those meant lie there. ``note`` is what a person should know of it besides.
    """

    label: str
    areas: list[Row]
    note: str | None = None


def postcodes(connection: duckdb.DuckDBPyConnection, text: str) -> Postcodes | None:
    """Where the postcodes lie that a text is, or begins; None for a text that is none of any kind.

    A first part is taken whole: 'XA1' does not mean those of XA12, and 'XA12' those of XA1 2 only
    where there is no XA12.
    """
    wanted = " ".join(text.upper().split())
    whole = _WHOLE.fullmatch(wanted)
    found = whole or _BEGUN.fullmatch(wanted)
    if not found:
        return None
    # With the blank behind a first part, 'XA1' is not how XA12 begins.
    readings = [" ".join(part or "" for part in found.groups())]
    if not whole and (shorter := _SHORTER.fullmatch(wanted)):
        readings.append(" ".join(shorter.groups()))
    if not query_rows(connection, "select 1 from marts.dim_postcode limit 1"):
        missing = (
            f"'{text}' looks like a postcode, and this release was made without postcodes: put the "
            "ONS Postcode Directory into the inbox and refresh (lbn sources names the file)"
        )
        return Postcodes(wanted, [], missing) if whole else None
    begun, areas = next(
        ((each, areas) for each in readings if (areas := _areas(connection, each))),
        (readings[0], []),
    )
    if whole and not areas:
        return Postcodes(begun, [], f"The directory has no postcode {begun} in the country")
    ended = areas[0]["ended"] if whole and areas[0]["is_ended"] else None
    note = f"{begun} has not been in use since {ended}" if ended else None
    return Postcodes(begun.strip(), areas, note)


def _areas(connection: duckdb.DuckDBPyConnection, begun: str) -> list[Row]:
    return query_rows(
        connection,
        """
        select
            lsoa21_code as area_code,
            count(*) as postcodes,
            max(ended) as ended,
            count(ended) = count(*) as is_ended
        from marts.dim_postcode
        where starts_with(postcode, $1)
        group by lsoa21_code
        order by postcodes desc, area_code
        """,
        begun,
    )


def small_area_of(connection: duckdb.DuckDBPyConnection, text: str) -> str | None:
    """Code of the LSOA of 2021 in which a whole postcode lies; None for any other text."""
    if not _WHOLE.fullmatch(" ".join(text.upper().split())):
        return None
    found = postcodes(connection, text)
    return found.areas[0]["area_code"] if found and found.areas else None
