"""Counts of people in areas (Census, claimants, disability): a row an outcome and area.

Census tables come as Nomis packs them: a zip archive with a file for each kind of area, of which
one is read.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.problems import Problem, RefreshError
from orchestration.raw.tabular import CsvTable, DeclaredColumn
from orchestration.sources.registry import OutcomeColumns, Source

# A small archive may unpack to more than a disk holds. The largest real member has 3 MB.
LARGEST_MEMBER = 300_000_000


def read_outcomes(
    connection: duckdb.DuckDBPyConnection, source: Source, path: Path, where: str
) -> None:
    """Create ``incoming_rows``: a row for each area and outcome of the file.

    Its columns are line_number, area_code, outcome, numerator and denominator (people or
    households), NULL where a cell is empty.

    Args:
        connection: Where to.
        source: The file's entry in the registry, with the outcomes that it must have.
        path: The file; a zip archive if its name says so.
        where: Names it in problems.

    Raises:
        RefreshError: no such member, columns not found, values that are no number: all of them.
    """
    with _unpacked(source, path, where) as (file, name):
        _columns_of(source, name, file, connection)
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


def _columns_of(
    source: Source, where: str, file: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    columns = [DeclaredColumn("area_code", source.columns["area_code"], "code")]
    for outcome, declared in source.outcomes.items():
        columns += _columns(outcome, declared)
    CsvTable(file, where, source.again).load(connection, "incoming_wide", columns)


def _columns(outcome: str, declared: OutcomeColumns) -> list[DeclaredColumn]:
    columns = [
        DeclaredColumn(f"{outcome}:{n}", header, "number")
        for n, header in enumerate(declared.numerator)
    ]
    columns.append(DeclaredColumn(f"{outcome}:of", declared.denominator, "number"))
    if declared.category:
        columns.append(DeclaredColumn(f"{outcome}:is", declared.category[0], "text"))
    return columns


@contextmanager
def _unpacked(source: Source, path: Path, where: str) -> Iterator[tuple[Path, str]]:
    """The delimited file and what to call it; an archive's member lies in a temporary folder."""
    if path.suffix != ".zip":
        yield path, where
        return

    def refused(found: str, expected: str) -> RefreshError:
        return RefreshError("Reading", [Problem(where, found, expected, source.again)])

    with tempfile.TemporaryDirectory(prefix="lbn-") as folder:
        unpacked = Path(folder) / "member.csv"
        try:
            with zipfile.ZipFile(path) as archive:
                pattern = source.member or r".*\.csv"
                members = [
                    member
                    for member in archive.infolist()
                    if re.fullmatch(pattern, member.filename, re.IGNORECASE)
                ]
                if len(members) != 1:
                    named = ", ".join(member.filename for member in members or archive.infolist())
                    raise refused(
                        f"{len(members)} file(s) that fit in the archive: {named}",
                        f"one named like {pattern}",
                    )
                if members[0].file_size > LARGEST_MEMBER:
                    raise refused(
                        f"{members[0].filename} has {members[0].file_size:,} bytes when unpacked",
                        f"no more than {LARGEST_MEMBER:,}",
                    )
                with archive.open(members[0]) as packed, unpacked.open("wb") as file:
                    shutil.copyfileobj(packed, file)
        # Cut off, damaged, packed by a method that Python does not know, or encrypted.
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise refused(
                f"no zip archive that can be unpacked ({error})", "a zip archive"
            ) from error
        yield unpacked, f"{where}, member {members[0].filename}"
