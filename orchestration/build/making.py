"""What a part of the build was made of, so that it is kept where it would be made the same again.

Each part (``parts``) notes the hash of all that it was made of: what states it (a model's SQL and
contract, a guard's rules), the code that runs that, and the versions of what it reads. In a whole
refresh a part is kept when this is as noted, and when it holds what it held then. dbt asks and
notes this with each model and test (``dbt_project/macros/keep.sql``), Python with each guard.

The formulas of it are macros of the build's schema ``meta``:

- ``meta.version_of('schema.table')``: a table's rows, whatever their order, and its columns;
- ``meta.made_of(stated, way, reads)``: the hash of what is stated, of the code that runs what is
  stated in this way, and of the versions of the parts read; NULL where one of them has none;
- ``meta.form()``: of each table how it is declared and what is said of it and of its columns, which
  a release has too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from data_quality import DBT_GUARD
from orchestration.fingerprint import BASE, code_version, running_code
from orchestration.queries import quoted
from orchestration.settings import Settings

# What the Python models call, beyond what dbt compiles of them (a test holds it against what they
# import), and what runs the rules of the guards.
_FORMULAS = ("dbt_project/macros/method/*.sql", "requirements.lock")
MODELLED_BY = (*BASE, "orchestration/modelling/*.py", "orchestration/sources/*.py")
_GUARDED_BY = ("data_quality/*.py",)
# Where these change, nothing is kept that was noted before: they are what notes it.
# A macro may stand in for one of dbt's that makes tables; then no compiled model says so.
_NOTED_BY = (
    "orchestration/build/*.py",
    "orchestration/raw/readers.py",
    "dbt_project/macros/*.sql",
    "dbt_project/dbt_project.yml",
    "dbt_project/profiles.yml",
    "requirements.lock",
)
# To hash() alone an empty list, a list of NULL and NULL are one.
_ROW = """
    hash(
        held,
        case when contains(typeof(held), '[') then create_sort_key(held, 'asc nulls last') end
    )
"""
_VERSION = f"""
    select md5(concat_ws(
        ' ', count(*), sum({_ROW}), bit_xor({_ROW}), typeof(any_value(held))
    ))
"""
_MACROS = f"""
create or replace macro meta.version_of(named) as (
    {_VERSION} from query_table(named) as held
);
create or replace macro meta.made_of(stated, way, reads) as (
    select case when count(*) = len(list_distinct(reads)) then md5(concat_ws(
        ' ',
        stated,
        (select code from meta.made_by where made_by.way = way),
        string_agg(part.part || ' ' || part.version, ' ' order by part.part)
    )) end
    from meta.part as part
    where list_contains(reads, part.part)
);
create or replace macro meta.form() as table
    select
        held.schema_name || '.' || held.table_name as part,
        md5(concat_ws(
            ' ',
            any_value(held.sql),
            any_value(held.comment),
            string_agg(of_it.column_name || ' ' || of_it.comment, ' ' order by of_it.column_name)
        )) as form
    from duckdb_tables() as held
    inner join duckdb_columns() as of_it
        on held.database_oid = of_it.database_oid and held.table_oid = of_it.table_oid
    where held.database_name = current_database()
    group by part
"""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the room and the formulas for what is noted, with nothing to be kept yet."""
    connection.execute(
        """
        create table if not exists meta.part (
            part varchar not null, version varchar not null, code_version varchar not null,
            made_of varchar, is_kept boolean not null, form varchar
        );
        create table if not exists meta.reading (
            reader varchar not null, part varchar not null, version varchar not null
        );
        create or replace table meta.making (
            noted_by varchar not null, code_version varchar not null, run varchar,
            keeps boolean not null
        );
        create or replace table meta.made_by (way varchar not null, code varchar not null)
        """
    )
    connection.execute(_MACROS)
    begin(connection, None)


def begin(connection: duckdb.DuckDBPyConnection, run: str | None) -> None:
    """Note by which code parts are made from here on, and that in a run what can be kept is."""
    connection.execute("delete from meta.making")
    connection.execute(
        "insert into meta.making values (?, ?, ?, ?)", [_noted_by(), code_version(), run, False]
    )
    connection.execute("delete from meta.made_by")
    connection.executemany("insert into meta.made_by values (?, ?)", _ways())


def keep_in(connection: duckdb.DuckDBPyConnection, run: str) -> bool:
    """Whether a run keeps what would be made the same; notes it, for dbt."""
    said = connection.execute("select run from meta.making").fetchone()
    keeps = said is not None and said[0] == run
    begin(connection, run if keeps else None)
    connection.execute("update meta.making set keeps = ?", [keeps])
    return keeps


def end(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep nothing of what is noted, if the code was changed while it was made."""
    if connection.execute("select way, code from meta.made_by order by way").fetchall() != _ways():
        connection.execute("update meta.part set made_of = null")


def is_kept_from(build: Path) -> bool:
    """Whether a build can be opened, and what it notes was noted as it would be now."""
    if not build.exists():
        return False
    try:
        with duckdb.connect(str(build)) as connection:
            return connection.execute("select noted_by from meta.making").fetchall() == [
                (_noted_by(),)
            ]
    except duckdb.Error:
        return False


def is_formed_as(build: Path, fresh: Path) -> bool:
    """Whether a build has the raw tables, the bookkeeping and the macros that a new one has.

    Else somebody has changed it by hand, or it is left from before: what is made in it would fail,
    or be made of a macro that there no longer is.
    """
    with duckdb.connect(str(build)) as connection:
        connection.execute(f"attach '{quoted(str(fresh))}' as fresh (read_only)")
        return not connection.execute(
            """
            with said as (
                select
                    of_it.database_name,
                    concat_ws(
                        ' ', of_it.schema_name, of_it.table_name, of_it.column_name,
                        of_it.data_type, of_it.comment
                    ) as form
                from duckdb_columns() as of_it
                inner join duckdb_tables() as held
                    on of_it.database_oid = held.database_oid and of_it.table_oid = held.table_oid
                where of_it.schema_name in ('raw', 'meta')
                union all
                select
                    database_name,
                    concat_ws(' ', schema_name, function_name, parameters, macro_definition)
                from duckdb_functions()
                where not internal
            )

            select form
            from said
            where database_name in ('fresh', current_database())
            group by form
            having count(distinct database_name) = 1
            limit 1
            """
        ).fetchall()


def said_of_keeping(settings: Settings) -> str:
    """How much the last build kept of what was made before, in words; nothing where none."""
    try:
        with duckdb.connect(str(settings.build_database), read_only=True) as connection:
            counted = connection.execute(
                """
                select
                    case
                        when starts_with(part, 'guard ') then 'guards'
                        when starts_with(part, 'test ') then 'dbt tests'
                        else 'tables'
                    end as kind,
                    count(*) filter (is_kept) as kept,
                    count(*) as made
                from meta.part
                where regexp_matches(part, '^(guard|test) ') or part in (
                    select schema_name || '.' || table_name from duckdb_tables()
                    where schema_name in ('intermediate', 'marts')
                )
                group by kind
                order by kind desc
                """
            ).fetchall()
    except duckdb.Error:
        # None yet, another's, or somebody is at work on it.
        return ""
    if not any(kept for _, kept, _ in counted):
        return ""
    told = ", ".join(f"{kept} of {made} {kind}" for kind, kept, made in counted)
    return f"{told} kept as they were, since they would have been made of the same"


def table_version(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The same of a table of any database, which need not have the formulas."""
    (found,) = connection.execute(f"{_VERSION} from {table} as held").fetchall()[0]
    return str(found)


def version_of(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The version of a table (``schema.table``) that changes with what it holds and its columns."""
    (found,) = connection.execute(f"select meta.version_of('{quoted(table)}')").fetchall()[0]
    return str(found)


def made_of(
    connection: duckdb.DuckDBPyConnection, stated: str, way: str, reads: Sequence[str]
) -> str | None:
    """What a part is made of; None where something that it reads has no version."""
    (found,) = connection.execute(
        "select meta.made_of(md5(?), ?, ?::varchar[])", [stated, way, list(reads)]
    ).fetchall()[0]
    return found if found is None else str(found)


def forget(connection: duckdb.DuckDBPyConnection, expected: Iterable[str]) -> None:
    """Remove the tables, verdicts and notes of parts that there no longer are.

    And of what a table was made that somebody has declared or described otherwise since.

    Args:
        connection: To the build, which holds raw tables as they are now.
        expected: Every part that a candidate must have.
    """
    expected = list(expected)
    relations = connection.execute(
        "select table_schema, table_name, table_type from information_schema.tables "
        "where table_catalog = current_database() "
        "and table_schema in ('seeds', 'staging', 'intermediate', 'marts') "
        "and not list_contains(?, table_schema || '.' || table_name)",
        [expected],
    ).fetchall()
    for schema, name, kind in relations:
        which = "view" if kind == "VIEW" else "table"
        escaped = name.replace('"', '""')
        connection.execute(f'drop {which} "{schema}"."{escaped}"')
    gone = (
        "select part from meta.part where not list_contains(?, part) and regexp_matches(part, "
        "'^(test |guard |seeds\\.|staging\\.|intermediate\\.|marts\\.)')"
    )
    connection.execute(
        "update meta.part set made_of = null from meta.form() as now "
        "where now.part = part.part and part.form is distinct from now.form"
    )
    connection.execute(f"delete from meta.reading where reader in ({gone})", [expected])
    connection.execute(f"delete from meta.part where part in ({gone})", [expected])
    connection.execute(
        "delete from meta.guard_result where not list_contains(?, "
        "if(guard = ?, 'test ' || expectation, 'guard ' || guard))",
        [expected, DBT_GUARD],
    )


def _noted_by() -> str:
    return running_code(_NOTED_BY)


def _ways() -> list[tuple[str, str]]:
    """The code that runs what is stated, by kind: models in SQL and in Python, and guards."""
    return [
        ("guard", running_code((*_FORMULAS, *_GUARDED_BY))),
        ("python", running_code((*_FORMULAS, *MODELLED_BY))),
        ("sql", running_code(_FORMULAS)),
    ]
