"""Delimited text to typed columns, strictly: nothing is guessed, skipped or rounded.

DuckDB parses the file in its strict mode, as text; every value is then checked against the shape
of its type before it is cast, and whatever is wrong is told with file, line, column and value. A
sheet of a workbook (workbook.py) is held to the same.
"""

from __future__ import annotations

import csv
import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.problems import Problem, RefreshError

EXAMPLES = 5
ValueType = Literal["code", "text", "number", "integer", "flag"]

# Bounded, so that no number overflows to infinity and every whole number fits, exactly.
_DIGITS = r"[+-]?(\d{1,100}|\d{1,3}(,\d{3}){1,33})"
_WHOLE = r"[+-]?(\d{1,18}|\d{1,3}(,\d{3}){1,5})"
# What is trimmed from a value, as SQL: blanks, tabs, line ends, no-break spaces.
BLANKS = "e' \\t\\r\\n\u00a0'"
# What a value must look like (empty is missing), how it is cast, and how to say so.
_TYPES: dict[ValueType, tuple[str, str, str]] = {
    "code": (r"\S.*", "nullif({v}, '')", "an area code"),
    "text": (r"(?s:.*)", "nullif({v}, '')", "text"),
    "number": (
        rf"({_DIGITS}(\.\d*)?|[+-]?\.\d+)([eE][+-]?\d{{1,2}})?",
        "cast(nullif(replace({v}, ',', ''), '') as double)",
        "a number",
    ),
    "integer": (
        rf"{_WHOLE}(\.0+)?",
        "cast(nullif(split_part(replace({v}, ',', ''), '.', 1), '') as bigint)",
        "a whole number",
    ),
    "flag": (r"(?i:true|false)", "cast(nullif({v}, '') as boolean)", "TRUE or FALSE"),
}


NUMBER = _TYPES["number"]


@dataclass(frozen=True)
class DeclaredColumn:
    """A column to find in a file: its name here, its header there, its type."""

    name: str
    header: str
    type: ValueType
    required: bool = True


class SourceTable(ABC):
    """A header and rows of text below it, with the line of each row.

    Args:
        path: The file.
        where: Names the table in problems.
        remedy: What to do about a table that cannot be used.
    """

    def __init__(self, path: Path, where: str, remedy: str) -> None:
        self._path = path
        self.where = where
        self._remedy = remedy

    def _refused(self, found: str, expected: str) -> RefreshError:
        return RefreshError("Reading", [Problem(self.where, found, expected, self._remedy)])

    @abstractmethod
    def _read_header(self) -> tuple[list[str], int]:
        """The header's cells, white space folded, and the line on which it ends."""

    @abstractmethod
    def _parse(
        self, connection: duckdb.DuckDBPyConnection, positions: Mapping[DeclaredColumn, int]
    ) -> None:
        """Create ``incoming``: line_number and the wanted columns, as text without blanks around.

        Args:
            connection: Where to.
            positions: Where the wanted columns stand.

        Raises:
            RefreshError: the table cannot be parsed, or has no rows.
        """

    @cached_property
    def _head(self) -> tuple[list[str], int]:
        return self._read_header()

    @property
    def header(self) -> list[str]:
        """Every header, white space folded; '' where a column has none."""
        return self._head[0]

    def _position(self, column: DeclaredColumn) -> int | Problem | None:
        header = self.header
        pattern = re.compile(column.header, re.IGNORECASE)
        positions = [n for n, cell in enumerate(header) if cell and pattern.fullmatch(cell)]
        if len(positions) == 1:
            return positions[0]
        if positions:
            found = "several columns: " + ", ".join(repr(header[n]) for n in positions)
        elif not column.required:
            return None
        else:
            plain = re.sub(r"\\(.)|[|?()]", r"\1", column.header)
            near = difflib.get_close_matches(plain, filter(None, header), n=3, cutoff=0.5)
            found = "no such column" + (f"; the nearest: {', '.join(near)}" if near else "")
        return Problem(
            where=f"{self.where}, column {column.name}",
            found=found,
            expected=f"one column headed like: {column.header}",
            remedy="if the publisher renamed it, change the pattern in sources.yml; if this is "
            f"another vintage or file, {self._remedy}",
        )

    def has(self, column: DeclaredColumn) -> bool:
        """Whether the column stands here, and once."""
        return isinstance(self._position(column), int)

    def load(
        self, connection: duckdb.DuckDBPyConnection, into: str, columns: Iterable[DeclaredColumn]
    ) -> None:
        """Create the temporary table ``into`` of ``line_number`` and the typed columns.

        Columns that are not required and not there become NULL.

        Raises:
            RefreshError: columns not found, values not of their type, codes missing: all of them.
        """
        columns = list(columns)
        positions = {column: self._position(column) for column in columns}
        if lost := [found for found in positions.values() if isinstance(found, Problem)]:
            raise RefreshError("Reading", lost)
        found = {
            column: position for column, position in positions.items() if isinstance(position, int)
        }
        self._parse(connection, found)
        if problems := self._rejects(connection, found):
            raise RefreshError("Reading", problems)
        selected = ", ".join(
            (_TYPES[column.type][1].format(v=f'"{column.name}"') if column in found else "null")
            + f' as "{column.name}"'
            for column in columns
        )
        connection.execute(
            f"create or replace temp table {into} as select line_number, {selected} from incoming"
        )

    def _rejects(
        self, connection: duckdb.DuckDBPyConnection, positions: Mapping[DeclaredColumn, int]
    ) -> list[Problem]:
        def wrong(column: DeclaredColumn) -> str:
            shape = f"not regexp_full_match(\"{column.name}\", '{_TYPES[column.type][0]}')"
            # A code is never missing; other values may be, and the guards say which may not.
            return shape if column.type == "code" else f"\"{column.name}\" <> '' and {shape}"

        columns = [column for column in positions if column.type != "text"]
        counted = ", ".join(f"count(*) filter ({wrong(column)})" for column in columns)
        counts = connection.execute(f"select {counted} from incoming").fetchone() if columns else ()
        problems = []
        for column, count in zip(columns, counts or (), strict=True):
            if not count:
                continue
            examples = connection.execute(
                f'select line_number, "{column.name}" from incoming where {wrong(column)} '
                f"order by 1 limit {EXAMPLES}"
            ).fetchall()
            listed = ", ".join(f"line {line}: {value!r}" for line, value in examples)
            problems.append(
                Problem(
                    where=f"{self.where}, column {self.header[positions[column]]!r}",
                    found=f"{count} value(s) that are not {_TYPES[column.type][2]}: {listed}",
                    expected=f"{_TYPES[column.type][2]} in every line",
                    remedy=f"correct the value at its origin, or {self._remedy}",
                )
            )
        return problems


class CsvTable(SourceTable):
    """A delimited file: UTF-8 with or without BOM, commas, LF or CRLF, one header row."""

    def _read_header(self) -> tuple[list[str], int]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                cells = next((record for record in reader if record), None)
        except UnicodeDecodeError as error:
            raise self._refused("a header that is not UTF-8", "UTF-8 text") from error
        except csv.Error as error:
            raise self._refused(f"a header that breaks off ({error})", "a whole header") from error
        if cells is None:
            raise self._refused("no line", "a header and rows")
        return folded(cells), reader.line_num

    def _parse(
        self, connection: duckdb.DuckDBPyConnection, positions: Mapping[DeclaredColumn, int]
    ) -> None:
        header, begin = self._head
        names = [f"f{position}" for position in range(len(header))]
        wanted = ", ".join(
            f"coalesce(trim(f{position}, {BLANKS}), '') as \"{column.name}\""
            for column, position in positions.items()
        )
        try:
            connection.execute(
                f"""
                create or replace temp table parsed as
                select {wanted}, coalesce({", ".join(names)}) is null as is_blank
                from read_csv(
                    $1, columns = {dict.fromkeys(names, "varchar")}, auto_detect = false,
                    header = false, skip = {begin}, delim = ',', quote = '"', escape = '"',
                    strict_mode = true, null_padding = false, encoding = 'utf-8')
                """,
                [str(self._path)],
            )
        except duckdb.InvalidInputException as error:
            raise self._refused(*_breakage(str(error))) from error
        line = self._line_number(connection, begin)
        # A line of nothing but commas is as blank as an empty one.
        connection.execute(
            f"create or replace temp view incoming as "
            f"select {line} as line_number, * exclude (is_blank) from parsed where not is_blank"
        )
        if not _count(connection, "select count(*) from incoming"):
            raise self._refused("no rows", "a header and rows")

    def _line_number(self, connection: duckdb.DuckDBPyConnection, begin: int) -> str:
        """The line on which a record of ``parsed`` ends, as an SQL expression."""
        rows = _count(connection, "select count(*) from parsed")
        content = self._path.read_bytes()
        lines = content.count(b"\n") + (not content.endswith(b"\n"))
        plain = content.count(b"\r") == content.count(b"\r\n")
        if plain and rows == lines - begin:
            return f"rowid + {begin + 1}"
        # Line breaks within quotes, or blank lines: which line is whose, only a parser knows.
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            ends = [reader.line_num for record in reader if record][1:]
        if len(ends) != rows:
            raise self._refused(f"{rows} rows in {len(ends)} records", "a row in every record")
        connection.execute("create or replace temp table record_ends as select $1 as ends", [ends])
        return "(select ends from record_ends)[rowid + 1]"


def folded(cells: Iterable[str]) -> list[str]:
    """Headers with runs of white space folded."""
    return [re.sub(r"\s+", " ", cell).strip() for cell in cells]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def _breakage(message: str) -> tuple[str, str]:
    """What DuckDB's parser stopped at, in our words: what was found, what was expected."""
    line = re.search(r"CSV Error on Line: (\d+)", message)
    if not line:
        return (
            "a file that mixes kinds of line end, or is wrongly quoted",
            "complete comma-separated lines, all ended alike (RFC 4180)",
        )
    where = f"line {line[1]}"
    if lengths := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        return (
            f"{where} has {lengths[2]} values",
            f"{lengths[1]} values in every line, as in the header (is the file truncated?)",
        )
    if "unicode" in message.lower():
        return f"{where} is not UTF-8", "UTF-8 text"
    return f"{where} breaks off or is wrongly quoted", "complete comma-separated lines"
