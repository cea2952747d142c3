"""What Dagster shows of a table: its rows, its columns, and the version of what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import dagster as dg
import duckdb

from orchestration.build.parts import outdated
from orchestration.defs.keys import key
from orchestration.settings import Settings


@dataclass(frozen=True)
class TableFacts:
    """The version of a table's contents, and its row count and columns by Dagster's names."""

    version: str
    metadata: dict[str, Any]


class BuildFacts:
    """The facts of the build's tables and views, with the comments that dbt wrote, as they are now.

    The columns of all are asked at once: DuckDB goes through its whole catalog for those of one.
    The rows of a view are not counted: that would be to run its query.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        columns = connection.execute(
            "select (schema_name, table_name), column_name, data_type, comment "
            "from duckdb_columns() where database_name = current_database() "
            "order by schema_name, table_name, column_index"
        ).fetchall()
        self._columns = {
            table: [
                dg.TableColumn(name=name, type=kind, description=comment)
                for _, name, kind, comment in of_table
            ]
            for table, of_table in groupby(columns, key=lambda row: row[0])
        }
        noted = connection.execute("select part, version, is_kept from meta.part").fetchall()
        self._versions = {part: version for part, version, _ in noted}
        self._kept = {part for part, _, kept in noted if kept}
        self._tables = set(
            connection.execute(
                "select schema_name, table_name from duckdb_tables() "
                "where database_name = current_database()"
            ).fetchall()
        )

    def is_kept(self, part: str) -> bool:
        """Whether it was not made anew, since it would have been made of the same."""
        return part in self._kept

    def of(self, schema: str, table: str) -> TableFacts:
        metadata: dict[str, Any] = {
            "dagster/column_schema": dg.TableSchema(columns=self._columns[schema, table])
        }
        if (schema, table) in self._tables:
            counted = self._connection.execute(f'select count(*) from "{schema}"."{table}"')
            (metadata["dagster/row_count"],) = counted.fetchall()[0]
        return TableFacts(self._versions.get(f"{schema}.{table}", ""), metadata)


def behind(
    connection: duckdb.DuckDBPyConnection, settings: Settings, made: Iterable[dg.AssetKey]
) -> Iterator[dg.AssetObservation]:
    """Say of each table that a part was made anew beneath it.

    Dagster itself marks the next table in line as stale, and no further.
    """
    anew = set(made)
    for part, changed in sorted(outdated(connection).items()):
        schema, _, table = part.partition(".")
        asset = key(settings, schema, table)
        # Of guards and tests the parts have spaces in their names; the audit speaks of them.
        if table and " " not in part and asset not in anew:
            yield dg.AssetObservation(
                asset, description=f"Not made of what lies in the build now: {changed} has changed."
            )
