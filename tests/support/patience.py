"""How long a test waits for what must come: only against a hang, so that a slow machine passes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

# No limit of a test says how quick something is. Raise it where a machine is slower still.
SECONDS = float(os.environ.get("LBN_TEST_PATIENCE") or 1_200)

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], what: str, pause: float = 0.2) -> Found:
    """Look until something is there that is not None, empty or False.

    Raises:
        AssertionError: it did not come.
    """
    end = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < end, f"{what}: not within {SECONDS:,.0f} s"
        time.sleep(pause)
    return found
