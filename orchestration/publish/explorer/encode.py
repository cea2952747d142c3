"""Columns of whole numbers and a document, packed into text that a page can carry.

A packed text is base64 of gzip of: the length of the header (four bytes, little-endian), the header
(JSON: the document, and where each column lies), the columns. A column is written in planes: first
the lowest byte of every number, then the next. Where neighbours are alike it is differences, with
the sign in the lowest bit (zigzag). ``script/data.js`` reads it.

Planes take 6% less than variable-length numbers for boundaries and 15% less for ranks, once zipped.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

_GREATEST = 2**31


class Packer:
    """Collects columns; ``text`` packs them with a document."""

    def __init__(self) -> None:
        self._where: dict[str, tuple[int, int, int, bool]] = {}
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, name: str, values: Numbers, *, alike: bool = False) -> None:
        """A column by its name. ``alike``: neighbours are near one another, so keep differences.

        Raises:
            ValueError: a name comes twice, or a number is negative or too large for the page.
        """
        if name in self._where:
            raise ValueError(f"column {name} is there already")
        numbers = np.asarray(values, dtype=np.int64)
        if alike:
            numbers = zigzag(np.diff(numbers, prepend=np.int64(0)))
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= _GREATEST):
            raise ValueError(f"column {name} has a number outside 0 to {_GREATEST - 1}")
        part, width = planes(numbers)
        self._where[name] = (self._length, len(numbers), width, alike)
        self._parts.append(part)
        self._length += len(part)

    def text(self, document: Any) -> str:
        """The same columns and document give the same text: gzip's header has no clock."""
        header = json.dumps(
            {"document": document, "columns": self._where},
            ensure_ascii=False,
            separators=(",", ":"),
            sort_keys=True,
            allow_nan=False,
        ).encode()
        raw = b"".join([len(header).to_bytes(4, "little"), header, *self._parts])
        return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode("ascii")


def zigzag(numbers: Numbers) -> Numbers:
    """0, -1, 1, -2, 2 ... become 0, 1, 2, 3, 4 ..."""
    folded: Numbers = (numbers << 1) ^ (numbers >> 63)
    return folded


def planes(numbers: Numbers) -> tuple[bytes, int]:
    """The bytes of the numbers, plane by plane from the lowest, and how many planes there are."""
    greatest = int(numbers.max()) if len(numbers) else 0
    width = max(1, (greatest.bit_length() + 7) // 8)
    return (
        b"".join(
            ((numbers >> (8 * plane)) & 255).astype(np.uint8).tobytes() for plane in range(width)
        ),
        width,
    )


def names_text(names: list[str]) -> str:
    """Names by line. Where all but the last word are the line before's, a tab stands for them."""
    lines = []
    before = None
    for name in names:
        stem, _, tail = " ".join(name.split()).rpartition(" ")
        lines.append(f"\t{tail}" if stem and stem == before else f"{stem} {tail}".lstrip())
        before = stem
    return "\n".join(lines)
