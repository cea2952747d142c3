"""What the pages state, to be held to what is computed: tables and sentences as they are printed.

A figure is the rounding of the computed one, to as many digits as are printed, and nothing else:
neither the next number above, nor near it.
"""

from __future__ import annotations

from typing import Any

from tests.support.site import PROJECT

METHODOLOGY = "docs/methodology.md"
MISSING = "–"


def prose(page: str) -> str:
    """A page as one line, so that a sentence is found wherever it was broken."""
    return " ".join((PROJECT / page).read_text(encoding="utf-8").split())


def table(page: str, header: str) -> list[list[str]]:
    """The rows of the table whose header begins so, cell by cell."""
    _, found, after = (PROJECT / page).read_text(encoding="utf-8").partition(f"\n{header}")
    assert found, header
    lines = after.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def as_stated(value: Any, cell: str) -> str:
    """A computed value as a cell should have it, with as many decimals as the cell."""
    if value is None:
        return MISSING
    if isinstance(value, str):
        return value
    unit = "%" if cell.endswith("%") else ""
    decimals = len(cell.removesuffix(unit).partition(".")[2])
    return f"{value * (100 if unit else 1):,.{decimals}f}{unit}".replace("-", "−")
