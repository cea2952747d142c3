"""The look before a refresh: is there anything to do?

It needs neither Dagster nor dbt nor Great Expectations, which is what makes a refresh with nothing
changed quick. The command looks before it starts Dagster; the first step of the job looks as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orchestration.fingerprint import code_version, release_id
from orchestration.problems import RefreshError
from orchestration.publish.pointer import is_current, verify
from orchestration.settings import Settings
from orchestration.sources.inbox import sha256_of
from orchestration.sources.registry import Registry
from orchestration.sources.sample_inbox import fill_sample_inbox
from orchestration.sources.vault import Vault, VaultFile

Outcome = Literal["built", "unchanged", "restored"]


@dataclass(frozen=True)
class Look:
    """What a refresh would come to: the folder of that release, if it is there already, and its id,
    where nothing must be downloaded to know it."""

    outcome: Outcome
    release: Path | None
    planned: str | None


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


def look(settings: Settings, registry: Registry) -> Look:
    """See what there is to do: nothing, make an earlier release current again, or build.

    Raises:
        RefreshError: sources are missing or ambiguous, or the release that is there was changed.
    """
    fill_sample_inbox(settings, registry)
    planned = planned_release(settings, registry)
    release = settings.releases / planned if planned else None
    if release is None or not release.exists():
        return Look("built", None, planned)
    verify(release)
    same = is_current(settings.releases, release.name)
    return Look("unchanged" if same else "restored", release, planned)


def is_kept(settings: Settings, registry: Registry, planned: str | None) -> bool:
    """Whether the candidate of that release lies in the build, judged and passed.

    A refresh that was held leaves it there.
    """
    if planned is None or not settings.build_database.exists():
        return False
    # DuckDB and dbt are only needed here.
    import duckdb

    from orchestration.build.database import open_build
    from orchestration.build.dbt import candidate_parts
    from orchestration.publish.audit import audit

    expected = candidate_parts(settings, registry)
    try:
        with open_build(settings, read_only=True) as build:
            found = build.execute("select source_id, sha256 from meta.source_file").fetchall()
            if release_id(settings.profile, dict(found), code_version()) != planned:
                return False
            audit(build, expected)
    except (RefreshError, duckdb.Error):
        return False
    return True
