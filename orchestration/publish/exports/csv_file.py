"""CSV: RFC 4180, UTF-8, and a byte-order mark for Excel where it is asked for."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from orchestration.publish.exports.tables import ExportTable

# A spreadsheet takes a cell that begins so for a formula. Apostrophes before it count too, so that
# the guard can be taken off again: one apostrophe less.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def write_csv(path: Path, table: ExportTable, *, bom: bool = False) -> None:
    """Write a table; empty = NULL, true and false, numbers in full, lines end in CR LF.

    Text that a spreadsheet would run as a formula gets an apostrophe in front; nothing else is
    changed. ``bom`` marks the file as UTF-8, which Excel needs to read accents.
    """
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in table.columns])
        writer.writerows([_cell(value) for value in row] for row in table.rows())


def guarded(text: str) -> str:
    """The text, with an apostrophe in front where it could be taken for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value) if isinstance(value, str) else value
