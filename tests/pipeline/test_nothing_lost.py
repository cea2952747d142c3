"""Refreshes are ended at every stage: what is published stays, and the next one succeeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kills import changed, lose_nothing
from tests.support.site import Site

pytestmark = pytest.mark.xdist_group("nothing lost")


def test_a_chain_of_ended_refreshes_loses_nothing(sample: Site, tmp_path: Path) -> None:
    """Each begins where the last was ended; only the last of all runs to its end."""
    lose_nothing(changed(sample, tmp_path, people=1_779), times=20, seed=1)
