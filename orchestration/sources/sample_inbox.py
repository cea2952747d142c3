"""Keeps the sample profile's own inbox filled with the synthetic country."""

from __future__ import annotations

import tempfile
from pathlib import Path

import orchestration.sample
from orchestration.fingerprint import files_hash
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import Registry

STAMP = ".written-by"


def _generator_version() -> str:
    """Of its code, and of the seeds that it reads."""
    seeds = (DBT_PROJECT / "seeds" / f"{name}.csv" for name in ("indicators", "sub_domains"))
    return files_hash([*Path(orchestration.sample.__file__).parent.rglob("*.py"), *seeds])


def fill_sample_inbox(settings: Settings, registry: Registry) -> None:
    """Write the synthetic country where it is not there yet, or was written by older code.

    An inbox that a person named or filled is theirs and is left alone; so is a change that
    somebody made by hand to a file of the sample, to see what the guards say of it.
    """
    inbox = settings.root / "inbox"
    if not registry.profile.synthetic or settings.inbox != inbox:
        return
    stamp = inbox / STAMP
    if stamp.exists() and stamp.read_text(encoding="utf-8") == _generator_version():
        return
    if inbox.exists() and any(inbox.iterdir()) and not stamp.exists():
        return
    settings.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".inbox-", dir=settings.root) as folder:
        fresh = Path(folder) / "inbox"
        fresh.mkdir()
        orchestration.sample.write_sample(fresh)
        (fresh / STAMP).write_text(_generator_version(), encoding="utf-8")
        # Moved away as a whole: half of it without its stamp would look like a person's own.
        if inbox.exists():
            inbox.rename(Path(folder) / "old")
        fresh.rename(inbox)
