"""Whatever is changed in whatever order, what is kept is what a build from nothing makes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.keeping import CHANGES, Change, Workshop

SEQUENCES = 5


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop.opened(tmp_path_factory.mktemp("workshop"))
    made.refreshed()
    return made


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    steps=st.lists(
        st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3), min_size=1, max_size=4
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_sequence_of_changes_ends_in_what_is_made_from_nothing(
    workshop: Workshop, steps: list[list[Change]], seed: int
) -> None:
    """The workshop goes on from sequence to sequence, so that each begins where one ended."""
    draw = random.Random(seed)  # noqa: S311  # no secret
    for changes in steps:
        for change in changes:
            change(workshop, draw)
        workshop.refreshed("kept", "--force")
    name = f"anew{draw.random()}"
    assert workshop.against_nothing_kept(name) == [], [
        [change.__name__ for change in changes] for changes in steps
    ]
    assert Path(workshop.folder / name).is_dir()
