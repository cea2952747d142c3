"""The inbox: what is found there, what refuses, and what is named since no source takes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.problems import Problem, RefreshError
from orchestration.settings import Settings
from orchestration.sources.inbox import find_in_inbox, inbox_files, unclaimed
from orchestration.sources.registry import load_registry

ENGLAND = load_registry("england")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A named inbox, which is there."""
    (tmp_path / "inbox").mkdir()
    return Settings("england", tmp_path / "data", tmp_path / "inbox")


def drop(settings: Settings, *names: str) -> None:
    for name in names:
        path = settings.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def refused(look: Callable[[], object]) -> list[Problem]:
    with pytest.raises(RefreshError) as failure:
        look()
    return failure.value.problems


def named(settings: Settings) -> dict[str, str]:
    """The files that no source takes, with the source that is nearest."""
    return {
        str(file.path): file.nearest.id if file.nearest else ""
        for file in unclaimed(settings, ENGLAND)
    }


# --- What is found --------------------------------------------------------------------------------


def test_files_are_found_in_every_folder_and_by_links(settings: Settings, tmp_path: Path) -> None:
    drop(settings, "b.csv", "deep/er/a.csv", ".hidden.csv", ".git/config.csv", ".#lock.csv")
    elsewhere = Settings("england", tmp_path, tmp_path / "elsewhere")
    drop(elsewhere, "c.csv")
    (settings.inbox / "linked").symlink_to(elsewhere.inbox)
    (settings.inbox / "file.csv").symlink_to(elsewhere.inbox / "c.csv")
    found = [str(path.relative_to(settings.inbox)) for path in inbox_files(settings)]
    assert found == ["b.csv", "deep/er/a.csv", "file.csv", "linked/c.csv"]


def test_a_link_back_into_the_inbox_ends(settings: Settings) -> None:
    drop(settings, "deep/a.csv")
    (settings.inbox / "deep" / "round").symlink_to(settings.inbox)
    assert len(inbox_files(settings)) == 1


def test_the_inbox_of_the_profile_need_not_be_there(tmp_path: Path) -> None:
    settings = Settings("england", tmp_path, tmp_path / "england" / "inbox")
    assert inbox_files(settings) == []
    assert unclaimed(settings, ENGLAND) == []


# --- What refuses ---------------------------------------------------------------------------------


def test_an_inbox_that_was_named_must_be_there(tmp_path: Path) -> None:
    nowhere = Settings("england", tmp_path, tmp_path / "nowhere")
    (problem,) = refused(lambda: inbox_files(nowhere))
    assert (problem.where, problem.found) == (f"the inbox {nowhere.inbox}", "nothing of that name")
    assert "LBN_INBOX" in problem.remedy


def test_an_inbox_is_no_file_not_even_that_of_the_profile(tmp_path: Path) -> None:
    (tmp_path / "england").mkdir()
    for inbox in (tmp_path / "file", tmp_path / "england" / "inbox"):
        inbox.write_bytes(b"")
        (problem,) = refused(lambda: inbox_files(Settings("england", tmp_path, inbox)))  # noqa: B023
        assert problem.found == "a file"


def test_links_to_nothing_and_what_is_no_file_are_all_told(settings: Settings) -> None:
    drop(settings, "file7_iod2025.csv")
    (settings.inbox / "file7_iod2019.csv").symlink_to(settings.inbox / "gone.csv")
    (settings.inbox / "2025").symlink_to("/nowhere/2025")
    os.mkfifo(settings.inbox / "pipe.csv")
    problems = refused(lambda: inbox_files(settings))
    assert [(problem.where.split(",")[0], problem.found) for problem in problems] == [
        (str(settings.inbox / "2025"), "a link to nothing"),
        (str(settings.inbox / "file7_iod2019.csv"), "a link to nothing"),
        (str(settings.inbox / "pipe.csv"), "neither a file nor a folder"),
    ]


def test_a_folder_that_may_not_be_read_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(settings, "open/a.csv", "closed/b.csv")
    scan = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (problem,) = refused(lambda: inbox_files(settings))
    assert str(settings.inbox / "closed") in problem.where
    assert problem.found == "Permission denied"


def test_a_source_file_that_may_not_be_read_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(settings, "file7_iod2025.csv", "again/file7_iod2025.csv")
    opened = Path.open

    def denied(path: Path, *how: Any) -> Any:
        if path.parent.name == "again":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *how)

    monkeypatch.setattr(Path, "open", denied)
    source, files = ENGLAND.source("imd2025"), inbox_files(settings)
    (problem,) = refused(lambda: find_in_inbox(source, files))
    assert str(settings.inbox / "again" / "file7_iod2025.csv") in problem.where
    assert problem.found == "Permission denied"
    assert find_in_inbox(ENGLAND.source("imd2019"), files) is None


# --- What is no source's --------------------------------------------------------------------------

# Misnamed, of another edition, in a format that is not read, and what has nothing to do with it.
NEAREST = {
    "my_file7_iod2025.csv": "imd2025",
    "IMD2019.xlsx": "imd2019",
    "LSOA_2021_Boundaries.shp": "boundary_lsoa21",
    "lad24.kml": "boundary_lad24",
    "Local_Authority_Districts_May_2023_UK_BUC_-6423256087122024.gpkg": "boundary_lad24",
    "wards.gpkg": "boundary_ward17",
    "sape22dt2mid2019lsoasyoaestimatesunformatted.zip": "population_mid2019",
    "SAPE23DT2-mid-2020-lsoa-syoa-estimates-unformatted.xlsx": "population_mid2019",
    "census2021-ts067-lsoa.csv": "census2021_qualifications",
    "claimants_2022.csv": "claimants_2022",
    "LSOA_(2011)_to_LSOA_(2021)_to_LAD_(2022)_Best_Fit_Lookup_for_EW_(V2).csv": "lsoa11_lsoa21",
    "file7_iod2025.csv.crdownload": "imd2025",
    "holiday.jpg": "",
    "notes.docx": "",
}


def test_a_file_that_no_source_takes_is_named_with_the_nearest(settings: Settings) -> None:
    drop(settings, *NEAREST, "file7_iod2019.csv")
    assert named(settings) == NEAREST


def test_what_is_told_of_a_file_says_which_name_is_known(settings: Settings) -> None:
    drop(settings, "deep/lad24.kml", "holiday.jpg")
    assert [str(file) for file in unclaimed(settings, ENGLAND)] == [
        "deep/lad24.kml: no source takes a file of this name; nearest is boundary_lad24 (LAD 2024 "
        "boundaries, ultra generalised), as lad24_*, .geojson or .gpkg or .zip",
        "holiday.jpg: no source takes a file of this name",
    ]


def test_what_is_about_a_file_and_belongs_to_it_is_not_named(settings: Settings) -> None:
    about = ["README", "README.md", "readme.txt", "MANIFEST.csv", "LICENCE.txt", "Thumbs.db"]
    hidden = [".gitkeep", ".DS_Store", ".written-by"]
    shape = ["lad24.shp", "lad24.shx", "lad24.dbf", "lad24.prj", "lad24.cpg", "lad24.shp.xml"]
    beside = ["file7_iod2025.csv", "file7_iod2025.csv.sha256", "lad24_x.gpkg", "lad24_x.gpkg-wal"]
    drop(settings, *about, *hidden, *shape, *beside)
    assert list(named(settings)) == ["lad24.shp"]


def test_what_only_looks_like_that_is_named(settings: Settings) -> None:
    alone = ["lad24.dbf", "file7.csv.sha256", "readmeter_2025.csv", "manifesto.csv", "a.b.csv"]
    drop(settings, *alone, "a.csv", "deep/lad24.shp")
    assert set(named(settings)) == {*alone, "a.csv", "deep/lad24.shp"}
