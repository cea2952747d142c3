"""What is kept from one refresh to the next is what a build from nothing would have made."""

from __future__ import annotations

import random

import pytest

from tests.support import keeping
from tests.support.keeping import Workshop

DRAW = random.Random(1)  # noqa: S311  # the same changes each time
# What is found at once in one refresh; the slow tier draws sequences of all of them.
TOGETHER = (
    keeping.a_population,
    keeping.an_outcome,
    keeping.an_early_model_without_effect,
    keeping.a_seed,
    keeping.a_description,
    keeping.the_order_of_columns,
    keeping.words_of_tests,
    keeping.a_rule_of_a_suite,
    keeping.a_rule_less,
    keeping.a_test_less,
    keeping.an_exporter,
    keeping.a_kept_table_by_hand,
    keeping.a_comment_by_hand,
    keeping.verdicts_by_hand,
    keeping.a_verdict_less,
    keeping.a_raw_table_by_hand,
    keeping.a_table_too_many,
    keeping.a_kept_file,
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop.opened(tmp_path_factory.mktemp("work[s]hop"))
    made.refreshed()
    assert "kept as they were" not in made.refreshed("kept", "--from-scratch")
    return made


@pytest.mark.xdist_group("keeping")
def test_a_mart_that_is_made_anew_and_holds_the_same_stops_the_wave(workshop: Workshop) -> None:
    keeping.a_mart_without_effect(workshop, DRAW)
    said = workshop.refreshed()
    assert workshop.made_anew() == {"marts.double_disadvantage"}
    assert "kept as they were" in said


@pytest.mark.xdist_group("keeping")
def test_an_outcome_changes_what_is_made_of_it_and_all_else_is_kept(workshop: Workshop) -> None:
    before = workshop.versions()
    keeping.an_outcome(workshop, DRAW)
    workshop.refreshed()
    now = workshop.versions()
    changed = {table for table in now if now[table] != before[table]}
    # The sources say by their sha256 that one is another file.
    assert changed - {"marts.dim_source"} <= {table for table in now if "outcome" in table}
    assert {"marts.outcome_area", "marts.outcome_comparison", "marts.dim_source"} <= changed
    anew = workshop.made_anew()
    assert "guard raw_outcome" in anew
    assert changed <= anew
    assert len(anew & set(now)) < len(now) / 3


@pytest.mark.xdist_group("keeping")
def test_after_changes_of_every_kind_it_is_what_is_made_from_nothing(workshop: Workshop) -> None:
    for change in TOGETHER:
        change(workshop, DRAW)
    workshop.refreshed()
    assert workshop.made_anew()
    assert workshop.against_nothing_kept("anew") == []
