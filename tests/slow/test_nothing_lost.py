"""Refreshes are ended two hundred times, in chains of twenty: half an hour on two cores."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kills import changed, lose_nothing
from tests.support.site import Site


@pytest.mark.xdist_group("nothing lost")
@pytest.mark.parametrize("seed", range(2, 12))
def test_chains_of_ended_refreshes_lose_nothing(sample: Site, tmp_path: Path, seed: int) -> None:
    lose_nothing(changed(sample, tmp_path, people=1_777 + seed), times=20, seed=seed)
