"""A candidate that waits for a person: said where whoever asks for the status finds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from orchestration.problems import HeldError
from orchestration.settings import Settings


@contextmanager
def noted(settings: Settings) -> Iterator[None]:
    """Note what is held while a candidate is published, and that nothing is when it was."""
    try:
        yield
    except HeldError as held:
        told = {
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "subjects": [problem.where for problem in held.problems],
            "remedy": held.problems[0].remedy,
        }
        settings.held.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        raise
    settings.held.unlink(missing_ok=True)


def what_is_held(settings: Settings) -> str:
    """What waits for whom, on one line; empty where nothing does."""
    try:
        told = json.loads(settings.held.read_text(encoding="utf-8"))
        subjects = ", ".join(told["subjects"])
        return f"since {told['since']} a candidate waits for {subjects}; {told['remedy']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
