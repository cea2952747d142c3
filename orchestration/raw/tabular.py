"""Delimited text to typed columns, strictly: nothing is guessed, skipped or rounded.

DuckDB parses the text in its strict mode, from memory; every value is then checked against the
shape of its type before it is cast, and whatever is wrong is told with file, line, column and
value. A sheet of a workbook (sheets.py) is held to the same.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal, NamedTuple
from uuid import uuid4

import duckdb
from fsspec.implementations.memory import MemoryFileSystem

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile

EXAMPLES = 5
# The header is looked for in so many rows: above it stand titles, banners and sources.
HEADER_WITHIN = 50
# The widest real file, of a population by single years of age, has some 100.
MOST_COLUMNS = 2_000
ValueType = Literal["code", "text", "number", "integer", "flag"]

# Bounded, so that no number overflows to infinity and every whole number fits, exactly.
_DIGITS = r"[+-]?(\d{1,100}|\d{1,3}(,\d{3}){1,33})"
_WHOLE = r"[+-]?(\d{1,18}|\d{1,3}(,\d{3}){1,5})"
# Characters that terminals obey; no table has any, but for tabs and line ends.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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


class Head(NamedTuple):
    """A header: its cells, white space folded, and where it stands."""

    cells: list[str]
    begins: int  # line or row, from 1
    ends: int
    has_key: bool  # whether it is the row that has the key column


class SourceTable(ABC):
    """A header and rows of text below it, with the line of each row.

    Args:
        file: The file that it is in.
        key: What the header of the column of area codes looks like. The first row that has such a
            cell is the header; with none, the first that may be one.
        where: Names the table in problems, where the file has several.
    """

    row_word = "line"

    def __init__(self, file: RawFile, key: str | None = None, where: str = "") -> None:
        self._file = file
        self._key = re.compile(key, re.IGNORECASE) if key else None
        self.where = where or file.where

    def _refused(self, found: str, expected: str) -> RefreshError:
        return RefreshError("Reading", [Problem(self.where, found, expected, self._file.again)])

    @abstractmethod
    def _read_head(self) -> Head:
        """Find the header.

        Raises:
            RefreshError: there is none, or one that cannot be read.
        """

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
    def _head(self) -> Head:
        head = self._read_head()
        if len(head.cells) > MOST_COLUMNS:
            raise self._refused(
                f"{len(head.cells):,} columns in {self.row_word} {head.begins}",
                f"no more than {MOST_COLUMNS:,} columns",
            )
        return head

    @property
    def header(self) -> list[str]:
        """Every header, white space folded; '' where a column has none."""
        return self._head.cells

    @property
    def has_key(self) -> bool:
        """Whether the column of area codes is there."""
        return self._head.has_key

    def _is_key_row(self, cells: Sequence[str]) -> bool:
        return self._key is not None and any(map(self._key.fullmatch, cells))

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
            found = self._none_like(column)
        return Problem(
            where=f"{self.where}, column {column.name}",
            found=found,
            expected=f"one column headed like: {column.header}",
            remedy="if the publisher renamed it, change the pattern in sources.yml; if this is "
            f"another vintage or file, {self._file.again}",
        )

    def _none_like(self, column: DeclaredColumn) -> str:
        """Say that there is no such column, what is nearest, and which row was looked at."""
        head = self._head
        taken = f"{self.row_word} {head.begins} was taken for the header"
        if self._key is not None and not head.has_key:
            taken = (
                f"none of the first {HEADER_WITHIN} {self.row_word}s has the column of area codes, "
                f"so {taken}"
            )
        plain = re.sub(r"\\(.)|[|?()]", r"\1", column.header)
        near = difflib.get_close_matches(plain, filter(None, head.cells), n=3, cutoff=0.5)
        return f"no such column ({taken})" + (f"; the nearest: {', '.join(near)}" if near else "")

    def has(self, column: DeclaredColumn) -> bool:
        """Whether the column stands here, and once."""
        return isinstance(self._position(column), int)

    def header_of(self, column: DeclaredColumn) -> str:
        """The header of a column that is there; else what it looks like."""
        position = self._position(column)
        return self.header[position] if isinstance(position, int) else column.header

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
                    remedy=f"correct the value at its origin, or {self._file.again}",
                )
            )
        return problems


class CsvTable(SourceTable):
    """A delimited file: UTF-8 with or without BOM, commas, LF or CRLF, one header row."""

    @cached_property
    def _data(self) -> bytes:
        """The text as UTF-8, without a byte order mark.

        Raises:
            RefreshError: it is in another encoding, or has a control character; says in which line.
        """
        data = self._file.data
        expected = "UTF-8 text"
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise self._refused("UTF-16 text, not UTF-8", f"{expected}: save it as 'CSV UTF-8'")
        data = data.removeprefix(codecs.BOM_UTF8)
        if data[:1000].count(0) > len(data[:1000]) // 3:
            raise self._refused("UTF-16 text, not UTF-8", f"{expected} ('CSV UTF-8')")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            begin = data.rfind(b"\n", 0, error.start) + 1
            line = data[begin : error.start + 20].partition(b"\n")[0]
            shown = line.decode("cp1252", "replace").strip()
            raise self._refused(
                f"{_line_of(data, error.start)} is not UTF-8 (byte {data[error.start]:#04x}); in "
                f"Windows-1252 it reads {shown[-80:]!r}",
                f"{expected}: save it as 'CSV UTF-8'",
            ) from error
        if sign := CONTROL.search(text):
            number = text.count("\n", 0, sign.start()) + 1
            raise self._refused(f"line {number} has {control(sign[0])}", "text")
        return data

    def _lines(self) -> io.TextIOWrapper:
        """The lines with their ends. One that is held as text takes four bytes a character."""
        return io.TextIOWrapper(io.BytesIO(self._data), encoding="utf-8", newline="")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank, with the line on which it ends."""
        reader = csv.reader(self._lines(), strict=True)
        try:
            for record in reader:
                if record:
                    yield reader.line_num, record
        except csv.Error as error:
            raise self._refused(
                f"line {reader.line_num} breaks off or is wrongly quoted ({error})",
                "complete comma-separated lines",
            ) from error

    def _read_head(self) -> Head:
        first: Head | None = None
        single = []
        before = 0
        for end, record in islice(self._records(), HEADER_WITHIN):
            cells = folded(record)
            head = Head(cells, before + 1, end, self._is_key_row(cells))
            if head.has_key or self._key is None:
                return head
            first, before = first or head, end
            single += record if len(record) == 1 else []
        if first is None:
            raise self._refused("no line", "a header and rows")
        if len(first.cells) == 1 and (sign := re.search("[;\t|]", single[0])):
            raise self._refused(
                f"line {first.begins} has one value, with {sign[0]!r} in it",
                "commas between values",
            )
        return first

    def _parse(
        self, connection: duckdb.DuckDBPyConnection, positions: Mapping[DeclaredColumn, int]
    ) -> None:
        head = self._head
        names = [f"f{position}" for position in range(len(head.cells))]
        wanted = ", ".join(
            f"coalesce(trim(f{position}, {BLANKS}), '') as \"{column.name}\""
            for column, position in positions.items()
        )
        try:
            with _in_memory(connection, self._body(head.ends)) as name:
                connection.execute(
                    f"""
                    create or replace temp table parsed as
                    select {wanted}, coalesce({", ".join(names)}) is null as is_blank
                    from read_csv(
                        $1, columns = {dict.fromkeys(names, "varchar")}, auto_detect = false,
                        header = false, skip = 1, delim = ',', quote = '"', escape = '"',
                        strict_mode = true, null_padding = false, encoding = 'utf-8')
                    """,
                    [name],
                )
        except duckdb.Error as error:
            raise self._refused(*_breakage(str(error), head.ends - 1)) from error
        line = self._line_number(connection, head.ends)
        # A line of nothing but commas is as blank as an empty one.
        connection.execute(
            f"create or replace temp view incoming as "
            f"select {line} as line_number, * exclude (is_blank) from parsed where not is_blank"
        )
        if not _count(connection, "select count(*) from incoming"):
            raise self._refused("no rows", "a header and rows")

    def _body(self, ends: int) -> bytes:
        """What stands below the header, with one line in place of all that stands above.

        DuckDB takes the kind of line end from the first line, and its own ``skip`` miscounts lines
        within quotes.
        """
        above = [*islice(self._lines(), ends)]
        end = above[-1][len(above[-1].rstrip("\r\n")) :]
        begin = len("".join(above).encode())
        return b"".join((f"-{end}".encode(), memoryview(self._data)[begin:]))

    def _line_number(self, connection: duckdb.DuckDBPyConnection, begin: int) -> str:
        """The line on which a record of ``parsed`` ends, as an SQL expression."""
        rows = _count(connection, "select count(*) from parsed")
        content = self._data
        lines = content.count(b"\n") + (not content.endswith(b"\n"))
        plain = content.count(b"\r") == content.count(b"\r\n")
        if plain and rows == lines - begin:
            return f"rowid + {begin + 1}"
        # Line breaks within quotes, or blank lines: which line is whose, only a parser knows.
        ends = [end for end, _ in self._records() if end > begin]
        if len(ends) != rows:
            raise self._refused(f"{rows} rows in {len(ends)} records", "a row in every record")
        connection.execute("create or replace temp table record_ends as select $1 as ends", [ends])
        return "(select ends from record_ends)[rowid + 1]"


@contextmanager
def _in_memory(connection: duckdb.DuckDBPyConnection, data: bytes) -> Iterator[str]:
    """A name under which DuckDB reads these bytes, and nothing else."""
    files = MemoryFileSystem()
    if files.protocol not in connection.list_filesystems():
        connection.register_filesystem(files)
    name = f"/{uuid4().hex}.csv"
    files.pipe_file(name, data)
    try:
        yield f"{files.protocol}:/{name}"
    finally:
        files.rm_file(name)


def control(sign: str) -> str:
    """A control character in words."""
    return "a zero byte" if sign == "\0" else f"a control character ({ord(sign):#04x})"


def _line_of(data: bytes, position: int) -> str:
    return f"line {data.count(10, 0, position) + 1}"


def folded(cells: Iterable[str]) -> list[str]:
    """Headers with runs of white space folded."""
    return [re.sub(r"\s+", " ", cell).strip() for cell in cells]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def _breakage(message: str, above: int) -> tuple[str, str]:
    """What DuckDB's parser stopped at, in our words: what was found, what was expected.

    Args:
        message: What it says, with a line.
        above: How many lines stand above those that it was given.
    """
    line = re.search(r"CSV Error on Line: (\d+)", message)
    if not line:
        return (
            "a file that mixes kinds of line end, or is wrongly quoted",
            "complete comma-separated lines, all ended alike (RFC 4180)",
        )
    where = f"line {int(line[1]) + above}"
    if "maximum line size" in message.lower():
        return f"{where} is longer than 2,000,000 bytes", "lines of a table (is a quote missing?)"
    if lengths := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        return (
            f"{where} has {lengths[2]} values",
            f"{lengths[1]} values in every line, as in the header (is the file truncated?)",
        )
    if "unicode" in message.lower():
        return f"{where} is not UTF-8", "UTF-8 text"
    return f"{where} breaks off or is wrongly quoted", "complete comma-separated lines"
