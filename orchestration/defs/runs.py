"""Which runs are alive, what every run says of itself, and the turn that it waits for.

A run that was killed stays under way for Dagster: its launcher does not look after the processes
that it started. So each run holds a lock of its own for as long as its process lives; a run whose
lock is free is dead, and whoever comes next says so.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from orchestration.defs.instance import prepare_dagster
from orchestration.defs.telling import (
    HELD,
    NOT_RESTORED,
    OUTCOME_TAG,
    PROFILE_TAG,
    PUBLISH,
    WHOLE,
    is_told,
    mark_end,
    tell_end,
    tell_killed,
)
from orchestration.defs.turn import Turn
from orchestration.fingerprint import git_commit
from orchestration.layout import current_release
from orchestration.settings import Settings
from orchestration.sources.registry import Registry

# A run takes its lock a few seconds after it is launched; if it has none by then, it never will.
_LAUNCHED = timedelta(minutes=10)
# Failed runs that are looked at again for one that said nothing.
_RECENT = 20
_GONE = (
    "This run ended without a word: its process was killed, or its machine was stopped. Nothing "
    "was published by it. The next refresh needs nothing done by hand."
)
_MADE_NOTHING = ("unchanged", "failed", "killed", "interrupted", NOT_RESTORED)
_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
HOST_TAG = "lbn/host"
TRIGGER_TAG = "lbn/trigger"
# The locks that say that runs of this process are alive: held until the process ends, since a run
# goes on for a moment after its last step.
_alive: dict[str, FileLock] = {}


def _alive_folder(settings: Settings) -> Path:
    return settings.dagster_home / "alive"


def live(settings: Settings, run_id: str) -> None:
    """Say that a run is alive for as long as this process is."""
    folder = _alive_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{run_id}.lock", thread_local=False)
    lock.acquire(timeout=0)
    _alive[run_id] = lock


def reap(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Mark the runs of this machine whose process is gone as failed; gives their ids."""
    folder = _alive_folder(settings)
    dead = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY)):
        run = record.dagster_run
        if run.run_id in _alive or run.tags.get(HOST_TAG, socket.gethostname()) != (
            socket.gethostname()
        ):
            continue
        lock = folder / f"{run.run_id}.lock"
        if lock.exists():
            gone = _is_free(lock)
        else:
            gone = datetime.now(UTC) - record.create_timestamp > _LAUNCHED
        if gone:
            if run.status == dg.DagsterRunStatus.CANCELING:
                instance.report_run_canceled(run, _GONE)
            else:
                instance.report_run_failed(run, _GONE)
            _mark_killed(instance, settings, run)
            dead.append(run.run_id)
    # The server notices when a process that it started is gone, and tells nobody.
    failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]), limit=_RECENT)
    for run in failed:
        if run.job_name in WHOLE and OUTCOME_TAG not in run.tags:
            _mark_killed(instance, settings, run)
    _tidy(instance, settings)
    return dead


def mark_interrupted(settings: Settings, run_id: str) -> None:
    """Mark a run as ended that was interrupted in this process; who did so need not be told."""
    prepare_dagster(settings)
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(run_id)
        if run and not run.is_finished:
            instance.report_run_canceled(run, "Interrupted by Ctrl-C or SIGTERM.")
            instance.add_run_tags(run_id, {OUTCOME_TAG: "interrupted"})
        _tidy(instance, settings)


def prune(instance: dg.DagsterInstance, profile: str, before: datetime) -> list[str]:
    """Delete the runs of a profile that began before a moment; gives their ids.

    The newest that made a whole candidate stays, published or held, and what came after it, since
    the state of the assets is theirs; of those only runs that made nothing go.
    """
    mine = dg.RunsFilter(tags={PROFILE_TAG: profile})
    records = [each for each in instance.get_run_records(mine) if each.dagster_run.is_finished]
    # Newest first, as Dagster gives them.
    last_build = next(
        (
            n
            for n, each in enumerate(records)
            # The job that only publishes made one asset of them all.
            if each.dagster_run.job_name != PUBLISH
            and each.dagster_run.tags.get(OUTCOME_TAG) in ("built", HELD)
        ),
        len(records),
    )
    gone = []
    for place, record in enumerate(records):
        made_nothing = record.dagster_run.tags.get(OUTCOME_TAG) in _MADE_NOTHING
        if record.create_timestamp < before and (place > last_build or made_nothing):
            instance.delete_run(record.dagster_run.run_id)
            gone.append(record.dagster_run.run_id)
    return gone


def _is_free(path: Path) -> bool:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


def _mark_killed(instance: dg.DagsterInstance, settings: Settings, run: dg.DagsterRun) -> None:
    instance.add_run_tags(run.run_id, {OUTCOME_TAG: "killed"})
    if is_told(run):
        tell_killed(settings, run, _GONE)


def _tidy(instance: dg.DagsterInstance, settings: Settings) -> None:
    """Take away the locks of runs that ended and whose process is gone."""
    for lock in _alive_folder(settings).glob("*.lock"):
        run = instance.get_run_by_id(lock.stem)
        if (run is None or run.is_finished) and lock.stem not in _alive and _is_free(lock):
            lock.unlink(missing_ok=True)


def build_turn(settings: Settings, registry: Registry) -> dg.ResourceDefinition:
    """The resource that every step needs: it says that the run is alive, and has the turn."""

    @dg.resource(
        description="The turn to refresh the profile: one run at a time, whoever started it. "
        "A run that waits says for whom in its log."
    )
    def turn(context: dg.InitResourceContext) -> Iterator[None]:
        run, instance, log = context.run, context.instance, context.log
        assert run is not None
        assert instance is not None
        assert log is not None
        if run.run_id in _alive:
            # Dagster's own command makes the resources once more when the run has ended.
            yield
            return
        live(settings, run.run_id)
        instance.add_run_tags(run.run_id, run_tags(settings, run.tags))
        for dead in reap(instance, settings):
            log.info(f"Run {dead} was killed, and is marked as failed now.")
        if settings.keep_days:
            before = datetime.now(UTC) - timedelta(days=settings.keep_days)
            if gone := prune(instance, settings.profile, before):
                log.info(f"Deleted {len(gone)} runs older than {settings.keep_days} days.")
        with Turn(settings).taken(log.warning, run.run_id):
            earlier = current_release(settings.releases)
            yield
        mark_end(instance, run)
        if is_told(run):
            for problem in tell_end(settings, registry, instance, run, earlier):
                log.warning(problem)

    return turn


def run_tags(settings: Settings, tags: Mapping[str, str]) -> dict[str, str]:
    """What every run says of itself, whoever started it."""
    if "dagster/schedule_name" in tags:
        trigger = "schedule"
    elif "dagster/sensor_name" in tags:
        trigger = "sensor"
    else:
        trigger = tags.get(TRIGGER_TAG, "ui")
    commit = git_commit() or "unknown"
    return {
        PROFILE_TAG: settings.profile,
        TRIGGER_TAG: trigger,
        HOST_TAG: socket.gethostname(),
        "lbn/commit": f"{commit[:12]}{'+' if commit.endswith('+') else ''}",
    }
