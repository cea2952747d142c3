"""The Dagster instance of a data root, and runs in it that the command starts.

A run of the command is created as the server creates one, with the code location's origin, so that
the UI shows it among the runs of the job and can launch it again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from orchestration.build.plain_folder import plain_folder
from orchestration.layout import read_manifest
from orchestration.settings import PROJECT_ROOT, Settings, load_settings

# Dagster takes seconds to import.
if TYPE_CHECKING:
    from dagster._core.remote_origin import RemoteJobOrigin

WORKSPACE = PROJECT_ROOT / "workspace.yaml"


def prepare_dagster(settings: Settings) -> None:
    """Lay the instance's folder below the data root, and name it in the environment.

    What an operator wrote into the instance's ``dagster.yaml`` stays; what the project's has beside
    it is added.
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    ours_file, theirs_file = PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml"
    if not theirs_file.exists():
        write_whole(theirs_file, ours_file.read_text(encoding="utf-8"))
    else:
        ours = yaml.safe_load(ours_file.read_text(encoding="utf-8"))
        text = theirs_file.read_text(encoding="utf-8")
        theirs = yaml.safe_load(text) or {}
        # Only whole sections are added, at the end: comments and order of what is there stay.
        if added := {name: section for name, section in ours.items() if name not in theirs}:
            section = yaml.safe_dump(added, sort_keys=False)
            write_whole(theirs_file, f"{text.rstrip()}\n\n# Added by lbn.\n{section}")
    os.environ["DAGSTER_HOME"] = str(plain_folder(home))
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ["LBN_PROFILE"] = settings.profile
    os.environ["LBN_DATA"] = str(settings.data)
    os.environ["LBN_INBOX"] = str(settings.inbox)
    os.environ["LBN_FETCH"] = "1" if settings.fetch else "0"


def automation(settings: Settings) -> list[str]:
    """What runs by itself for a profile, and whether the daemon that runs it is alive."""
    prepare_dagster(settings)
    import dagster as dg
    from dagster._core.definitions.run_request import InstigatorType
    from dagster._daemon.controller import all_daemons_live

    with dg.DagsterInstance.get() as instance:
        on = sorted(
            state.instigator_name
            for state in instance.all_instigator_state()
            if state.is_running
            and state.instigator_type in (InstigatorType.SCHEDULE, InstigatorType.SENSOR)
            and state.origin.repository_origin.code_location_origin.location_name
            == location_name(settings.profile)
        )
        if not on:
            return ["No schedule is on: a person refreshes."]
        told = [f"On: {', '.join(on)}."]
        if not all_daemons_live(instance):
            told.append(
                "But no daemon runs, so nothing will happen. Start it: dagster-daemon run "
                "-w workspace.yaml"
            )
        return told


def tell_current(settings: Settings, release: Path, text: str) -> None:
    """Have the page of the release show the one that somebody made current, and why."""
    prepare_dagster(settings)
    import dagster as dg

    from orchestration.defs.keys import key
    from orchestration.defs.release import release_metadata

    with dg.DagsterInstance.get() as instance:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                key(settings, "release"),
                description=text,
                metadata=release_metadata(release, read_manifest(release)),
                tags={"dagster/data_version": release.name},
            )
        )


def location_name(profile: str) -> str:
    """Name of a profile's code location."""
    return f"left_behind_{profile}"


def main() -> None:
    """Lay the instance of the environment's data root: what the service units run first."""
    prepare_dagster(load_settings())


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step: another command may read it now, and none may find half of it."""
    whole = f"{path}.{os.getpid()}"
    with open(whole, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(whole, path)


def job_origin(profile: str, job: str) -> RemoteJobOrigin:
    """Where the server would load a job of a profile from, as workspace.yaml says."""
    from dagster._core.remote_origin import RemoteRepositoryOrigin
    from dagster._core.workspace.load import location_origins_from_yaml_paths

    (location,) = (
        origin
        for origin in location_origins_from_yaml_paths([str(WORKSPACE)])
        if origin.location_name == location_name(profile)
    )
    return RemoteRepositoryOrigin(location, "__repository__").get_job_origin(job)


if __name__ == "__main__":
    main()
