"""What the daemon looks after while nobody watches: the inbox, and runs that were killed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import dagster as dg

from orchestration.defs.look import look
from orchestration.defs.runs import reap
from orchestration.problems import RefusedError
from orchestration.settings import Settings
from orchestration.sources.inbox import find_in_inbox, inbox_files
from orchestration.sources.registry import Registry

# A file that nobody has written to for this long is taken for complete.
STILL_SECONDS = 30


def build_sensors(
    settings: Settings, registry: Registry, refresh: dg.UnresolvedAssetJobDefinition
) -> list[dg.SensorDefinition]:
    """The sensors of a profile."""

    @dg.sensor(
        name="dead_runs",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks as failed the runs whose process was killed. The next refresh does so "
        "as well, so nothing waits for this.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dead = reap(context.instance, settings)
        return dg.SkipReason(
            f"Marked as failed: {', '.join(dead)}" if dead else "Every run that is under way lives."
        )

    @dg.sensor(
        name="inbox",
        job=refresh,
        minimum_interval_seconds=STILL_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Starts a refresh when a new source file lies complete in the inbox: one that "
        f"nobody has written to for {STILL_SECONDS} seconds, between two looks.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            state = _known_files(settings, registry)
        except RefusedError as refused:
            return dg.SkipReason(refused.headline)
        seen = json.dumps(state, sort_keys=True)
        earlier = json.loads(context.cursor or "{}")
        if not state:
            return dg.SkipReason("No source file in the inbox.")
        if seen != earlier.get("seen") or _youngest(state) > time.time() - STILL_SECONDS:
            cursor = json.dumps({**earlier, "seen": seen})
            return dg.SensorResult(
                skip_reason=dg.SkipReason("Files are changing; looking again."), cursor=cursor
            )
        if seen == earlier.get("told"):
            return dg.SkipReason("Nothing new in the inbox since the last look.")
        cursor = json.dumps({"seen": seen, "told": seen})
        try:
            found = look(settings, registry)
        except RefusedError as refused:
            return dg.SensorResult(skip_reason=dg.SkipReason(refused.headline), cursor=cursor)
        if found.outcome == "unchanged":
            return dg.SensorResult(
                skip_reason=dg.SkipReason("The release that is current is of these files."),
                cursor=cursor,
            )
        return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=cursor)

    return [dead_runs, inbox]


def _known_files(settings: Settings, registry: Registry) -> dict[str, list[float]]:
    """Size and time of the inbox files that are a source's; others start nothing.

    Raises:
        RefreshError: the inbox cannot be looked through.
    """
    files = inbox_files(settings)
    found: dict[str, list[float]] = {}
    for source in registry.sources:
        try:
            file = find_in_inbox(source, files)
        except RefusedError:
            # Several files for one source: every one of them is looked at, and refused together.
            matches: list[Path] = files
        else:
            matches = [file] if file else []
        for match in matches:
            stat = match.stat()
            found[str(match)] = [stat.st_size, stat.st_mtime]
    return found


def _youngest(state: dict[str, list[float]]) -> float:
    return max(modified for _, modified in state.values())
