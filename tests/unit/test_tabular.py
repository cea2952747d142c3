"""Delimited text: what the publishers' habits may do to a file, and what is refused, and how."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.raw.tabular import CONTROL, CsvTable, DeclaredColumn, ValueType

WHERE = "source imd2019, file file7.csv"
REMEDY = "get the file again from https://example.org/iod2019"
CODE = DeclaredColumn("code", r"LSOA code \(2011\)", "code")
NAME = DeclaredColumn("name", "LSOA name", "text")
SCORE = DeclaredColumn("score", r"Income Score( ?\(.*)?", "number")
RANK = DeclaredColumn("rank", r"Income Rank( ?\(.*)?", "integer")
VALUE = DeclaredColumn("v", "v", "number")
BLANKS = " \t\r\n\u00a0"

Row = tuple[Any, ...]
Read = Callable[..., list[Row]]
Refusal = Callable[..., list[Problem]]


@pytest.fixture(scope="module")
def read(connection: duckdb.DuckDBPyConnection) -> Read:
    def load(content: str | bytes, *columns: DeclaredColumn) -> list[Row]:
        data = content.encode() if isinstance(content, str) else content
        CsvTable(RawFile(data, ".csv", WHERE, REMEDY)).load(connection, "loaded", columns)
        return connection.execute("select * from loaded order by line_number").fetchall()

    return load


@pytest.fixture(scope="module")
def refused(read: Read) -> Refusal:
    def problems(content: str | bytes, *columns: DeclaredColumn) -> list[Problem]:
        with pytest.raises(RefreshError) as failure:
            read(content, *columns)
        for problem in failure.value.problems:
            assert problem.where.startswith(WHERE)
            assert REMEDY in problem.remedy
            assert str(problem) in str(failure.value)
        return failure.value.problems

    return problems


def one_value(text: str, after: str = "") -> str:
    """A file with one value, quoted, in line 2."""
    sink = io.StringIO(newline="")
    csv.writer(sink, quoting=csv.QUOTE_ALL).writerows([["v", "w"], [text, "x" + after]])
    return sink.getvalue()


def finite(text: str) -> float | None:
    """What Python makes of a number with or without thousands separators."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


# --- What publishers vary -------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["no bom", "bom"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "no end of the last line"])
def test_bom_and_line_ends_make_no_difference(read: Read, end: str, bom: str, last: bool) -> None:
    lines = ["LSOA code (2011),LSOA name", "E01000001,Bwthyn Tŷ", "E01000002,B"]
    content = bom + end.join(lines) + (end if last else "")
    assert read(content, CODE, NAME) == [(2, "E01000001", "Bwthyn Tŷ"), (3, "E01000002", "B")]


def test_quoted_thousands_separators_are_numbers(read: Read) -> None:
    rows = read('v,w\n"1,672",x\n"1,234,567.5",x\n', VALUE)
    assert rows == [(2, 1672.0), (3, 1234567.5)]
    whole = DeclaredColumn("v", "v", "integer")
    assert read('v,w\n"1,672",x\n"-1,234,567.0",x\n', whole) == [(2, 1672), (3, -1234567)]


def test_white_space_around_headers_and_values_is_no_part_of_them(read: Read) -> None:
    content = "  LSOA  code (2011)  ,LSOA name \n E01000001 ,\ta name \n"
    assert read(content, CODE, NAME) == [(2, "E01000001", "a name")]


def test_a_header_that_the_publisher_cut_off_is_still_found(read: Read) -> None:
    header = "LSOA code (2011),Income Score (rate),Income Rank (where 1 is most deprived 10% of LSO"
    assert read(f"{header}\nE01000001,0.25,7\n", CODE, SCORE, RANK) == [(2, "E01000001", 0.25, 7)]


def test_headers_are_matched_without_regard_to_case_and_position(read: Read) -> None:
    assert read("income score,lsoa CODE (2011)\n0.5,E01000001\n", CODE, SCORE) == [
        (2, "E01000001", 0.5)
    ]


def test_a_header_is_matched_whole(read: Read) -> None:
    content = "LSOA code (2011),LSOA name (Welsh),LSOA name,Old LSOA name\nE01000001,c,e,o\n"
    assert read(content, CODE, NAME) == [(2, "E01000001", "e")]


def test_blank_columns_at_the_end_are_passed_over(read: Read) -> None:
    content = "LSOA code (2011),LSOA name,,\nE01000001,a,,\nE01000002,b,,\n"
    assert read(content, CODE, NAME) == [(2, "E01000001", "a"), (3, "E01000002", "b")]


def test_blank_lines_are_passed_over_and_counted(read: Read) -> None:
    content = "\nLSOA code (2011),LSOA name\n\nE01000001,a\n,\nE01000002,b\n\n"
    assert read(content, CODE, NAME) == [(4, "E01000001", "a"), (6, "E01000002", "b")]


def test_a_file_that_is_not_sorted_keeps_its_line_numbers(read: Read) -> None:
    content = "LSOA code (2011),LSOA name\nE01000003,c\nE01000001,a\nE01000002,b\n"
    assert [(line, code) for line, code, _ in read(content, CODE, NAME)] == [
        (2, "E01000003"),
        (3, "E01000001"),
        (4, "E01000002"),
    ]


def test_a_quoted_line_break_belongs_to_its_value_and_later_lines_keep_their_number(
    read: Read,
) -> None:
    content = 'LSOA code (2011),LSOA name\nE01000001,"two\nlines"\nE01000002,b\n'
    (_, _, name), after = read(content, CODE, NAME)
    assert name == "two\nlines"
    assert after == (4, "E01000002", "b")


def test_missing_values_are_null(read: Read) -> None:
    content = "LSOA code (2011),LSOA name,Income Score,Income Rank\nE01000001,,, \n"
    assert read(content, CODE, NAME, SCORE, RANK) == [(2, "E01000001", None, None, None)]


def test_flags_are_read_in_any_case(read: Read) -> None:
    flag = DeclaredColumn("v", "v", "flag")
    content = "v,w\nTRUE,x\nfalse,x\n,x\n"
    assert read(content, flag) == [(2, True), (3, False), (4, None)]


def test_optional_columns_that_are_not_there_are_null(
    read: Read, connection: duckdb.DuckDBPyConnection
) -> None:
    optional = DeclaredColumn("score", SCORE.header, "number", required=False)
    content = "LSOA code (2011),LSOA name\nE01000001,a\n"
    assert read(content, CODE, optional, NAME) == [(2, "E01000001", None, "a")]
    columns = connection.execute("select column_name from (describe loaded)").fetchall()
    assert [name for (name,) in columns] == ["line_number", "code", "score", "name"]


def test_an_optional_column_that_is_there_is_read_as_strictly_as_any(
    read: Read, refused: Refusal
) -> None:
    optional = DeclaredColumn("score", SCORE.header, "number", required=False)
    assert read("LSOA code (2011),Income Score\nE01000001,2\n", CODE, optional) == [
        (2, "E01000001", 2.0)
    ]
    (problem,) = refused("LSOA code (2011),Income Score\nE01000001,two\n", CODE, optional)
    assert "'two'" in problem.found


# --- What is refused ------------------------------------------------------------------------------


def test_text_that_is_not_utf8_is_refused_with_its_line(refused: Refusal) -> None:
    good = b"E01000001,abcdefghijklmnop\n" * 3000  # more than the decoder takes at once
    content = b"LSOA code (2011),LSOA name\n" + good + b"E01000002,T\xff\n" + good
    (problem,) = refused(content, CODE, NAME)
    assert problem.found == (
        "line 3002 is not UTF-8 (byte 0xff); in Windows-1252 it reads 'E01000002,T\u00ff'"
    )
    assert problem.expected.startswith("UTF-8 text")


def test_a_workbooks_utf16_export_is_refused(refused: Refusal) -> None:
    (problem,) = refused("LSOA code (2011),LSOA name\nE01000001,a\n".encode("utf-16"), CODE)
    assert "not UTF-8" in problem.found


@pytest.mark.parametrize(
    ("content", "line", "reads"),
    [
        (b"LSOA code (2011),LSOA name\nE1,a\nW1,Bro Bon\xf4m\n", 3, "Bro Bon\u00f4m"),
        (b"LSOA code (2011),LSOA nam\xe9\nE1,a\n", 1, "LSOA nam\u00e9"),
        (b"\xef\xbb\xbfLSOA code (2011),LSOA name\r\nE1,a\r\nE2,\x93b\x94\r\n", 3, "\u201cb\u201d"),
    ],
    ids=["a later line", "the header", "after a mark"],
)
def test_a_wrong_byte_is_refused_with_its_own_line_and_what_it_may_mean(
    refused: Refusal, content: bytes, line: int, reads: str
) -> None:
    (problem,) = refused(content, CODE, NAME)
    assert problem.found.startswith(f"line {line} is not UTF-8")
    assert "in Windows-1252 it reads" in problem.found
    assert reads in problem.found


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(refused: Refusal, encoding: str) -> None:
    (problem,) = refused("LSOA code (2011),LSOA name\nE01000001,a\n".encode(encoding), CODE)
    assert problem.found == "UTF-16 text, not UTF-8"
    assert "CSV UTF-8" in problem.expected


@pytest.mark.parametrize("where", [1, 2, 3])
def test_a_zero_byte_is_refused_with_its_line(refused: Refusal, where: int) -> None:
    lines = ["LSOA code (2011),LSOA name", "E01000001,a", "E01000002,b"]
    lines[where - 1] += "\0"
    (problem,) = refused("\n".join(lines), CODE, NAME)
    assert problem.found == f"line {where} has a zero byte"


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_another_separator_is_named(connection: duckdb.DuckDBPyConnection, sign: str) -> None:
    content = f"LSOA code (2011){sign}LSOA name\nE01000001{sign}a\n".encode()
    with pytest.raises(RefreshError) as failure:
        CsvTable(RawFile(content, ".csv", WHERE, REMEDY), CODE.header).load(
            connection, "loaded", [CODE]
        )
    (problem,) = failure.value.problems
    assert problem.found == f"line 1 has one value, with {sign!r} in it"


@pytest.mark.parametrize(
    "above",
    ["", "A title\n\n", "Source,ONS\nDate,2019\n", '"A title, quoted\nover two lines"\n'],
    ids=["nothing", "a title", "rows of two", "a quoted title"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_header_is_the_line_that_has_the_column_of_area_codes(
    connection: duckdb.DuckDBPyConnection, above: str, end: str
) -> None:
    text = f"{above}LSOA code (2011),LSOA name\nE01000001,a\nE01000002,b\n".replace("\n", end)
    table = CsvTable(RawFile(text.encode(), ".csv", WHERE, REMEDY), CODE.header)
    table.load(connection, "loaded", [CODE, NAME])
    found = connection.execute("select * from loaded order by line_number").fetchall()
    lines = above.count("\n") + 2
    assert found == [(lines, "E01000001", "a"), (lines + 1, "E01000002", "b")]


def test_more_columns_than_any_table_has_are_refused(refused: Refusal) -> None:
    content = ",".join(["v", *(f"w{n}" for n in range(2_000))]) + "\n" + "1," * 2_000 + "1\n"
    (problem,) = refused(content, VALUE)
    assert problem.found == "2,001 columns in line 1"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("v,w\n1," + "x" * 3_000_000 + "\n", "line 2 is longer than 2,000,000 bytes"),
        ("v,w\n\n1,x\n2,'\n3," + "x" * 200_000 + "\n", "field larger than field limit"),
        ("v," + "w" * 200_000 + "\n1,x\n", "field larger than field limit"),
    ],
    ids=["a line", "a field after a blank line", "a header"],
)
def test_a_field_that_is_too_long_is_refused_with_its_line(
    refused: Refusal, content: str, found: str
) -> None:
    (problem,) = refused(content, VALUE)
    assert found in problem.found
    assert problem.found.startswith("line ")


def test_a_last_line_that_breaks_off_is_refused_with_its_line(refused: Refusal) -> None:
    (problem,) = refused("LSOA code (2011),LSOA name\nE01000001,a\nE010000", CODE, NAME)
    assert "line 3 has 1 values" in problem.found
    assert "2 values in every line" in problem.expected
    assert "truncated" in problem.expected


def test_a_line_with_a_value_too_many_is_refused(refused: Refusal) -> None:
    content = "LSOA code (2011),LSOA name\nE01000001,a\nE01000002,Kingston, Hull\nE01000003,b,c\n"
    (problem,) = refused(content, CODE, NAME)
    assert problem.found == "line 3 has 3 values"


def test_a_quote_left_open_is_refused_with_the_line_where_it_opens(refused: Refusal) -> None:
    rows = "E01000009,z\n" * 50
    content = f'LSOA code (2011),LSOA name\nE01000001,a\nE01000002,"b\n{rows}'
    (problem,) = refused(content, CODE, NAME)
    assert problem.found.startswith("line 3 breaks off or is wrongly quoted")
    assert problem.expected == "complete comma-separated lines"


def test_text_after_a_closing_quote_is_refused(refused: Refusal) -> None:
    (problem,) = refused('LSOA code (2011),LSOA name\nE01000001,"a"b\n', CODE, NAME)
    assert problem.found.startswith("line 2 breaks off or is wrongly quoted")


@pytest.mark.parametrize("content", ["", "\n\n", "LSOA code (2011),LSOA name\n"])
def test_a_file_without_rows_is_refused(refused: Refusal, content: str) -> None:
    (problem,) = refused(content, CODE, NAME)
    assert problem.expected == "a header and rows"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("n/a", "number", "a number"),
        ("-", "number", "a number"),
        ("1e999", "number", "a number"),
        ("9" * 400, "number", "a number"),
        ("nan", "number", "a number"),
        ("NaN", "number", "a number"),
        ("inf", "number", "a number"),
        ("-Infinity", "number", "a number"),
        ("12,34", "number", "a number"),
        ("1,2345", "number", "a number"),
        (",123", "number", "a number"),
        ("1_000", "number", "a number"),
        ("0x10", "number", "a number"),
        ("10%", "number", "a number"),
        ("٣", "number", "a number"),
        ("1 000", "number", "a number"),
        ("3.7", "integer", "a whole number"),
        ("1e3", "integer", "a whole number"),
        ("12,34", "integer", "a whole number"),
        ("99999999999999999999", "integer", "a whole number"),
        ("seven", "integer", "a whole number"),
        ("yes", "flag", "TRUE or FALSE"),
        ("1", "flag", "TRUE or FALSE"),
        ("", "code", "an area code"),
        ("   ", "code", "an area code"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused_with_line_column_and_value(
    refused: Refusal, value: str, kind: ValueType, expected: str
) -> None:
    (problem,) = refused(one_value(value), DeclaredColumn("v", "v", kind))
    assert problem.where == f"{WHERE}, column 'v'"
    assert problem.found == f"1 value(s) that are not {expected}: line 2: {value.strip()!r}"
    assert problem.expected == f"{expected} in every line"


def test_whole_numbers_beyond_the_reach_of_a_double_are_not_rounded(read: Read) -> None:
    whole = DeclaredColumn("v", "v", "integer")
    assert read(one_value("9007199254740993"), whole) == [(2, 9007199254740993)]


def test_many_bad_values_are_counted_and_the_first_five_shown(refused: Refusal) -> None:
    content = "v,w\n" + "".join(f"bad{n},x\n" for n in range(2, 10))
    (problem,) = refused(content, VALUE)
    assert problem.found.startswith("8 value(s)")
    assert problem.found.endswith(", ".join(f"line {n}: 'bad{n}'" for n in range(2, 7)))


def test_a_missing_column_is_refused_and_the_nearest_header_named(refused: Refusal) -> None:
    (problem,) = refused("LSOA code (2011),LSOA nmae,colour\nE01000001,a,red\n", CODE, NAME)
    assert problem.where == f"{WHERE}, column name"
    assert problem.found.startswith(
        "no such column (line 1 was taken for the header); the nearest: LSOA nmae"
    )
    assert "colour" not in problem.found
    assert problem.expected == "one column headed like: LSOA name"
    assert "sources.yml" in problem.remedy


def test_another_vintage_of_the_code_column_is_refused_and_named(refused: Refusal) -> None:
    (problem,) = refused("LSOA code (2021),LSOA name\nE01000001,a\n", CODE, NAME)
    assert problem.where == f"{WHERE}, column code"
    assert "LSOA code (2021)" in problem.found
    assert "vintage" in problem.remedy


def test_two_columns_that_fit_are_refused_and_both_named(refused: Refusal) -> None:
    content = "LSOA code (2011),Income Rank,Income Rank (where 1 is worst)\nE01000001,1,2\n"
    (problem,) = refused(content, CODE, RANK)
    assert problem.found == "several columns: 'Income Rank', 'Income Rank (where 1 is worst)'"


@pytest.mark.parametrize("required", [True, False])
def test_a_header_that_stands_twice_is_refused(refused: Refusal, required: bool) -> None:
    name = DeclaredColumn("name", "LSOA name", "text", required=required)
    (problem,) = refused("LSOA code (2011),LSOA name,LSOA name \nE01000001,a,b\n", CODE, name)
    assert problem.found == "several columns: 'LSOA name', 'LSOA name'"


def test_all_columns_that_are_lost_are_named_in_one_error(refused: Refusal) -> None:
    problems = refused("area,LSOA name\nE01000001,a\n", CODE, NAME, SCORE, RANK)
    assert [problem.where for problem in problems] == [
        f"{WHERE}, column {name}" for name in ("code", "score", "rank")
    ]


def test_the_bad_values_of_all_columns_are_collected_in_one_error(refused: Refusal) -> None:
    content = "LSOA code (2011),LSOA name,Income Score,Income Rank\n,a,x,1\nE01000002,b,2,1.5\n"
    problems = refused(content, CODE, NAME, SCORE, RANK)
    assert [(problem.where.split("column ")[1], problem.found) for problem in problems] == [
        ("'LSOA code (2011)'", "1 value(s) that are not an area code: line 2: ''"),
        ("'Income Score'", "1 value(s) that are not a number: line 2: 'x'"),
        ("'Income Rank'", "1 value(s) that are not a whole number: line 3: '1.5'"),
    ]


def test_a_refused_file_can_be_followed_by_a_good_one(read: Read, refused: Refusal) -> None:
    refused(one_value("x"), VALUE)
    assert read(one_value("1"), VALUE) == [(2, 1.0)]


# --- Properties -----------------------------------------------------------------------------------

magnitudes = st.floats(1e-80, 1e80)
numbers = st.one_of(
    st.just(0.0), magnitudes, magnitudes.map(lambda value: -value), st.integers(-(10**9), 10**9)
)
forms: list[Callable[[float], str]] = [
    repr,
    "{:f}".format,
    "{:e}".format,
    "{:.17E}".format,
    "{:,.6f}".format,
    "{:+,.0f}".format,
    lambda value: format(Decimal(value), "f"),
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(numbers, st.sampled_from(forms)), min_size=1, max_size=30))
def test_any_number_however_written_is_read_as_the_same_float(
    read: Read, values: list[tuple[float, Callable[[float], str]]]
) -> None:
    texts = [form(value) for value, form in values]
    content = "v,w\n" + "".join(f'"{text}",x\n' for text in texts)
    got = [value for _, value in read(content, VALUE)]
    assert got == [finite(text) for text in texts]
    written = [value for value, form in values if form is repr]
    assert [got[n] for n, (_, form) in enumerate(values) if form is repr] == written


nearly_numbers = st.text(alphabet="0123456789.,eE+-_ nafi'%", min_size=1, max_size=9)


@settings(max_examples=80, deadline=None)
@given(st.one_of(nearly_numbers, st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
@example("1,234")
@example("1e400")
@example("1_000")
@example("\u0663")
def test_a_text_is_read_as_the_number_that_it_is_or_refused(read: Read, text: str) -> None:
    assume(text.strip(BLANKS))
    expected = finite(text)
    try:
        got = read(one_value(text), VALUE)[0][1]
    except RefreshError as error:
        refusal = str(error)
    else:
        assert expected is not None, "not a number, and not refused"
        assert got == expected
        return
    if CONTROL.search(text):
        assert re.search(r"line \d+ has a (zero byte|control character)", refusal)
        return
    assert f": {text.strip(BLANKS)!r}\n" in refusal
    assert not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text.strip(BLANKS)), "a plain number refused"


@settings(max_examples=60, deadline=None)
@given(nearly_numbers)
def test_a_text_is_read_as_the_whole_number_that_it_is_or_refused(read: Read, text: str) -> None:
    assume(text.strip(BLANKS))
    try:
        got = read(one_value(text), DeclaredColumn("v", "v", "integer"))[0][1]
    except RefreshError:
        assert not re.fullmatch(r"[+-]?[0-9]+", text.strip(BLANKS)), "a whole number refused"
    else:
        try:
            assert got == Decimal(text.strip(BLANKS).replace(",", ""))
        except InvalidOperation:
            pytest.fail("not a number, and not refused")


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
awkward_cells = st.text('a",\r\n\t\x85\u2028 é', max_size=6)
tables = st.lists(
    st.tuples(*[st.one_of(cells, awkward_cells).map(str.strip)] * 2), min_size=1, max_size=12
)


@settings(max_examples=70, deadline=None)
@given(tables, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_any_table_of_text_reads_back_with_its_line_numbers(
    read: Read, table: list[tuple[str, str]], bom: bool, end: str
) -> None:
    assume(any(map(any, table)))
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b"])
    places = []
    for row in table:
        first = len(re.findall(r"\r\n|\r|\n", sink.getvalue())) + 1
        writer.writerow(row)
        places.append((first, len(re.findall(r"\r\n|\r|\n", sink.getvalue()))))
    got = read(
        "\ufeff" * bom + sink.getvalue(),
        DeclaredColumn("a", "a", "text"),
        DeclaredColumn("b", "b", "text"),
    )
    expected = [(place, row) for place, row in zip(places, table, strict=True) if any(row)]
    assert [row[1:] for row in got] == [(a or None, b or None) for _, (a, b) in expected]
    for (line, *_), ((first, last), _) in zip(got, expected, strict=True):
        # Of a row that runs over several lines, its first or its last.
        assert line in (first, last)


def test_a_file_that_mixes_kinds_of_line_end_is_refused(refused: Refusal) -> None:
    [problem] = refused("LSOA code (2011),LSOA name\nE01000001,A\nE01000002,B\r\n", CODE, NAME)
    assert "mixes kinds of line end" in problem.found
    assert "all ended alike" in problem.expected
