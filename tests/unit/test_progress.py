"""What a person sees of the steps of a refresh: each with the mark that is its own."""

from __future__ import annotations

import io
from collections.abc import Mapping

import dagster as dg
import pytest
from rich.console import Console

from orchestration.cli.report import Progress
from orchestration.defs.progress import announce_event


def step(name: str, *, goes_well: bool) -> dg.OpDefinition:
    @dg.op(name=name)
    def op() -> None:
        if not goes_well:
            raise dg.Failure("refused")

    return op


def shown(steps: Mapping[str, bool]) -> list[str]:
    """The lines of a run of these steps, each of which goes well or not, without the seconds."""

    @dg.job
    def run() -> None:
        for name, goes_well in steps.items():
            step(name, goes_well=goes_well)()

    told = run.execute_in_process(raise_on_error=False)
    held = io.StringIO()
    try:
        with Progress(Console(file=held, width=200)) as progress:
            for event in told.all_events:
                announce_event(event, {name: f"Step {name}" for name in steps}, progress)
            if not told.success:
                raise RuntimeError("refused")
    except RuntimeError:
        pass
    return sorted(line.rsplit(maxsplit=2)[0] for line in held.getvalue().splitlines())


@pytest.mark.parametrize("failing", ["a", "b", "ab", "c", ""])
def test_a_step_has_its_own_mark_whatever_becomes_of_others(failing: str) -> None:
    steps = {name: name not in failing for name in "abc"}
    expected = [f"{'✓' if good else '✗'} Step {name}" for name, good in steps.items()]
    assert shown(steps) == sorted(expected)


def test_a_step_that_was_running_when_a_person_ended_it_has_a_cross() -> None:
    held = io.StringIO()

    def interrupted() -> None:
        with Progress(Console(file=held, width=200)) as progress:
            progress.announce("Reading")
            progress.succeeded()
            progress.announce("Guarding")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [line[0] for line in held.getvalue().splitlines()] == ["✓", "✗"]
