"""Exports and pages of a release are the same, however many processes write them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.layout import WAREHOUSE
from orchestration.publish import companions
from orchestration.publish.companions import write_for_people
from orchestration.queries import Row


def written(
    warehouse: Path, release: Path, workers: int
) -> tuple[dict[Path, bytes], tuple[dict[str, str], Row]]:
    """Every file of a release by its path there, and what was said of them."""
    release.mkdir()
    shutil.copy(warehouse, release / WAREHOUSE)
    said = write_for_people(release, workers=workers)
    files = (file for file in release.rglob("*") if file.is_file())
    return {file.relative_to(release): file.read_bytes() for file in files}, said


def test_two_processes_write_what_one_writes(
    sample_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companions, "WORTH_A_PROCESS", 0)
    one, two = (written(sample_warehouse, tmp_path / str(n), n) for n in (1, 2))
    assert one == two
    assert len(one[0]) == len(one[1][0]) + 1
