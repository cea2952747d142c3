"""Source files as they must not be: each is refused in words, or does no harm, or is noticed.

Some nine hundred mutants of the sample's files, each read in a process of its own, take a quarter
of an hour on two cores. So do the thousands of files with changed bytes.
"""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.support.build import REGISTRY, build_sample
from tests.support.fuzz import fuzz, fuzzed_files
from tests.support.mutations import base_files, mutants
from tests.support.mutations.kinds import HERE
from tests.support.trial import Outcome, all_tried, apart

# What one file may take of the machine: an archive may unpack to 1 GB.
MOST_MEMORY = 2_500_000_000
# Two at a time on two cores that do nothing else take 5 s at most; others may use the machine, too.
MOST_SECONDS = 120
# For the bytes changed by chance, a thousand times.
MOST_SECONDS_A_FORMAT = 1_800
# Well-formed, and no source says otherwise: only the issue before can tell that it is wrong.
ONLY_BY_COMPARISON = frozenset(
    {
        "codes of two rows swapped",
        "header twice",
        "line broken in two",
        "number: hexadecimal",
        "number of a hundred digits",
        "number with a decimal comma",
        "one number x100",
        "row dropped",
        "row of 200,000 cells of one place",
        "two ranks swapped",
        "column of codes shifted by a row",
        "column of numbers shifted by a row",
        "column shifted by a row",
        "numbers off by one",
        "numbers rounded",
        "ranks reversed",
        "two columns of numbers swapped",
        "unit x10",
        "unit x100",
        "unit x1000",
        "exchanged for claimants_2019",
        "exchanged for claimants_2022",
        "exchanged for imd2019",
        "a comb of 20,000 teeth that cross",
        "codes shifted by a feature",
        "mirrored",
        "moved by a degree",
        "moved by some metres",
        "ring with a spike",
        "rounded",
        "shapes of others",
        "shapes of two areas swapped",
        "shrunk to a hundredth",
    }
)

Counted = Callable[[str, object], None]


def announced(outcome: Outcome) -> bool:
    """Whether what is different would be said before it is published."""
    return outcome.kind.removeprefix("csv: ") in ONLY_BY_COMPARISON


@pytest.fixture(scope="module")
def build(sample_inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample's raw tables and seeds, which is what the raw guards look at."""
    only = ("--resource-type", "seed")
    return build_sample(tmp_path_factory.mktemp("build"), sample_inbox, *only)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What was asked of the server that mutants name."""
    asked: list[str] = []

    class Heard(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(repr(self.request.recv(1000)))

    with socketserver.TCPServer(HERE, Heard) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield asked
        server.shutdown()


@pytest.mark.xdist_group("hostile")
def test_each_mutant_is_refused_in_words_or_harmless_or_noticed(
    build: Settings,
    sample_inbox: Path,
    heard: list[str],
    record_property: Counted,
) -> None:
    tried = mutants(base_files(REGISTRY, sample_inbox))
    assert len(tried) >= 300
    outcomes = all_tried(tried, build, seconds=MOST_SECONDS, memory=MOST_MEMORY)
    record_property("counted", f"{len(tried)} mutants tried")
    for fate, count in Counter(outcome.fate for outcome in outcomes).most_common():
        record_property("counted", f"{count:>5} {fate}")
    different = [outcome for outcome in outcomes if outcome.fate == "different"]
    for outcome in different:
        record_property("counted", f"      different: {outcome.mutant}")
    highest = max(outcomes, key=lambda outcome: outcome.memory)
    longest = max(outcomes, key=lambda outcome: outcome.seconds)
    record_property("counted", f"      {highest.memory / 1e9:.2f} GB at most: {highest.mutant}")
    record_property("counted", f"      {longest.seconds:.0f} s at most: {longest.mutant}")
    flaws = [f"{each.mutant}: {each.told}" for each in outcomes if each.fate == "FLAW"]
    assert not flaws, "\n".join(flaws)
    assert [outcome.mutant for outcome in different if not announced(outcome)] == []
    assert heard == []


@pytest.mark.xdist_group("fuzz")
def test_changed_bytes_are_read_or_refused_and_nothing_else(
    sample_inbox: Path, record_property: Counted
) -> None:
    files = fuzzed_files(base_files(REGISTRY, sample_inbox))
    flaws = []
    for format_, file in files.items():
        fate, told, _ = apart(fuzz, file, range(1_000), seconds=MOST_SECONDS_A_FORMAT)
        record_property("counted", f"{format_}: {told}")
        flaws += [f"{format_}: {told}"] if fate == "FLAW" else []
    assert not flaws, "\n".join(flaws)
