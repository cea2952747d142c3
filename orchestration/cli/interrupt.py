"""What an interrupt does, which is Ctrl-C or SIGTERM: it ends a command with one line.

Most commands unwind. A refresh does not: Dagster holds interrupts back, dbt waits for its threads,
and each makes an error of its own of them. Nor need it, since one that is killed leaves nothing
that the next does not put right. So its process becomes another at once, wherever it is, which says
what is published, sweeps up and marks the run.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar

from orchestration.layout import current_release
from orchestration.settings import PROJECT_ROOT, Settings, load_settings

Done = TypeVar("Done")
# The descriptor, whatever Python calls stderr.
_STDERR = 2
# How often the main thread looks for an interrupt that came just before it began to wait, and so
# did not wake it.
_LOOK = 0.5  # seconds


def _heeded() -> set[signal.Signals]:
    """The signals that interrupt: what is called in the background is not to hear Ctrl-C."""
    both = (signal.SIGINT, signal.SIGTERM)
    return {each for each in both if signal.getsignal(each) is not signal.SIG_IGN}


@contextmanager
def interruptible() -> Iterator[None]:
    """Where an interrupt unwinds what is done, which then ends with one line."""
    received: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    for each in _heeded():
        signal.signal(each, interrupt)
    try:
        yield
    except BaseException:
        # Whatever has become of it on the way: DuckDB makes an error of it, Typer an exit.
        if not received:
            raise
        sys.stderr.write("Interrupted.\n")
        sys.exit(128 + received[0])
    finally:
        # What is done is done, and the interpreter need not be interrupted while it ends.
        for each in _heeded():
            signal.signal(each, signal.SIG_IGN)


def replaceable(settings: Settings, refresh: Callable[[], Done]) -> Done:
    """What a refresh gives, during which an interrupt makes ``main`` of this process at once.

    It has a thread of its own. The main thread is there for the interrupt, and Dagster, which would
    take it, leaves it alone.
    """
    # Dagster puts a file in place of stderr for each step.
    stderr = os.dup(_STDERR)
    os.set_inheritable(stderr, True)
    # A process of multiprocessing's removes what is left of dbt's locks, and need not warn of it.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")

    def replace(number: int, _: FrameType | None) -> None:
        given = map(str, (number, settings.profile, stderr))
        environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}
        os.execve(  # noqa: S606
            sys.executable, [sys.executable, "-P", "-m", __name__, *given], environment
        )

    before = {each: signal.signal(each, replace) for each in _heeded()}
    try:
        with ThreadPoolExecutor(1) as thread:
            done = thread.submit(refresh)
            while not done.done():
                wait([done], _LOOK)
            return done.result()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(stderr)


def main() -> None:
    """What the process of an interrupted refresh becomes: it ends as one that was interrupted."""
    from rich.console import Console
    from rich.control import Control
    from rich.segment import ControlType

    from orchestration.defs.turn import Turn

    number, profile, stderr = sys.argv[1:]
    os.dup2(int(stderr), _STDERR)
    settings = load_settings(profile)
    turn = Turn(settings)
    # The same process still, so it is told as the holder of the turn that it has lost.
    holder = turn.holder()
    mine = holder if holder and holder.pid == os.getpid() else None
    current = current_release(settings.releases)
    if mine and current and current.name != mine.current:
        said = f"{current.name} had just been published, and is current"
    elif current:
        said = "nothing was published; the release that was current still is"
    else:
        said = "nothing was published"
    err = Console(stderr=True, highlight=False)
    # In place of the spinner, which had hidden the cursor.
    err.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
    err.show_cursor()
    err.print(f"Interrupted: {said}", markup=False, soft_wrap=True)
    # The next refresh does the same, so it is no loss where it cannot be done now.
    with suppress(OSError):
        turn.tidy()
    if mine and mine.run_id:
        # Dagster takes a second to import.
        from orchestration.defs.runs import mark_interrupted

        mark_interrupted(settings, mine.run_id)
    sys.exit(128 + int(number))


if __name__ == "__main__":
    main()
