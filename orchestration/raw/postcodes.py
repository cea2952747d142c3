"""Postcodes and the small area that each lies in, as the ONS serves them.

Its archives hold one file of more than a gigabyte, and the same rows again as a file a postcode
area. Those are read, one after the other, so that memory need not hold them all.
"""

from __future__ import annotations

import re

import duckdb

from orchestration.raw.raw_file import RawFile
from orchestration.raw.tabular import CsvTable, DeclaredColumn
from orchestration.sources.registry import Source

# The largest real directory unpacks to 1.3 GB in all.
LARGEST_TOGETHER = 4_000_000_000
_COLUMNS = "line_number bigint, postcode varchar, area_code varchar, terminated varchar"


def read_postcodes(connection: duckdb.DuckDBPyConnection, source: Source, file: RawFile) -> None:
    """Create ``incoming_rows``: a row a postcode, in use or not.

    Its columns are line_number (of the file that it is in), postcode, area_code and terminated,
    NULL where a cell is empty.

    Args:
        connection: Where to.
        source: The file's entry in the registry.
        file: The file; a zip archive if its name says so.

    Raises:
        RefreshError: no such member, or columns not found.
    """
    columns = [
        DeclaredColumn("postcode", source.columns["postcode"], "code"),
        DeclaredColumn("area_code", source.columns["area_code"], "text"),
        DeclaredColumn("terminated", source.columns["terminated"], "text"),
    ]
    connection.execute(f"create or replace temp table incoming_rows ({_COLUMNS})")
    for name in _parts(source, file):
        part = file.members("zip archive", name.__eq__)[name] if name else file
        table = CsvTable(part, source.columns["area_code"])
        table.load(connection, "incoming_part", columns)
        connection.execute("insert into incoming_rows by name from incoming_part")


def _parts(source: Source, file: RawFile) -> list[str]:
    """The members to read, those that lie deepest: the parts, where there are any.

    Of a file that is no archive, one without a name.
    """
    if file.suffix != ".zip":
        return [""]
    wanted = re.compile(source.member or "", re.IGNORECASE)
    sizes = file.member_sizes("zip archive")
    fitting = [name for name in sizes if wanted.fullmatch(name)]
    deepest = max((name.count("/") for name in fitting), default=0)
    parts = sorted(name for name in fitting if name.count("/") == deepest)
    if not parts:
        raise file.refused(
            f"no file that fits in the archive: {', '.join(sizes):.500}",
            f"files named like {source.member}",
        )
    if (together := sum(sizes[name] for name in parts)) > LARGEST_TOGETHER:
        raise file.refused(
            f"{together:,} bytes when unpacked, in {len(parts):,} files",
            f"no more than {LARGEST_TOGETHER:,}",
        )
    return parts
