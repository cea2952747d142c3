"""Which release is current: a symlink that is swapped atomically, and a JSON file beside it.

``releases/current`` is for people and tools on systems with symlinks; ``releases/current.json``
says the same where there are none.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from orchestration.fingerprint import sha256_of
from orchestration.layout import CHECKSUMS, CURRENT, CURRENT_JSON, current_release
from orchestration.problems import Problem, RefreshError


def point_to(releases: Path, name: str) -> None:
    """Make a release the current one. Readers see the old or the new one, never none."""
    swap = releases / f".current.{os.getpid()}"
    swap.unlink(missing_ok=True)
    swap.symlink_to(name, target_is_directory=True)
    os.replace(swap, releases / CURRENT)
    swap.write_text(json.dumps({"release_id": name}) + "\n", encoding="utf-8")
    os.replace(swap, releases / CURRENT_JSON)


def is_current(releases: Path, name: str) -> bool:
    """Whether symlink and JSON both say this release: stopped between the two, they differ."""
    told = releases / CURRENT_JSON
    current = current_release(releases)
    return (
        current is not None
        and current.name == name
        and told.exists()
        and json.loads(told.read_text(encoding="utf-8")) == {"release_id": name}
    )


def verify(release: Path) -> None:
    """Check a release against its SHA256SUMS.

    Raises:
        RefreshError: a file is missing or changed; the release can no longer be trusted.
    """
    problems = []
    for line in (release / CHECKSUMS).read_text(encoding="utf-8").splitlines():
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
