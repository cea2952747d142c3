"""Sheets of an Excel workbook as tables, held to the same rules as delimited text.

A cell that Excel keeps as a number or a date is read as the text that says the same, and is then
checked against the shape of its type like any other. So is a cell that holds an error, such as
#N/A: calamine gives it as an empty one, which would pass for a missing value.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from orchestration.problems import Problem, RefreshError
from orchestration.raw.tabular import BLANKS, CsvTable, DeclaredColumn, SourceTable, folded

# A workbook is a zip archive, and a small one may unpack to more than memory holds.
LARGEST_UNPACKED = 1_000_000_000
# An error in a sheet's XML: <c r="B7" t="e"><f>..</f><v>#N/A</v></c>.
_ERROR = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(.*?)</c>', re.DOTALL)
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)

Errors = dict[tuple[int, int], str]  # row and column, from 0


def read_workbook(path: Path, where: str, remedy: str) -> list[SheetTable]:
    """Every worksheet that has a header; titles and notes above it are passed over.

    Raises:
        RefreshError: not a workbook, or one that unpacks to too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > LARGEST_UNPACKED:
            found = f"{unpacked:,} bytes when unpacked"
            expected = f"no more than {LARGEST_UNPACKED:,}"
            raise RefreshError("Reading", [Problem(where, found, expected, remedy)])
        errors = _errors(path)
        workbook = CalamineWorkbook.from_path(path)
        sheets = [
            SheetTable(
                path,
                where,
                remedy,
                workbook.get_sheet_by_name(sheet.name),
                errors.get(sheet.name, {}),
            )
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]
    except (zipfile.BadZipFile, zlib.error, KeyError, CalamineError) as error:
        problem = Problem(where, f"no workbook ({error})", "an Excel workbook (.xlsx)", remedy)
        raise RefreshError("Reading", [problem]) from error
    return [sheet for sheet in sheets if sheet.has_header]


def open_tables(path: Path, where: str, remedy: str) -> list[SourceTable]:
    """The tables of a file: a workbook's sheets, or the one of delimited text.

    Raises:
        RefreshError: as `read_workbook`.
    """
    if path.suffix == ".xlsx":
        return list(read_workbook(path, where, remedy))
    return [CsvTable(path, where, remedy)]


def tables_of_areas(tables: Sequence[SourceTable], area_code: str) -> list[SourceTable]:
    """Those that have the column of area codes: notes have none.

    Where none has it, the first one, which then tells what it has in its place.
    """
    pattern = re.compile(area_code, re.IGNORECASE)
    return [table for table in tables if any(map(pattern.fullmatch, table.header))] or [*tables[:1]]


def sheet_name(table: SourceTable) -> str | None:
    """Of a table of a workbook, its sheet."""
    return table.name if isinstance(table, SheetTable) else None


class SheetTable(SourceTable):
    """A worksheet; its lines are the rows as Excel numbers them."""

    def __init__(
        self, path: Path, where: str, remedy: str, sheet: CalamineSheet, errors: Errors
    ) -> None:
        super().__init__(path, f"{where}, sheet {sheet.name!r}", remedy)
        self.name = sheet.name
        self._sheet = sheet
        self._errors = errors

    @cached_property
    def _rows(self) -> list[list[str]]:
        cells = self._sheet.to_python(skip_empty_area=False)
        rows = [[_text(cell) for cell in row] for row in cells]
        for (row, column), error in self._errors.items():
            rows[row][column] = error
        return rows

    @cached_property
    def _header_row(self) -> int | None:
        """The first row with two headers or more: a title stands alone in its row."""
        return next(
            (n for n, row in enumerate(self._rows[:50]) if sum(map(bool, folded(row))) > 1), None
        )

    @property
    def has_header(self) -> bool:
        return self._header_row is not None

    def _read_header(self) -> tuple[list[str], int]:
        if self._header_row is None:
            raise self._refused("no header", "a header and rows")
        return folded(self._rows[self._header_row]), self._header_row + 1

    def _parse(
        self, connection: duckdb.DuckDBPyConnection, positions: Mapping[DeclaredColumn, int]
    ) -> None:
        _, begin = self._head
        below = [(n, row) for n, row in enumerate(self._rows[begin:], start=begin + 1) if any(row)]
        if not below:
            raise self._refused("no rows", "a header and rows")
        values = {"line_number": pa.array([n for n, _ in below], pa.int64())}
        for column, position in positions.items():
            values[column.name] = pa.array([row[position] for _, row in below], pa.string())
        trimmed = ", ".join(
            f'trim("{column.name}", {BLANKS}) as "{column.name}"' for column in positions
        )
        connection.register("sheet_rows", pa.table(values))
        try:
            connection.execute(
                f"create or replace temp table parsed as select line_number, {trimmed} "
                "from sheet_rows"
            )
        finally:
            connection.unregister("sheet_rows")
        connection.execute("create or replace temp view incoming as select * from parsed")


def _errors(path: Path) -> dict[str, Errors]:
    """The cells that hold an error, by sheet."""
    with zipfile.ZipFile(path) as archive:
        parts = {
            name: found
            for name in archive.namelist()
            if name.startswith("xl/worksheets/") and name.endswith(".xml")
            if (found := _errors_of(archive.read(name)))
        }
        if not parts:
            return {}
        related = {
            relation["Id"]: posixpath.normpath(posixpath.join("/xl", relation["Target"]))[1:]
            for relation in _tags(archive, "xl/_rels/workbook.xml.rels", "Relationship")
        }
        sheets = _tags(archive, "xl/workbook.xml", "sheet")
    ids = {
        sheet["name"]: next(value for key, value in sheet.items() if key.endswith(":id"))
        for sheet in sheets
    }
    return {name: parts.get(related[relation], {}) for name, relation in ids.items()}


def _errors_of(sheet: bytes) -> Errors:
    errors = {}
    for attributes, content in _ERROR.findall(sheet) if b't="e"' in sheet else ():
        letters, row = re.findall(rb'\br="([A-Z]+)(\d+)"', attributes)[0]
        column = 0
        for letter in letters:
            column = 26 * column + letter - ord("A") + 1
        value = re.search(rb"<v>(.*?)</v>", content)
        errors[int(row) - 1, column - 1] = value[1].decode() if value else "#ERROR"
    return errors


def _tags(archive: zipfile.ZipFile, name: str, tag: str) -> list[dict[str, str]]:
    """The attributes of every such element of a part of the workbook."""
    text = archive.read(name).decode()
    return [
        {key: html.unescape(value) for key, _, value in _ATTRIBUTE.findall(found)}
        for found in re.findall(rf"<(?:\w+:)?{tag}\b([^>]*)>", text)
    ]


def _text(cell: object) -> str:
    """A cell as text: whole numbers without a point, others with every digit that they have."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)
