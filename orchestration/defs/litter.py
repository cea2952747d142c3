"""What a refresh has for a while, and what one that was killed left of it.

A refresh names what is not yet whole so that it can be told from all else. Whoever has the turn
removes what bears such a name, since then nobody can be at work on it. Nothing else is touched:
another name is a person's, whatever it lies beside. Links within the folders are not followed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.publish.pointer import mend
from orchestration.settings import Settings
from orchestration.sources.vault import INCOMING

# As tempfile names folders, and as a name is given in one step: the new one beside it, with the
# number of the process.
_FOLDER = re.compile(r"\.(incoming|inbox)-[a-z0-9_]{8}")
_SWAP = re.compile(r"(\.current|\.current\.json|source_files\.json)\.\d+")


def sweep(settings: Settings) -> None:
    """Remove what killed refreshes of the profile left. Only for who has the turn."""
    by_source = (settings.vault, settings.kept_rows)
    sources = [
        each
        for folder in by_source
        for each in _entries(folder)
        if each.is_dir() and not each.is_symlink()
    ]
    for folder in (settings.root, settings.releases, settings.build, *by_source, *sources):
        for entry in _entries(folder):
            if _FOLDER.fullmatch(entry.name) or _SWAP.fullmatch(entry.name):
                _remove(entry)
    database = settings.build_database
    for half in (database, settings.build_loading):
        # Where DuckDB puts what memory does not hold.
        _remove(half.with_name(f"{half.name}.tmp"))
    _remove(settings.build_loading)
    for half in (settings.build_loading, database):
        # That of a database that is there belongs to it; another would be read into the next one.
        if not half.exists():
            _remove(half.with_name(f"{half.name}.wal"))
    mend(settings.releases)


@contextmanager
def room(settings: Settings) -> Iterator[None]:
    """Have whatever is temporary, of any library, in the build folder, and remove it at the end.

    There it finds as much room as a build, and the next refresh finds what was left of it.
    """
    settings.build.mkdir(parents=True, exist_ok=True)
    before, chosen = os.environ.get("TMPDIR"), tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix=INCOMING, dir=settings.build) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = chosen
            if before is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)
