"""One refresh, as `lbn refresh` and tests drive it: look, do nothing if nothing changed, else run.

The running is the Dagster job of the same name, in this process. The turn is had for the looking
too, so that of two refreshes the second finds what the first has made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.defs.instance import job_origin, prepare_dagster
from orchestration.defs.look import Outcome, is_kept, look
from orchestration.defs.turn import Turn
from orchestration.layout import current_release, read_manifest, told_current
from orchestration.settings import Settings
from orchestration.sources.registry import Registry

if TYPE_CHECKING:
    from orchestration.defs.progress import Announcer


@dataclass(frozen=True)
class Refreshed:
    """What a refresh came to."""

    outcome: Outcome
    release: Path
    manifest: dict[str, Any]
    kept: str = ""

    @property
    def accepted(self) -> list[dict[str, str]]:
        """What a person accepted of it, when it was published or made current again."""
        again = told_current(self.release.parent).get("accepted", [])
        return [*self.manifest.get("accepted", []), *again]


def refresh(
    settings: Settings,
    registry: Registry,
    announcer: Announcer,
    *,
    force: bool = False,
    from_scratch: bool = False,
    notify: bool = True,
    accept: Mapping[str, str] | None = None,
) -> Refreshed:
    """Publish the release of the inputs and code as they are now.

    Args:
        announcer: Told what is being done, in a few words, as it is begun, and what failed.
        force: Build again even where nothing changed.
        from_scratch: And keep nothing of what was made before.
        notify: Tell whom the settings name how it ended.
        accept: What may differ from the current release beyond its band, and why. A candidate
            that was held for it is published as it is.

    Raises:
        HeldError: the candidate differs too much from the current release; it is kept.
        RefreshError: inputs or guards refused the refresh; nothing was published.
        RunFailedError: a step failed for another reason; nothing was published.
    """
    force = force or from_scratch
    with Turn(settings).taken(announcer.wait):
        announcer.announce("Looking for the source files")
        found = look(settings, registry, accept)
        # First: what was downloaded and held is not what a look without a download finds.
        waits = bool(accept) and not force and is_kept(settings, registry)
        if found.outcome == "unchanged" and found.release and not force and not waits:
            return Refreshed("unchanged", found.release, read_manifest(found.release))
        job = "publish" if waits else "refresh"
        options = {"force": force, "from_scratch": from_scratch, "notify": notify}
        _run(settings, registry, announcer, job, options, dict(accept or {}))
        # DuckDB is imported by now.
        from orchestration.build.making import said_of_keeping

        current = current_release(settings.releases)
        assert current is not None
        outcome: Outcome = "built" if force or waits else found.outcome
        kept = "" if waits else said_of_keeping(settings)
        return Refreshed(outcome, current, read_manifest(current), kept)


def _run(
    settings: Settings,
    registry: Registry,
    announcer: Announcer,
    job_name: str,
    options: Mapping[str, bool],
    accept: Mapping[str, str],
) -> None:
    announcer.announce("Starting Dagster")
    prepare_dagster(settings)
    # Dagster, dagster-dbt and dbt take four seconds to import, and read the environment.
    import dagster as dg
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run_iterator

    from orchestration.defs.assembly import assemble
    from orchestration.defs.progress import announce_event, step_names
    from orchestration.defs.runs import TRIGGER_TAG
    from orchestration.defs.telling import NOTIFY_TAG, STEP, release_step
    from orchestration.defs.told import failure_of

    job = assemble(settings, registry).get_repository_def().get_job(job_name)
    names = step_names(settings)
    config: dict[str, Any] = {
        "ops": {
            release_step(settings): {"config": {"accept": accept}},
        },
        # Dagster's own log lines are for its UI; here the steps are told.
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    if job_name == "refresh":
        config["ops"][STEP] = {"config": {"fetch": settings.fetch, **options}}
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(
            job_def=job,
            run_config=config,
            tags={
                **job.run_tags,
                TRIGGER_TAG: "command",
                **({} if options["notify"] else {NOTIFY_TAG: "no"}),
            },
            remote_job_origin=job_origin(settings.profile, job_name),
        )
        failures = []
        # Known from here on as the run that has the turn: should it be cut short, it is marked.
        with Turn(settings).taken(announcer.wait, run.run_id):
            for event in execute_run_iterator(InMemoryJob(job), run, instance):
                announce_event(event, names, announcer)
                if event.is_failure:
                    failures.append(event)
        if failures:
            raise failure_of(run.run_id, failures)
