"""Indicator files: wide or long, CSV or workbook, to one row an area and indicator.

Which indicators a file must have, and what a suppressed value looks like in it, is declared in the
seed ``indicators``. A column that is not declared is refused like one that is missing: an indicator
without metadata could only be dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from orchestration.modelling.seeds import SEEDS, Indicator
from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.raw.sheets import open_tables, sheet_name
from orchestration.raw.tabular import EXAMPLES, NUMBER, DeclaredColumn, SourceTable
from orchestration.sources.registry import Source

_SEED = f"dbt_project/seeds/{SEEDS.joinpath('indicators.csv').name}"
_MARKER = "suppressed_as"


def cleaned(header: str) -> str:
    """A header as ``column_name`` states it: lower case, words joined by single underscores.

    A percent sign is a word, for it tells a share from a number.
    """
    return re.sub(r"[^A-Za-z0-9]+", "_", header.replace("%", " percent ")).strip("_").lower()


def read_indicators(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    file: RawFile,
    declared: Mapping[str, Indicator],
) -> None:
    """Create ``incoming_rows``: a row for each area and indicator of the file.

    Its columns are line_number, sheet, area_code, indicator, value, denominator and status. A value
    is given, suppressed (the declared marker stands in its place) or missing (the cell is empty);
    then it is NULL.

    Args:
        connection: Where to.
        source: The file's entry in the registry.
        file: The file.
        declared: The indicators that it must have, by ``column_name``; of those that the source
            may lack, it has all or none.

    Raises:
        RefreshError: columns without metadata, metadata without a column, values that are neither a
            number nor the marker: all of them.
    """
    where = file.where
    tables = open_tables(file, source.columns["area_code"])
    connection.execute(
        "create or replace temp table incoming_text (line_number bigint, sheet varchar, "
        "area_code varchar, column_name varchar, value varchar, denominator varchar)"
    )
    problems: list[Problem] = []
    found: list[str] = []
    for table in tables:
        try:
            if source.layout == "wide":
                found += _load_wide(connection, source, table, declared)
            else:
                found += _load_long(connection, source, table)
        except RefreshError as error:
            problems += error.problems
    if not problems:
        problems = [
            *_undeclared(connection, source, tables, where, declared),
            *_absent(source, where, found, declared),
        ]
    if not problems:
        _declare(connection, declared)
        problems = _rejects(connection, where, source)
    if problems:
        raise RefreshError("Reading", problems)
    connection.execute(
        f"""
        create or replace temp table incoming_rows as
        select
            text.line_number, text.sheet, text.area_code, declared.indicator,
            {_number("text.value")} as value,
            {_number("text.denominator")} as denominator,
            case
                when {_is_suppressed()} then 'suppressed'
                when text.value = '' then 'missing'
                else 'given'
            end as status
        from incoming_text as text
        inner join declared on text.column_name = declared.column_name
        """
    )


def _area_code(source: Source) -> DeclaredColumn:
    return DeclaredColumn("area_code", source.columns["area_code"], "code")


def _load_wide(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    table: SourceTable,
    declared: Mapping[str, Indicator],
) -> list[str]:
    """Append the table's indicators to ``incoming_text``, and name the columns that it has."""
    here = {cleaned(header) for header in table.header}
    present = {name: row for name, row in declared.items() if name in here}
    wanted = set(present)
    wanted |= {row.own_denominator for row in present.values() if row.own_denominator}
    columns = [
        DeclaredColumn(name, header_pattern(table.header, name), "text") for name in sorted(wanted)
    ]
    table.load(connection, "incoming_wide", [_area_code(source), *columns])
    pairs = ", ".join(
        f"{{'column_name': '{name}', 'value': \"{name}\", "
        f"'denominator': " + (f'"{row.own_denominator}"' if row.own_denominator else "null") + "}"
        for name, row in present.items()
    )
    if present:
        connection.execute(
            "insert into incoming_text by name select line_number, $1 as sheet, area_code, "
            f"unnest([{pairs}], recursive := true) from incoming_wide",
            [sheet_name(table)],
        )
    return list(present)


def _load_long(
    connection: duckdb.DuckDBPyConnection, source: Source, table: SourceTable
) -> list[str]:
    """Append the table's rows to ``incoming_text``, and name the indicators that it has."""
    columns = [
        _area_code(source),
        DeclaredColumn("indicator", source.columns["indicator"], "code"),
        DeclaredColumn("value", source.columns["value"], "text"),
        DeclaredColumn(
            "denominator", source.columns.get("denominator", "denominator"), "text", False
        ),
    ]
    table.load(connection, "incoming_long", columns)
    connection.execute(
        "insert into incoming_text by name select line_number, $1 as sheet, area_code, "
        "lower(trim(regexp_replace(replace(indicator, '%', ' percent '), '[^A-Za-z0-9]+', '_', 'g'"
        "), '_')) as column_name, value, denominator from incoming_long",
        [sheet_name(table)],
    )
    return [
        name
        for (name,) in connection.execute(
            "select distinct column_name from incoming_text where sheet is not distinct from $1",
            [sheet_name(table)],
        ).fetchall()
    ]


def header_pattern(headers: Iterable[str], column_name: str) -> str:
    """Those of a table's headers that are cleaned to a name; the name itself where none is."""
    alike = [header for header in headers if cleaned(header) == column_name] or [column_name]
    # Of letters, those of ASCII only are the same.
    return f"(?a:{'|'.join(map(re.escape, alike))})"


def _undeclared(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    tables: Sequence[SourceTable],
    where: str,
    declared: Mapping[str, Indicator],
) -> list[Problem]:
    """Indicators of the file that the seed does not know."""
    if source.layout == "long":
        names = connection.execute("select distinct column_name from incoming_text order by 1")
        unknown = [name for (name,) in names.fetchall() if name not in declared]
    else:
        denominators = {row.own_denominator for row in declared.values()}
        known = re.compile(
            "|".join(
                f"(?:{header})" for header in (*source.columns.values(), *source.ignored_columns)
            ),
            re.IGNORECASE,
        )
        headers = dict.fromkeys(header for table in tables for header in table.header if header)
        unknown = [
            header
            for header in headers
            if cleaned(header) not in {*declared, *denominators} and not known.fullmatch(header)
        ]
    if not unknown:
        return []
    return [
        Problem(
            where=where,
            found=f"{len(unknown)} indicator(s) without metadata: {', '.join(map(repr, unknown))}",
            expected=f"a row in {_SEED} for each indicator of {source.index_release}",
            remedy="declare the indicator there; or, if the column is none, name it in "
            f"ignored_columns of source {source.id} in sources.yml",
        )
    ]


def _absent(
    source: Source, where: str, found: Sequence[str], declared: Mapping[str, Indicator]
) -> list[Problem]:
    """Declared indicators that the file does not have, or has more than once."""
    problems = []
    # A copy that has one of them must have them all.
    spared = () if set(source.may_lack) & set(found) else source.may_lack
    if lost := [row for name, row in declared.items() if name not in {*found, *spared}]:
        listed = ", ".join(f"{row.indicator} (column {row.column_name})" for row in lost)
        problems.append(
            Problem(
                where=where,
                found=f"no data for {len(lost)} declared indicator(s): {listed}",
                expected="every indicator that the seed declares for the release",
                remedy=f"get the whole file; or, if the publisher has no such indicator, take its "
                f"row out of {_SEED} ({', '.join(f'line {row.line}' for row in lost)})",
            )
        )
    if twice := sorted({name for name in found if found.count(name) > 1}):
        problems.append(
            Problem(
                where=where,
                found=f"indicator(s) on more than one sheet: {', '.join(twice)}",
                expected="each indicator on one sheet",
                remedy="take the sheets away that are too many, at the file's origin",
            )
        )
    return problems


def _declare(connection: duckdb.DuckDBPyConnection, declared: Mapping[str, Indicator]) -> None:
    rows = pa.table(
        {
            "column_name": list(declared),
            "indicator": [row.indicator for row in declared.values()],
            _MARKER: pa.array([row.suppressed_as for row in declared.values()], pa.string()),
        }
    )
    connection.register("declared_rows", rows)
    try:
        connection.execute("create or replace temp table declared as select * from declared_rows")
        connection.execute("update incoming_text set value = coalesce(value, '')")
    finally:
        connection.unregister("declared_rows")


def _is_suppressed() -> str:
    """SQL: the declared marker stands in the place of the value; 'blank' declares an empty cell."""
    return f"coalesce(text.value = if(declared.{_MARKER} = 'blank', '', declared.{_MARKER}), false)"


def _number(expression: str) -> str:
    """SQL: the number, where it is one."""
    shape, cast, _ = NUMBER
    return f"if(regexp_full_match({expression}, '{shape}'), {cast.format(v=expression)}, null)"


def _rejects(connection: duckdb.DuckDBPyConnection, where: str, source: Source) -> list[Problem]:
    """Values and denominators that are neither a number nor empty nor the marker."""
    problems = []
    for column, condition in (
        ("value", f"text.value <> '' and not {_is_suppressed()}"),
        ("denominator", "text.denominator <> ''"),
    ):
        wrong = connection.execute(
            f"""
            select
                declared.indicator, text.sheet, any_value(declared.{_MARKER}), count(*),
                list((text.line_number, text.{column}) order by text.line_number)[:{EXAMPLES}]
            from incoming_text as text
            inner join declared on text.column_name = declared.column_name
            where {condition} and not regexp_full_match(text.{column}, '{NUMBER[0]}')
            group by declared.indicator, text.sheet
            order by declared.indicator, text.sheet
            """
        ).fetchall()
        for indicator, sheet, marker, count, examples in wrong:
            in_sheet = f", sheet {sheet!r}" if sheet is not None else ""
            listed = ", ".join(f"line {line}: {value!r}" for line, value in examples)
            or_marker = f", or {marker!r} where it is suppressed" if marker else ""
            problems.append(
                Problem(
                    where=f"{where}{in_sheet}, indicator {indicator}",
                    found=f"{count} {column}(s) that are not a number: {listed}",
                    expected=f"a number or nothing{or_marker}",
                    remedy="correct the value at its origin; if it marks a suppressed value, say "
                    f"so in {_MARKER} of the indicator in {_SEED}; or {source.again}",
                )
            )
    return problems
