"""Two hundred refreshes are ended, in chains of twenty, and fifty are read while they publish.

Most of an hour on two cores.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kills import change, changed, lose_nothing
from tests.support.reading import reading
from tests.support.site import Site

PUBLICATIONS = 50


@pytest.mark.xdist_group("nothing lost")
@pytest.mark.parametrize("seed", range(2, 12))
def test_chains_of_ended_refreshes_lose_nothing(sample: Site, tmp_path: Path, seed: int) -> None:
    lose_nothing(changed(sample, tmp_path, people=1_777 + seed), times=20, seed=seed)


@pytest.mark.xdist_group("nothing lost")
def test_readers_meet_one_release_or_the_other_while_refreshes_publish(
    sample: Site, tmp_path: Path
) -> None:
    """Two releases by turns: both are built in the first two refreshes, then made current again."""
    site = changed(sample, tmp_path, people=1_779)
    marts = "select sha256 from marts.dim_source where source_id = 'population_mid2019'"
    names = set()
    with reading(site.root / "releases", marts) as seen:
        for number in range(PUBLICATIONS):
            change(site, people=1_779 + number % 2)
            ran = site.lbn("refresh")
            assert ran.code == 0, ran.err
            names.add(site.current.resolve().name)
            with site.warehouse() as newest:
                ids = newest.execute("select release_id from meta.release").fetchall()
            assert ids == [(site.current.resolve().name,)]
    assert len(names) == 2
    read = {what.split()[0]: what.split()[1] for what in seen}
    # Each release says one thing, and each another.
    assert len(seen) == len(read) == len({*read.values()})
    assert names <= set(read)
