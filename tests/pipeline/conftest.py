"""Whole refreshes, as a user runs them: the installed command in a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.site import Site


@pytest.fixture
def planted(sample: Site, tmp_path: Path) -> Path:
    """A copy of the sample's inbox, to plant a defect in."""
    inbox = tmp_path / "inbox"
    shutil.copytree(sample.root / "inbox", inbox)
    return inbox
