"""Counts in the two layouts in which Nomis serves them, told by name.

Neither is an outcome: the months stand apart, and the people whom they are counted of are in
another table of Nomis. Which those are cannot be told from the file, so nothing is assumed.
"""

from __future__ import annotations

import re
from calendar import month_name

import duckdb

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.raw.tabular import EXAMPLES, CsvTable, DeclaredColumn
from orchestration.sources.registry import Source

_API = (
    DeclaredColumn("area_code", "GEOGRAPHY_CODE", "code"),
    DeclaredColumn("month", "DATE", "text"),
    DeclaredColumn("value", "OBS_VALUE", "text"),
)
# 'lower super output area (2011 census boundaries)', '2011 super output areas - lower layer'
_QUERIED = ".*super output area.*"
_MONTH = re.compile(rf"\b({'|'.join(month_name[1:])}) (\d{{4}})\b")


def refuse_counts_as_served(
    connection: duckdb.DuckDBPyConnection, source: Source, file: RawFile
) -> None:
    """Refuse a file in a layout of Nomis, with the months that it has; return for any other.

    Raises:
        RefreshError: it is in such a layout, or no delimited text.
    """
    served = _served_by_api(connection, file) or _served_by_query(file)
    if served is None:
        return
    headers = [
        source.columns["area_code"],
        *(header for each in source.outcomes.values() for header in each.numerator),
        *(each.denominator for each in source.outcomes.values()),
    ]
    raise RefreshError(
        "Reading",
        [
            Problem(
                where=file.where,
                found=f"{served}, and not the people whom they are counted of",
                expected=f"{source.title}: a row an area, headed {', '.join(headers)}",
                remedy=source.how_to_get or source.again,
            )
        ],
    )


def _served_by_api(connection: duckdb.DuckDBPyConnection, file: RawFile) -> str | None:
    """What an answer of the API holds: a row an area, month, sex, age and measure."""
    table = CsvTable(file, _API[0].header)
    if not all(map(table.has, _API)):
        return None
    table.load(connection, "incoming_served", _API)
    months = connection.execute("select distinct month from incoming_served order by 1").fetchall()
    repeated = connection.execute(
        "select area_code || ' in ' || month from incoming_served "
        "group by area_code, month having count(*) > 1 order by 1"
    ).fetchall()
    told = "counts as the API of Nomis gives them, with " + _months(
        [str(each) for (each,) in months]
    )
    if repeated:
        examples = ", ".join(each for (each,) in repeated[:EXAMPLES])
        told += f", {len(repeated):,} times more than one row an area and month ({examples})"
    return told


def _served_by_query(file: RawFile) -> str | None:
    """What the download of a query holds: titles, a column a month or one of them, footnotes."""
    if not CsvTable(file, _QUERIED).has_key:
        return None
    months = {
        f"{year}-{list(month_name).index(name):02}"
        for name, year in _MONTH.findall(_without_issue(file.data.decode("utf-8-sig")))
    }
    return "counts as a query of Nomis gives them, with " + _months(sorted(months))


def _without_issue(text: str) -> str:
    """Without the line that says when the file was made."""
    return re.sub(r"\[from Nomis on [^]]*\]", "", text)


def _months(months: list[str]) -> str:
    return f"{len(months)} of twelve months: {', '.join(months)}" if months else "no month"
