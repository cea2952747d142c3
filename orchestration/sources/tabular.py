"""Delimited text to typed columns, strictly: nothing is guessed, skipped or rounded.

The standard library reads the CSV (it keeps true line numbers, which DuckDB's reader does not),
DuckDB checks and casts the values in bulk.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from orchestration.problems import Problem, RefreshError

EXAMPLES = 5
ValueType = Literal["code", "text", "number", "integer", "flag"]

# Bounded, so that no number overflows to infinity and every whole number fits, exactly.
_DIGITS = r"[+-]?(\d{1,100}|\d{1,3}(,\d{3}){1,33})"
_WHOLE = r"[+-]?(\d{1,18}|\d{1,3}(,\d{3}){1,5})"
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


def _not_utf8(path: Path) -> int:
    """The first line that is not UTF-8: a decoding error speaks of its buffer, not of the file."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return number
    raise AssertionError(f"{path} is UTF-8")


def _not_csv(path: Path) -> int:
    """The line where the first bad record begins: a quote left open ends at the last line."""
    begins = 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        with contextlib.suppress(csv.Error):
            for _ in reader:
                begins = reader.line_num + 1
    return begins


@dataclass(frozen=True)
class Column:
    """A column to find in a file: its name here, its header there, its type."""

    name: str
    header: str
    type: ValueType
    required: bool = True


class Table:
    """A delimited file in memory, as text, with the line number of every row."""

    def __init__(self, path: Path, where: str, remedy: str) -> None:
        """Read a file.

        Args:
            path: UTF-8 text with or without BOM, comma-separated, LF or CRLF, one header row.
            where: Names the file in problems.
            remedy: What to do about a file that cannot be used.

        Raises:
            RefreshError: not UTF-8, no rows, or rows of unequal length.
        """
        self._where = where
        self._remedy = remedy
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                rows = [(reader.line_num, row) for row in reader if any(row)]
        except UnicodeDecodeError as error:
            raise self._refused(f"line {_not_utf8(path)} is not UTF-8", "UTF-8 text") from error
        except csv.Error as error:
            raise self._refused(
                f"line {_not_csv(path)} breaks off or is wrongly quoted ({error})",
                "complete comma-separated lines",
            ) from error
        if len(rows) < 2:
            raise self._refused(f"{len(rows)} line(s)", "a header and rows")
        self._header = [re.sub(r"\s+", " ", cell).strip() for cell in rows[0][1]]
        ragged = [(line, len(row)) for line, row in rows if len(row) != len(self._header)]
        if ragged:
            raise self._refused(
                f"{len(ragged)} line(s) of another length, the first: line {ragged[0][0]} has "
                f"{ragged[0][1]} values",
                f"{len(self._header)} values in every line, as in the header (is it truncated?)",
            )
        self.line_numbers = [line for line, _ in rows[1:]]
        self._rows = [row for _, row in rows[1:]]

    def _refused(self, found: str, expected: str) -> RefreshError:
        return RefreshError("Reading", [Problem(self._where, found, expected, self._remedy)])

    def _position(self, column: Column) -> int | Problem | None:
        pattern = re.compile(column.header, re.IGNORECASE)
        positions = [n for n, cell in enumerate(self._header) if cell and pattern.fullmatch(cell)]
        if len(positions) == 1:
            return positions[0]
        if positions:
            found = "several columns: " + ", ".join(repr(self._header[n]) for n in positions)
        elif not column.required:
            return None
        else:
            plain = re.sub(r"\\(.)|[|?()]", r"\1", column.header)
            near = difflib.get_close_matches(plain, filter(None, self._header), n=3, cutoff=0.5)
            found = "no such column" + (f"; the nearest: {', '.join(near)}" if near else "")
        return Problem(
            where=f"{self._where}, column {column.name}",
            found=found,
            expected=f"one column headed like: {column.header}",
            remedy="if the publisher renamed it, change the pattern in sources.yml; if this is "
            f"another vintage or file, {self._remedy}",
        )

    def load(
        self, connection: duckdb.DuckDBPyConnection, into: str, columns: Iterable[Column]
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
        text: Mapping[str, pa.Array] = {
            column.name: pa.array([row[position].strip() for row in self._rows], pa.string())
            for column, position in positions.items()
            if isinstance(position, int)
        }
        incoming = pa.table({"line_number": pa.array(self.line_numbers, pa.int64()), **text})
        connection.register("incoming", incoming)
        try:
            present = [column for column in columns if column.name in text]
            if problems := self._rejects(connection, present, positions):
                raise RefreshError("Reading", problems)
            casts = [
                (_TYPES[column.type][1].format(v=f'"{column.name}"') if column in present else None)
                for column in columns
            ]
            selected = ", ".join(
                f'{cast or "null"} as "{column.name}"'
                for cast, column in zip(casts, columns, strict=True)
            )
            connection.execute(
                f"create or replace temp table {into} as "
                f"select line_number, {selected} from incoming"
            )
        finally:
            connection.unregister("incoming")

    def _rejects(
        self,
        connection: duckdb.DuckDBPyConnection,
        columns: list[Column],
        positions: Mapping[Column, int | Problem | None],
    ) -> list[Problem]:
        def wrong(column: Column) -> str:
            shape = f"not regexp_full_match(\"{column.name}\", '{_TYPES[column.type][0]}')"
            # A code is never missing; other values may be, and the guards say which may not.
            return shape if column.type == "code" else f"\"{column.name}\" <> '' and {shape}"

        counted = ", ".join(f"count(*) filter ({wrong(column)})" for column in columns)
        counts = connection.execute(f"select {counted} from incoming").fetchone() or ()
        problems = []
        for column, count in zip(columns, counts, strict=True):
            if not count:
                continue
            examples = connection.execute(
                f'select line_number, "{column.name}" from incoming where {wrong(column)} '
                f"order by 1 limit {EXAMPLES}"
            ).fetchall()
            listed = ", ".join(f"line {line}: {value!r}" for line, value in examples)
            position = positions[column]
            assert isinstance(position, int)
            problems.append(
                Problem(
                    where=f"{self._where}, column {self._header[position]!r}",
                    found=f"{count} value(s) that are not {_TYPES[column.type][2]}: {listed}",
                    expected=f"{_TYPES[column.type][2]} in every line",
                    remedy=f"correct the value at its origin, or {self._remedy}",
                )
            )
        return problems
