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
class Within:
    """A larger area, and the type of the areas of which those are meant that lie in it."""

    area_type: str
    geography_type: str
    geography_code: str
    geography_name: str


@dataclass(frozen=True)
class Filters:
    """Which rows of a list: in all of these larger areas, and of these codes; None for all.

    ``notes`` say what a person who asked should know of how it was taken.
    """

    within: tuple[Within, ...] = ()
    codes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def condition(self, areas: str) -> str:
        """What a row of ``areas`` (a table or its alias) must meet, with ``parameters`` by name."""
        members = "".join(
            f"""
            and {areas}.area_code in (
                select member.area_code from marts.geography_membership as member
                where
                    member.is_main
                    and member.area_type = $within_{number}.area_type
                    and member.geography_type = $within_{number}.geography_type
                    and member.geography_code = $within_{number}.geography_code
            )"""
            for number in range(len(self.within))
        )
        return f"(($codes is null or list_contains($codes, {areas}.area_code)){members})"

    @property
    def parameters(self) -> dict[str, Any]:
        codes = None if self.codes is None else list(self.codes)
        return {"codes": codes} | {
            f"within_{number}": asdict(within) for number, within in enumerate(self.within)
        }


@contextmanager
def open_release(release: Path, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of a release, read-only; without a number of threads, one a core."""
    config: dict[str, Any] = {"threads": threads} if threads else {}
    connection = duckdb.connect(str(release / WAREHOUSE), read_only=True, config=config)
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
