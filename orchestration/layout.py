"""What lies where in a release, and which release is current.

A release is a folder ``releases/<id>/``; every name in it stands here and nowhere else.
``releases/current`` is a symlink to one, and ``releases/current.json`` says the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
