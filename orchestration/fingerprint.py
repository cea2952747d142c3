"""What a release is a function of: the inputs and the code. The same of both is the same release.

And what an exported table or page is known by: what it shows and the code that wrote it.

Cheap on purpose: `lbn refresh` asks here whether anything changed before it imports a library.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from orchestration.settings import PROJECT_ROOT

BEGAN = time.time()
# What all other code stands on: the lowest layers of pyproject.toml, and the libraries.
BASE = (
    "orchestration/fingerprint.py",
    "orchestration/layout.py",
    "orchestration/problems.py",
    "orchestration/processes.py",
    "orchestration/queries.py",
    "orchestration/settings.py",
    "orchestration/text.py",
    "requirements.lock",
)
# These ask a release, print what they find, tell people, or write the inputs of the sample (which
# count by their sha256): nothing that a release is made of. The layers in pyproject.toml keep it
# so.
_NO_PART = ("ask", "cli", "notify.py", "sample")
# The pages of docs/ that a release has a copy of.
PAGES = ("analyst-guide.md", "methodology.md", "limits-of-use.md", "glossary.md")
# Everything that can change a figure or a word of a release: code, models, suites, and the
# libraries that run them.
_CODE = {
    "orchestration": ("*.py", "*.yml", "*.js", "*.css", "*.html", "*.json", "*.csv"),
    "data_quality": ("*.py", "*.yml"),
    "dbt_project/models": ("*.sql", "*.py", "*.yml", "*.md"),
    "dbt_project/macros": ("*.sql",),
    "dbt_project/seeds": ("*.csv", "*.yml"),
    "dbt_project/tests": ("*.sql",),
    "docs": PAGES,
}
_LOCK = PROJECT_ROOT / "requirements.lock"
_LOCKED = re.compile(r"^([\w.-]+)==", re.MULTILINE)
# What pandas computes with where it is installed, though nothing asks for it.
_UNINVITED = {"bottleneck", "numexpr"}
_FILES = ("requirements.lock", "dbt_project/dbt_project.yml", "dbt_project/profiles.yml")


def code_files(project: Path = PROJECT_ROOT) -> Iterator[Path]:
    """The files of a project that make a release."""
    apart = [project / "orchestration" / name for name in _NO_PART]
    for folder, patterns in _CODE.items():
        for pattern in patterns:
            for file in (project / folder).rglob(pattern):
                if not any(map(file.is_relative_to, apart)):
                    yield file
    yield from (project / name for name in _FILES if (project / name).exists())


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_hash(files: Iterable[Path], project: Path = PROJECT_ROOT) -> str:
    """SHA-256 over the names and bytes of files of a project, in hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(project)).encode())
        digest.update(b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _libraries() -> str:
    """Python and the libraries that run, as they are installed: not always as the lock says.

    What else is installed, such as a browser's driver for the tests, makes nothing of a release.
    """
    locked = _LOCKED.findall(_LOCK.read_text(encoding="utf-8"))
    count = {*map(_normal, locked), *_UNINVITED}
    installed = {
        each.name
        for place in sys.path
        for each in Path(place).glob("*.dist-info")
        if _normal(each.name.partition("-")[0]) in count
    }
    return "\n".join([sys.version, *sorted(installed)])


def _normal(library: str) -> str:
    """The name of a library as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", library).lower()


def running_code(patterns: Iterable[str]) -> str:
    """The hash of the files of some patterns, as this process runs them: work is kept under it.

    And of the libraries that are installed.

    Where one was changed since the process began, nobody can say which of the two it runs: then the
    hash is one that never comes again.
    """
    files = {
        file
        for pattern in patterns
        for file in PROJECT_ROOT.glob(pattern)
        if file.is_file() and "__pycache__" not in file.parts
    }
    if any(file.stat().st_ctime > BEGAN for file in files):
        return uuid.uuid4().hex
    return hashlib.sha256(f"{files_hash(files)}\n{_libraries()}".encode()).hexdigest()


def code_version(project: Path = PROJECT_ROOT) -> str:
    """The hash of all files that make a release, its first 12 digits."""
    return files_hash(code_files(project), project)[:12]


def release_id(profile: str, inputs: Mapping[str, str], code: str) -> str:
    """Name of the release of a profile, from ``{source_id: sha256}`` and the code version."""
    stated = json.dumps(
        {"profile": profile, "inputs": dict(sorted(inputs.items())), "code": code}, sort_keys=True
    )
    return f"{profile}-{hashlib.sha256(stated.encode()).hexdigest()[:12]}"


def content_id(name: str, shown: Iterable[object]) -> str:
    """What is shown under a name, as an id: whatever release it is from, the same is the same.

    Args:
        name: What it is: it begins the id, so that no program takes the digits for a number.
        shown: Values whose ``repr`` says all of them: texts, numbers, flags, tuples of them.
    """
    digest = hashlib.sha256()
    for each in shown:
        digest.update(repr(each).encode())
        digest.update(b"\0")
    return f"{name}-{digest.hexdigest()[:12]}"


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
