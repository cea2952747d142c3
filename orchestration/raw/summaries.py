"""Published summaries of larger areas (File 10 of the Indices): a row a statistic and area.

A file has the statistics of an index or domain side by side, a workbook a sheet for each of them;
the ranks of the statistics are left alone, for they follow from them.
"""

from __future__ import annotations

import duckdb

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.raw.sheets import open_tables, sheet_name
from orchestration.raw.tabular import DeclaredColumn, SourceTable
from orchestration.sources.registry import Source, Statistic, Summary

# What a header says after the stem; publishers join words with blanks, dashes or underscores.
_HEADERS: dict[Statistic, str] = {
    "average_rank": "average rank",
    "average_score": "average score",
    "proportion": r"proportion of lso ?as in most deprived 10 ?(?:%|percent) nationally",
    "extent": "extent",
    "local_concentration": "local concentration",
    "scale": "scale",
}


def read_summaries(connection: duckdb.DuckDBPyConnection, source: Source, file: RawFile) -> None:
    """Create ``incoming_rows``: a row for each area, measure and statistic of the file.

    Its columns are line_number, sheet, area_code, measure, statistic and value, which is NULL where
    the cell is empty.

    Args:
        connection: Where to.
        source: The file's entry in the registry, with the measures that it must have.
        file: The file.

    Raises:
        RefreshError: measures without a column, values that are no number: all of them.
    """
    tables = open_tables(file, source.columns["area_code"])
    connection.execute(
        "create or replace temp table incoming_rows (line_number bigint, sheet varchar, "
        "area_code varchar, measure varchar, statistic varchar, value double)"
    )
    problems: list[Problem] = []
    for measure, summary in source.summaries.items():
        columns = [
            DeclaredColumn(statistic, _header(summary, statistic), "number")
            for statistic in summary.statistics
        ]
        # With no table that has any of them, the first one says what it has in their place.
        table = next((table for table in tables if _has_any(table, columns)), tables[0])
        try:
            table.load(
                connection,
                "incoming_wide",
                [DeclaredColumn("area_code", source.columns["area_code"], "code"), *columns],
            )
        except RefreshError as error:
            problems += error.problems
            continue
        pairs = ", ".join(
            f"{{'statistic': '{column.name}', 'value': {column.name}}}" for column in columns
        )
        connection.execute(
            "insert into incoming_rows by name select line_number, $1 as sheet, area_code, "
            f"$2 as measure, unnest([{pairs}], recursive := true) from incoming_wide",
            [sheet_name(table), measure],
        )
    if problems:
        raise RefreshError("Reading", problems)


def _header(summary: Summary, statistic: Statistic) -> str:
    return rf"(?:{summary.stem})[ _-]+" + _HEADERS[statistic].replace(" ", "[ _]")


def _has_any(table: SourceTable, columns: list[DeclaredColumn]) -> bool:
    return any(table.has(column) for column in columns)
