"""The bytes of one source file, as the vault verified them, on their way to a reader.

Readers get bytes and never a path: what is parsed is what was hashed, and no name of a folder can
be taken for a pattern, an address or an option by the library that parses.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from orchestration.problems import SCARCE, Problem, RefreshError, refused_by_the_machine

# A small archive may unpack to more than memory holds. The largest real member, a sheet of File 8,
# has some 200 MB.
LARGEST_UNPACKED = 1_000_000_000
# What the archives' members may be many of, so that a list of them stays one.
MOST_MEMBERS = 10_000


@dataclass(frozen=True)
class RawFile:
    """A file, or a member of an archive.

    Args:
        data: Its bytes.
        suffix: What it is, by the end of its name: '.csv', '.xlsx', '.zip', ...
        where: Names it in problems.
        again: What to do about a file that cannot be used.
    """

    data: bytes
    suffix: str
    where: str
    again: str

    def problem(self, found: str, expected: str) -> Problem:
        return Problem(self.where, found, expected, self.again)

    def refused(self, found: str, expected: str) -> RefreshError:
        return RefreshError("Reading", [self.problem(found, expected)])

    @contextmanager
    def read_as(self, expected: str) -> Iterator[None]:
        """Turn whatever a library raises about the bytes into a refusal that names the file."""
        try:
            yield
        except RefreshError:
            raise
        except BaseException as error:  # parsers raise whatever they meet
            # A panic of Rust is no Exception, and no wish to end either.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            if refused := refused_by_the_machine(error, SCARCE):
                raise refused from error
            found = f"no readable {expected} ({_said(error)})"
            raise self.refused(found, f"a whole {expected}") from error

    def members(
        self, expected: str, wanted: Callable[[str], bool] = lambda _: True
    ) -> dict[str, RawFile]:
        """The members of a zip archive whose names are wanted, unpacked in memory.

        Raises:
            RefreshError: no such archive, cut off, damaged, encrypted, or larger than
                `LARGEST_UNPACKED` when unpacked, whatever its index says.
        """
        with self.read_as(expected), zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_MEMBERS:
                raise self.refused(f"{len(entries):,} members", f"no more than {MOST_MEMBERS:,}")
            chosen = [entry for entry in entries if wanted(entry.filename)]
            left = LARGEST_UNPACKED
            found = {}
            for entry in chosen:
                left -= entry.file_size
                if left < 0:
                    raise self.refused(
                        f"more than {LARGEST_UNPACKED:,} bytes when unpacked",
                        f"no more than {LARGEST_UNPACKED:,}",
                    )
                if entry.filename in found:
                    raise self.refused(f"two members named {entry.filename!r}", "one of each name")
                # Where there is more than the index says, the checksum is that of none.
                with archive.open(entry) as packed:
                    data = packed.read(entry.file_size + 1)
                found[entry.filename] = replace(
                    self,
                    data=data,
                    suffix=PurePosixPath(entry.filename).suffix.lower(),
                    where=f"{self.where}, member {entry.filename}",
                )
            return found

    def member_sizes(self, expected: str) -> dict[str, int]:
        """The bytes of each member of an archive when unpacked, as its index says.

        `members` takes no more of one than that.
        """
        with self.read_as(expected), zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            return {entry.filename: entry.file_size for entry in archive.infolist()}


def _said(error: BaseException) -> str:
    """What an error of a library says, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text:.300}" if text else type(error).__name__
