"""Counts as Nomis serves them: named as what they are, with the months and what to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from orchestration.problems import Problem, RefreshError
from orchestration.raw.outcomes import read_outcomes
from orchestration.raw.raw_file import RawFile
from orchestration.sources.registry import load_registry

SOURCE = load_registry("england").source("claimants_2022")
WHERE = "source claimants_2022, file tiny.csv"


def table(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode()


def refused(data: bytes) -> list[Problem]:
    with duckdb.connect() as opened, pytest.raises(RefreshError) as failure:
        read_outcomes(opened, SOURCE, RawFile(data, ".csv", WHERE, SOURCE.again))
    return failure.value.problems


API = ["DATE", "GEOGRAPHY_NAME", "GEOGRAPHY_CODE", "GENDER_NAME", "MEASURES_NAME", "OBS_VALUE"]


def of_months(count: int, gender: str = "Total") -> list[list[Any]]:
    return [
        [f"2022-{month:02}", "City of London 001A", "E01000001", gender, "Value", 5]
        for month in range(1, count + 1)
    ]


def told(problem: Problem) -> None:
    """Whatever the layout: which table it should be, and how to make it."""
    assert problem.where == WHERE
    assert problem.found.endswith(", and not the people whom they are counted of")
    assert problem.expected == (
        "Claimant count 2022, the twelve months added up, LSOA 2011: a row an area, headed "
        "area_code, claimant_count, pop"
    )
    assert "add the months up" in problem.remedy
    assert "residents aged 16 and over" in problem.remedy


@pytest.mark.parametrize("count", [2, 12])
def test_counts_of_the_api_are_named_with_their_months(count: int) -> None:
    (problem,) = refused(table([API, *of_months(count)]))
    told(problem)
    assert f"the API of Nomis gives them, with {count} of twelve months: 2022-01, " in problem.found
    assert "more than one row" not in problem.found


def test_counts_of_the_api_by_sex_are_named_as_repeated() -> None:
    rows = [API, *of_months(12), *of_months(2, "Male")]
    (problem,) = refused(table(rows))
    told(problem)
    assert (
        "2 times more than one row an area and month (E01000001 in 2022-01, E01000001 in 2022-02)"
        in problem.found
    )


def query(header: list[str], cells: list[str]) -> bytes:
    """A download, with the date on which it was made, titles and a footnote."""
    lines = [
        '"Claimant count by sex and age"',
        '"ONS Crown Copyright Reserved [from Nomis on 24 November 2026]"',
        "",
        *([] if len(header) > 1 else ['"Date","January 2022"']),
        '"Gender","Total"',
        "",
        ",".join(f'"{cell}"' for cell in ["lower super output area (2011)", *header]),
        ",".join(['"E01000001 : City of London 001A"', *cells]),
        "",
        '"All data are rounded to the nearest 5"',
    ]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("header", "months"),
    [
        (["Claimant count"], "1 of twelve months: 2022-01,"),
        (["January 2022", "February 2022"], "2 of twelve months: 2022-01, 2022-02,"),
    ],
)
def test_counts_of_a_query_are_named_with_their_months(header: list[str], months: str) -> None:
    (problem,) = refused(query(header, ["-"] * len(header)))
    told(problem)
    assert f"a query of Nomis gives them, with {months}" in problem.found


def test_a_table_that_is_no_layout_of_nomis_is_told_what_it_lacks() -> None:
    rows: list[list[Any]] = [["area_code", "claimants"], ["E01000001", 5]]
    found = {problem.where: problem.found for problem in refused(table(rows))}
    assert len(found) == 2
    assert all(text.startswith("no such column") for text in found.values())
