"""The places of a public programme, as its list names them: a row a place.

A list has a line for each place. The publisher's own has a line for each authority: how many places
it has, and their names with semicolons between them.
"""

from __future__ import annotations

import duckdb

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.raw.tabular import BLANKS, EXAMPLES, DeclaredColumn, SourceTable
from orchestration.sources.registry import Source

# Of a value that is told.
_MOST_SHOWN = 100  # characters
# What no header looks like.
_NO = r"(?!)"
# Each place that a line names, and how many it names.
_AS_ONE = "[place_name]"
_APART = (
    "list_transform(string_split(coalesce(place_name, ''), ';'), "
    f"lambda name: trim(name, {BLANKS}))"
)
# What may be wrong with a list: in which column, what is found, in which lines, what is expected.
_WRONG = (
    (
        "lad_name",
        "line(s) without a local authority",
        "select line_number, place_name from incoming_listed where lad_name is null",
        "the name of its local authority in every line",
    ),
    (
        "place_name",
        "name(s) that are empty",
        "select line_number, lad_name from incoming_named where coalesce(place_name, '') = ''",
        "a name in every line, and between any two semicolons",
    ),
    (
        "count",
        "line(s) that do not have as many names as they count",
        "select line_number, concat(lad_name, ' counts ', coalesce(\"count\"::varchar, 'nothing'), "
        "', and has ', len({names})) from incoming_listed "
        'where place_name is not null and "count" is distinct from len({names})',
        "the number of names in every line, those between semicolons each for one",
    ),
    (
        "place_name",
        "name(s) that stand twice in an authority",
        "select max(line_number), concat(any_value(lad_name), ': ', any_value(place_name)) "
        "from incoming_named where place_name <> '' and lad_name is not null "
        "group by lower(lad_name), lower(place_name) having count(*) > 1",
        "each place of an authority once",
    ),
)


def read_programme(
    connection: duckdb.DuckDBPyConnection, source: Source, file: RawFile, table: SourceTable
) -> None:
    """Create ``incoming_rows``: a row for each place of the list.

    Its columns are line_number, lad_name, place_name and constituency_names, which is NULL where
    the cell is empty.

    Args:
        connection: Where to.
        source: The file's entry in the registry. Where the file has the column ``count``, a line
            may have several names.
        file: The file.
        table: Its table.

    Raises:
        RefreshError: columns not found, counts that are no numbers or not those of the names, names
            or authorities that are missing, a name twice in an authority: all of them.
    """
    columns = {
        "lad_name": DeclaredColumn("lad_name", source.columns["lad_name"], "text"),
        "place_name": DeclaredColumn("place_name", source.columns["place_name"], "text"),
        "constituency_names": DeclaredColumn(
            "constituency_names", source.columns.get("constituency_names", _NO), "text", False
        ),
        "count": DeclaredColumn("count", source.columns.get("count", _NO), "integer", False),
    }
    table.load(connection, "incoming_listed", columns.values())
    has_counts = table.has(columns["count"])
    names = _APART if has_counts else _AS_ONE
    connection.execute(
        "create or replace temp table incoming_named as select line_number, lad_name, "
        f"unnest({names}) as place_name, constituency_names::varchar as constituency_names "
        "from incoming_listed"
    )
    problems = []
    for column, found, query, expected in _WRONG:
        if column == "count" and not has_counts:
            continue
        rows = connection.execute(f"{query.format(names=names)} order by 1, 2").fetchall()
        if rows:
            problems.append(_problem(file, table, columns[column], rows, found, expected))
    if problems:
        raise RefreshError("Reading", problems)
    connection.execute("create or replace temp table incoming_rows as from incoming_named")


def _problem(
    file: RawFile,
    table: SourceTable,
    column: DeclaredColumn,
    rows: list[tuple[int, str | None]],
    found: str,
    expected: str,
) -> Problem:
    listed = ", ".join(
        f"{table.row_word} {line}: {_shown(value)!r}" for line, value in rows[:EXAMPLES]
    )
    return Problem(
        where=f"{table.where}, column {table.header_of(column)!r}",
        found=f"{len(rows)} {found}: {listed}",
        expected=expected,
        remedy=f"compare with the published list and correct the line, or {file.again}",
    )


def _shown(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
