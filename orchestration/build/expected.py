"""What a dbt test expects, in words, and the rows that break one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import duckdb

EXAMPLES = 5


def expected_of(node: Mapping[str, Any]) -> str:
    """What a test expects: as its yml describes it, else told from its kind and arguments."""
    if node.get("description"):
        return " ".join(str(node["description"]).split())
    test = node.get("test_metadata") or {}
    given = test.get("kwargs", {})
    given = {**given, **(given.get("arguments") or {})}
    column = node.get("column_name") or given.get("column_name")
    where = (node.get("config") or {}).get("where")
    limits = f" where {where}" if where else ""
    match test.get("name"):
        case "not_null":
            return f"{column} has a value in every row{limits}"
        case "unique":
            return f"no value of {column} stands twice{limits}"
        case "unique_key":
            return f"no two rows have the same {', '.join(given['columns'])}{limits}"
        case "accepted_values":
            values = ", ".join(map(str, given["values"]))
            return f"{column} is one of {values}{limits}"
        case "relationships":
            table = re.sub(r"^.*\(['\"](\w+)['\"]\).*$", r"\1", given["to"])
            return f"every {column} stands in {table}.{given['field']}{limits}"
        case name:
            return f"{str(name or node['name']).replace('_', ' ')}{limits}"


def failing_rows(connection: duckdb.DuckDBPyConnection, node: Any, message: str) -> str:
    """The first rows that a test gives, as ``column=value``; else what dbt said."""
    query = (node.compiled_code or "").strip().rstrip(";")
    try:
        rows = connection.execute(f"select * from ({query}) limit {EXAMPLES}")
        names = [column[0] for column in rows.description or []]
        told = [
            ", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True))
            for row in rows.fetchall()
        ]
    except duckdb.Error:
        told = []
    return "; ".join(told) or " ".join(message.split())
