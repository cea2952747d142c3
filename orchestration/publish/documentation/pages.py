"""The pages of ``docs/`` that a reader of a release needs, beside the dictionary."""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.fingerprint import PAGES
from orchestration.layout import DICTIONARY
from orchestration.settings import PROJECT_ROOT

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def write_pages(folder: Path) -> None:
    """Write the pages; a link that leads out of what is here becomes its words."""
    for name in PAGES:
        text = (PROJECT_ROOT / "docs" / name).read_text(encoding="utf-8")
        (folder / name).write_text(_LINK.sub(_link, text), encoding="utf-8")


def _link(found: re.Match[str]) -> str:
    words, target = found.groups()
    page = target.partition("#")[0]
    leads = target.startswith(("https://", "#")) or page in (*PAGES, DICTIONARY)
    return found[0] if leads else words
