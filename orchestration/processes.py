"""Work that is done at once, in processes of their own.

Python runs on one core a process. So what takes long and needs nothing of what is beside it goes
to processes, as many as the settings say (``LBN_WORKERS``). They are started afresh, since to copy
a process whose threads hold locks may leave it waiting for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

# Bytes to work on from which on processes are worth their start, a second or two for each.
WORTH_A_PROCESS = 50_000_000
Given = TypeVar("Given")
Done = TypeVar("Done")


def at_once(workers: int, call: Callable[[Given], Done], given: Sequence[Given]) -> Iterator[Done]:
    """What a function gives for each of its arguments, in their order.

    Function, arguments and what it gives are pickled. With one worker, or one argument, all is done
    in this process.

    Args:
        workers: How many processes there may be.
        call: The function, of a module.
        given: The arguments, the longest work first.
    """
    count = min(workers, len(given))
    if count < 2:
        yield from map(call, given)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, initializer=_end_with_the_parent) as pool:
        yield from pool.map(call, given)


def _end_with_the_parent() -> None:
    """An interrupt is the parent's to heed; and a parent that is killed leaves nobody at work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_the_parent, daemon=True).start()


def _wait_for_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
