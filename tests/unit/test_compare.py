"""Two releases set against each other: what differs is told, what differs by nature is not."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from typer.testing import CliRunner

from orchestration.ask.compare import compare
from orchestration.cli.main import app
from orchestration.problems import UsageError


def release(folder: Path, name: str = "sample-0123456789ab", built: str = "2026-01-01") -> Path:
    """A release of one mart, one file a format and one page."""
    for part in ("exports", "explorer", "documentation"):
        (folder / part).mkdir(parents=True)
    manifest = {"release_id": name, "profile": "sample", "editions": [], "inputs": []}
    manifest["built_at"] = f"{built}T06:00:00+00:00"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
        warehouse.execute("create schema marts; create schema meta")
        warehouse.execute(
            "create table marts.places as select 'A' as code, 0.5 as score, 1 as rank"
        )
        warehouse.execute(
            f"create table meta.release as select '{name}' as release_id, 'S' as label"
        )
        rows = warehouse.execute("select * from marts.places").to_arrow_table()
        warehouse.register("given_rows", rows)
        file = folder / "exports" / "list.parquet"
        warehouse.execute(f"copy (select *, '{name}' as release_id from given_rows) to '{file}'")
    (folder / "exports" / "list.csv").write_text(f"code,rank,release_id\nA,1,{name}\n", "utf-8")
    (folder / "explorer" / "index.html").write_text(f"<p>{name} A 1</p>", encoding="utf-8")
    with xlsxwriter.Workbook(folder / "exports" / "list.xlsx") as book:
        book.add_worksheet("List").write_row(0, 0, ["A", 1, name])
    with closing(sqlite3.connect(folder / "exports" / "list.gpkg")) as package:
        package.execute("create table gpkg_contents (table_name text)")
        package.execute("insert into gpkg_contents values ('list')")
        package.execute("create table list (code text, rank integer)")
        package.execute("insert into list values ('A', 1)")
        package.commit()
    return folder


def test_a_release_built_again_by_other_code_is_the_same(tmp_path: Path) -> None:
    a = release(tmp_path / "a")
    b = release(tmp_path / "b", "sample-ba9876543210", "2026-02-02")
    assert compare(a, b) == []


def changed(folder: Path, what: str) -> None:
    if what == "mart":
        with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
            warehouse.execute("update marts.places set score = score + 1e-1")
    elif what == "csv":
        file = folder / "exports" / "list.csv"
        file.write_text(file.read_text("utf-8").replace("A,1", "A,2"), encoding="utf-8")
    elif what == "page":
        file = folder / "explorer" / "index.html"
        file.write_text(file.read_text("utf-8").replace("A 1", "A 2"), encoding="utf-8")
    elif what == "workbook":
        with xlsxwriter.Workbook(folder / "exports" / "list.xlsx") as book:
            book.add_worksheet("List").write_row(0, 0, ["A", 2, "sample-0123456789ab"])
    elif what == "geopackage":
        with closing(sqlite3.connect(folder / "exports" / "list.gpkg")) as package:
            package.execute("update list set rank = 2")
            package.commit()
    else:
        (folder / "exports" / "list.parquet").unlink()


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("mart", {"marts.places"}),
        ("csv", {"exports/list.csv"}),
        ("page", {"explorer/index.html"}),
        ("workbook", {"exports/list.xlsx, List"}),
        ("geopackage", {"exports/list.gpkg, list"}),
        ("file", {"exports/list.parquet"}),
    ],
)
def test_one_change_is_told_where_it_is(tmp_path: Path, what: str, where: set[str]) -> None:
    a = release(tmp_path / "a")
    shutil.copytree(a, tmp_path / "b")
    changed(tmp_path / "b", what)
    found = compare(a, tmp_path / "b")
    assert {difference.where for difference in found} == where


def test_a_renamed_column_is_the_same_column(tmp_path: Path) -> None:
    a = release(tmp_path / "a")
    shutil.copytree(a, tmp_path / "b")
    (tmp_path / "b" / "exports" / "list.csv").write_text("area,rank\nA,1\n", encoding="utf-8")
    assert [difference.what for difference in compare(a, tmp_path / "b")] == [
        "column code only in A",
        "column area only in B",
    ]
    with duckdb.connect(str(tmp_path / "b" / "warehouse.duckdb")) as warehouse:
        warehouse.execute("alter table marts.places rename column score to points")
    found = compare(a, tmp_path / "b", {"code": "area", "score": "points"})
    # A name that only one place of the two has is told.
    assert {difference.where for difference in found} == {
        "marts.places",
        "exports/list.parquet",
        "exports/list.gpkg, list",
    }


def test_an_example_shows_the_value_that_changed(tmp_path: Path) -> None:
    a = release(tmp_path / "a")
    shutil.copytree(a, tmp_path / "b")
    for folder, last in ((a, 7), (tmp_path / "b", 8)):
        with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
            warehouse.execute(
                "create table marts.wide as "
                f"select 'A' as a, 2 as b, 3 as c, 4 as d, 5 as e, 6 as f, {last} as g"
            )
    assert [difference.what for difference in compare(a, tmp_path / "b")] == [
        "1 rows only in A, such as a A, b 2, c 3, g 7",
        "1 rows only in B, such as a A, b 2, c 3, g 8",
    ]


def test_files_without_a_common_column_differ_in_their_columns(tmp_path: Path) -> None:
    a = release(tmp_path / "a")
    shutil.copytree(a, tmp_path / "b")
    (tmp_path / "b" / "exports" / "list.csv").write_text("area,place\nA,1\n", encoding="utf-8")
    assert [difference.what for difference in compare(a, tmp_path / "b")] == [
        "column code only in A",
        "column rank only in A",
        "column area only in B",
        "column place only in B",
    ]


@pytest.mark.parametrize("renamed", ["code", "code=", "=area"])
def test_half_a_new_name_is_refused(tmp_path: Path, renamed: str) -> None:
    a = str(release(tmp_path / "a"))
    told = CliRunner().invoke(app, ["compare", a, a, "--renamed", renamed])
    assert told.exit_code == UsageError.exit_code
    assert "old=new" in told.stderr


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no release"):
        compare(release(tmp_path / "a"), tmp_path)
    (tmp_path / "a" / "warehouse.duckdb").unlink()
    with pytest.raises(UsageError, match=r"has no warehouse\.duckdb"):
        compare(tmp_path / "a", tmp_path / "a")
