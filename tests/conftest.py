"""Fixtures that more than one module leans on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.sample import write_sample
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
