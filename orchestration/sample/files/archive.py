"""Writing a zip archive, the same bytes for the same members."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

_WRITTEN = (2023, 1, 10, 9, 30, 0)  # an archive holds when a member was written
_UNIX = 3  # else the system that this runs on would be named
_READABLE_BY_ALL = 0o644


def write_archive(path: Path, members: Mapping[str, str]) -> Path:
    """Write one archive of text members, UTF-8, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            member = zipfile.ZipInfo(name, date_time=_WRITTEN)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = _UNIX
            member.external_attr = _READABLE_BY_ALL << 16
            archive.writestr(member, text.encode())
    return path
