"""The rows of each file as they were read, kept for as long as they would be read the same again.

Reading is a function of the file's bytes, of what the registry and the seeds declare of it, and of
the code and libraries that read. Rows are kept under the hash of all of these, as Parquet, a file
a raw table, each named by its own sha256: what was changed since is not used. To delete the folder
costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.fingerprint import BASE, running_code
from orchestration.modelling.seeds import Indicator
from orchestration.sources.registry import Profile, Source
from orchestration.sources.vault import INCOMING, VaultFile

# What the readers are, and what they call; a test holds it against what they import.
READ_BY = (
    *BASE,
    "orchestration/raw/*.py",
    "orchestration/sources/*.py",
    "orchestration/modelling/seeds.py",
)


@cache
def reader_version() -> str:
    """The hash of the code that reads files, and of the libraries that it stands on."""
    return running_code(READ_BY)


class KeptRows:
    """The kept rows of a profile's files. For who has the turn: nobody else may write beside it."""

    def __init__(self, folder: Path, profile: Profile) -> None:
        self._folder = folder
        self._profile = profile

    def place(self, file: VaultFile, source: Source, indicators: Mapping[str, Indicator]) -> Path:
        """Where the rows of a file are kept, if they are, as they would be read now."""
        stated = json.dumps(
            {
                "file": [file.sha256, Path(file.path).suffix],
                "source": source.model_dump(mode="json"),
                "profile": self._profile.model_dump(mode="json"),
                "indicators": {
                    column: indicator.model_dump(mode="json")
                    for column, indicator in indicators.items()
                },
                "reader": reader_version(),
            },
            sort_keys=True,
        )
        return self._folder / source.id / hashlib.sha256(stated.encode()).hexdigest()

    def insert(
        self, connection: duckdb.DuckDBPyConnection, place: Path, tables: Sequence[str]
    ) -> bool:
        """Put the rows that are kept in a place into their raw tables; False where any is amiss."""
        try:
            found = {table: _read_whole(place, table) for table in tables}
        except (OSError, ValueError, pa.ArrowException):
            return False
        for table, rows in found.items():
            connection.register("kept_rows", rows)
            connection.execute(f"insert into raw.{table} by name select * from kept_rows")
            connection.unregister("kept_rows")
        return True

    def keep(
        self, connection: duckdb.DuckDBPyConnection, place: Path, source: str, tables: Sequence[str]
    ) -> None:
        """Keep the rows that a source has in the raw tables, in place of what was kept of it."""
        throw_away(place.parent)
        place.parent.mkdir(parents=True)
        with tempfile.TemporaryDirectory(prefix=INCOMING, dir=place.parent) as folder:
            incoming = Path(folder) / place.name
            incoming.mkdir()
            for table in tables:
                rows = connection.execute(
                    f"select * from raw.{table} where source_id = ?", [source]
                ).to_arrow_table()
                # A handle, since a library that takes a path may take it for a pattern.
                written = io.BytesIO()
                pq.write_table(rows, written, compression="zstd")
                sha256 = hashlib.sha256(written.getbuffer()).hexdigest()
                (incoming / f"{table}-{sha256}.parquet").write_bytes(written.getbuffer())
            incoming.rename(place)


def throw_away(place: Path) -> None:
    """Remove what lies where the rows of a source are kept, be it their folder or not.

    Raises:
        OSError: it cannot be removed.
    """
    if place.is_symlink() or not place.is_dir():
        place.unlink(missing_ok=True)
    else:
        shutil.rmtree(place)


def _read_whole(place: Path, table: str) -> pa.Table:
    """The rows of a table, from the bytes whose hash the file's name tells.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: there are several, or its bytes have another hash.
    """
    (path,) = (each for each in place.iterdir() if each.name.startswith(f"{table}-"))
    data = path.read_bytes()
    if path.name != f"{table}-{hashlib.sha256(data).hexdigest()}.parquet":
        raise ValueError(f"{path} was changed")
    return pq.read_table(io.BytesIO(data))
