"""Writing an Excel workbook, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xlsxwriter import Workbook

Cell = str | float | None
_CREATED = datetime(2017, 1, 1)  # a workbook holds when it was made; that would differ each run


@dataclass(frozen=True)
class SampleSheet:
    """One sheet: its rows begin with the header, None is an empty cell."""

    name: str
    rows: Iterable[Sequence[Cell]]


def write_workbook(path: Path, sheets: Iterable[SampleSheet]) -> Path:
    """Write one workbook and return its path.

    It is put together in memory, because its parts then carry a fixed time in the archive,
    whatever the time zone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with Workbook(str(path), {"in_memory": True}) as book:
        book.set_properties({"title": "SYNTHETIC Doggerland", "created": _CREATED})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            for number, row in enumerate(sheet.rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        page.write_string(number, column, cell)
                    elif cell is not None:
                        page.write_number(number, column, cell)
    return path
