"""The inbox: what lies there, which source each file is for, and what is no source's.

Nothing in it is passed over in silence. What cannot be looked at refuses, since it may be the file
of any source; a file that no source takes is named, with the source that it may be meant for.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.fingerprint import sha256_of
from orchestration.problems import Problem, RefreshError
from orchestration.settings import Settings
from orchestration.sources.registry import Registry, Source

STAGE = "Looking through the inbox"
# Beside data in an archive or a repository, and never data.
_ABOUT = re.compile(r"(readme|manifest|licen[cs]e|thumbs\.db|desktop\.ini)\b", re.IGNORECASE)
# What a shapefile consists of beside the .shp, which is named.
_SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj")
# How alike a name and a source must be to be told together, from 0 to 1.
_ALIKE = 0.45


def inbox_files(settings: Settings) -> list[Path]:
    """Every file below the inbox, sorted: found once, matched against each source's names.

    Hidden files and folders are left out. Links are followed, each folder once.

    Raises:
        RefreshError: the inbox was named and is not there, is no folder, or something in it cannot
            be looked at; all of it.
    """
    inbox = settings.inbox
    if not inbox.exists() and not settings.inbox_is_named:
        return []
    if not inbox.is_dir():
        raise RefreshError(STAGE, [no_folder(inbox)])
    problems: list[Problem] = []
    files: list[Path] = []
    seen: set[str] = set()

    def unreadable(error: OSError) -> None:
        problems.append(_unreadable(Path(error.filename), error.strerror or str(error)))

    for folder, folders, names in os.walk(inbox, onerror=unreadable, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if (real := os.path.realpath(folder)) in seen:
            folders.clear()
            continue
        seen.add(real)
        for path in (Path(folder, name) for name in names if not name.startswith(".")):
            try:
                is_file = path.is_file()
            except OSError as error:
                unreadable(error)
                continue
            if is_file:
                files.append(path)
            else:
                what = "a link to nothing" if path.is_symlink() else "neither a file nor a folder"
                problems.append(_unreadable(path, what))
    if problems:
        raise RefreshError(STAGE, sorted(problems, key=lambda problem: problem.where))
    return sorted(files)


def no_folder(inbox: Path) -> Problem:
    """An inbox that was named cannot be one."""
    return Problem(
        where=f"the inbox {inbox}",
        found="a file" if inbox.exists() else "nothing of that name",
        expected="a folder with the source files",
        remedy="name the folder with --inbox or LBN_INBOX, or neither for that of the profile",
    )


def _unreadable(path: Path, found: str) -> Problem:
    return Problem(
        where=f"{path}, in the inbox",
        found=found,
        expected="a file or folder that can be read: it may be what a source is to be taken from",
        remedy="make it readable for whoever runs the refresh, or take it out of the inbox",
    )


def find_in_inbox(source: Source, files: Iterable[Path]) -> Path | None:
    """The inbox file of a source, by its name.

    Raises:
        RefreshError: a file that fits cannot be read, or more than one fits and they are not the
            same bytes.
    """
    matches = [path for path in files if source.takes(path.name)]
    problems = []
    for path in matches:
        try:
            path.open("rb").close()
        except OSError as error:
            problems.append(_unreadable(path, error.strerror or str(error)))
    if not problems and len(matches) > 1 and len({sha256_of(path) for path in matches}) > 1:
        problems.append(
            Problem(
                where=f"source {source.id} ({source.title})",
                found="several different files: " + ", ".join(map(str, matches)),
                expected=f"one file named like {source.named_like}",
                remedy="leave the issue that you want in the inbox and move the others away",
            )
        )
    if problems:
        raise RefreshError(STAGE, problems)
    return matches[0] if matches else None


# --- What is no source's --------------------------------------------------------------------------


@dataclass(frozen=True)
class Unclaimed:
    """A file in the inbox that no source takes, and the source that it may be meant for."""

    path: Path  # below the inbox
    nearest: Source | None

    def __str__(self) -> str:
        told = f"{self.path}: no source takes a file of this name"
        if self.nearest is None:
            return told
        name, endings = self.nearest.inbox[0], " or ".join(self.nearest.suffixes)
        return f"{told}; nearest is {self.nearest.id} ({self.nearest.title}), as {name}, {endings}"


def unclaimed(settings: Settings, registry: Registry) -> list[Unclaimed]:
    """The files of the inbox that no source takes.

    Not told: what is hidden, what is about the files (README, MANIFEST, licences), and what belongs
    to a file beside it, by its name: the parts of a shapefile, checksums, signatures.

    Raises:
        RefreshError: the inbox cannot be looked through.
    """
    files = inbox_files(settings)
    beside = set(files)
    known = {
        _words(name): source
        for source in registry.sources
        for name in (source.id, source.title, *source.inbox)
    }
    found = []
    for path in files:
        if any(source.takes(path.name) for source in registry.sources):
            continue
        if _ABOUT.match(path.name) or _belongs_to_another(path, beside):
            continue
        near = difflib.get_close_matches(_words(path.stem), known, n=1, cutoff=_ALIKE)
        nearest = known[near[0]] if near else None
        found.append(Unclaimed(path.relative_to(settings.inbox), nearest))
    return found


def _belongs_to_another(path: Path, beside: set[Path]) -> bool:
    if path.suffix.lower() in _SHAPEFILE_PARTS:
        return any(path.with_suffix(shape) in beside for shape in (".shp", ".SHP"))
    # file.csv.sha256, file.shp.xml, file.gpkg-wal
    name = path.name
    ends = (match.start() for match in re.finditer(r"[.-]", name))
    return any("." in name[:end] and path.with_name(name[:end]) in beside for end in ends)


def _words(name: str) -> str:
    """A name without what varies: case, signs, endings, and the numbers that portals add."""
    name = re.sub(r"\.(csv|xlsx|zip|geojson|gpkg)$|-?\d{6,}", "", name.lower())
    return " ".join(re.findall(r"[a-z]+|\d+", name))
