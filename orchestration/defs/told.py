"""Refusals as Dagster shows them: key and remedy on the first line of the step's error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import dagster as dg

from orchestration.problems import (
    CHECKING,
    UNTOUCHED,
    DamagedError,
    HeldError,
    Problem,
    RefreshError,
    RefusedError,
    refused_by_the_machine,
)
from orchestration.publish import differences, pointer

_KINDS: dict[str, type[RefreshError]] = {
    differences.STAGE: HeldError,
    pointer.STAGE: HeldError,
    CHECKING: DamagedError,
}


@contextmanager
def told() -> Iterator[None]:
    """Turn a refusal into a failure of the step that begins with what is wrong and what to do."""
    try:
        yield
    except Exception as error:
        refused = error if isinstance(error, RefusedError) else refused_by_the_machine(error)
        if refused is None:
            raise
        metadata: dict[str, Any] = {}
        if isinstance(refused, RefreshError):
            metadata = {
                "stage": refused.stage,
                "problems": dg.MetadataValue.json([asdict(each) for each in refused.problems]),
            }
        raise dg.Failure(
            description=f"{refused.headline}\n\n{refused}",
            metadata=metadata,
            allow_retries=False,
        ) from None


class RunFailedError(RefusedError):
    """The Dagster run failed; the text is for people."""


def failure_of(run_id: str, events: Iterable[dg.DagsterEvent]) -> RefusedError:
    """What stopped a run, in the words of the steps that stopped."""
    failures = [event for event in events if event.is_failure]
    # A run can also fail before any step does, such as when the instance is broken.
    failures = [event for event in failures if event.is_step_failure] or failures
    data: list[Any] = [event.event_specific_data for event in failures]
    told_by_us = [problems for each in data if (problems := _problems_of(each))]
    if told_by_us and len(told_by_us) == len(data):
        stages = {stage for stage, _ in told_by_us}
        stage = stages.pop() if len(stages) == 1 else "Guarding the refresh"
        return _KINDS.get(stage, RefreshError)(
            stage, [each for _, found in told_by_us for each in found]
        )
    errors = [each.error for each in data if getattr(each, "error", None)]
    texts = [(error.cause or error).message.strip() for error in errors]
    return RunFailedError(
        "\n".join(texts) + f"\nRun {run_id}; `make ui` shows its log.\n{UNTOUCHED}"
    )


def _problems_of(step_failure: Any) -> tuple[str, list[Problem]] | None:
    """The stage and the problems that a failed step told."""
    told = getattr(step_failure, "user_failure_data", None)
    if not told or "problems" not in told.metadata:
        return None
    problems = [Problem(**each) for each in told.metadata["problems"].value]
    return told.metadata["stage"].value, problems
