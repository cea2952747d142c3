"""A process that is stopped between two moves of files: what it left is what is tested."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

# Whatever makes a name, takes one away or gives a file another: pathlib, tempfile and shutil call
# these as well.
_MOVES = ("rename", "replace", "symlink", "link", "unlink", "remove", "rmdir")


class StoppedError(BaseException):
    """Not an ``Exception``, so that no code under test takes it for an error to be handled."""


def stopped_at(place: int, act: Callable[[], object]) -> bool:
    """Do something that stops just before its move ``place`` (from 0); whether it came so far.

    No move after that is done either, so nothing is cleaned up, as when a process is killed.
    """
    done = 0

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def move(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            if done >= place:
                raise StoppedError(f"before {name}{arguments}")
            done += 1
            return real(*arguments, **named)

        return move

    with pytest.MonkeyPatch.context() as patched:
        for name in _MOVES:
            patched.setattr(os, name, counted(name))
        try:
            act()
        except StoppedError:
            return True
    return False


def each_stop(make: Callable[[int], Callable[[], object]], most: int = 200) -> Iterator[int]:
    """Stop what ``make`` gives before each of its moves in turn, each time made anew."""
    for place in range(most):
        if not stopped_at(place, make(place)):
            assert place > 0, "it moves nothing"
            return
        yield place
    raise AssertionError(f"it makes more than {most} moves")
