"""The project as git has it, to be looked through or copied: no caches, no builds."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from orchestration.settings import PROJECT_ROOT


def tracked() -> list[str]:
    """Every file, below the project's folder; needs a checkout."""
    listed = subprocess.run(
        ["git", "-C", str(PROJECT_ROOT), "ls-files", "-zco", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [name for name in listed if name and (PROJECT_ROOT / name).is_file()]


def copied(folder: Path, names: list[str]) -> Path:
    """A copy of these files, which may be edited."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT_ROOT / name, folder / name)
    return folder
