"""How much of a release rests on official files, in one line for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from orchestration.sources.registry import Status


def provenance(files: Sequence[Mapping[str, Any]]) -> str:
    """The line, from the rows of ``meta.source_file`` or ``marts.dim_source``."""
    counted = Counter(file["provenance_status"] for file in files)
    official = sum(file["rows"] for file in files if file["provenance_status"] == "official")
    share = official / (sum(file["rows"] for file in files) or 1)
    others = [
        f"{counted[status]} {status}"
        for status in get_args(Status)
        if counted[status] and status != "official"
    ]
    return (
        f"{counted['official']} of {len(files)} source files are the publisher's own, "
        f"with {share:.0%} of the rows read" + (f"; {', '.join(others)}" if others else "")
    )
