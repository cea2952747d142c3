"""Fixtures that more than one module leans on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.sample import write_sample


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
