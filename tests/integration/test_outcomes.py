"""Files of counts, and archives of them: what is read, and what is refused with its place."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.problems import Problem, RefreshError
from orchestration.raw import raw_file
from orchestration.raw.outcomes import read_outcomes
from orchestration.raw.raw_file import RawFile
from orchestration.sources.registry import Source, load_registry

WHERE = "source tiny_census, file tiny"
TABLE = "geography code,Total,Owned: outright,Owned: mortgage\nE01000001,10,3,4\nE01000002,20,,1\n"
OWNED = {"owned": {"numerator": ["Owned: outright", "Owned: mortgage"], "denominator": "Total"}}
Row = tuple[int, str, str, float | None, float | None]


def tiny(declared: dict[str, Any]) -> Source:
    shipped = load_registry("sample").source("census2021_tenure").model_dump()
    changed = {"id": "tiny_census", "member": r"tiny-lsoa\.csv", "outcomes": declared}
    return Source.model_validate(shipped | changed)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as found:
        yield found


def read(
    connection: duckdb.DuckDBPyConnection, file: Path, declared: dict[str, Any] = OWNED
) -> list[Row]:
    source = tiny(declared)
    raw = RawFile(file.read_bytes(), file.suffix, WHERE, source.again)
    read_outcomes(connection, source, raw)
    return connection.execute(
        "select line_number, area_code, outcome, numerator, denominator from incoming_rows "
        "order by outcome, line_number"
    ).fetchall()


def refused(connection: duckdb.DuckDBPyConnection, file: Path) -> Problem:
    with pytest.raises(RefreshError) as failure:
        read(connection, file)
    (problem,) = failure.value.problems
    assert "get the file again from" in problem.remedy
    return problem


def archive(file: Path, **members: str) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            made.writestr(name.replace("_", "-") + ".csv", text)
    return file


def test_the_member_of_an_archive_is_read_and_columns_are_added_up(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = archive(tmp_path / "tiny.zip", tiny_ltla="geography code\nE06000001\n", tiny_lsoa=TABLE)
    assert read(connection, file) == [
        (2, "E01000001", "owned", 7, 10),
        # Without one of its parts there is no count.
        (3, "E01000002", "owned", None, 20),
    ]


def test_a_file_with_a_row_for_each_category_is_read_by_category(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.csv"
    file.write_text(
        "geography code,answer,n,all\nE01000001,Yes,3,10\nE01000001,No,7,10\n", encoding="utf-8"
    )
    declared = {
        name: {"category": ["answer", value], "numerator": ["n"], "denominator": "all"}
        for name, value in (("ill", "Yes"), ("well", "No"))
    }
    assert read(connection, file, declared) == [
        (2, "E01000001", "ill", 3, 10),
        (3, "E01000001", "well", 7, 10),
    ]


def test_an_archive_without_the_member_names_what_it_holds(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    problem = refused(connection, archive(tmp_path / "tiny.zip", tiny_msoa=TABLE))
    assert problem.where == WHERE
    assert problem.found == "0 file(s) that fit in the archive: tiny-msoa.csv"
    assert problem.expected == r"one named like tiny-lsoa\.csv"


def test_a_member_that_unpacks_to_too_much_is_not_unpacked(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_file, "LARGEST_UNPACKED", 20)
    problem = refused(connection, archive(tmp_path / "tiny.zip", tiny_lsoa=TABLE))
    assert "bytes when unpacked" in problem.found


def test_an_archive_that_is_cut_off_is_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = archive(tmp_path / "tiny.zip", tiny_lsoa=TABLE)
    file.write_bytes(file.read_bytes()[:-30])
    assert "no readable zip archive" in refused(connection, file).found


def test_an_archive_whose_bytes_were_changed_is_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = archive(tmp_path / "tiny.zip", tiny_lsoa=TABLE * 50)
    content = bytearray(file.read_bytes())
    content[60] ^= 0xFF
    file.write_bytes(bytes(content))
    assert "no readable zip archive" in refused(connection, file).found


def test_a_count_that_is_no_number_is_told_with_member_and_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = archive(tmp_path / "tiny.zip", tiny_lsoa=TABLE.replace("20", "many"))
    problem = refused(connection, file)
    assert problem.where == f"{WHERE}, member tiny-lsoa.csv, column 'Total'"
    assert "line 3: 'many'" in problem.found
