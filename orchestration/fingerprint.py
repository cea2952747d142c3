"""What a release is a function of: the inputs and the code. The same of both is the same release.

Cheap on purpose: `lbn refresh` asks here whether anything changed before it imports a library.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from orchestration.settings import DBT_PROJECT, PROJECT_ROOT

# These ask a release, print what they find, tell people, or write the inputs of the sample (which
# count by their sha256): nothing that a release is made of. The layers in pyproject.toml keep it
# so.
_NO_PART = ("ask", "cli", "notify.py", "sample")
# Everything that can change a figure: code, models, suites, and the libraries that run them.
_CODE = {
    PROJECT_ROOT / "orchestration": ("*.py", "*.yml", "*.js", "*.css", "*.html"),
    PROJECT_ROOT / "data_quality": ("*.py", "*.yml"),
    DBT_PROJECT / "models": ("*.sql", "*.py", "*.yml"),
    DBT_PROJECT / "macros": ("*.sql",),
    DBT_PROJECT / "seeds": ("*.csv", "*.yml"),
    DBT_PROJECT / "tests": ("*.sql",),
}
_FILES = (
    PROJECT_ROOT / "requirements.lock",
    DBT_PROJECT / "dbt_project.yml",
    DBT_PROJECT / "profiles.yml",
)


def code_files() -> Iterator[Path]:
    """The files that make a release."""
    apart = [PROJECT_ROOT / "orchestration" / name for name in _NO_PART]
    for folder, patterns in _CODE.items():
        for pattern in patterns:
            for file in folder.rglob(pattern):
                if not any(map(file.is_relative_to, apart)):
                    yield file
    yield from (file for file in _FILES if file.exists())


def files_hash(files: Iterable[Path]) -> str:
    """SHA-256 over the names and bytes of files of the project, in hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(PROJECT_ROOT)).encode())
        digest.update(b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def code_version() -> str:
    """The hash of all files that make a release, its first 12 digits."""
    return files_hash(code_files())[:12]


def release_id(profile: str, inputs: Mapping[str, str], code: str) -> str:
    """Name of the release of a profile, from ``{source_id: sha256}`` and the code version."""
    stated = json.dumps(
        {"profile": profile, "inputs": dict(sorted(inputs.items())), "code": code}, sort_keys=True
    )
    return f"{profile}-{hashlib.sha256(stated.encode()).hexdigest()[:12]}"


def git_commit() -> str | None:
    """The commit, with '+' where the checkout has changes; None outside a checkout."""
    if shutil.which("git") is None or not (PROJECT_ROOT / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except subprocess.CalledProcessError:
        return None
