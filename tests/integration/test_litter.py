"""What a killed refresh left is removed by the next that has the turn, and nothing else is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import pytest

from orchestration.defs.turn import Turn
from orchestration.publish.pointer import is_current, point_to
from orchestration.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("sample", tmp_path / "data", tmp_path / "data/sample/inbox")


def everything(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


def plant(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")


def test_litter_goes_and_what_a_person_put_there_stays(settings: Settings, tmp_path: Path) -> None:
    root = settings.root
    kept = (
        "inbox/.incoming-abcdefgh/file.csv",
        "inbox/.inbox-abcdefgh",
        "releases/.incoming-of-mine/file",
        "releases/.incoming-abcdefghi",
        "releases/.current.old",
        "releases/sample-1/.incoming-abcdefgh",
        "releases/notes.txt",
        "vault/imd2019/.incoming/file",
        "vault/imd2019/a/.incoming-abcdefgh",
        "vault/imd2019/abc.csv",
        "build/.current.1.bak",
        "build/warehouse.duckdb",
        "build/warehouse.duckdb.wal",
        "build/copy.wal",
        "build/dbt/run/.incoming-abcdefgh",
        ".inbox-of-mine/file",
        "elsewhere/.incoming-abcdefgh/file",
    )
    plant(root, *kept)
    outside = tmp_path / "outside"
    plant(outside, "file.csv", ".incoming-abcdefgh/file")
    (root / "vault/linked").symlink_to(outside)
    (root / "releases/.incoming-linked_0").symlink_to(outside)
    (root / "releases/.incoming-12345678").mkdir()
    (root / "releases/.incoming-12345678/linked").symlink_to(outside)
    with Turn(settings).taken(print):
        pass
    before = everything(root)
    assert before >= set(kept)
    plant(
        root,
        ".inbox-abcd_123/old/a.csv",
        "build/.incoming-abcdefgh/tmp1234",
        "build/source_files.json.4711",
        "build/warehouse.loading",
        "build/warehouse.loading.tmp/spilled",
        "build/warehouse.loading.wal",
        "build/warehouse.duckdb.tmp/spilled",
        "releases/.current.4711",
        "releases/.incoming-abcdefgh/sample-2/warehouse.duckdb",
        "vault/.incoming-abcdefgh/download",
        "vault/imd2019/.incoming-abcdefgh/file",
    )
    (root / "releases/.current.4712").symlink_to("sample-1")
    (root / "releases/.incoming-abcdefgh/sample-2/warehouse.duckdb").chmod(0o444)
    with Turn(settings).taken(print):
        assert everything(root) >= before
    assert everything(root) == before
    assert everything(outside) == {"file.csv", ".incoming-abcdefgh", ".incoming-abcdefgh/file"}


def test_a_journal_without_its_database_is_not_read_into_the_next(settings: Settings) -> None:
    settings.build.mkdir(parents=True)
    plant(settings.build, "warehouse.duckdb.wal")
    with Turn(settings).taken(print), duckdb.connect(str(settings.build_database)) as build:
        assert build.sql("select 1").fetchall() == [(1,)]


def test_who_has_the_turn_and_takes_it_again_removes_nothing(settings: Settings) -> None:
    with Turn(settings).taken(print):
        plant(settings.root, "releases/.incoming-abcdefgh/file")
        with Turn(settings).taken(print):
            assert (settings.releases / ".incoming-abcdefgh/file").exists()


def test_the_file_beside_the_pointer_says_what_the_pointer_says(settings: Settings) -> None:
    """Killed between the two, a refresh leaves the symlink ahead of the file; that is the truth."""
    releases = settings.releases
    for name in ("old", "new"):
        (releases / name).mkdir(parents=True)
    point_to(releases, "old")
    (releases / "current").unlink()
    (releases / "current").symlink_to("new")
    for left in ('{"release_id": "old"}\n', '{"rel', ""):
        (releases / "current.json").write_text(left, encoding="utf-8")
        assert not is_current(releases, "new")
        with Turn(settings).taken(print):
            assert is_current(releases, "new")


def test_what_is_temporary_lies_with_the_build_while_one_has_the_turn(settings: Settings) -> None:
    before = tempfile.gettempdir(), os.environ.get("TMPDIR")
    with Turn(settings).taken(print):
        assert Path(tempfile.mkdtemp()).is_relative_to(settings.build)
        assert Path(os.environ["TMPDIR"]).is_relative_to(settings.build)
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before
    assert list(settings.build.iterdir()) == []
