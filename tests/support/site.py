"""A data root with the installed command bound to it, as a user has one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.support.patience import SECONDS

PROJECT = Path(__file__).resolve().parents[2]
REALDATA = Path(os.environ.get("LBN_REALDATA", PROJECT.parent / "shared" / "realdata"))
LBN = Path(sys.executable).with_name("lbn")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Site:
    """A data root with the command bound to it."""

    data: Path
    profile: str
    inbox: Path | None = None

    def lbn(self, *arguments: str, inbox: Path | None = None) -> Ran:
        environment: dict[str, str] = {
            name: value for name, value in os.environ.items() if not name.startswith("LBN_")
        }
        environment |= {"LBN_DATA": str(self.data), "LBN_PROFILE": self.profile}
        if chosen := inbox or self.inbox:
            environment["LBN_INBOX"] = str(chosen)
        done = subprocess.run(
            [str(LBN), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def root(self) -> Path:
        return self.data / self.profile

    @property
    def current(self) -> Path:
        return self.root / "releases" / "current"

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.current / "warehouse.duckdb"), read_only=True)

    def release_bytes(self) -> Mapping[str, bytes]:
        """Every file below releases/, with its bytes and the pointer: to show that none changed."""
        releases = self.root / "releases"
        files = {
            str(path.relative_to(releases)): path.read_bytes()
            for path in sorted(releases.rglob("*"))
            if path.is_file()
        }
        return files | {"-> current": os.readlink(releases / "current").encode()}
