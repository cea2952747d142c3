"""What a person is told while a run goes on: which step runs, in place of Dagster's log lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import dagster as dg

from data_quality import load_suites
from orchestration.defs.checks import guard_step
from orchestration.defs.telling import release_step
from orchestration.settings import Settings


class Announcer(Protocol):
    """Who is told how a refresh goes."""

    def announce(self, step: str) -> None:
        """A step begins."""

    def wait(self, for_whom: str) -> None:
        """A step begins that is to wait for somebody, who knows how long."""

    def succeeded(self) -> None:
        """The step that runs is done."""

    def failed(self) -> None:
        """The step that runs has failed."""


def step_names(settings: Settings) -> dict[str, str]:
    """What each step does, in a few words."""
    return {
        "take_source_files": "Taking the source files into the vault",
        "read_raw_tables": "Reading the files into raw tables",
        "build_dbt_models": "Building and testing the models",
        release_step(settings): "Auditing and publishing the release",
    } | {
        guard_step(settings, suite): f"Guarding {suite.stage}.{suite.table}"
        for suite in load_suites().values()
    }


def announce_event(event: dg.DagsterEvent, names: Mapping[str, str], announcer: Announcer) -> None:
    """Tell of a step that begins, is done or fails."""
    if event.event_type == dg.DagsterEventType.STEP_START and event.step_key:
        announcer.announce(names[event.step_key])
    elif event.event_type == dg.DagsterEventType.STEP_SUCCESS:
        announcer.succeeded()
    elif event.event_type == dg.DagsterEventType.STEP_FAILURE:
        announcer.failed()
