"""Writing a CSV the way a given publisher does, and nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Row = Sequence[object]


@dataclass(frozen=True)
class Dialect:
    """What differs between publishers; `blank_columns` are the empty ones after the last.

    With `quote_first`, as R writes a table of codes and numbers: the header and the first column
    are quoted, the rest is not. With `quote_text`, as R writes any table: text is quoted wherever
    it stands, numbers are not.
    """

    bom: bool = True
    crlf: bool = False
    quote_all: bool = False
    quote_first: bool = False
    quote_text: bool = False
    blank_columns: int = 0


ONS = Dialect()
GEOGRAPHR = Dialect(bom=False, quote_all=True)
OCSI = Dialect(bom=False)


def write_table(path: Path, header: Row, rows: Iterable[Row], dialect: Dialect) -> Path:
    """Write one file and return its path."""
    if dialect.quote_first:
        return _write_quoting_first(path, header, rows)
    text = io.StringIO()
    writer = csv.writer(
        text,
        lineterminator="\r\n" if dialect.crlf else "\n",
        quoting=_quoting(dialect),
    )
    blanks = [""] * dialect.blank_columns
    writer.writerows([*row, *blanks] for row in [header, *rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode("utf-8-sig" if dialect.bom else "utf-8"))
    return path


def _quoting(dialect: Dialect) -> Literal[0, 1, 2]:
    if dialect.quote_text:
        return csv.QUOTE_NONNUMERIC
    return csv.QUOTE_ALL if dialect.quote_all else csv.QUOTE_MINIMAL


def _write_quoting_first(path: Path, header: Row, rows: Iterable[Row]) -> Path:
    lines = [",".join(f'"{title}"' for title in header)]
    lines += [",".join([f'"{first}"', *map(str, rest)]) for first, *rest in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path
