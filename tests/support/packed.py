"""What a page of the explorer carries, read by the format's description and not by our code."""

from __future__ import annotations

import base64
import gzip
import json
import re

import numpy as np


class Unpacked:
    """Reads a packed text by the format's description, not by the packer's code."""

    def __init__(self, text: str) -> None:
        raw = gzip.decompress(base64.b64decode(text))
        start = 4 + int.from_bytes(raw[:4], "little")
        header = json.loads(raw[4:start])
        self.document = header["document"]
        self._raw, self._start, self._columns = raw, start, header["columns"]

    def column(self, name: str) -> list[int]:
        offset, count, width, alike = self._columns[name]
        numbers = []
        for at in range(count):
            places = [self._start + offset + plane * count + at for plane in range(width)]
            numbers.append(int.from_bytes(bytes(self._raw[place] for place in places), "little"))
        if alike:
            signed = [-(number + 1) // 2 if number % 2 else number // 2 for number in numbers]
            numbers = [int(sum_) for sum_ in np.cumsum(signed)]
        return numbers


def carried(page: str, part: str) -> Unpacked:
    """A part of a page, by its id: core, shapes or detail."""
    (text,) = re.findall(rf'<script[^>]* id="{part}"[^>]*>([^<]*)</script>', page)
    return Unpacked(text.strip())


def names_of(text: str) -> list[str]:
    """Names by line; a tab stands for all but the last word of the line before."""
    names: list[str] = []
    for line in text.split("\n"):
        stem = names[-1].rpartition(" ")[0] if names else ""
        names.append(f"{stem} {line[1:]}" if line.startswith("\t") else line)
    return names
