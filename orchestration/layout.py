"""What lies where in a release, and which release is current.

A release is a folder ``releases/<id>/``; every name in it stands here and nowhere else.
``releases/current`` is a symlink to one, and ``releases/current.json`` says the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# The version of the marts' schema: major where a column or table goes, is renamed or means
# something else; minor where one is added (CONTRIBUTING.md).
MARTS_VERSION = "2.0"

CURRENT = "current"
CURRENT_JSON = "current.json"
WAREHOUSE = "warehouse.duckdb"
MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
DOCUMENTATION = "documentation"
DICTIONARY = "data-dictionary.md"
DBT_DOCS = "dbt-docs.html"
EXPORTS = "exports"
EXPLORER = "explorer"
FIRST_PAGE = "index.html"


def current_release(releases: Path) -> Path | None:
    """Folder of the current release, or None before the first."""
    current = releases / CURRENT
    return current.resolve() if current.exists() else None


def read_manifest(release: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
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
