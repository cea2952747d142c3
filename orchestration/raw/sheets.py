"""Sheets of an Excel workbook as tables, held to the same rules as delimited text.

A cell that Excel keeps as a number or a date is read as the text that says the same, and is then
checked against the shape of its type like any other. Two kinds of cell are read from the XML of the
sheet, since calamine gives both as empty ones, which would pass for missing values: one that holds
an error, such as #N/A, and one that holds a formula whose value was never computed.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import duckdb
import pyarrow as pa
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.raw.tabular import (
    BLANKS,
    CONTROL,
    EXAMPLES,
    HEADER_WITHIN,
    CsvTable,
    DeclaredColumn,
    Head,
    SourceTable,
    control,
    folded,
)

WORKBOOK = "Excel workbook"
# Up to the farthest cell of every sheet, since calamine lays a sheet out whole, empty cells too:
# one cell in the last row and column would take 549 GB. The largest real one, a population by
# single years of age, has 3.5 million.
MOST_CELLS = 10_000_000
_OLD_OR_ENCRYPTED = bytes.fromhex("d0cf11e0a1b11ae1")
# Every reference that calamine could take for a cell's, wherever it stands: too many, not too few.
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]+)(\d+)""")
_WITHOUT_REFERENCE = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])(?![^>]*\sr\s*=)""")
_PIECE = 4_000_000
# <c r="B7" t="e"><f>..</f><v>#N/A</v></c>
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*[^/])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?f>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>(.*?)</(?:\w+:)?v>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)


@dataclass
class Marked:
    """Cells of a sheet that are not what calamine makes of them, by row and column from 0."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)  # without a value


def read_workbook(file: RawFile, key: str | None = None) -> list[SheetTable]:
    """Every worksheet that has a header; titles and notes above it are passed over.

    Args:
        file: The workbook.
        key: What the header of the column of area codes looks like.

    Raises:
        RefreshError: not a workbook, or one with more cells than can be laid out.
    """
    if file.data.startswith(_OLD_OR_ENCRYPTED):
        raise file.refused("an encrypted workbook, or one in the old format .xls", f"an {WORKBOOK}")
    parts = file.members(WORKBOOK)
    if "xl/workbook.xml" not in parts or {"content.xml", "xl/workbook.bin"} & set(parts):
        raise file.refused("an archive that is no workbook", f"an {WORKBOOK}")
    _refuse_vast(file, parts)
    with file.read_as(WORKBOOK):
        marked = _marked(parts)
        workbook = CalamineWorkbook.from_filelike(_packed(parts))
        sheets = [
            SheetTable(file, key, workbook.get_sheet_by_name(sheet.name), marked.get(sheet.name))
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]
        return [sheet for sheet in sheets if sheet.has_header]


def open_tables(file: RawFile, key: str) -> list[SourceTable]:
    """The tables of a file that have the column of area codes: notes have none.

    Where none has it, the first one, which then tells what it has in its place.

    Args:
        file: A workbook, or delimited text.
        key: What the header of that column looks like.

    Raises:
        RefreshError: as `read_workbook`; or a workbook without a table.
    """
    if file.suffix != ".xlsx":
        return [CsvTable(file, key)]
    tables = read_workbook(file, key)
    if not tables:
        raise file.refused("no sheet with a header", "a header and rows")
    return [*(table for table in tables if table.has_key)] or [*tables[:1]]


def sheet_name(table: SourceTable) -> str | None:
    """Of a table of a workbook, its sheet."""
    return table.name if isinstance(table, SheetTable) else None


class SheetTable(SourceTable):
    """A worksheet; its lines are the rows as Excel numbers them."""

    row_word = "row"

    def __init__(
        self, file: RawFile, key: str | None, sheet: CalamineSheet, marked: Marked | None
    ) -> None:
        super().__init__(file, key, f"{file.where}, sheet {sheet.name!r}")
        self.name = sheet.name
        self._sheet = sheet
        self._marked = marked or Marked()

    @cached_property
    def _rows(self) -> list[list[object]]:
        rows = [list[object](row) for row in self._sheet.to_python(skip_empty_area=False)]
        for (row, column), error in self._marked.errors.items():
            # A cell beyond what calamine gives is an empty one to it, too.
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = error
        return rows

    @cached_property
    def _found_head(self) -> Head | None:
        """The row with the column of area codes; else the first with two headers or more."""
        first = None
        for number, row in enumerate(self._rows[:HEADER_WITHIN], start=1):
            cells = folded(map(_text, row))
            head = Head(cells, number, number, self._is_key_row(cells))
            if head.has_key:
                return head
            # A title stands alone in its row.
            if first is None and sum(map(bool, cells)) > 1:
                first = head
        return first

    @property
    def has_header(self) -> bool:
        return self._found_head is not None

    def _read_head(self) -> Head:
        if self._found_head is None:
            raise self._refused("no header", "a header and rows")
        return self._found_head

    def _parse(
        self, connection: duckdb.DuckDBPyConnection, positions: Mapping[DeclaredColumn, int]
    ) -> None:
        begin = self._head.ends
        self._refuse_formulas(begin, positions.values())
        below = [
            (n, row)
            for n, row in enumerate(self._rows[begin:], start=begin + 1)
            if any(cell != "" for cell in row)
        ]
        if not below:
            raise self._refused("no rows", "a header and rows")
        values = {"line_number": pa.array([n for n, _ in below], pa.int64())}
        for column, position in positions.items():
            texts = [_text(row[position]) for _, row in below]
            for (n, _), text in zip(below, texts, strict=True):
                if sign := CONTROL.search(text):
                    where = f"row {n}, column {column.name}"
                    raise self._refused(f"{where} has {control(sign[0])}", "text")
            values[column.name] = pa.array(texts, pa.string())
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

    def _refuse_formulas(self, begin: int, wanted: Collection[int]) -> None:
        """Refuse formulas without a value in the columns that are read."""
        found = [
            f"{_letters(column)}{row + 1}: ={formula}"
            for (row, column), formula in sorted(self._marked.formulas.items())
            if row >= begin and column in wanted
        ]
        if found:
            more = f" and {len(found) - EXAMPLES} more" if len(found) > EXAMPLES else ""
            problem = Problem(
                self.where,
                f"{len(found)} formula(s) without a value: {', '.join(found[:EXAMPLES])}{more}",
                "the value of every formula, as Excel and LibreOffice keep it in the file",
                f"open the workbook in one of them, let it compute, save it; or {self._file.again}",
            )
            raise RefreshError("Reading", [problem])


def _packed(parts: Mapping[str, RawFile]) -> io.BytesIO:
    """A workbook of these parts: what was looked at is what is read, whatever the file says."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for name, part in parts.items():
            packed.writestr(name, part.data)
    archive.seek(0)
    return archive


def _refuse_vast(file: RawFile, parts: Mapping[str, RawFile]) -> None:
    """Refuse sheets that cannot be laid out, before a library tries to.

    Raises:
        RefreshError: cells too far away, or without a place of their own.
    """
    cells = 0
    for name, part in parts.items():
        # What calamine takes for a sheet, a relation says: so every part is looked at.
        rows, columns = _farthest(part.data)
        cells += rows * columns
        if name.startswith("xl/worksheets/") and (bare := _WITHOUT_REFERENCE.search(part.data)):
            raise replace(file, where=part.where).refused(
                f"a cell without reference (byte {bare.start():,})",
                "cells that say where they stand, as Excel writes them",
            )
        if cells > MOST_CELLS:
            raise replace(file, where=part.where).refused(
                f"a cell in row {rows:,} and one in column {columns:,}, so {cells:,} to lay out",
                f"no more than {MOST_CELLS:,} cells (is there a stray cell far below?)",
            )


def _farthest(sheet: bytes) -> tuple[int, int]:
    """The last row and the last column that any reference names, from 1; 0 with none."""
    rows: set[bytes] = set()
    columns: set[bytes] = set()
    # In pieces that overlap by more than a reference has, so that few are held at a time.
    for begin in range(0, len(sheet), _PIECE):
        found = _REFERENCE.findall(sheet, begin, begin + _PIECE + 100)
        columns.update(letters for letters, _ in found)
        rows.update(row for _, row in found)
    return (
        max((int(row[:9]) for row in rows), default=0),
        max(map(_number_of, columns), default=0),
    )


def _marked(parts: Mapping[str, RawFile]) -> dict[str, Marked]:
    """The cells that hold errors, or formulas without a value, by sheet."""
    found = {
        name: marked
        for name, part in parts.items()
        if name.startswith("xl/worksheets/") and name.endswith(".xml")
        if (marked := _marked_of(part.data))
    }
    if not found:
        return {}
    related = {
        relation["Id"]: posixpath.normpath(posixpath.join("/xl", relation["Target"]))[1:]
        for relation in _tags(parts["xl/_rels/workbook.xml.rels"], "Relationship")
    }
    named = {
        sheet["name"]: next(value for key, value in sheet.items() if key.endswith(":id"))
        for sheet in _tags(parts["xl/workbook.xml"], "sheet")
    }
    return {
        name: found[part]
        for name, relation in named.items()
        if (part := related[relation]) in found
    }


def _marked_of(sheet: bytes) -> Marked | None:
    marked = Marked()
    if not re.search(rb"""\st\s*=\s*["']e["']|<(?:\w+:)?f\b""", sheet):
        return None
    for attributes, content in _CELL.findall(sheet):
        formula, value = _FORMULA.search(content), _VALUE.search(content)
        is_error = re.search(rb"""\bt\s*=\s*["']e["']""", attributes)
        if not (is_error or (formula and not (value and (value[1] or b'"str"' in attributes)))):
            continue
        reference = _REFERENCE.search(attributes)
        if reference is None:  # refused before
            continue
        place = int(reference[2]) - 1, _number_of(reference[1]) - 1
        if is_error:
            marked.errors[place] = value[1].decode() if value else "#ERROR"
        elif formula:
            marked.formulas[place] = html.unescape((formula[1] or b"...").decode())
    return marked if marked.errors or marked.formulas else None


def _tags(part: RawFile, tag: str) -> list[dict[str, str]]:
    """The attributes of every such element of a part of the workbook."""
    return [
        {key: html.unescape(value) for key, _, value in _ATTRIBUTE.findall(found)}
        for found in re.findall(rf"<(?:\w+:)?{tag}\b([^>]*)>", part.data.decode())
    ]


def _number_of(letters: bytes) -> int:
    """Of a column named by letters, its number from 1."""
    number = 0
    for letter in letters.upper()[:9]:
        number = 26 * number + letter - ord("A") + 1
    return number


def _letters(column: int) -> str:
    """The letters of a column, given its number from 0."""
    name, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _text(cell: object) -> str:
    """A cell as text: whole numbers without a point, others with every digit that they have."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)
