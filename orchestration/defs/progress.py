"""A Dagster logger that tells a person which step runs, in place of Dagster's log lines."""

from __future__ import annotations

import logging
from typing import Protocol

import dagster as dg

from data_quality import load_suites

_STEPS = {
    "take_source_files": "Taking the source files into the vault",
    "read_raw_tables": "Reading the files into raw tables",
    "build_dbt_models": "Building and testing the models",
    "release": "Auditing and publishing the release",
}


def _guarded() -> dict[str, str]:
    """The table that each guard's step judges: Dagster names the step '<asset>_<check>'."""
    return {
        f"{suite.stage}__{suite.table}_{suite.name}": f"{suite.stage}.{suite.table}"
        for suite in load_suites().values()
    }


class Announcer(Protocol):
    """Who is told how a refresh goes."""

    def announce(self, step: str) -> None:
        """A step begins."""

    def failed(self) -> None:
        """The step that runs has failed."""


class _Handler(logging.Handler):
    def __init__(self, announcer: Announcer) -> None:
        super().__init__()
        self._announcer = announcer
        self._guarded = _guarded()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is None:
            return
        if event.event_type == dg.DagsterEventType.STEP_START:
            step = event.step_key
            self._announcer.announce(_STEPS.get(step) or f"Guarding {self._guarded[step]}")
        elif event.event_type == dg.DagsterEventType.STEP_FAILURE:
            self._announcer.failed()


def progress_logger(announcer: Announcer) -> dg.LoggerDefinition:
    @dg.logger
    def progress(_context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("lbn")
        logger.addHandler(_Handler(announcer))
        return logger

    return progress
