"""Indicator files of a few lines: what is read from them, and what is refused with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from orchestration.modelling.seeds import Indicator, load_methodology
from orchestration.problems import Problem, RefreshError
from orchestration.raw import raw_file
from orchestration.raw.indicators import read_indicators
from orchestration.raw.raw_file import RawFile
from orchestration.sources.registry import Source, load_registry

WHERE = "source tiny_indicators, file tiny"
Cells = list[list[Any]]
Row = tuple[int, str | None, str, str, float | None, float | None, str]

_SHIPPED = next(
    row
    for row in load_methodology().indicators
    if (row.index_release, row.indicator) == ("cni2019", "one_person_households")
)


def declared(*rows: Indicator) -> dict[str, Indicator]:
    return {str(row.column_name): row for row in rows}


def indicator(name: str, line: int, **values: object) -> Indicator:
    """A row of the seed, as it would stand there."""
    fields = {"indicator": name, "column_name": name, "line": line, "denominator": None}
    return _SHIPPED.model_copy(update=fields | values)


TURNOUT = indicator("turnout", 2, column_name="votes_cast_per_head", suppressed_as="*")
CARS = indicator("cars", 3, denominator="households")
BLANK = indicator("cars", 3, suppressed_as="blank")


@dataclass(frozen=True)
class Folder:
    """Where a test writes a file and reads it."""

    path: Path
    connection: duckdb.DuckDBPyConnection

    def csv(self, text: str) -> Path:
        file = self.path / "tiny.csv"
        file.write_text(text, encoding="utf-8")
        return file

    def xlsx(self, **sheets: Cells) -> Path:
        file = self.path / "tiny.xlsx"
        with xlsxwriter.Workbook(str(file)) as book:
            for name, rows in sheets.items():
                sheet = book.add_worksheet(name)
                for number, row in enumerate(rows):
                    for column, value in enumerate(row):
                        sheet.write(number, column, value)
        return file

    def read(
        self, file: Path, *rows: Indicator, layout: str = "wide", may_lack: Sequence[str] = ()
    ) -> list[Row]:
        source = tiny(layout).model_copy(update={"may_lack": tuple(may_lack)})
        raw = RawFile(file.read_bytes(), file.suffix, WHERE, source.again)
        read_indicators(self.connection, source, raw, declared(*rows))
        return self.connection.execute(
            "select line_number, sheet, area_code, indicator, value, denominator, status "
            "from incoming_rows order by sheet, line_number, indicator"
        ).fetchall()

    def refused(
        self, file: Path, *rows: Indicator, layout: str = "wide", may_lack: Sequence[str] = ()
    ) -> list[Problem]:
        with pytest.raises(RefreshError) as failure:
            self.read(file, *rows, layout=layout, may_lack=may_lack)
        assert all(problem.remedy for problem in failure.value.problems)
        return failure.value.problems


def tiny(layout: str) -> Source:
    """The registry's entry of the files of these tests."""
    columns = {"area_code": "ward_code"}
    if layout == "long":
        columns |= {"indicator": "Indicator", "value": "Value", "denominator": "Denominator"}
    return (
        load_registry("sample")
        .source("cni2019_indicators")
        .model_copy(
            update={
                "id": "tiny_indicators",
                "layout": layout,
                "columns": columns,
                "ignored_columns": ("ward_name",),
            }
        )
    )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with duckdb.connect() as opened:
        yield Folder(tmp_path, opened)


# --- What is read ---------------------------------------------------------------------------------


def test_a_wide_csv_gives_a_row_an_area_and_indicator(folder: Folder) -> None:
    file = folder.csv(
        "ward_code,ward_name,Votes cast (per head),CARS,Households\n"
        "X05000001,North,0.5,10,100\n"
        "X05000002,South,*,,200\n"
        "X05000003,East,,-1.5e2,\n"
    )
    assert folder.read(file, TURNOUT, CARS) == [
        (2, None, "X05000001", "cars", 10, 100, "given"),
        (2, None, "X05000001", "turnout", 0.5, None, "given"),
        (3, None, "X05000002", "cars", None, 200, "missing"),
        (3, None, "X05000002", "turnout", None, None, "suppressed"),
        (4, None, "X05000003", "cars", -150, None, "given"),
        (4, None, "X05000003", "turnout", None, None, "missing"),
    ]


def test_a_long_csv_gives_its_rows(folder: Folder) -> None:
    file = folder.csv(
        "ward_code,Indicator,Value,Denominator\n"
        "X05000001,Votes cast per head,0.5,\n"
        "X05000001,Cars,10,100\n"
        "X05000002,Votes cast (per head),*,\n"
        "X05000002,cars,,200\n"
    )
    assert folder.read(file, TURNOUT, CARS, layout="long") == [
        (2, None, "X05000001", "turnout", 0.5, None, "given"),
        (3, None, "X05000001", "cars", 10, 100, "given"),
        (4, None, "X05000002", "turnout", None, None, "suppressed"),
        (5, None, "X05000002", "cars", None, 200, "missing"),
    ]


def test_a_workbook_gives_the_sheet_and_the_row_as_excel_numbers_it(folder: Folder) -> None:
    file = folder.xlsx(
        Notes=[["About these figures"], ["sheet", "what it holds"], ["Votes", "turnout"]],
        Votes=[
            ["Votes cast"],
            [],
            ["ward_code", "ward_name", "Votes cast per head"],
            ["X05000001", "North", 1 / 3],
            [],
            ["X05000002", "South", "*"],
        ],
        Cars=[["ward_code", "Cars", "Households"], ["X05000001", 10, 100], ["X05000002", "", 200]],
    )
    assert folder.read(file, TURNOUT, CARS) == [
        (2, "Cars", "X05000001", "cars", 10, 100, "given"),
        (3, "Cars", "X05000002", "cars", None, 200, "missing"),
        (4, "Votes", "X05000001", "turnout", 1 / 3, None, "given"),
        (6, "Votes", "X05000002", "turnout", None, None, "suppressed"),
    ]


def test_an_empty_cell_is_suppressed_where_the_seed_says_so(folder: Folder) -> None:
    file = folder.csv("ward_code,cars\nX05000001,\nX05000002,0\n")
    assert [(row[4], row[6]) for row in folder.read(file, BLANK)] == [
        (None, "suppressed"),
        (0, "given"),
    ]


@pytest.mark.parametrize("header", ["Homes let (% of homes)", "homes_let_percent_of_homes"])
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_percent_sign_in_a_header_is_a_word(folder: Folder, layout: str, header: str) -> None:
    let = indicator("let", 2, column_name="homes_let_percent_of_homes")
    file = folder.csv(
        f"ward_code,{header}\nX05000001,7\n"
        if layout == "wide"
        else f"ward_code,Indicator,Value\nX05000001,{header},7\n"
    )
    assert [row[3:5] for row in folder.read(file, let, layout=layout)] == [("let", 7)]


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_what_a_copy_may_lack_is_there_whole_or_not_at_all(folder: Folder, layout: str) -> None:
    rows = (BLANK, TURNOUT, indicator("pubs", 4))
    may_lack = ("votes_cast_per_head", "pubs")

    def file(*names: str) -> Path:
        if layout == "wide":
            ones = ",".join("1" for _ in names)
            return folder.csv(f"ward_code,{','.join(names)}\nX05000001,{ones}\n")
        lines = "".join(f"X05000001,{name},1\n" for name in names)
        return folder.csv(f"ward_code,Indicator,Value\n{lines}")

    def indicators(*names: str) -> list[str]:
        found = folder.read(file(*names), *rows, layout=layout, may_lack=may_lack)
        return sorted(row[3] for row in found)

    def problem(*names: str) -> str:
        (only,) = folder.refused(file(*names), *rows, layout=layout, may_lack=may_lack)
        return only.found

    assert indicators("cars") == ["cars"]
    assert indicators("cars", "pubs", "Votes cast per head") == ["cars", "pubs", "turnout"]
    lost = "no data for 1 declared indicator(s): "
    assert problem("cars", "pubs") == f"{lost}turnout (column votes_cast_per_head)"
    # What every copy has is missed, whatever else is there.
    assert problem("pubs", "Votes cast per head") == f"{lost}cars (column cars)"


# --- What is refused ------------------------------------------------------------------------------


def test_a_column_without_metadata_is_named(folder: Folder) -> None:
    file = folder.csv("ward_code,cars,Churches\nX05000001,1,2\n")
    (problem,) = folder.refused(file, BLANK)
    assert problem.where == WHERE
    assert problem.found == "1 indicator(s) without metadata: 'Churches'"
    assert "dbt_project/seeds/indicators.csv" in problem.expected
    assert "ignored_columns of source tiny_indicators" in problem.remedy


def test_an_indicator_without_metadata_in_a_long_file_is_named(folder: Folder) -> None:
    file = folder.csv("ward_code,Indicator,Value\nX05000001,Cars,1\nX05000001,Churches,2\n")
    (problem,) = folder.refused(file, BLANK, layout="long")
    assert problem.found == "1 indicator(s) without metadata: 'churches'"


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_metadata_without_data_is_named_with_the_line_of_the_seed(
    folder: Folder, layout: str
) -> None:
    file = folder.csv(
        "ward_code,cars\nX05000001,1\n"
        if layout == "wide"
        else "ward_code,Indicator,Value\nX05000001,Cars,1\n"
    )
    (problem,) = folder.refused(file, BLANK, TURNOUT, layout=layout)
    expected = "no data for 1 declared indicator(s): turnout (column votes_cast_per_head)"
    assert problem.found == expected
    assert "(line 2)" in problem.remedy


def test_both_come_at_once(folder: Folder) -> None:
    file = folder.csv("ward_code,cars,Churches\nX05000001,1,2\n")
    found = [problem.found for problem in folder.refused(file, BLANK, TURNOUT)]
    assert len(found) == 2
    assert "without metadata" in found[0]
    assert "no data for" in found[1]


def test_a_value_that_is_no_number_is_told_with_its_line(folder: Folder) -> None:
    file = folder.csv(
        "ward_code,Votes cast per head,cars,households\n"
        "X05000001,*,1,10\nX05000002,many,2,all\nX05000003,1,*,30\n"
    )
    problems = {(p.where, p.found): p.expected for p in folder.refused(file, TURNOUT, CARS)}
    assert problems == {
        (f"{WHERE}, indicator cars", "1 value(s) that are not a number: line 4: '*'"): (
            "a number or nothing"
        ),
        (f"{WHERE}, indicator turnout", "1 value(s) that are not a number: line 3: 'many'"): (
            "a number or nothing, or '*' where it is suppressed"
        ),
        (f"{WHERE}, indicator cars", "1 denominator(s) that are not a number: line 3: 'all'"): (
            "a number or nothing"
        ),
    }


def test_an_error_in_a_cell_is_not_taken_for_a_missing_value(folder: Folder) -> None:
    file = folder.path / "tiny.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet("Cars")
        sheet.write_row(0, 0, ["ward_code", "Cars"])
        sheet.write_row(1, 0, ["X05000001", 1])
        sheet.write(2, 0, "X05000002")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    (problem,) = folder.refused(file, indicator("cars", 3))
    assert problem.where == f"{WHERE}, sheet 'Cars', indicator cars"
    assert problem.found == "1 value(s) that are not a number: line 3: '#DIV/0!'"


def test_an_indicator_on_two_sheets_is_refused(folder: Folder) -> None:
    cells: Cells = [["ward_code", "Cars"], ["X05000001", 1]]
    (problem,) = folder.refused(folder.xlsx(One=cells, Two=cells), BLANK)
    assert problem.found == "indicator(s) on more than one sheet: cars"


def test_what_is_no_workbook_is_refused(folder: Folder) -> None:
    file = folder.path / "tiny.xlsx"
    file.write_text("<!DOCTYPE html><html></html>", encoding="utf-8")
    (problem,) = folder.refused(file, BLANK)
    assert problem.where == WHERE
    assert problem.found.startswith("no readable Excel workbook (")
    assert problem.expected == "a whole Excel workbook"


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder.xlsx(Cars=[["ward_code", "Cars"], ["X05000001", 1]])
    assert len(folder.read(file, BLANK)) == 1
    monkeypatch.setattr(raw_file, "LARGEST_UNPACKED", 1000)
    (problem,) = folder.refused(file, BLANK)
    assert problem.found.endswith(" bytes when unpacked")
    assert problem.expected == "no more than 1,000"
