"""How the project says no: what is wrong, what to do, and how a command that meets it ends.

Every problem found is collected, then one failure is raised. A problem speaks to the person who
must act: where it is, what was found, what was expected, and what to do. The command line and the
Dagster UI print the same text.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import ClassVar

from orchestration.text import visible

# What is said of a file holds values of it, of any length and with signs that terminals obey.
_MOST_SAID = 2_000
CHECKING = "Checking a release"
# What a person does about it, by what the system says.
_ROOM = "make room there, or name a folder that has it with LBN_DATA; then do the same again"
_RIGHT = "give whoever runs this the right to it, or name another folder with LBN_DATA"
_FOLDER = "name a folder that is there, or that can be made, with LBN_DATA"
_HANDLES = "allow more open files (ulimit -n 1024), then do the same again"
_TO_DO = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "allow larger files (ulimit -f unlimited), then do the same again",
    errno.EACCES: _RIGHT,
    errno.EPERM: _RIGHT,
    errno.EROFS: _RIGHT,
    errno.ENOTDIR: _FOLDER,
    errno.EEXIST: _FOLDER,
    errno.ENOENT: _FOLDER,
    errno.EMFILE: _HANDLES,
    errno.ENFILE: _HANDLES,
    errno.EIO: "have the disk looked at; releases that are published can be checked: lbn status",
}
# Of these no file is to blame that is being read.
SCARCE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EROFS)
UNTOUCHED = "Nothing was published: the release that was current still is, unchanged."


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input, a candidate or the set-up."""

    where: str
    found: str
    expected: str
    remedy: str

    def __post_init__(self) -> None:
        for field in fields(self):
            text = getattr(self, field.name)
            said = visible(text[:_MOST_SAID])
            if len(text) > _MOST_SAID:
                said += f"... ({len(text) - _MOST_SAID:,} characters more)"
            object.__setattr__(self, field.name, said)

    def __str__(self) -> str:
        return (
            f"{self.where}\n    found:    {self.found}\n"
            f"    expected: {self.expected}\n    to do:    {self.remedy}"
        )


class RefusedError(Exception):
    """Refused or failed: nothing was published or written. Commands print it and end.

    Args:
        message: What is wrong.
        remedy: What to do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".rstrip())

    @property
    def headline(self) -> str:
        """What is wrong and what to do, on one line."""
        return " ".join(str(self).split())


class UsageError(RefusedError):
    """What was asked cannot be, such as an edition that the release does not have."""

    exit_code = 2


class NothingYetError(RefusedError):
    """There is nothing to show yet, or source files are missing."""

    exit_code = 3


def nothing_published(profile: str) -> NothingYetError:
    """What every command says that needs a release, before the first."""
    return NothingYetError(
        f"Nothing is published for the profile {profile} yet.",
        f"Run: lbn refresh --profile {profile}",
    )


class RefreshError(RefusedError):
    """Raised once with every problem of a stage; its text is for people.

    Args:
        stage: What the refresh was doing, in a few words.
        problems: At least one problem.
    """

    ending: ClassVar[str] = UNTOUCHED

    def __init__(self, stage: str, problems: Iterable[Problem]) -> None:
        self.stage = stage
        # A full disk is met with every file, and told once.
        self.problems = list(dict.fromkeys(problems))
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        listed = "\n".join(f"{n}. {problem}" for n, problem in enumerate(self.problems, start=1))
        super().__init__(f"{stage}: {count}\n{listed}\n{self.ending}")

    @property
    def headline(self) -> str:
        """The first problem, with what to do, and how many there are beside it."""
        first, *more = self.problems
        told = f"{first.where}: {first.found}. To do: {first.remedy}"
        return f"{told} (and {len(more)} more)" if more else told


class HeldError(RefreshError):
    """Nothing is wrong by the rules; a person must agree before it is published."""

    exit_code = 4


class DamagedError(RefreshError):
    """CHECKING a release: it is not what was published any more, so nothing is taken from it."""

    ending = "Nothing was done: no figure of a release that somebody changed is to be trusted."


def refused_by_the_machine(
    error: BaseException, codes: Collection[int] = _TO_DO.keys()
) -> RefreshError | None:
    """What a disk, a right or a limit stood in the way of, in words; None of any other error.

    Args:
        error: What was raised.
        codes: What is taken for the machine's doing.
    """
    for each in _chain(error):
        if isinstance(each, OSError) and each.errno and each.errno in codes:
            where = str(each.filename or "a file that was being written")
            found, remedy = each.strerror or str(each), _TO_DO[each.errno]
        elif isinstance(each, sqlite3.OperationalError):
            where, found = "Dagster's history, in the folder dagster of the data root", str(each)
            remedy = f"{_ROOM}; or {_RIGHT}"
        elif code := _code_of_duckdb(each, codes):
            where, found, remedy = "a database", str(each), _TO_DO[code]
        else:
            continue
        problem = Problem(where, found, "a file or folder that can be read or written", remedy)
        return RefreshError("Reading and writing files", [problem])
    return None


def _code_of_duckdb(error: BaseException, codes: Collection[int]) -> int | None:
    """What DuckDB met, which it tells only in words."""
    duckdb = sys.modules.get("duckdb")
    if duckdb is None or not isinstance(error, duckdb.Error):
        return None
    return next((code for code in codes if os.strerror(code) in str(error)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came of."""
    while error:
        yield error
        error = error.__cause__ or error.__context__
