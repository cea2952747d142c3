"""What Dagster shows of a table: its rows, its columns, and the version of what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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


def table_facts(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> TableFacts:
    """The facts of a table or view of the build, with the comments that dbt wrote."""
    columns = connection.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    rows = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
    version = connection.execute(
        "select version from meta.part where part = ?", [f"{schema}.{table}"]
    ).fetchone()
    return TableFacts(
        version=version[0] if version else "",
        metadata={
            "dagster/row_count": rows[0] if rows else 0,
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(name=name, type=kind, description=comment)
                    for name, kind, comment in columns
                ]
            ),
        },
    )


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
