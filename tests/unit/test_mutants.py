"""The faults that were written down can still be put into the code, each into its place."""

from __future__ import annotations

from tests.mutants.by_hand import by_hand, reasons


def test_every_fault_by_hand_still_has_its_place() -> None:
    names = [mutant.name for mutant in by_hand()]
    assert len(names) == len(set(names)) > 20


def test_every_reason_is_one() -> None:
    assert all(len(reason.split()) > 3 for reason in reasons().values())
