"""Whole refreshes, as a user runs them: the installed command in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
REALDATA = Path(os.environ.get("LBN_REALDATA", PROJECT.parent / "shared" / "realdata"))
LBN = Path(sys.executable).with_name("lbn")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Site:
    """A data root with the command bound to it."""

    data: Path
    profile: str
    inbox: Path | None = None

    def lbn(self, *arguments: str, inbox: Path | None = None, timeout: int = 300) -> Ran:
        environment: dict[str, str] = {
            name: value for name, value in os.environ.items() if not name.startswith("LBN_")
        }
        environment |= {"LBN_DATA": str(self.data), "LBN_PROFILE": self.profile}
        if chosen := inbox or self.inbox:
            environment["LBN_INBOX"] = str(chosen)
        done = subprocess.run(
            [str(LBN), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def root(self) -> Path:
        return self.data / self.profile

    @property
    def current(self) -> Path:
        return self.root / "releases" / "current"

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.current / "warehouse.duckdb"), read_only=True)

    def release_bytes(self) -> Mapping[str, bytes]:
        """Every file below releases/, with its bytes and the pointer: to show that none changed."""
        releases = self.root / "releases"
        files = {
            str(path.relative_to(releases)): path.read_bytes()
            for path in sorted(releases.rglob("*"))
            if path.is_file()
        }
        return files | {"-> current": os.readlink(releases / "current").encode()}


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample, refreshed once."""
    site = Site(tmp_path_factory.mktemp("sample"), "sample")
    ran = site.lbn("refresh")
    assert ran.code == 0, ran.err
    (site.data / "first_refresh.txt").write_text(ran.err + ran.out, encoding="utf-8")
    return site


@pytest.fixture(scope="session")
def england(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The four real editions, refreshed once from the real files."""
    if not REALDATA.is_dir():
        pytest.skip(f"the real files are not in {REALDATA}; set LBN_REALDATA to their folder")
    site = Site(tmp_path_factory.mktemp("england"), "england", REALDATA)
    ran = site.lbn("refresh")
    assert ran.code == 0, ran.err
    return site


@pytest.fixture
def planted(sample: Site, tmp_path: Path) -> Path:
    """A copy of the sample's inbox, to plant a defect in."""
    inbox = tmp_path / "inbox"
    shutil.copytree(sample.root / "inbox", inbox)
    return inbox
