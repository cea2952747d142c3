"""What lies where in a release, and which release is current.

A release is a folder ``releases/<id>/``; every name in it stands here and nowhere else.
``releases/current`` is a symlink to one, and ``releases/current.json`` says the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orchestration.problems import CHECKING, DamagedError, Problem

# The version of the marts' schema: major where a column or table goes, is renamed or means
# something else; minor where one is added (CONTRIBUTING.md).
MARTS_VERSION = "4.1"

CURRENT = "current"
CURRENT_JSON = "current.json"
WAREHOUSE = "warehouse.duckdb"
MANIFEST = "manifest.json"
README = "README.md"
CHECKSUMS = "SHA256SUMS"
DOCUMENTATION = "documentation"
DICTIONARY = "data-dictionary.md"
DBT_DOCS = "dbt-docs.html"
SBOM = "sbom.cdx.json"
LICENCES = "licences.csv"
EXPORTS = "exports"
EXPLORER = "explorer"
FIRST_PAGE = "index.html"
# What says of which release it is, and when. Of equal inputs and code, every other file is equal.
OF_THE_RELEASE = (MANIFEST, README, WAREHOUSE)


def current_release(releases: Path) -> Path | None:
    """Folder of the current release, or None before the first.

    The symlink decides. Where it is gone, or was copied as a folder, the JSON file beside it does,
    and where that is gone as well, what the folder says of itself.
    """
    current = releases / CURRENT
    if current.is_symlink() and current.exists():
        return current.resolve()
    for file in (releases / CURRENT_JSON, current / MANIFEST):
        name = _read(file).get("release_id")
        if isinstance(name, str) and name == Path(name).name and (releases / name).is_dir():
            return releases / name
    return current if current.is_dir() else None


def told_current(releases: Path) -> dict[str, Any]:
    """What ``current.json`` says; nothing where it is missing or no such file."""
    return _read(releases / CURRENT_JSON)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def read_manifest(release: Path) -> dict[str, Any]:
    """What a release says of itself.

    Raises:
        DamagedError: it says nothing that can be read.
    """
    file = release / MANIFEST
    manifest = _read(file)
    if not {"release_id", "profile", "inputs", "editions"} <= set(manifest):
        found = "no manifest of a release" if file.is_file() else "no file"
        remedy = "lbn rollback makes another release current; or delete this one and refresh again"
        raise DamagedError(CHECKING, [Problem(str(file), found, "its manifest", remedy)])
    return manifest


def marts_version(release: Path) -> str:
    """The version of a release's marts; the first releases do not say theirs."""
    return str(read_manifest(release).get("marts_version", "1.0"))


def is_readable(version: str) -> bool:
    """Whether what asks for marts of our version finds them in one of ``version``."""
    (major, minor), (our_major, our_minor) = (
        map(int, each.split(".")) for each in (version, MARTS_VERSION)
    )
    return major == our_major and minor >= our_minor
