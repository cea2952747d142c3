"""One refresh, as `lbn refresh` and tests drive it: look, do nothing if nothing changed, else run.

The looking needs neither Dagster nor dbt nor Great Expectations, which is what makes a refresh
with nothing changed quick. The running is the Dagster job of the same name, in this process.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestration.fingerprint import code_version, release_id
from orchestration.layout import current_release, read_manifest
from orchestration.problems import UNTOUCHED, RefreshError, RefusedError
from orchestration.publish.pointer import point_to, verify
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.sources.registry import Registry
from orchestration.sources.sample_inbox import fill_sample_inbox
from orchestration.sources.vault import Vault, VaultFile, sha256_of

if TYPE_CHECKING:
    from orchestration.defs.progress import Announcer

Outcome = Literal["built", "unchanged", "restored"]


class RunFailedError(RefusedError):
    """The Dagster run failed; the text is for people."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh came to."""

    outcome: Outcome
    release: Path
    manifest: dict[str, Any]


def planned_release(settings: Settings, registry: Registry) -> str | None:
    """Id of the release that a refresh would give, or None where something must be downloaded.

    Raises:
        RefreshError: sources are missing or ambiguous, all of them.
    """
    located, problems = Vault(settings, registry).locate_all(fetch=settings.fetch)
    if problems:
        raise RefreshError("Looking for the source files", problems)
    inputs = {
        source.id: found.sha256 if isinstance(found, VaultFile) else sha256_of(found)
        for source, found in located
        if found
    }
    if len(inputs) < len(registry.sources):
        return None
    return release_id(settings.profile, inputs, code_version())


def refresh(settings: Settings, registry: Registry, announcer: Announcer) -> Refreshed:
    """Publish the release of the inputs and code as they are now.

    Args:
        announcer: Told what is being done, in a few words, as it is begun, and what failed.

    Raises:
        RefreshError: inputs or guards refused the refresh; nothing was published.
        RunFailedError: a step failed for another reason; nothing was published.
    """
    announcer.announce("Looking for the source files")
    fill_sample_inbox(settings, registry)
    planned = planned_release(settings, registry)
    if planned and (settings.releases / planned).exists():
        release = settings.releases / planned
        verify(release)
        current = current_release(settings.releases)
        if current and current.name == planned:
            return Refreshed("unchanged", release, read_manifest(release))
        point_to(settings.releases, planned)
        return Refreshed("restored", release, read_manifest(release))
    _run(settings, registry, announcer)
    built = current_release(settings.releases)
    assert built is not None
    return Refreshed("built", built, read_manifest(built))


def prepare_dagster(settings: Settings) -> None:
    """Lay the instance's folder below the profile's data, with the project's dagster.yaml."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["LBN_PROFILE"] = settings.profile
    os.environ["LBN_DATA"] = str(settings.data)
    os.environ["LBN_INBOX"] = str(settings.inbox)
    os.environ["LBN_FETCH"] = "1" if settings.fetch else "0"


def _run(settings: Settings, registry: Registry, announcer: Announcer) -> None:
    announcer.announce("Starting Dagster")
    prepare_dagster(settings)
    # Dagster, dagster-dbt and dbt take four seconds to import, and read the environment.
    import dagster as dg

    from orchestration.defs.assembly import assemble
    from orchestration.defs.progress import progress_logger

    job = assemble(settings, registry).get_repository_def().get_job("refresh")
    with dg.DagsterInstance.get() as instance:
        result = job.with_logger_defs({"console": progress_logger(announcer)}).execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {}}},
            raise_on_error=False,
        )
    if not result.success:
        raise _failure(settings, result)


def _failure(settings: Settings, result: Any) -> Exception:
    """What stopped the run, in the words of the step that stopped."""
    from orchestration.build.database import open_build
    from orchestration.publish.audit import failed_guards

    failures = [event for event in result.all_events if event.is_step_failure]
    # A run can also fail before any step does, such as when the instance is broken.
    failures = failures or [event for event in result.all_events if event.is_failure]
    errors = [event.event_specific_data.error for event in failures]
    refused = [
        error.cause.message.partition(": ")[2]
        for error in errors
        if error.cause and error.cause.cls_name == RefreshError.__name__
    ]
    if refused:
        return RunFailedError("\n".join(refused).rstrip())
    # Only then do the verdicts in the build speak of this run.
    judged = any(error.cls_name in ("DagsterAssetCheckFailedError", "Failure") for error in errors)
    if judged:
        with open_build(settings, read_only=True) as build:
            if broken := failed_guards(build):
                return RefreshError("Guarding the refresh", broken)
    texts = [(error.cause or error).message.strip() for error in errors]
    return RunFailedError(
        "\n".join(texts) + f"\nRun {result.run_id}; `make ui` shows its log.\n{UNTOUCHED}"
    )
