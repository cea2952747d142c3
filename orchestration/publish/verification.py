"""Whether the files of a release are still those that were published."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from orchestration.fingerprint import sha256_of
from orchestration.layout import CHECKSUMS, MANIFEST, WAREHOUSE
from orchestration.problems import CHECKING, DamagedError, Problem


def verify(release: Path) -> None:
    """Check every file of a release against its SHA256SUMS.

    Raises:
        DamagedError: a file is missing, changed or was not published, or the sums cannot be read.
    """
    _refuse(_damage(release, _sums(release)))


def verify_warehouse(release: Path) -> None:
    """The same for what answers questions alone: the warehouse, and what says what it is.

    Raises:
        DamagedError: one of them is missing or changed, or lies beside a journal.
    """
    sums = _sums(release)
    asked = {name: sums.get(name, "the sum of this file") for name in (WAREHOUSE, MANIFEST)}
    problems = [
        problem for name, sha256 in asked.items() for problem in _file(release, name, sha256)
    ]
    # DuckDB would write what such a file holds into what it reads.
    journal = release / f"{WAREHOUSE}.wal"
    if journal.exists():
        problems.append(_unknown(release, journal))
    _refuse(problems)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise DamagedError(CHECKING, problems)


def remedy(release: Path) -> str:
    """What to do about a release that is not what it was."""
    return (
        "make another release current (lbn releases, lbn rollback), or delete "
        f"{release} and refresh again"
    )


def _sums(release: Path) -> dict[str, str]:
    """The sha256 of each file, as the release was sealed with.

    Raises:
        DamagedError: there are none, or they are no such sums.
    """
    file = release / CHECKSUMS
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        sums = {name: sha256 for sha256, name in (line.split("  ", 1) for line in lines)}
        found = "" if sums else "nothing in it"
    except (OSError, ValueError) as error:
        found = error.strerror or str(error) if isinstance(error, OSError) else "no such sums"
    else:
        for name in sums:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                found = f"the sum of {name}, outside of the release"
    if found:
        expected = "the sha256 of every file of the release"
        _refuse([Problem(str(file), found, expected, remedy(release))])
    return sums


def _damage(release: Path, sums: dict[str, str]) -> list[Problem]:
    problems = [problem for name, sum_ in sums.items() for problem in _file(release, name, sum_)]
    for folder, folders, names in os.walk(release):
        # A link to a folder is not gone into, and is no file that was published.
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for file in sorted(Path(folder, name) for name in (*names, *links)):
            if file.relative_to(release).as_posix() not in (*sums, CHECKSUMS):
                problems.append(_unknown(release, file))
    return problems


def _file(release: Path, name: str, sha256: str) -> Iterator[Problem]:
    """What is wrong with a file of a release."""
    file = release / name
    if file.is_symlink() or not file.is_file():
        found = "no file" if not file.is_symlink() else "a link to somewhere else"
    else:
        try:
            now = sha256_of(file)
        except OSError as error:
            found = f"a file that cannot be read ({error.strerror})"
        else:
            found = "" if now == sha256 else f"sha256 {now}: somebody changed a published file"
    if found:
        yield Problem(str(file), found, f"sha256 {sha256}", remedy(release))


def _unknown(release: Path, file: Path) -> Problem:
    return Problem(
        str(file),
        "a file that was not published",
        "the files of SHA256SUMS and no other",
        f"take it out of the release; {remedy(release)} if it is more than that",
    )
