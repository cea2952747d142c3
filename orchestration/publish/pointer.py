"""Which release is current: a symlink that is swapped atomically, and a JSON file beside it.

``releases/current`` is for people and tools on systems with symlinks; ``releases/current.json``
says the same where there are none.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from orchestration.problems import Problem, RefreshError
from orchestration.sources.vault import sha256_of


def point_to(releases: Path, name: str) -> None:
    """Make a release the current one. Readers see the old or the new one, never none."""
    swap = releases / f".current.{os.getpid()}"
    swap.unlink(missing_ok=True)
    swap.symlink_to(name, target_is_directory=True)
    os.replace(swap, releases / "current")
    swap.write_text(json.dumps({"release_id": name}) + "\n", encoding="utf-8")
    os.replace(swap, releases / "current.json")


def current_release(releases: Path) -> Path | None:
    """Folder of the current release, or None before the first."""
    current = releases / "current"
    return current.resolve() if current.exists() else None


def read_manifest(release: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def verify(release: Path) -> None:
    """Check a release against its SHA256SUMS.

    Raises:
        RefreshError: a file is missing or changed; the release can no longer be trusted.
    """
    problems = []
    for line in (release / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        expected, name = line.split("  ", 1)
        file = release / name
        found = sha256_of(file) if file.exists() else "no file"
        if found != expected:
            problems.append(
                Problem(
                    where=str(file),
                    found=f"sha256 {found}",
                    expected=f"sha256 {expected}",
                    remedy="somebody changed a published file: delete the folder "
                    f"{release} and refresh again",
                )
            )
    if problems:
        raise RefreshError("Verifying a release", problems)
