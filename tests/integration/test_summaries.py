"""Summary files of a few lines: what is read from them, and what is refused with its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.raw.summaries import read_summaries
from orchestration.sources.registry import Source, load_registry

WHERE = "source tiny_summary, file tiny"
CODE = "Local Authority District code (2019)"
IMD = {"stem": r"IMD[ _]?(20)?\d\d|IMD", "statistics": ["average_rank", "proportion", "extent"]}
CRIME = {"stem": "Crime", "statistics": ["average_score"]}
Row = tuple[int, str | None, str, str, str, float | None]


def tiny(**summaries: dict[str, Any]) -> Source:
    shipped = load_registry("sample").source("imd2019_summary").model_dump()
    return Source.model_validate(shipped | {"id": "tiny_summary", "summaries": summaries})


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as found:
        yield found


def read(connection: duckdb.DuckDBPyConnection, file: Path, **summaries: Any) -> list[Row]:
    source = tiny(**summaries)
    raw = RawFile(file.read_bytes(), file.suffix, WHERE, source.again)
    read_summaries(connection, source, raw)
    return connection.execute(
        "select line_number, sheet, area_code, measure, statistic, value from incoming_rows "
        "order by measure, line_number, statistic"
    ).fetchall()


def refused(connection: duckdb.DuckDBPyConnection, file: Path, **summaries: Any) -> list[Problem]:
    with pytest.raises(RefreshError) as failure:
        read(connection, file, **summaries)
    return failure.value.problems


def workbook(file: Path, **sheets: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(str(file)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return file


def test_a_workbook_has_a_sheet_a_measure_and_headers_with_trailing_blanks(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = workbook(
        tmp_path / "tiny.xlsx",
        Notes=[["About", "these figures"], ["IMD - Average rank", "the mean"]],
        IMD=[
            [
                CODE,
                "IMD - Average rank ",
                "IMD - Rank of average rank ",
                "IMD - Proportion of LSOAs in most deprived 10% nationally ",
                "IMD 2019 - Extent ",
                "IMD 2019 - Rank of extent",
            ],
            ["E06000001", 22581.98, 25, 0.25, 0.5, 7],
        ],
        Crime=[[CODE, "Crime - Average score "], ["E06000001", -0.125], ["E06000002", ""]],
    )
    assert read(connection, file, overall=IMD, crime=CRIME) == [
        (2, "Crime", "E06000001", "crime", "average_score", -0.125),
        (3, "Crime", "E06000002", "crime", "average_score", None),
        (2, "IMD", "E06000001", "overall", "average_rank", 22581.98),
        (2, "IMD", "E06000001", "overall", "extent", 0.5),
        (2, "IMD", "E06000001", "overall", "proportion", 0.25),
    ]


def test_a_table_has_all_measures_side_by_side_with_underscores(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.csv"
    file.write_text(
        "ltla19_code,imd_average_rank,imd_rank_of_average_rank,"
        "imd_proportion_of_lso_as_in_most_deprived_10_percent_nationally,imd25_extent,"
        "crime_average_score\n"
        'E06000001,"22,581.98",1,0.25,0.5,1\n',
        encoding="utf-8",
    )
    found = read(connection, file, overall=IMD, crime=CRIME)
    assert [(measure, statistic, value) for _, _, _, measure, statistic, value in found] == [
        ("crime", "average_score", 1),
        ("overall", "average_rank", 22581.98),
        ("overall", "extent", 0.5),
        ("overall", "proportion", 0.25),
    ]


def test_measures_and_statistics_that_are_not_there_are_all_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = workbook(
        tmp_path / "tiny.xlsx",
        IMD=[[CODE, "IMD - Average rank "], ["E06000001", 1]],
    )
    problems = refused(connection, file, overall=IMD, crime=CRIME)
    assert [problem.where for problem in problems] == [
        f"{WHERE}, sheet 'IMD', column proportion",
        f"{WHERE}, sheet 'IMD', column extent",
        f"{WHERE}, sheet 'IMD', column average_score",
    ]
    assert all("headed like" in problem.expected for problem in problems)


def test_a_figure_that_is_no_number_is_told_with_its_sheet_and_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = workbook(
        tmp_path / "tiny.xlsx", Crime=[[CODE, "Crime - Average score"], ["E06000001", "c"]]
    )
    (problem,) = refused(connection, file, crime=CRIME)
    assert problem.where == f"{WHERE}, sheet 'Crime', column 'Crime - Average score'"
    assert "line 2: 'c'" in problem.found
