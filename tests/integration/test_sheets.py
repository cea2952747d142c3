"""Workbooks as they come: where the header is, what a cell holds, what would harm the reader."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
import xlsxwriter

from orchestration.problems import Problem, RefreshError
from orchestration.raw import sheets
from orchestration.raw.raw_file import RawFile
from orchestration.raw.sheets import open_tables
from orchestration.raw.tabular import DeclaredColumn, SourceTable

WHERE = "source tiny, file tiny.xlsx"
AGAIN = "get the file again from https://example.org"
CODE = "LSOA code"
COLUMNS = [DeclaredColumn("area_code", CODE, "code"), DeclaredColumn("people", "People", "number")]
TABLE: list[list[Any]] = [[CODE, "People"], ["E01000001", 215], ["E01000002", 12.5]]
SHEET = "xl/worksheets/sheet1.xml"

Change = Callable[[str], str]


def workbook(*rows: list[Any], **formulas: tuple[str, Any]) -> bytes:
    """A workbook of one sheet; ``B2=('=1+1', 2)`` puts a formula with its value into a cell."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("People")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for cell, (formula, value) in formulas.items():
            sheet.write_formula(cell, formula, None, value)
    return held.getvalue()


def changed(data: bytes, change: Change, part: str = SHEET) -> bytes:
    """The workbook with the XML of a part written anew."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                content = change(content.decode()).encode()
            new.writestr(name, content)
    return held.getvalue()


def tables(data: bytes) -> list[SourceTable]:
    return open_tables(RawFile(data, ".xlsx", WHERE, AGAIN), CODE)


def read(connection: duckdb.DuckDBPyConnection, data: bytes) -> list[tuple[Any, ...]]:
    (table,) = tables(data)
    table.load(connection, "loaded", COLUMNS)
    return connection.execute("select * from loaded order by line_number").fetchall()


def refused(connection: duckdb.DuckDBPyConnection, data: bytes) -> Problem:
    with pytest.raises(RefreshError) as failure:
        read(connection, data)
    (problem,) = failure.value.problems
    assert problem.where.startswith(WHERE)
    assert problem.expected
    assert AGAIN in problem.remedy
    return problem


# --- The header -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "above",
    [
        [],
        [["Source: Office for National Statistics"], []],
        [["Area", "Counts"]],
        [["", "", "Counts"], ["All people", "mid-2019"]],
        [["", ""]] * 40,
    ],
    ids=["nothing", "a source line", "a banner over the columns", "two banners", "blank rows"],
)
def test_the_header_is_the_row_that_has_the_column_of_area_codes(
    connection: duckdb.DuckDBPyConnection, above: list[list[Any]]
) -> None:
    first = len(above) + 2
    assert read(connection, workbook(*above, *TABLE)) == [
        (first, "E01000001", 215),
        (first + 1, "E01000002", 12.5),
    ]


def test_a_missing_column_is_told_with_the_row_that_was_taken_for_the_header(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    banner, header = ["Area", "Counts"], [CODE, "Persons"]
    problem = refused(connection, workbook(banner, header, *TABLE[1:]))
    assert "row 2 was taken for the header" in problem.found


def test_where_no_row_has_the_area_codes_it_is_said_which_rows_were_looked_at(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    header = ["MSOA code", "People"]
    problem = refused(connection, workbook(["A title"], header, *TABLE[1:]))
    assert problem.where == f"{WHERE}, sheet 'People', column area_code"
    assert "none of the first 50 rows has the column of area codes" in problem.found
    assert "row 2 was taken for the header" in problem.found
    assert "the nearest: MSOA code" in problem.found


def test_a_workbook_without_any_header_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    assert refused(connection, workbook(["Notes"])).found == "no sheet with a header"


# --- Formulas -------------------------------------------------------------------------------------


def test_a_formula_is_read_as_its_value(connection: duckdb.DuckDBPyConnection) -> None:
    data = workbook(*TABLE, B2=("=200+15", 215))
    assert read(connection, data)[0] == (2, "E01000001", 215)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2"><f>200+15</f></c>',
        '<c r="B2"><f>200+15</f><v></v></c>',
        '<c r="B2"><f>200+15</f><v/></c>',
        '<c t="n" r="B2"><f ca="1">200+15</f></c>',
        "<c r='B2'><f>200+15</f></c>",
        '<c r="B2"><f t="shared" si="0"/></c>',
    ],
    ids=["no value", "an empty one", "a closed one", "attributes", "single quotes", "shared"],
)
def test_a_formula_that_was_never_computed_is_refused_with_sheet_and_cell(
    connection: duckdb.DuckDBPyConnection, cell: str
) -> None:
    def uncomputed(xml: str) -> str:
        changed_xml, count = re.subn(r'<c r="B2">.*?</c>', cell, xml)
        assert count == 1
        return changed_xml

    problem = refused(connection, changed(workbook(*TABLE), uncomputed))
    assert problem.where == f"{WHERE}, sheet 'People'"
    formula = "..." if "shared" in cell else "200+15"
    assert problem.found == f"1 formula(s) without a value: B2: ={formula}"


def test_a_formula_without_a_value_in_a_column_that_is_not_read_is_left_alone(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    data = workbook(*TABLE, D2=("=200+15", 0))
    uncomputed = changed(data, lambda xml: xml.replace("<f>200+15</f><v>0</v>", "<f>200+15</f>"))
    assert uncomputed != data
    assert len(read(connection, uncomputed)) == 2


# --- What would harm the reader -------------------------------------------------------------------


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1048576'><c r = 'XFD1048576'><v>1</v></c></row>",
        '<row r="4"><c r="A4" s="&gt;"/><c s="0" r="XFD4"><v>1</v></c></row>'
        '<row r="900000"><c r="A900000"><v>1</v></c></row>',
    ],
    ids=["both", "other quotes", "a wide row and a low one"],
)
def test_a_far_cell_is_refused_before_the_sheet_is_laid_out(
    connection: duckdb.DuckDBPyConnection, far: str
) -> None:
    data = changed(workbook(*TABLE), lambda xml: xml.replace("</sheetData>", f"{far}</sheetData>"))
    problem = refused(connection, data)
    assert "to lay out" in problem.found
    assert problem.where.endswith(f"member {SHEET}")


def test_cells_up_to_the_bound_are_read_and_one_row_more_is_refused(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = workbook(*TABLE)
    monkeypatch.setattr(sheets, "MOST_CELLS", 6)
    assert len(read(connection, data)) == 2
    monkeypatch.setattr(sheets, "MOST_CELLS", 5)
    assert "to lay out" in refused(connection, data).found


def test_a_cell_without_reference_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    data = changed(workbook(*TABLE), lambda xml: xml.replace('<c r="B2">', "<c>"))
    assert "a cell without reference" in refused(connection, data).found


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500), "an encrypted workbook"),
        (b"PK\x03\x04" + bytes(100), "no readable Excel workbook"),
        (changed(workbook(*TABLE), lambda xml: xml[:200]), "no readable Excel workbook"),
        (
            changed(workbook(*TABLE), lambda _: "<Relationships/>", "xl/_rels/workbook.xml.rels"),
            "no readable Excel workbook",
        ),
    ],
    ids=["encrypted", "no archive", "a sheet cut off", "a sheet without relation"],
)
def test_what_is_no_whole_workbook_is_refused(
    connection: duckdb.DuckDBPyConnection, data: bytes, found: str
) -> None:
    assert refused(connection, data).found.startswith(found)
