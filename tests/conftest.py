"""Fixtures that more than one module leans on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from orchestration.sample import write_sample
from tests.support.pages import READY
from tests.support.site import REALDATA, Site


@pytest.fixture(scope="session")
def sample_inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic country's files. Not to be changed: copy what a test wants to spoil."""
    inbox = tmp_path_factory.mktemp("sample-inbox")
    write_sample(inbox)
    return inbox


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, shared by the tests of a module."""
    with duckdb.connect() as opened:
        yield opened


def shared(profile: str, inbox: Path | None, factory: pytest.TempPathFactory) -> Site:
    """A site of the profile, refreshed once for all processes of the tests.

    It lies in LBN_TEST_DATA, where that is set and so outlives these tests; a release that is
    there as in a user's data root is taken as it is.
    """
    if READY and (Path(READY) / profile / "releases" / "current").exists():
        return Site(Path(READY), profile, inbox)
    # The processes of one run of the tests have their folders side by side.
    base = factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    # Named so that whatever takes a path for a pattern, an address or a format finds nothing there.
    site = Site(Path(READY or common) / f"of-[{profile}] 100%41 #2 o'Né\"x", profile, inbox)
    site.data.mkdir(parents=True, exist_ok=True)
    with FileLock(site.data / "made.lock"):
        told = site.data / "first_refresh.txt"
        if not told.exists():
            ran = site.lbn("refresh")
            assert ran.code == 0, ran.err
            told.write_text(ran.err + ran.out, encoding="utf-8")
    return site


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample, refreshed once. Not to be changed: copy what a test wants to spoil."""
    return shared("sample", None, tmp_path_factory)


@pytest.fixture(scope="session")
def england(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The four real editions, refreshed once from the real files."""
    if not REALDATA.is_dir():
        pytest.skip(f"the real files are not in {REALDATA}; set LBN_REALDATA to their folder")
    return shared("england", REALDATA, tmp_path_factory)
