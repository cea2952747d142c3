"""Text that others wrote, made fit to be shown: it is read, and does nothing."""

from __future__ import annotations

import re

# What terminals obey, and what turns round the order of what follows on a line.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text with each control sign but line break and tab as Python writes it: ``\\x1b``."""
    return _OBEYED.sub(lambda sign: repr(sign[0])[1:-1], text)


def counted(count: int, noun: str) -> str:
    """So many of a thing, which is one or several: '1 area', '2 areas'."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def one_line(text: str) -> str:
    """On one line, whatever a publisher or the name of a file has in it."""
    return " ".join(text.split())
