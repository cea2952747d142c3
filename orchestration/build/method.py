"""The formulas of the method in a database: the text of ``dbt_project/macros/method``, run.

dbt runs the same text when it starts. The files are plain Jinja and call nothing of dbt, so they
are rendered here without it.
"""

from __future__ import annotations

from functools import cache

import duckdb
import jinja2

from orchestration.settings import DBT_PROJECT

FORMULAS = DBT_PROJECT / "macros" / "method"


@cache
def _rendered(macro: str) -> str:
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(FORMULAS.glob("*.sql")))
    environment = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)  # noqa: S701  # SQL
    return str(getattr(environment.from_string(text).module, macro)())


def create_formulas(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the schema ``method`` with the formulas of values, in the current database."""
    connection.execute(_rendered("method_statements"))


def create_questions(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the formulas that give rows of the marts, which must be there."""
    connection.execute(_rendered("method_questions"))
