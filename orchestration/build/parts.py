"""What the parts of a candidate are, and of which others each was made.

A refresh makes all parts in one go. Somebody at work on a model makes a few, and the rest stays as
it was. So each part (a raw table, a model, a seed; also a guard or a test, which makes a verdict)
has a version, and notes the versions of what it read. Where a part has another version by now than
its reader noted, the candidate is of mixed parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from orchestration.build.making import made_of, version_of
from orchestration.fingerprint import code_version
from orchestration.problems import Problem

_AGAIN = "materialise it again with what follows it, or everything: lbn refresh, or the job refresh"


class Parts:
    """Notes what is made, in the build that a connection is to, by the code as it is now.

    dbt notes what it makes itself, in the transaction that makes it (``making``).
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._code = code_version()

    def record(
        self, part: str, version: str, reads: Iterable[str] = (), made_of: str | None = None
    ) -> None:
        """Note that a part was made, and of which versions of the parts that it reads."""
        execute = self._connection.execute
        execute("delete from meta.part where part = ?", [part])
        execute(
            "insert into meta.part values (?, ?, ?, ?, false, null)",
            [part, version, self._code, made_of],
        )
        execute("delete from meta.reading where reader = ?", [part])
        execute(
            "insert into meta.reading select ?, part, version from meta.part "
            "where part in (select unnest(?::varchar[])) and part <> ?",
            [part, sorted(reads), part],
        )

    def record_table(self, schema: str, table: str, reads: Iterable[str] = ()) -> None:
        """Note that a table was made."""
        part = f"{schema}.{table}"
        self.record(part, version_of(self._connection, part), reads)

    def record_verdict(
        self,
        part: str,
        way: str,
        stated: str,
        reads: Iterable[str],
        *,
        passed: bool,
        version: str = "judged",
    ) -> None:
        """Note that a guard or a test judged; and of what, if it passed and may be kept."""
        reads = sorted(set(reads))
        made = made_of(self._connection, stated, way, reads) if passed else None
        self.record(part, version, reads, made)

    def keep(self, part: str, way: str, stated: str, reads: Iterable[str]) -> bool:
        """Whether a part would be made of the same again; if so, note that it is kept."""
        now = made_of(self._connection, stated, way, sorted(set(reads)))
        noted = self._connection.execute(
            "select made_of from meta.part where part = ?", [part]
        ).fetchone()
        if now is None or noted != (now,):
            return False
        self._connection.execute(
            "update meta.part set code_version = ?, is_kept = true where part = ?",
            [self._code, part],
        )
        return True


def edited_tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[Problem]:
    """Tables that hold something else than what was made, judged and noted."""
    noted = connection.execute(
        "select part, version from meta.part inner join duckdb_tables() "
        "on part = schema_name || '.' || table_name "
        "where schema_name = $1 and database_name = current_database() order by part",
        [schema],
    ).fetchall()
    return [
        Problem(part, "other rows than those that were made and judged", "the same rows", _AGAIN)
        for part, version in noted
        if version_of(connection, part) != version
    ]


def mixed_parts(connection: duckdb.DuckDBPyConnection, expected: Collection[str]) -> list[Problem]:
    """Parts that are not there, are of other code, or were made of what has changed since.

    Args:
        expected: Every part that a candidate must have.
    """
    made = dict(connection.execute("select part, code_version from meta.part").fetchall())
    problems = [
        Problem(part, "not made for this candidate", "every part of the graph", _AGAIN)
        for part in sorted(set(expected) - set(made))
    ]
    now = code_version()
    if old := sorted(part for part, code in made.items() if code != now and part in expected):
        named = ", ".join(old[:5]) + (f" and {len(old) - 5} more" if len(old) > 5 else "")
        problems.append(
            Problem(
                where=named,
                found=f"made by code {made[old[0]]}; the code is now {now}",
                expected="a candidate of the code that publishes it",
                remedy="materialise everything again: lbn refresh, or the job refresh",
            )
        )
    stale = connection.execute(
        "select reader, string_agg(reading.part, ', ' order by reading.part) "
        "from meta.reading as reading left join meta.part as part on reading.part = part.part "
        "where part.version is distinct from reading.version group by reader order by reader"
    ).fetchall()
    problems += [
        Problem(
            where=reader,
            found=f"made of {parts} as it was before; that has changed since",
            expected="all parts made of each other",
            remedy=_AGAIN,
        )
        for reader, parts in stale
    ]
    return problems


def outdated(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Each part that is made, over however many steps, of what has changed since; and of what."""
    return dict(
        connection.execute(
            """
            with recursive behind as (
                select reading.reader, reading.part as changed
                from meta.reading as reading
                left join meta.part as part on reading.part = part.part
                where part.version is distinct from reading.version
                union
                select reading.reader, behind.changed
                from meta.reading as reading
                inner join behind on reading.part = behind.reader
            )

            select reader, string_agg(distinct changed, ', ' order by changed)
            from behind
            group by reader
            """
        ).fetchall()
    )
