"""The keys of assets, and where the code of each stands."""

from __future__ import annotations

import warnings
from pathlib import Path

import dagster as dg

from orchestration.settings import Settings


def key(settings: Settings, *path: str) -> dg.AssetKey:
    """Key of an asset: its schema and table, its source, or the release, below the profile.

    The profile goes first, so that one server shows several profiles apart.
    """
    return dg.AssetKey([settings.profile, *path])


def code_at(path: Path, begins: str = "") -> dict[str, dg.CodeReferencesMetadataValue]:
    """The metadata that links an asset to its code: a file, at the line that begins so."""
    lines = path.read_text(encoding="utf-8").splitlines() if begins else []
    numbers = [n for n, line in enumerate(lines, start=1) if line.strip().startswith(begins)]
    line = numbers[0] if numbers else 1
    with warnings.catch_warnings():
        # Dagster warns of each that it may change yet; the version is pinned.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = dg.LocalFileCodeReference(
            file_path=str(path), line_number=line, label=path.name
        )
        linked = dg.CodeReferencesMetadataValue(code_references=[reference])
    return {"dagster/code_references": linked}
