"""The look before a refresh: is there anything to do?

It needs neither Dagster nor dbt nor Great Expectations, which is what makes a refresh with nothing
changed quick. The command looks before it starts Dagster; the first step of the job looks as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orchestration.fingerprint import code_version, release_id, sha256_of
from orchestration.problems import RefreshError
from orchestration.publish.pointer import is_current, refuse_withdrawn
from orchestration.publish.verification import verify
from orchestration.settings import Settings
from orchestration.sources.registry import Registry
from orchestration.sources.sample_inbox import fill_sample_inbox
from orchestration.sources.vault import Vault, VaultFile

Outcome = Literal["built", "unchanged", "restored"]


@dataclass(frozen=True)
class Look:
    """What a refresh would come to, and the folder of that release, if it is there already."""

    outcome: Outcome
    release: Path | None


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
    if len(inputs) < len(located):
        return None
    return release_id(settings.profile, inputs, code_version())


def look(settings: Settings, registry: Registry, accepted: Mapping[str, str] | None = None) -> Look:
    """See what there is to do: nothing, make an earlier release current again, or build.

    Args:
        accepted: What a person accepts, such as a release that was withdrawn.

    Raises:
        RefreshError: sources are missing or ambiguous, or the release that is there was changed.
        HeldError: somebody withdrew the release that it would be.
    """
    fill_sample_inbox(settings, registry)
    planned = planned_release(settings, registry)
    if planned is None:
        return Look("built", None)
    same = is_current(settings.releases, planned)
    if not same:
        refuse_withdrawn(settings.releases, settings.profile, planned, accepted or {})
    release = settings.releases / planned
    if not release.exists():
        return Look("built", None)
    verify(release)
    return Look("unchanged" if same else "restored", release)


def is_kept(settings: Settings, registry: Registry) -> bool:
    """Whether a candidate waits in the build: judged and passed, not published, of these files.

    A refresh that was held leaves it there. Files that it downloaded are in no inbox and in no
    release, so where there is no other in the inbox they count as those of now.
    """
    if settings.fetch or not settings.build_database.exists():
        return False
    # DuckDB and dbt are only needed here.
    import duckdb

    from orchestration.build.database import open_build
    from orchestration.build.dbt import candidate_parts
    from orchestration.publish.audit import audit

    expected = candidate_parts(settings, registry)
    try:
        with open_build(settings, read_only=True) as build:
            rows = build.execute("select source_id, sha256, origin from meta.source_file")
            made_of = {source: (sha256, origin) for source, sha256, origin in rows.fetchall()}
            audit(build, expected)
    except (RefreshError, duckdb.Error):
        return False
    inputs = {source: sha256 for source, (sha256, _) in made_of.items()}
    if (settings.releases / release_id(settings.profile, inputs, code_version())).exists():
        return False
    located, problems = Vault(settings, registry).locate_all()
    return (
        not problems
        and {source.id for source, _ in located} == set(made_of)
        and all(_is_still(place, *made_of[source.id]) for source, place in located)
    )


def _is_still(place: VaultFile | Path | None, sha256: str, origin: str) -> bool:
    """Whether the file that a candidate was made of is still the one to take."""
    if isinstance(place, Path):
        return sha256_of(place) == sha256
    return origin != "inbox" or (place is not None and place.sha256 == sha256)
