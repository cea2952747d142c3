"""How a release or a build is asked: rows of a query, and which areas a person wants to see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.layout import WAREHOUSE

Row = dict[str, Any]


@dataclass(frozen=True)
class Filters:
    """Which rows of a list: names or codes, matched without regard to case; None for all."""

    region: str | None = None
    lad: str | None = None
    name: str | None = None

    def condition(self, areas: str) -> str:
        """What a row of ``areas`` (a table or its alias) must meet, with ``parameters`` by name."""
        return f"""(
            ($region is null or lower({areas}.region_name) = lower($region))
            and ($lad is null or lower($lad) in (lower({areas}.lad_name), lower({areas}.lad_code)))
            and (
                $name is null
                or contains(lower({areas}.area_name), lower($name))
                or lower({areas}.area_code) = lower($name)
            )
        )"""

    @property
    def parameters(self) -> dict[str, str | None]:
        return asdict(self)


@contextmanager
def open_release(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a release, read-only."""
    connection = duckdb.connect(str(release / WAREHOUSE), read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def query_rows(
    connection: duckdb.DuckDBPyConnection, query: str, *parameters: Any, **named: Any
) -> list[Row]:
    """The rows of a query, as ``{column: value}``; parameters by place ($1) or by name ($name)."""
    cursor = connection.execute(query, named or parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def editions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    return query_rows(connection, "select * from marts.dim_edition order by edition_id")


def quoted(text: str) -> str:
    """Text between the quotes of a statement that takes no parameters."""
    return text.replace("'", "''")
