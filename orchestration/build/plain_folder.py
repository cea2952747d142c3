"""A folder by a name that libraries take as it stands, whatever it is called."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from platformdirs import user_cache_path

from orchestration.problems import RefusedError

# Whatever may mean something in a pattern, an address or a format.
_PATTERN = re.compile(r"[^\w/. +-]")


def plain_folder(folder: Path) -> Path:
    """The folder, or a link to it where its name has signs that a library would read.

    Dagster looks for its settings with glob, and puts the name into an address of SQLite. So a
    folder in ``data[12]`` would have the settings of its neighbour ``data1``, or none, which turns
    telemetry on. dbt takes the path of the database for an address, and ``#`` for the end of it.
    Such a folder is given to them as a link, in the user's own cache.

    Raises:
        RefusedError: the cache's own name is no better.
    """
    if not _PATTERN.search(str(folder)):
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    link = user_cache_path("left-behind-neighbourhoods") / "folders" / digest
    if _PATTERN.search(str(link)):
        raise RefusedError(
            f"Dagster and dbt take signs in the name of {folder} for a pattern or an address, and "
            f"{link}, which would stand for it, has such signs too.",
            "Choose another folder with LBN_DATA.",
        )
    link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    swap = link.with_name(f"{digest}.{os.getpid()}")
    swap.unlink(missing_ok=True)
    swap.symlink_to(folder, target_is_directory=True)
    os.replace(swap, link)
    return link
