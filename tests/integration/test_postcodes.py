"""Postcodes: read from whatever the ONS serves them in, found, and done without."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.ask.explain import explain
from orchestration.ask.find import find
from orchestration.build.database import load_build, open_build
from orchestration.cli.main import app
from orchestration.defs.look import planned_release
from orchestration.problems import RefreshError, UsageError
from orchestration.raw import postcodes
from orchestration.raw.postcodes import read_postcodes
from orchestration.raw.raw_file import RawFile
from orchestration.settings import Settings
from orchestration.sources.registry import Download, Source, load_registry
from orchestration.sources.vault import Vault

REGISTRY = load_registry("sample")
SOURCE = REGISTRY.source("onspd")
SMALL, WARDS = "lsoa21_imd2025_cni2023", "ward17_imd2019_cni2019"
OLD = "pcd,pcds,doterm,lsoa11,lsoa21,msoa21\n"
NEW = "pcd7,pcds,doterm,lsoa21cd\n"


def read(data: bytes, suffix: str) -> list[tuple[str, str | None, str | None]]:
    with duckdb.connect() as connection:
        read_postcodes(connection, SOURCE, RawFile(data, suffix, "the directory", "get it again"))
        return connection.execute(
            "select postcode, area_code, terminated from incoming_rows order by postcode"
        ).fetchall()


def packed(**members: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return written.getvalue()


# --- Reading --------------------------------------------------------------------------------------

XA = NEW + "XA1 1AA,XA1 1AA,,X01000001\nXA1 1AB,XA1 1AB,201606,X01000001\n"
XB = NEW + 'XB1 1AA,"XB1 1AA",,X01000002\nZA1 1AA,ZA1 1AA,,\n'
ROWS = [
    ("XA1 1AA", "X01000001", None),
    ("XA1 1AB", "X01000001", "201606"),
    ("XB1 1AA", "X01000002", None),
    ("ZA1 1AA", None, None),
]


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        ((XA + XB.removeprefix(NEW)).encode(), ".csv"),
        (packed(**{"Data/ONSPD_UK.csv": XA + XB.removeprefix(NEW), "Guide/g.csv": "no"}), ".zip"),
        # The whole file is there too, and not read.
        (
            packed(
                **{
                    "Data/ONSPD_UK.csv": "not,looked\nat,all\n",
                    "Data/multi_csv/ONSPD_UK_XA.csv": XA,
                    "Data/multi_csv/ONSPD_UK_XB.csv": XB,
                    "Documents/names and codes/LSOA.csv": "no",
                }
            ),
            ".zip",
        ),
        # In a folder of the archive's own name.
        (packed(**{"NSPL/Data/m_XA.csv": XA + XB.removeprefix(NEW)}), ".zip"),
    ],
)
def test_the_directory_is_read_from_whatever_it_is_served_in(data: bytes, suffix: str) -> None:
    assert read(data, suffix) == ROWS


def test_headers_of_other_years_are_known_and_those_of_other_vintages_are_not() -> None:
    line = "XA1 1AA,XA1 1AA,,X01000009,X01000001,X02000001\n"
    assert read((OLD + line).encode(), ".csv") == [("XA1 1AA", "X01000001", None)]
    with pytest.raises(RefreshError, match="column area_code"):
        read((OLD.replace("lsoa21", "lsoa01") + line).encode(), ".csv")


def test_an_archive_without_the_directory_is_refused_with_what_it_holds() -> None:
    with pytest.raises(RefreshError, match=r"no file that fits in the archive: Guide/guide\.csv"):
        read(packed(**{"Guide/guide.csv": XA}), ".zip")


def test_an_archive_that_would_fill_the_machine_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = packed(**{"Data/multi_csv/a.csv": XA, "Data/multi_csv/b.csv": XB})
    monkeypatch.setattr(postcodes, "LARGEST_TOGETHER", len(XA) + len(XB) - 1)
    with pytest.raises(RefreshError, match=r"\d+ bytes when unpacked, in 2 files"):
        read(archive, ".zip")
    monkeypatch.setattr(postcodes, "LARGEST_TOGETHER", len(XA) + len(XB))
    assert read(archive, ".zip") == ROWS


# --- Finding --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def release(sample_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def one(release: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """A postcode that is in use, and its area."""
    (found,) = release.execute(
        "select postcode, lsoa21_code from marts.dim_postcode where ended is null "
        "order by postcode desc limit 1"
    ).fetchall()
    return found[0], found[1]


@pytest.mark.parametrize("written", [str, str.lower, lambda text: text.replace(" ", "")])
def test_a_postcode_leads_to_its_area_however_it_is_written(
    release: duckdb.DuckDBPyConnection,
    one: tuple[str, str],
    written: object,
) -> None:
    postcode, code = one
    assert callable(written)
    found = find(release, written(postcode))
    assert [(group.label, group.total) for group in found.groups] == [(f"Postcode {postcode}", 1)]
    assert found.groups[0].rows[0]["area_code"] == code
    assert found.note is None
    verdict = explain(release, written(postcode), SMALL)["verdict"]
    assert verdict["area_code"] == code


@pytest.mark.parametrize("length", [1, 2])
def test_a_beginning_leads_to_the_areas_of_all_that_begin_so(
    release: duckdb.DuckDBPyConnection, one: tuple[str, str], length: int
) -> None:
    first, _, last = one[0].partition(" ")
    for text in (f"{first} {last[:length]}", f"{first}{last[:length]}", first):
        begun = f"{first} " + (last[:length] if text != first else "")
        expected = release.execute(
            "select lsoa21_code, count(*) from marts.dim_postcode where postcode like $1 || '%' "
            "group by all order by 2 desc, 1",
            [begun],
        ).fetchall()
        (group, *_) = find(release, text).groups
        assert group.label == f"Postcode {begun.strip()}"
        assert group.total == len(expected)
        got = [(row["area_code"], row["postcodes"]) for row in group.rows]
        assert got == expected[: len(got)]


def test_a_first_part_is_not_how_a_longer_one_begins(release: duckdb.DuckDBPyConnection) -> None:
    (pair,) = release.execute(
        """
        select a.first, b.first from
            (select distinct split_part(postcode, ' ', 1) as first from marts.dim_postcode) as a
        join (select distinct split_part(postcode, ' ', 1) as first from marts.dim_postcode) as b
            on length(b.first) = length(a.first) + 1 and starts_with(b.first, a.first)
        order by all limit 1
        """
    ).fetchall()
    shorter, longer = ({row["area_code"] for row in find(release, t).groups[0].rows} for t in pair)
    assert shorter
    assert longer
    assert not shorter & longer


def test_a_postcode_that_ended_and_one_that_never_was(release: duckdb.DuckDBPyConnection) -> None:
    ((postcode,),) = release.execute(
        "select min(postcode) from marts.dim_postcode where ended is not null"
    ).fetchall()
    found = find(release, postcode)
    assert found.note == f"{postcode} has not been in use since 2016-06"
    assert found.groups[0].total == 1
    never = find(release, "ZZ9 9ZZ")
    assert never.note == "The directory has no postcode ZZ9 9ZZ in the country"
    assert never.groups == []
    # Of a neighbour, which is in the file.
    assert find(release, "YA1 0AA").note == "The directory has no postcode YA1 0AA in the country"


def test_a_name_is_no_postcode(release: duckdb.DuckDBPyConnection) -> None:
    found = find(release, "Abbey")
    assert found.groups
    assert not any(group.label.startswith("Postcode") for group in found.groups)


def test_an_edition_on_wards_names_the_ward_that_holds_it(
    release: duckdb.DuckDBPyConnection, one: tuple[str, str]
) -> None:
    with pytest.raises(UsageError, match=f"The area of this edition that holds {one[1]}"):
        explain(release, one[0], WARDS)


# --- Without --------------------------------------------------------------------------------------


def test_without_the_directory_a_postcode_is_said_to_be_missing(
    sample_warehouse: Path, tmp_path: Path, one: tuple[str, str]
) -> None:
    copy = tmp_path / "warehouse.duckdb"
    shutil.copyfile(sample_warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("delete from marts.dim_postcode")
        found = find(connection, one[0])
        assert found.groups == []
        assert found.note is not None
        assert "made without postcodes: put the ONS Postcode Directory into the inbox" in found.note
        # What may be a name, or a part of one, is not held to be a postcode.
        assert find(connection, "XA1").note is None


def test_a_build_without_an_optional_source_has_none_of_its_rows(
    sample_inbox: Path, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    shutil.copytree(sample_inbox, inbox)
    settings = Settings("sample", tmp_path / "data", inbox)
    settings.data.mkdir()
    vault = Vault(settings, REGISTRY)
    full = planned_release(settings, REGISTRY)
    shutil.rmtree(inbox / "postcodes")
    located, problems = vault.locate_all()
    assert problems == []
    assert {source.id for source in REGISTRY.sources} - {each.id for each, _ in located} == {
        "onspd"
    }
    assert planned_release(settings, REGISTRY) not in (full, None)
    files = vault.take_all()
    load_build(settings, REGISTRY, vault, files)
    with open_build(settings, read_only=True) as build:
        assert build.execute("select count(*) from raw.postcode").fetchall() == [(0,)]
        assert build.execute(
            "select count(*) from meta.expected_source where source_id = 'onspd'"
        ).fetchall() == [(0,)]
    # A part of the build can be made anew without it, too.
    load_build(settings, REGISTRY, vault, files, ["postcode"])


def test_the_sources_name_what_is_done_without_and_how_to_get_it(
    sample_inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = tmp_path / "inbox"
    shutil.copytree(sample_inbox, inbox)
    monkeypatch.setenv("LBN_DATA", str(tmp_path / "data"))
    asked = ["sources", "--inbox", str(inbox)]
    assert "none needed" not in CliRunner().invoke(app, asked).output
    shutil.rmtree(inbox / "postcodes")
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0
    assert "onspd  ONS Postcode Directory" in ran.output
    assert "none, and none needed; to have it, " in ran.output


def test_what_has_an_address_is_never_missing_and_so_not_optional() -> None:
    entry = SOURCE.model_dump(by_alias=True) | {"download": Download(url="https://example.org/a")}
    with pytest.raises(ValueError, match="is_optional: what has an address is downloaded"):
        Source.model_validate(entry)
