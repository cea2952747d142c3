"""Delimited text, spoilt: its encoding, its form, its cells, its rows and columns."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Callable
from random import Random

from tests.support.mutations.kinds import Kinds, Spoil

KINDS = Kinds("csv")
Rows = list[list[str]]
_NUMBER = re.compile(r"-?[\d,]*\.?\d+")


def parsed(data: bytes) -> Rows:
    return [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))]


def written(rows: Rows, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    held = io.StringIO(newline="")
    csv.writer(held, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]
    return held.getvalue().encode()


def _is(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def numeric(rows: Rows, random: Random) -> int:
    """A column of numbers: ranks, scores, counts, shares; else any but the first."""
    sample = rows[1:20]
    found = [
        n
        for n in range(1, len(rows[0]))
        if all(len(row) > n and _is(row[n]) for row in sample)
        and rows[0][n].lower() not in ("objectid", "fid")
    ]
    return random.choice(found or range(1, len(rows[0])))


def coded(rows: Rows) -> int:
    """The first column of codes of areas."""
    return next(n for n, cell in enumerate(rows[1]) if re.fullmatch(r"[A-Z]\d{8}", cell))


def _of_rows(name: str) -> Callable[[Callable[[Rows, Random], Rows]], None]:
    """Register a mutation of the parsed rows."""

    def registered(change: Callable[[Rows, Random], Rows]) -> None:
        KINDS.add(name, lambda data, random: written(change(parsed(data), random)))

    return registered


def _of_cell(name: str, change: str | Callable[[str], str], *, code: bool = False) -> None:
    """Register a mutation of one cell: a number, or a code; text has the cell where ``{}`` is."""

    def spoil(data: bytes, random: Random) -> bytes:
        rows = parsed(data)
        column = coded(rows) if code else numeric(rows, random)
        row = random.randrange(1, len(rows) - 1)
        cell = rows[row][column]
        rows[row][column] = change.format(cell) if isinstance(change, str) else change(cell)
        return written(rows)

    KINDS.add(name, spoil)


def _of_column(name: str, change: Callable[[float], float]) -> None:
    """Register a mutation of every number of one column."""

    def spoil(data: bytes, random: Random) -> bytes:
        rows = parsed(data)
        column = numeric(rows, random)
        for row in rows[1:]:
            if _is(row[column]):
                row[column] = f"{change(float(row[column].replace(',', ''))):.12g}"
        return written(rows)

    KINDS.add(name, spoil)


# --- Encodings ------------------------------------------------------------------------------------


def _named(data: bytes) -> str:
    """The text, with letters in the second line that no two encodings write alike."""
    lines = data.decode("utf-8-sig").split("\n")
    lines[1] = re.sub(r"[a-z]{3}", "ñé‘", lines[1], count=1)
    return "\n".join(lines)


def _encoded(encoding: str) -> Spoil:
    return lambda data, _: data.decode("utf-8-sig").encode(encoding)


for _encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037"):
    KINDS.add(f"encoding {_encoding}", _encoded(_encoding))
KINDS.add("encoding cp1252", lambda data, _: _named(data).encode("cp1252", "replace"))
KINDS.add("encoding macroman", lambda data, _: _named(data).encode("mac_roman", "replace"))
KINDS.add("BOM taken off or put on", lambda data, _: data.removeprefix(codecs.BOM_UTF8))
KINDS.add("BOM once", lambda data, _: codecs.BOM_UTF8 + data.removeprefix(codecs.BOM_UTF8))
KINDS.add("BOM twice", lambda data, _: 2 * codecs.BOM_UTF8 + data.removeprefix(codecs.BOM_UTF8))
KINDS.add("BOM of UTF-16 before UTF-8", lambda data, _: codecs.BOM_UTF16_LE + data)
KINDS.add("a surrogate", lambda data, _: data.replace(b"a", b"\xed\xa0\x80", 1))

# --- Form -----------------------------------------------------------------------------------------


def _separated(sign: str) -> Spoil:
    return lambda data, _: written(parsed(data), delimiter=sign)


for _name, _sign in (("semicolons", ";"), ("tabs", "\t"), ("pipes", "|"), ("blanks", " ")):
    KINDS.add(f"separator: {_name}", _separated(_sign))
KINDS.add("separators mixed", lambda data, _: data.replace(b",", b";", len(data) // 99))
KINDS.add("line ends: CR LF", lambda data, _: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
KINDS.add("line ends: CR", lambda data, _: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r"))
KINDS.add(
    "line ends mixed",
    lambda data, _: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n", data.count(b"\n") // 2),
)
KINDS.add("line ends: LF CR", lambda data, _: data.replace(b"\r", b"").replace(b"\n", b"\n\r"))
KINDS.add("every value quoted", lambda data, _: written(parsed(data), quoting=csv.QUOTE_ALL))
KINDS.add("no line end at the end", lambda data, _: data.rstrip(b"\r\n"))
KINDS.add("blank lines", lambda data, _: data.replace(b"\n", b"\n\n"))
KINDS.add("lines of commas below", lambda data, _: data + b"," * (len(parsed(data)[0]) - 1))
KINDS.add("end of file mark of DOS", lambda data, _: data.rstrip() + b"\n\x1a")


def _line(data: bytes, random: Random) -> int:
    """Where some line below the header begins."""
    begins = [match.end() for match in re.finditer(rb"\n", data)][:-1]
    return random.choice(begins)


@KINDS("quote unclosed")
def _(data: bytes, random: Random) -> bytes:
    at = _line(data, random)
    return data[:at] + b'"' + data[at:]


@KINDS("quote stray")
def _(data: bytes, random: Random) -> bytes:
    at = _line(data, random) + 3
    return data[:at] + b'"' + data[at:]


@KINDS("quote closed too early")
def _(data: bytes, random: Random) -> bytes:
    at = _line(data, random)
    return data[:at] + b'"X' + b'"' + data[at + 1 :]


@KINDS("line broken in two")
def _(data: bytes, random: Random) -> bytes:
    at = _line(data, random) + 6
    return data[:at] + b"\n" + data[at:]


@KINDS("cut in a line")
def _(data: bytes, random: Random) -> bytes:
    return data[: _line(data, random) + 7]


@KINDS("cut between lines")
def _(data: bytes, random: Random) -> bytes:
    return data[: _line(data, random)]


KINDS.add("cut after the header", lambda data, _: data[: data.index(b"\n") + 1])
KINDS.add("cut in the header", lambda data, _: data[:20])
KINDS.add("header gone", lambda data, _: data[data.index(b"\n") + 1 :])
KINDS.add("header twice", lambda data, _: data[: data.index(b"\n") + 1] + data)
KINDS.add("one byte", lambda *_: b"x")
KINDS.add("nothing but line ends", lambda *_: b"\n\r\n" * 40)
KINDS.add("nothing but quotes", lambda *_: b'"' * 100_001)
KINDS.add("nothing but commas", lambda *_: (b"," * 900 + b"\n") * 900)
KINDS.add("a page of the web", lambda *_: b"<!DOCTYPE html><html><body>404</body></html>\n")
KINDS.add("JSON", lambda *_: b'{"error": {"code": 499, "message": "Token Required"}}')
KINDS.add("gzip", lambda data, _: gzip.compress(data, mtime=0))
KINDS.add("zeros", lambda data, _: bytes(len(data)))
KINDS.add("a hole of zeros", lambda data, _: data[:2000] + bytes(512) + data[2512:])
KINDS.add("title above", lambda data, _: b"Table 1: all areas\n\n" + data)
KINDS.add("notes below", lambda data, _: data + b"Source: a bureau\n")
KINDS.add("notes below, of full width", lambda data, _: data + written([["Note"] * 900]))


@_of_rows("header with other blanks and line breaks")
def _(rows: Rows, _random: Random) -> Rows:
    return [[f" {cell}\u00a0\n" for cell in rows[0]], *rows[1:]]


@_of_rows("header in capitals")
def _(rows: Rows, _random: Random) -> Rows:
    return [[cell.upper() for cell in rows[0]], *rows[1:]]


@_of_rows("header of another year")
def _(rows: Rows, _random: Random) -> Rows:
    years = {"11": "21", "19": "24", "21": "11", "24": "19", "25": "15", "17": "24", "16": "09"}
    return [
        [re.sub("|".join(years), lambda year: years[year[0]], cell) for cell in rows[0]],
        *rows[1:],
    ]


def _times(cell: str, factor: float) -> str:
    return f"{float(cell.replace(',', '')) * factor:.12g}" if _is(cell) else cell


# --- Cells ----------------------------------------------------------------------------------------

_of_cell("NUL in a number", "\0{}")
_of_cell("NUL in a code", "{}\0", code=True)
_of_cell("field of 140,000 characters", "x" * 140_000)
_of_cell("field of 3,000,000 characters", "9" * 3_000_000)
_of_cell("number with a decimal comma", lambda cell: f"{cell.replace('.', '')},5")
_of_cell("number with a unit", "{} %")
_of_cell("number as a date", "01-Feb")
_of_cell("number with digits of another script", "１２")
_of_cell("number of infinite size", "1e999")
_of_cell("number of a hundred digits", "9" * 101)
_of_cell("number: inf", "inf")
_of_cell("number: NaN", "NaN")
_of_cell("number: #N/A", "#N/A")
_of_cell("number: hexadecimal", "0x1F")
_of_cell("number: a formula", "={}+0")
_of_cell("number: suppressed", "c")
_of_cell("number: missing", "")
_of_cell("number: zero", "0")
_of_cell("number negative", "-{}")
_of_cell("one number x100", lambda cell: _times(cell, 100))
_of_cell("code in small letters", lambda cell: cell.lower(), code=True)
_of_cell("code with O for 0", lambda cell: cell.replace("0", "O"), code=True)
_of_cell("code missing", "", code=True)
_of_cell("code cut", lambda cell: cell[:-1], code=True)
_of_cell("code of another nation", lambda cell: f"E{cell[1:]}", code=True)
_of_cell("code with blanks round it", " {}\u00a0", code=True)
_of_cell("code with a mark of direction", "\u202e{}", code=True)
_of_cell("code: a statement of SQL", "{}'; drop table raw.x; --", code=True)

# --- Rows and columns -----------------------------------------------------------------------------


@_of_rows("row dropped")
def _(rows: Rows, random: Random) -> Rows:
    del rows[random.randrange(1, len(rows))]
    return rows


@_of_rows("hundred rows dropped")
def _(rows: Rows, _random: Random) -> Rows:
    return rows[:1] + rows[101:] if len(rows) > 101 else rows[: len(rows) // 2]


@_of_rows("row doubled")
def _(rows: Rows, random: Random) -> Rows:
    at = random.randrange(1, len(rows))
    return [*rows[:at], rows[at], *rows[at:]]


@_of_rows("row in place of another")
def _(rows: Rows, random: Random) -> Rows:
    one, other = random.sample(range(1, len(rows)), 2)
    rows[one] = rows[other]
    return rows


@_of_rows("rows in another order")
def _(rows: Rows, random: Random) -> Rows:
    body = rows[1:]
    random.shuffle(body)
    return [rows[0], *body]


@_of_rows("codes of two rows swapped")
def _(rows: Rows, random: Random) -> Rows:
    one, other = random.sample(range(1, len(rows)), 2)
    code = coded(rows)
    rows[one][code], rows[other][code] = rows[other][code], rows[one][code]
    return rows


@_of_rows("row with a value too many")
def _(rows: Rows, random: Random) -> Rows:
    random.choice(rows[1:]).append("0")
    return rows


@_of_rows("row with a value too few")
def _(rows: Rows, random: Random) -> Rows:
    random.choice(rows[1:]).pop()
    return rows


@_of_rows("column dropped")
def _(rows: Rows, random: Random) -> Rows:
    column = numeric(rows, random)
    return [row[:column] + row[column + 1 :] for row in rows]


@_of_rows("column doubled")
def _(rows: Rows, random: Random) -> Rows:
    column = numeric(rows, random)
    return [[*row, row[column]] for row in rows]


@_of_rows("columns in another order")
def _(rows: Rows, random: Random) -> Rows:
    order = [*range(len(rows[0]))]
    random.shuffle(order)
    return [[row[n] for n in order] for row in rows]


@_of_rows("headers of two columns swapped")
def _(rows: Rows, random: Random) -> Rows:
    one = numeric(rows, random)
    other = next(
        (n for n in random.sample(range(len(rows[0])), len(rows[0])) if rows[0][n] != rows[0][one]),
        one,
    )
    rows[0][one], rows[0][other] = rows[0][other], rows[0][one]
    return rows


@_of_rows("two columns of numbers swapped")
def _(rows: Rows, random: Random) -> Rows:
    one = numeric(rows, random)
    other = next((n for _ in range(50) if (n := numeric(rows, random)) != one), one)
    rows[0][one], rows[0][other] = rows[0][other], rows[0][one]
    return rows


@_of_rows("column of numbers shifted by a row")
def _(rows: Rows, random: Random) -> Rows:
    column = numeric(rows, random)
    values = [row[column] for row in rows[1:]]
    for row, value in zip(rows[1:], values[-1:] + values, strict=False):
        row[column] = value
    return rows


@_of_rows("column of codes shifted by a row")
def _(rows: Rows, _random: Random) -> Rows:
    column = coded(rows)
    values = [row[column] for row in rows[1:]]
    for row, value in zip(rows[1:], values[-1:] + values, strict=False):
        row[column] = value
    return rows


@_of_rows("20,000 columns")
def _(rows: Rows, _random: Random) -> Rows:
    more = [f"c{n}" for n in range(20_000)]
    return [rows[0] + more, *([*row, *([""] * 20_000)] for row in rows[1:200])]


@_of_rows("20,000 headers")
def _(rows: Rows, _random: Random) -> Rows:
    return [rows[0] + [f"c{n}" for n in range(20_000)], *rows[1:]]


@_of_rows("1,900 columns more")
def _(rows: Rows, _random: Random) -> Rows:
    more = [f"c{n}" for n in range(1_900)]
    return [rows[0] + more, *([*row, *([""] * 1_900)] for row in rows[1:])]


@_of_rows("a hundred times the rows")
def _(rows: Rows, _random: Random) -> Rows:
    return rows[:1] + 100 * rows[1:]


# --- Units and ranks ------------------------------------------------------------------------------

_of_column("unit x10", lambda number: 10 * number)
_of_column("unit x100", lambda number: 100 * number)
_of_column("unit x1000", lambda number: 1000 * number)
_of_column("unit /100", lambda number: number / 100)
_of_column("sign turned", lambda number: -number)
_of_column("numbers rounded", lambda number: float(round(number, 1)))
_of_column("numbers off by one", lambda number: number + 1)


def _ranks(rows: Rows, random: Random) -> int:
    """A column of ranks, where there is one; else any of numbers."""
    found = [n for n, cell in enumerate(rows[0]) if "rank" in cell.lower()]
    return random.choice(found) if found else numeric(rows, random)


@_of_rows("ranks off by one")
def _(rows: Rows, random: Random) -> Rows:
    column = _ranks(rows, random)
    for row in rows[1:]:
        if _is(row[column]):
            row[column] = f"{float(row[column].replace(',', '')) + 1:.12g}"
    return rows


@_of_rows("ranks reversed")
def _(rows: Rows, random: Random) -> Rows:
    column = _ranks(rows, random)
    numbers = [float(row[column].replace(",", "")) for row in rows[1:] if _is(row[column])]
    for row in rows[1:]:
        if _is(row[column]):
            value = max(numbers, default=0) + 1 - float(row[column].replace(",", ""))
            row[column] = f"{value:.12g}"
    return rows


@_of_rows("two ranks swapped")
def _(rows: Rows, random: Random) -> Rows:
    column = _ranks(rows, random)
    one, other = random.sample(range(1, len(rows) - 1), 2)
    rows[one][column], rows[other][column] = rows[other][column], rows[one][column]
    return rows
