"""What a kind of mutation is: a named way to spoil the bytes of a source file, by seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

# Where mutants call to, literally: a server that listens there must not hear of them.
HERE = ("127.11.7.25", 8079)
Spoil = Callable[[bytes, Random], bytes]


@dataclass
class Kinds:
    """The kinds of one format, by name.

    Used as a decorator: ``@KINDS("a name")``.
    """

    format: str

    def __post_init__(self) -> None:
        self.spoils: dict[str, Spoil] = {}

    def __call__(self, name: str) -> Callable[[Spoil], Spoil]:
        def registered(spoil: Spoil) -> Spoil:
            self.add(name, spoil)
            return spoil

        return registered

    def add(self, name: str, spoil: Spoil) -> None:
        assert name not in self.spoils, name
        self.spoils[name] = spoil


def fuzzed(data: bytes, random: Random) -> bytes:
    """The bytes with one to eight of them flipped, put in, taken out, doubled, or cut off."""
    spoilt = bytearray(data)
    telling = (b"\0", b"\xff", b'"', b"\n", b"\r", b",", b"<", b"&", b"{", b"[", b"-1", b"\xc3")
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(spoilt) + 1)
        length = random.choice((1, 1, 2, 4, 16, 200))
        match random.randrange(6):
            case 0:
                spoilt[at : at + 1] = bytes([random.randrange(256)])
            case 1:
                spoilt[at:at] = random.choice(telling)
            case 2:
                spoilt[at : at + 1] = random.choice(telling)
            case 3:
                del spoilt[at : at + length]
            case 4:
                spoilt[at:at] = spoilt[at : at + length]
            case 5:
                if random.random() < 0.1:
                    del spoilt[at:]
    return bytes(spoilt)
