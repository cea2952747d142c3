"""Lists of places of a few lines: what is read from them, and what is refused with its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from data_quality import load_suites, run_suite
from orchestration.problems import Problem, RefreshError
from orchestration.raw.programmes import read_programme
from orchestration.raw.raw_file import RawFile
from orchestration.raw.readers import RAW_TABLES
from orchestration.raw.sheets import open_tables
from orchestration.sources.registry import Source, load_registry

WHERE = "source pride_in_place_phase2, file tiny"
AS_PUBLISHED = "Local authority,Number of neighbourhoods,Neighbourhoods\n"
A_LINE_EACH = "Local authority,Neighbourhood\n"
Row = tuple[int, str, str, str | None]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as found:
        yield found


def read(
    connection: duckdb.DuckDBPyConnection, data: str | bytes, suffix: str = ".csv"
) -> list[Row]:
    source: Source = load_registry("england").source("pride_in_place_phase2")
    held = data if isinstance(data, bytes) else data.encode()
    file = RawFile(held, suffix, WHERE, source.again)
    (table,) = open_tables(file, source.columns["lad_name"])
    read_programme(connection, source, file, table)
    return connection.execute(
        "select line_number, lad_name, place_name, constituency_names from incoming_rows"
    ).fetchall()


def refused(connection: duckdb.DuckDBPyConnection, data: str | bytes) -> list[Problem]:
    with pytest.raises(RefreshError) as failure:
        read(connection, data)
    return failure.value.problems


def test_a_line_a_place_with_its_constituencies_where_they_are_sure(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert read(
        connection,
        'Place,Local authority,Constituency 2024\r\n"Wick, Upper",Skarholm,Skarholm North\r\n'
        "Abbey,Oldersea,Oldersea; Eelby\r\nAbbey,Eelby,\r\n",
    ) == [
        (2, "Skarholm", "Wick, Upper", "Skarholm North"),
        (3, "Oldersea", "Abbey", "Oldersea; Eelby"),
        (4, "Eelby", "Abbey", None),
    ]


def test_a_line_an_authority_gives_a_row_for_each_name_between_semicolons(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert read(
        connection,
        f"\N{BYTE ORDER MARK}{AS_PUBLISHED}"
        'Oldersea,2," Wick, Upper ;Docks & ""Quay"""\nEelby,1,%[*\n',
    ) == [
        (2, "Oldersea", "Wick, Upper", None),
        (2, "Oldersea", 'Docks & "Quay"', None),
        (3, "Eelby", "%[*", None),
    ]


def test_a_workbook_is_read_alike(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "tiny.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("List")
        sheet.write_row(0, 0, ["The neighbourhoods"])
        sheet.write_row(1, 0, ["Local authority", "Number", "Neighbourhoods"])
        sheet.write_row(2, 0, ["Oldersea", 2, "Abbey; Town"])
    assert read(connection, path.read_bytes(), ".xlsx") == [
        (3, "Oldersea", "Abbey", None),
        (3, "Oldersea", "Town", None),
    ]


def test_without_a_count_a_semicolon_parts_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """Whether names are missing could not be told; the guards refuse such a name."""
    assert read(connection, f"{A_LINE_EACH}Oldersea,Abbey; Town\n") == [
        (2, "Oldersea", "Abbey; Town", None)
    ]


def test_ten_thousand_names_of_an_authority_are_ten_thousand_rows(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    names = "; ".join(f"Place {number}" for number in range(10_000))
    assert len(read(connection, f"{AS_PUBLISHED}Oldersea,10000,{names}\n")) == 10_000


@pytest.mark.parametrize(
    ("data", "column", "found", "expected"),
    [
        (
            f"{AS_PUBLISHED}Oldersea,3,Abbey; Town\nEelby,1,Abbey\nSkarholm,,Quay\n",
            "Number of neighbourhoods",
            "2 line(s) that do not have as many names as they count: "
            "line 2: 'Oldersea counts 3, and has 2', line 4: 'Skarholm counts nothing, and has 1'",
            "the number of names in every line, those between semicolons each for one",
        ),
        (
            f"{AS_PUBLISHED}Oldersea,2,Abbey; two names or one\nEelby,two,Abbey\n",
            "Number of neighbourhoods",
            "1 value(s) that are not a whole number: line 3: 'two'",
            "a whole number in every line",
        ),
        (
            f"{AS_PUBLISHED}Oldersea,3,Abbey;; Town\nEelby,2,Abbey;\nSkarholm,1,\n",
            "Neighbourhoods",
            "3 name(s) that are empty: line 2: 'Oldersea', line 3: 'Eelby', line 4: 'Skarholm'",
            "a name in every line, and between any two semicolons",
        ),
        (
            f"{A_LINE_EACH}Oldersea,\n",
            "Neighbourhood",
            "1 name(s) that are empty: line 2: 'Oldersea'",
            "a name in every line, and between any two semicolons",
        ),
        (
            f"{A_LINE_EACH}Oldersea,Abbey\n,Abbey\n",
            "Local authority",
            "1 line(s) without a local authority: line 3: 'Abbey'",
            "the name of its local authority in every line",
        ),
        (
            f"{A_LINE_EACH}Oldersea,Abbey\nEelby,Abbey\noldersea,ABBEY\n",
            "Neighbourhood",
            "1 name(s) that stand twice in an authority: line 4: 'Oldersea: Abbey'",
            "each place of an authority once",
        ),
    ],
)
def test_what_is_wrong_with_a_list_is_told_with_its_lines(
    connection: duckdb.DuckDBPyConnection, data: str, column: str, found: str, expected: str
) -> None:
    problem, *_ = refused(connection, data)
    assert problem.where == f"{WHERE}, column {column!r}"
    assert (problem.found, problem.expected) == (found, expected)
    assert "https://www.gov.uk/" in problem.remedy


def test_everything_that_is_wrong_is_told_at_once(connection: duckdb.DuckDBPyConnection) -> None:
    problems = refused(connection, f"{AS_PUBLISHED},1,Abbey\nOldersea,2,Town;Town\nEelby,1,;\n")
    assert [problem.found.split(":")[0] for problem in problems] == [
        "1 line(s) without a local authority",
        "2 name(s) that are empty",
        "1 line(s) that do not have as many names as they count",
        "1 name(s) that stand twice in an authority",
    ]


def test_of_a_long_value_the_beginning_is_told(connection: duckdb.DuckDBPyConnection) -> None:
    name = "A" * 10_000
    (problem,) = refused(connection, f"{A_LINE_EACH}Oldersea,{name}\nOldersea,{name}\n")
    assert "A..." in problem.found
    assert len(problem.found) < 200


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (f"{A_LINE_EACH}Oldersea,Ab\x1b[31mbey\n", "line 2 has a control character (0x1b)"),
        (f"{A_LINE_EACH}Oldersea,Abb\xe9\n".encode("cp1252"), "line 2 is not UTF-8 (byte 0xe9)"),
        (f"{A_LINE_EACH}Oldersea,Abbey\n".encode("utf-16"), "UTF-16 text, not UTF-8"),
        (f'{A_LINE_EACH}Oldersea,"Abbey\n', "line 2 breaks off or is wrongly quoted"),
        (f"{A_LINE_EACH}Oldersea,Wick, Upper\n", "line 2 has 3 values"),
        (A_LINE_EACH, "no rows"),
        ("Council,Neighbourhood\nOldersea,Abbey\n", "no such column"),
        ("Local authority,Ward\nOldersea,Abbey\n", "no such column"),
    ],
)
def test_what_is_no_table_of_text_is_refused(
    connection: duckdb.DuckDBPyConnection, data: str | bytes, found: str
) -> None:
    (problem,) = refused(connection, data)
    assert problem.where.startswith(WHERE)
    assert found in problem.found


def guarded(
    connection: duckdb.DuckDBPyConnection, places: list[tuple[int, str, str, str | None]]
) -> dict[str, str]:
    """What the guards say of a list, by rule: '' of one that holds and had something to judge."""
    connection.execute("create schema raw; create schema meta")
    for table in ("lookup", "programme_place"):
        columns = ", ".join(f"{name} {kind}" for name, kind in RAW_TABLES[table].items())
        connection.execute(
            f"create table raw.{table} (source_id varchar, line_number bigint, {columns})"
        )
    connection.execute(
        "create table meta.expected_source (source_id varchar, kind varchar, expected_rows bigint)"
    )
    for code, authority, constituency in (
        ("X01000001", "King's Reach", "Eelby"),
        ("X01000002", "Oldersea", "Oldersea North"),
    ):
        for to_type, name in (("lad25", authority), ("pcon24", constituency)):
            connection.execute(
                "insert into raw.lookup values "
                "('all', 2, 'lsoa21', $1, null, $2, 'X', $3, 'member', null)",
                [code, to_type, name],
            )
    for place in places:
        connection.execute(
            "insert into raw.programme_place values ('towns', $1, $2, $3, $4)", list(place)
        )
    if places:
        connection.execute(
            "insert into meta.expected_source values ('towns', 'programme', $1)", [len(places)]
        )
    results = run_suite(load_suites()["raw_programme_place"], connection)
    return {
        result.expectation: ("" if result.passed else "refused: ") + result.examples
        for result in results
    }


NOTHING = "nothing to judge: an optional file that is not there"


def test_where_there_is_no_list_there_is_nothing_to_judge(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert set(guarded(connection, []).values()) == {NOTHING}


def test_a_list_without_constituencies_is_judged_but_for_these(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    said = guarded(connection, [(2, "Oldersea", "Abbey", None)])
    assert said.pop("constituency_is_known") == NOTHING
    assert set(said.values()) == {""}


def test_authorities_and_constituencies_are_known_in_any_capitals_and_by_either_apostrophe(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    places = [
        (2, "King\N{RIGHT SINGLE QUOTATION MARK}s Reach", "Abbey", "EELBY;Oldersea North"),
        (3, "OLDERSEA", "Abbey", None),
    ]
    assert set(guarded(connection, places).values()) == {""}


def test_of_a_name_that_is_none_the_nearest_is_told(connection: duckdb.DuckDBPyConnection) -> None:
    said = guarded(
        connection,
        [(2, "Kings Reach", "Abbey", "Eelby; "), (3, "%[*", "Abbey", "Oldersea Norht")],
    )
    assert said["authority_is_known"] == (
        "refused: towns, %[*, Abbey (line 3): is_known false, nearest_known Oldersea; "
        "towns, Kings Reach, Abbey (line 2): is_known false, nearest_known King's Reach"
    )
    assert said["constituency_is_known"] == (
        "refused: towns, Abbey,  (line 2): constituency_is_known false, nearest_known Eelby; "
        "towns, Abbey, Oldersea Norht (line 3): "
        "constituency_is_known false, nearest_known Oldersea North"
    )
