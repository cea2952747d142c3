"""Whose turn it is to refresh a profile.

A lock of the operating system (``filelock``), which dies with its holder however it dies. It is
taken once, before a refresh looks, by command, UI and schedule alike, and given back after its last
step. Dagster's own pools do not do: a slot that a killed run held is freed by a daemon that knows
the run to have ended, and nothing tells it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from filelock import BaseFileLock, FileLock, Timeout

from orchestration.defs.litter import room, sweep
from orchestration.layout import current_release
from orchestration.settings import Settings

# Between two looks whether the turn is free.
_PAUSE = 0.5


@dataclass(frozen=True)
class Holder:
    """Who has the turn."""

    pid: int
    since: str
    run_id: str | None
    # The release that was current when the turn began.
    current: str | None

    def __str__(self) -> str:
        run = f", run {self.run_id}" if self.run_id else ""
        return f"process {self.pid}{run}, since {self.since}"


class Turn:
    """The turn to refresh a profile. Who holds it may take it again in the same process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = settings.root
        self._profile = settings.profile
        self._told = settings.root / "refresh.json"

    @contextmanager
    def taken(self, tell: Callable[[str], None], run_id: str | None = None) -> Iterator[None]:
        """Wait for the turn, and have it for the length of the context.

        What a killed refresh left is swept up first.

        Args:
            tell: Told for whom one waits, once for each holder.
            run_id: The Dagster run that it is for, if there is one yet.
        """
        lock = self._lock()
        waited_for: Holder | None = None
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                holder = self.holder()
                if holder and holder != waited_for:
                    tell(f"Waiting for another refresh of {self._profile}: {holder}")
                    waited_for = holder
                time.sleep(_PAUSE)
        try:
            holder = self.holder() if lock.lock_counter > 1 else None
            holder = replace(holder or self._new_holder(), run_id=run_id)
            self._told.write_text(json.dumps(asdict(holder)), encoding="utf-8")
            if lock.lock_counter > 1:
                yield
            else:
                sweep(self._settings)
                with room(self._settings):
                    yield
        finally:
            lock.release()

    def tidy(self) -> None:
        """Sweep up now, unless somebody has the turn, who has then swept up."""
        with suppress(Timeout), self._lock().acquire(timeout=0):
            sweep(self._settings)

    def _lock(self) -> BaseFileLock:
        self._root.mkdir(parents=True, exist_ok=True)
        return FileLock(self._root / "refresh.lock", thread_local=False, is_singleton=True)

    def _new_holder(self) -> Holder:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        current = current_release(self._settings.releases)
        return Holder(os.getpid(), now, None, current.name if current else None)

    def holder(self) -> Holder | None:
        """Who has the turn, or had it last."""
        try:
            return Holder(**json.loads(self._told.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
