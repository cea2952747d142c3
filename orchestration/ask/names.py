"""Finding a name: how what a person writes is set against the names that there are.

Exact, then how it begins, then by its words, then close spellings. Nothing here knows a release.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from typing import Generic, TypeVar

# Below it a name is another name, and no slip of the hand.
CLOSE = 82
_SHORT = {"st": "saint", "and": "", "the": "", "upon": "", "on": "", "of": ""}

_CODE = re.compile(r"[a-z]\d{5,}")

T = TypeVar("T")


class How(IntEnum):
    """How a name was found, the surest first."""

    exact = 0
    begins = 1
    words = 2
    close = 3


def words(text: str) -> tuple[str, ...]:
    """A text as it is compared: without case, accents and signs, word by word.

    Words that people leave out ('Stoke on Trent', 'Hull, City of') do not count.
    """
    plain = text.casefold().replace("&", " and ").replace("'", "").replace("’", "")
    if not plain.isascii():
        # Twice, since either may bring forth what the other changes.
        for _ in range(2):
            plain = unicodedata.normalize("NFKD", plain).casefold()
        plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    found = re.findall(r"\w+", plain)
    kept = tuple(word for each in found if (word := _SHORT.get(each, each)))
    return kept or tuple(found)


class Names(Generic[T]):
    """Names of things, each with its thing; a thing may have several."""

    def __init__(self, named: Iterable[tuple[str, T]]) -> None:
        self._named = [(words(name), thing) for name, thing in named]

    def find(self, text: str) -> list[tuple[T, How]]:
        """The things whose name it is, begins with it, has its words, or else is spelt like it.

        Each thing once, as it was found surest, the surest first and else in the order given.
        Close spellings only where there is nothing else, and none of a code, whose neighbour is
        another area.
        """
        wanted = words(text)
        if not wanted:
            return []
        found: dict[int, tuple[T, How]] = {}
        for name, thing in self._named:
            how = _compared(wanted, name)
            if how is not None and (id(thing) not in found or how < found[id(thing)][1]):
                found[id(thing)] = (thing, how)
        return sorted(found.values(), key=lambda each: each[1]) or self._close(" ".join(wanted))

    def _close(self, wanted: str) -> list[tuple[T, How]]:
        if _CODE.fullmatch(wanted):
            return []
        from rapidfuzz import fuzz, process

        # A name is close as a whole or in one of its longer words: 'Middlesborough North'.
        spelt: dict[str, list[T]] = {}
        for name, thing in self._named:
            for part in {" ".join(name), *(word for word in name if len(word) > 4)}:
                spelt.setdefault(part, []).append(thing)
        near = process.extract(wanted, list(spelt), scorer=fuzz.ratio, score_cutoff=CLOSE, limit=20)
        things = [thing for part, _, _ in near for thing in spelt[part]]
        return [(thing, How.close) for thing in {id(thing): thing for thing in things}.values()]


def _compared(wanted: tuple[str, ...], name: tuple[str, ...]) -> How | None:
    if wanted == name:
        return How.exact
    # The last word may not be written to its end.
    begins = name[: len(wanted)]
    if begins[:-1] == wanted[:-1] and begins[-1:] and begins[-1].startswith(wanted[-1]):
        return How.begins
    if all(any(word.startswith(each) for word in name) for each in wanted):
        return How.words
    return None
