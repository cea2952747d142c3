"""What Dagster shows of a table: its rows and columns."""

from __future__ import annotations

from typing import Any

import dagster as dg
import duckdb


def table_metadata(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str
) -> dict[str, Any]:
    """Row count and column schema (with the comments that dbt wrote), by Dagster's names."""
    columns = connection.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    counted = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
    return {
        "dagster/row_count": counted[0] if counted else 0,
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(name=name, type=kind, description=comment)
                for name, kind, comment in columns
            ]
        ),
    }
