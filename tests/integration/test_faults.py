"""What the machine refuses is told in sentences, and what is only a cache repairs itself."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.build.dbt import manifest_path
from orchestration.defs.look import is_kept
from orchestration.problems import (
    SCARCE,
    Problem,
    RefreshError,
    RefusedError,
    refused_by_the_machine,
)
from orchestration.publish.pointer import is_current, point_to
from orchestration.raw.raw_file import RawFile
from orchestration.settings import Settings
from orchestration.sources.registry import load_registry
from tests.support.site import Site

REGISTRY = load_registry("sample")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk is made by mounting one, which takes root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("command", ["refresh", "ui"])
def test_a_data_root_that_cannot_be_is_told_in_words(tmp_path: Path, command: str) -> None:
    file = tmp_path / "file"
    file.touch()
    for data, found in ((file, "Not a directory"), (Path("/proc/none/data"), "No such file")):
        ran = Site(data, "sample").lbn(command)
        assert ran.code == 1, ran.err
        assert f"found:    {found}" in ran.err
        assert "LBN_DATA" in ran.err
        assert "Traceback" not in ran.err


def test_a_full_disk_is_told_by_whoever_meets_it(small_disk: Path) -> None:
    with pytest.raises(duckdb.Error) as full, duckdb.connect(str(small_disk / "db")) as connection:
        connection.execute("create table t as select random() as r from range(1000000)")
    told = refused_by_the_machine(full.value)
    assert told is not None
    assert "No space left on device" in str(told)
    assert "make room" in str(told)
    file = RawFile(b"", ".csv", "a file", "get it again")
    with pytest.raises(RefreshError, match="make room") as refused, file.read_as("file"):
        raise full.value
    assert "get it again" not in str(refused.value)


def test_a_full_disk_moves_neither_the_pointer_nor_what_is_beside_it(small_disk: Path) -> None:
    for name in ("old", "new"):
        (small_disk / name).mkdir()
    point_to(small_disk, "old")
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(bytes(100_000))
    with pytest.raises(OSError, match="No space"):
        point_to(small_disk, "new")
    assert is_current(small_disk, "old")
    (small_disk / "filler").unlink()
    point_to(small_disk, "new")
    assert is_current(small_disk, "new")


def test_only_what_is_the_machines_is_told_so() -> None:
    for code in (errno.EACCES, errno.EROFS, errno.EMFILE, errno.ENOSPC):
        error = OSError(code, os.strerror(code), "/some/file")
        told = refused_by_the_machine(error)
        assert told is not None
        assert told.problems[0].where == "/some/file"
        assert told.problems[0].found == os.strerror(code)
        wrapped = RuntimeError("of a library")
        wrapped.__cause__ = error
        assert str(refused_by_the_machine(wrapped)) == str(told)
    history = refused_by_the_machine(sqlite3.OperationalError("database or disk is full"))
    assert history is not None
    assert "database or disk is full" in str(history)
    missing = OSError(errno.ENOENT, "No such file or directory", "/some/file")
    assert refused_by_the_machine(missing) is not None
    for other in (ValueError("x"), BrokenPipeError(errno.EPIPE, "Broken pipe"), RefusedError("x")):
        assert refused_by_the_machine(other) is None
    # A file that names another is at fault itself.
    assert refused_by_the_machine(missing, SCARCE) is None


def test_what_every_file_meets_is_told_once() -> None:
    problem = Problem("a disk", "no space", "space", "make room")
    assert RefreshError("Reading", [problem, problem]).problems == [problem]


def test_half_a_manifest_is_made_again(tmp_path: Path) -> None:
    settings = Settings("sample", tmp_path, tmp_path / "inbox")
    manifest = manifest_path(settings, REGISTRY)
    whole = manifest.read_bytes()
    nodes = json.loads(whole)["nodes"].keys()
    cache = settings.dbt_target / "partial_parse.msgpack"
    manifest.write_bytes(whole[: len(whole) // 2])
    cache.write_bytes(cache.read_bytes()[:1000])
    assert json.loads(manifest_path(settings, REGISTRY).read_bytes())["nodes"].keys() == nodes


@pytest.mark.parametrize("left", [b"", b"not a database", b"\0" * 100_000])
def test_a_build_that_is_no_database_is_no_candidate(tmp_path: Path, left: bytes) -> None:
    settings = Settings("sample", tmp_path, tmp_path / "inbox")
    settings.build.mkdir(parents=True)
    settings.build_database.write_bytes(left)
    assert not is_kept(settings, REGISTRY)
