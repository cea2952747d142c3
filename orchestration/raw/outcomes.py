"""Counts of people in areas (Census, claimants, disability): a row an outcome and area.

Census tables come as Nomis packs them: a zip archive with a file for each kind of area, of which
one is read.
"""

from __future__ import annotations

import re

import duckdb

from orchestration.raw.nomis import refuse_counts_as_served
from orchestration.raw.raw_file import RawFile
from orchestration.raw.tabular import CsvTable, DeclaredColumn
from orchestration.sources.registry import OutcomeColumns, Source


def read_outcomes(connection: duckdb.DuckDBPyConnection, source: Source, file: RawFile) -> None:
    """Create ``incoming_rows``: a row for each area and outcome of the file.

    Its columns are line_number, area_code, outcome, numerator and denominator (people or
    households), NULL where a cell is empty.

    Args:
        connection: Where to.
        source: The file's entry in the registry, with the outcomes that it must have.
        file: The file; a zip archive if its name says so.

    Raises:
        RefreshError: no such member, columns not found, values that are no number: all of them;
            or counts as Nomis serves them, which are none of these yet.
    """
    columns = [DeclaredColumn("area_code", source.columns["area_code"], "code")]
    for outcome, declared in source.outcomes.items():
        columns += _columns(outcome, declared)
    found = _table_of(source, file)
    table = CsvTable(found, source.columns["area_code"])
    if not table.has_key:
        refuse_counts_as_served(connection, source, found)
    table.load(connection, "incoming_wide", columns)
    connection.execute(
        "create or replace temp table incoming_rows as "
        + " union all ".join(
            f"select line_number, area_code, '{outcome}' as outcome, "
            + " + ".join(f'"{outcome}:{n}"' for n in range(len(declared.numerator)))
            + f' as numerator, "{outcome}:of" as denominator from incoming_wide'
            + _of_category(outcome, declared)
            for outcome, declared in source.outcomes.items()
        )
    )


def _of_category(outcome: str, declared: OutcomeColumns) -> str:
    """SQL: only the rows of the outcome's category, where a file has several."""
    if declared.category is None:
        return ""
    value = declared.category[1].replace("'", "''")
    return f" where \"{outcome}:is\" = '{value}'"


def _columns(outcome: str, declared: OutcomeColumns) -> list[DeclaredColumn]:
    columns = [
        DeclaredColumn(f"{outcome}:{n}", header, "number")
        for n, header in enumerate(declared.numerator)
    ]
    columns.append(DeclaredColumn(f"{outcome}:of", declared.denominator, "number"))
    if declared.category:
        columns.append(DeclaredColumn(f"{outcome}:is", declared.category[0], "text"))
    return columns


def _table_of(source: Source, file: RawFile) -> RawFile:
    """The delimited file: of an archive, the member that is declared."""
    if file.suffix != ".zip":
        return file
    pattern = source.member or r".*\.csv"
    wanted = re.compile(pattern, re.IGNORECASE)
    members = file.members("zip archive", lambda name: wanted.fullmatch(name) is not None)
    if len(members) != 1:
        named = ", ".join(members or file.member_sizes("zip archive"))
        raise file.refused(
            f"{len(members)} file(s) that fit in the archive: {named:.500}",
            f"one named like {pattern}",
        )
    return next(iter(members.values()))
