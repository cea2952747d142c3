"""Tells people how a run ended, where ``LBN_NOTIFY`` says whom.

The run does it itself, after its last step, so that it needs no daemon and holds for command, UI
and schedule alike. Of a run that was killed, whoever finds it tells.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

import dagster as dg

from orchestration import notify
from orchestration.defs.told import failure_of
from orchestration.layout import current_release, read_manifest
from orchestration.problems import HeldError
from orchestration.settings import Settings
from orchestration.sources.registry import Registry, load_registry

OUTCOME_TAG = "lbn/outcome"
HELD = "held"
# Held as well, but nothing was made: the release of these inputs is there already.
NOT_RESTORED = "not restored"
NOTIFY_TAG = "lbn/notify"
PROFILE_TAG = "lbn/profile"
RELEASE_TAG = "lbn/release"
STEP = "take_source_files"
PUBLISH = "publish"
# A part that somebody makes while at work is their own business.
WHOLE = ("refresh", PUBLISH)
# Characters of what differs, in a message.
_FOUND = 600


def release_step(settings: Settings) -> str:
    """Name of the step that publishes."""
    return f"{settings.profile}__release"


def accepted_by(settings: Settings, run: dg.DagsterRun) -> dict[str, str]:
    """What the configuration of a run accepts, and why: for steps before the one that publishes."""
    config: Any = run.run_config
    step = config.get("ops", {}).get(release_step(settings), {})
    return dict(step.get("config", {}).get("accept", {}))


def is_from_scratch(run: dg.DagsterRun) -> bool:
    """Whether the configuration of a run says that nothing is kept."""
    config: Any = run.run_config
    step = config.get("ops", {}).get(STEP, {})
    return bool(step.get("config", {}).get("from_scratch", False))


def is_told(run: dg.DagsterRun) -> bool:
    """Whether people want to know of a run: of whole ones, unless it was launched without."""
    config: Any = run.run_config
    step = config.get("ops", {}).get(STEP, {})
    wanted = run.tags.get(NOTIFY_TAG) != "no" and step.get("config", {}).get("notify", True)
    return run.job_name in WHOLE and wanted


def mark_end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Say of a run whose steps are done that it failed, where no step said what came of it.

    A failed run that does not say so was killed.
    """
    now = instance.get_run_by_id(run.run_id)
    if now and now.tags.get(OUTCOME_TAG) not in (HELD, NOT_RESTORED) and _failures(instance, run):
        instance.add_run_tags(run.run_id, {OUTCOME_TAG: "failed"})


def _failures(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.DagsterEvent]:
    failed = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return [entry.dagster_event for entry in failed if entry.dagster_event]


def tell_end(
    settings: Settings,
    registry: Registry,
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    before: Path | None,
) -> list[str]:
    """Tell how a run ended whose steps are done; gives what could not be told.

    Args:
        before: The release that was current when the run began.
    """
    if events := _failures(instance, run):
        failed = failure_of(run.run_id, events)
        if isinstance(failed, HeldError):
            # Room for the command that accepts, which comes last; the run has all that differs.
            short = [replace(each, found=shorten(each.found, _FOUND)) for each in failed.problems]
            failed = HeldError(failed.stage, short)
        message = notify.failure(
            settings.profile,
            _label(registry),
            str(failed),
            run.run_id,
            _address(settings, run),
            is_held=isinstance(failed, HeldError),
        )
        return notify.send(settings, message)
    now = instance.get_run_by_id(run.run_id)
    current = current_release(settings.releases)
    if now and current and now.tags.get(OUTCOME_TAG) in ("built", "restored"):
        previous = read_manifest(before) if before else None
        message = notify.success(settings.profile, read_manifest(current), previous)
        return notify.send(settings, message)
    return []


def tell_killed(settings: Settings, run: dg.DagsterRun, text: str) -> list[str]:
    """Tell of a run whose process is gone."""
    profile = run.tags.get(PROFILE_TAG, settings.profile)
    message = notify.failure(
        profile, _label(load_registry(profile)), text, run.run_id, _address(settings, run)
    )
    return notify.send(settings, message)


def _label(registry: Registry) -> str:
    return "SYNTHETIC" if registry.profile.synthetic else "REAL"


def _address(settings: Settings, run: dg.DagsterRun) -> str | None:
    return f"{settings.ui_address}/runs/{run.run_id}" if settings.ui_address else None
