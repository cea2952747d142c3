"""Keeps the sample profile's own inbox filled with the synthetic country.

The stamp in it lists what was written, by name and sha256. Only that is ever replaced or removed:
a file of another name, or of other bytes, is a person's.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import orchestration.sample
from orchestration.fingerprint import files_hash, sha256_of
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import Registry

STAMP = ".written-by"


@dataclass(frozen=True)
class Stamp:
    """What the generator wrote: its version, and every sha256 that it gave a file, by name.

    A file has two of them while it is exchanged, and there is no version then.
    """

    generator: str
    files: dict[str, list[str]]


def fill_sample_inbox(settings: Settings, registry: Registry) -> None:
    """Write the synthetic country where it is not there yet, or was written by older code.

    An inbox that a person named or filled is theirs and is left alone; so is a change that
    somebody made by hand to a file of the sample, to see what the guards say of it.
    """
    inbox = settings.inbox
    if not _is_ours(settings, registry):
        return
    stamp, version = _stamp(inbox), _generator_version()
    if stamp and stamp.generator == version:
        return
    if stamp is None and inbox.exists() and any(inbox.iterdir()):
        return
    inbox.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".inbox-", dir=settings.root) as folder:
        fresh = Path(folder) / "inbox"
        fresh.mkdir()
        orchestration.sample.write_sample(fresh)
        now = {
            str(file.relative_to(fresh)): [sha256_of(file)]
            for file in fresh.rglob("*")
            if file.is_file()
        }
        before = stamp.files if stamp else {}
        either = {
            name: sorted({*before.get(name, []), *now.get(name, [])}) for name in {*before, *now}
        }
        # Stopped between any two files, the next run knows them all, and goes on.
        _write(inbox, Path(folder), Stamp("", either))
        for name in sorted(either):
            file = inbox / name
            if os.path.lexists(file) and _is_changed(file, either[name]):
                continue
            if name in now:
                file.parent.mkdir(parents=True, exist_ok=True)
                os.replace(fresh / name, file)
            else:
                file.unlink(missing_ok=True)
        _write(inbox, Path(folder), Stamp(version, now))


def edited(settings: Settings, registry: Registry) -> list[str]:
    """Names of the sample's files that somebody changed since they were written."""
    stamp = _stamp(settings.inbox) if _is_ours(settings, registry) else None
    return [
        name
        for name, known in sorted(stamp.files.items() if stamp else ())
        if os.path.lexists(settings.inbox / name) and _is_changed(settings.inbox / name, known)
    ]


def _is_ours(settings: Settings, registry: Registry) -> bool:
    return registry.profile.synthetic and not settings.inbox_is_named


def _is_changed(file: Path, known: list[str]) -> bool:
    return file.is_symlink() or not file.is_file() or sha256_of(file) not in known


def _generator_version() -> str:
    """Of its code, and of the seeds that it reads."""
    seeds = (DBT_PROJECT / "seeds" / f"{name}.csv" for name in ("indicators", "sub_domains"))
    return files_hash([*Path(orchestration.sample.__file__).parent.rglob("*.py"), *seeds])


def _stamp(inbox: Path) -> Stamp | None:
    file = inbox / STAMP
    if not file.exists():
        return None
    try:
        return Stamp(**json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        # One of older code lists nothing, so whatever differs may be a person's.
        return Stamp("", {})


def _write(inbox: Path, folder: Path, stamp: Stamp) -> None:
    whole = folder / STAMP
    whole.write_text(json.dumps(asdict(stamp), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(whole, inbox / STAMP)
