"""What differs between two releases: warehouse by table, exports by file, pages by text.

The proof that a change of code changed no figure, and the answer to what a new release changed.
What says when and by which code a release was made differs always, and is left out (``BY_NATURE``).
"""

from __future__ import annotations

import base64
import gzip
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb

from orchestration.layout import (
    CHECKSUMS,
    DOCUMENTATION,
    EXPLORER,
    EXPORTS,
    MANIFEST,
    WAREHOUSE,
    read_manifest,
)
from orchestration.problems import UsageError
from orchestration.queries import quoted

# Columns that say when and by which code a release was made, in tables and in exports.
BY_NATURE = (
    "release_id",
    "content_id",
    "built_at",
    "code_version",
    "git_commit",
    "retrieved_at",
    "checked_at",
    "estimated_on",
)
FOLDERS = (EXPORTS, EXPLORER, DOCUMENTATION)
EXAMPLES = 3
# Columns of an example that are shown in any case: in our tables, what the row is about.
LEADING = 3
CONTEXT = 60


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same: where, and what stands on either side."""

    where: str
    what: str


def compare(a: Path, b: Path, renamed: Mapping[str, str] | None = None) -> list[Difference]:
    """Every difference between two releases, in the order of their files.

    Args:
        a: Folder of a release.
        b: Folder of another.
        renamed: Names of columns of ``a`` to those of ``b``.

    Raises:
        UsageError: a folder is no release.
    """
    renamed = renamed or {}
    found: list[Difference] = []
    with duckdb.connect() as connection:
        for name, release in (("a", a), ("b", b)):
            for needed in (MANIFEST, WAREHOUSE):
                if not (release / needed).is_file():
                    raise UsageError(f"{release} is no release: it has no {needed}")
            file = quoted(str(release / WAREHOUSE))
            connection.execute(f"attach '{file}' as {name} (read_only)")
        found += _tables(connection, renamed)
        words = [_words_of(release) for release in (a, b)]
        files = [_files(release) for release in (a, b)]
        for name in sorted({*files[0], *files[1]}):
            if missing := [
                side for side, names in zip("AB", files, strict=True) if name not in names
            ]:
                found.append(Difference(name, f"not in {missing[0]}"))
            elif name.endswith((".csv", ".parquet")):
                found += _relations(connection, name, a / name, b / name, renamed)
            elif name.endswith(".gpkg"):
                found += _geopackages(name, a / name, b / name, renamed)
            elif name.endswith(".xlsx"):
                found += _workbooks(name, a / name, b / name, words, renamed)
            else:
                texts = [
                    _neutral((release / name).read_text(encoding="utf-8"), own)
                    for release, own in zip((a, b), words, strict=True)
                ]
                found += _texts(name, _with(texts[0], renamed), texts[1])
    return found


def _tables(
    connection: duckdb.DuckDBPyConnection, renamed: Mapping[str, str]
) -> Iterator[Difference]:
    tables = {
        side: {
            f"{schema}.{table}"
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = ?",
                [side],
            ).fetchall()
        }
        for side in "ab"
    }
    for table in sorted(tables["a"] ^ tables["b"]):
        yield Difference(table, f"only in {'A' if table in tables['a'] else 'B'}")
    for table in sorted(tables["a"] & tables["b"]):
        yield from _relation(connection, table, f"a.{table}", f"b.{table}", renamed)


def _relations(
    connection: duckdb.DuckDBPyConnection, name: str, a: Path, b: Path, renamed: Mapping[str, str]
) -> Iterator[Difference]:
    """Two files of rows. They are opened by hand-over, so that no name is taken for a pattern."""
    import pandas as pd
    import pyarrow.parquet

    for side, file in (("file_a", a), ("file_b", b)):
        rows = (
            pd.read_csv(file, dtype=str, keep_default_na=False)
            if file.suffix == ".csv"
            else pyarrow.parquet.ParquetFile(file).read()
        )
        connection.register(side, rows)
    yield from _relation(connection, name, "file_a", "file_b", renamed)
    connection.unregister("file_a")
    connection.unregister("file_b")


def _relation(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    a: str,
    b: str,
    renamed: Mapping[str, str],
) -> Iterator[Difference]:
    """Columns, their types, and the rows, each as often as it stands there."""
    columns = {
        side: {
            column[0]: str(column[1])
            for column in connection.execute(f"select * from {relation} limit 0").description or ()
            if column[0] not in BY_NATURE
        }
        for side, relation in (("a", a), ("b", b))
    }
    pairs = {column: renamed.get(column, column) for column in columns["a"]}
    for column, other in pairs.items():
        if other not in columns["b"]:
            yield Difference(name, f"column {column} only in A")
        elif columns["a"][column] != columns["b"][other]:
            types = f"{columns['a'][column]} and {columns['b'][other]}"
            yield Difference(name, f"column {column} is {types}")
    for column in columns["b"]:
        if column not in pairs.values():
            yield Difference(name, f"column {column} only in B")
    common = {column: other for column, other in pairs.items() if other in columns["b"]}
    if not common:
        return
    chosen = {"A": _selected(common, a), "B": _selected(common.values(), b)}
    counts: dict[str, int] = {}
    examples: dict[str, list[tuple[Any, ...]]] = {}
    for side, other in (("A", "B"), ("B", "A")):
        left = f"({chosen[side]} except all {chosen[other]})"
        ((counts[side],),) = connection.execute(f"select count(*) from {left}").fetchall()
        rows = connection.execute(f"select * from {left} order by all limit {EXAMPLES}")
        examples[side] = rows.fetchall()
    # In the same order, a row and its changed self mostly stand side by side.
    changed = {
        place
        for one, other_row in zip(examples["A"], examples["B"], strict=False)
        for place in range(len(common))
        if one[place] != other_row[place]
    }
    for side, names in (("A", list(common)), ("B", list(common.values()))):
        if counts[side]:
            shown = "; ".join(
                ", ".join(
                    f"{names[place]} {value}"
                    for place, value in enumerate(row)
                    if place < LEADING or place in changed
                )
                for row in examples[side]
            )
            yield Difference(name, f"{counts[side]:,} rows only in {side}, such as {shown}")


def _selected(columns: Iterable[str], relation: str) -> str:
    return "select " + ", ".join(f'"{column}"' for column in columns) + f" from {relation}"


def _geopackages(name: str, a: Path, b: Path, renamed: Mapping[str, str]) -> Iterator[Difference]:
    read = [dict(_layers(file)) for file in (a, b)]
    for layer in sorted({*read[0], *read[1]}):
        one, other = (layers.get(layer, []) for layers in read)
        mapped = [{renamed.get(key, key): value for key, value in row.items()} for row in one]
        yield from _rows(f"{name}, {layer}", mapped, other)


def _layers(file: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The tables that hold features or attributes; the others are those of the format."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        layers = connection.execute("select table_name from gpkg_contents order by 1").fetchall()
        for (layer,) in layers:
            rows = connection.execute(f'select * from "{layer}"').fetchall()
            yield (
                layer,
                [
                    {key: row[key] for key in row.keys() if key not in BY_NATURE}  # noqa: SIM118
                    for row in rows
                ],
            )


def _workbooks(
    name: str, a: Path, b: Path, words: list[list[str]], renamed: Mapping[str, str]
) -> Iterator[Difference]:
    from python_calamine import CalamineWorkbook

    books = [CalamineWorkbook.from_path(file) for file in (a, b)]
    if books[0].sheet_names != books[1].sheet_names:
        yield Difference(name, f"sheets {books[0].sheet_names} and {books[1].sheet_names}")
    for sheet in books[0].sheet_names:
        if sheet in books[1].sheet_names:
            one, other = (
                [[_neutral(str(cell), own) for cell in row] for row in read]
                for read, own in zip(
                    (book.get_sheet_by_name(sheet).to_python() for book in books),
                    words,
                    strict=True,
                )
            )
            mapped = [[_with(cell, renamed) for cell in row] for row in one]
            yield from _rows(f"{name}, {sheet}", mapped, other)


def _rows(where: str, a: list[Any], b: list[Any]) -> Iterator[Difference]:
    """The first row that differs, and how many do."""
    differing = [pair for pair in zip_longest(a, b) if pair[0] != pair[1]]
    if differing:
        one, other = differing[0]
        yield Difference(where, f"{len(differing):,} rows differ, such as {one} and {other}")


def _texts(name: str, a: str, b: str) -> Iterator[Difference]:
    if a == b:
        return
    at = next(
        (place for place, (one, other) in enumerate(zip(a, b, strict=False)) if one != other),
        min(len(a), len(b)),
    )
    begin = max(0, at - CONTEXT)
    shown = [repr(text[begin : at + CONTEXT]) for text in (a, b)]
    yield Difference(name, f"from character {at:,}: {shown[0]} and {shown[1]}")


def _files(release: Path) -> set[str]:
    return {
        file.relative_to(release).as_posix()
        for folder in FOLDERS
        for file in (release / folder).rglob("*")
        if file.is_file() and file.name != CHECKSUMS
    }


def _words_of(release: Path) -> list[str]:
    """What says when and by which code: of the release, and of its inputs."""
    manifest = read_manifest(release)
    own = [str(manifest[name]) for name in BY_NATURE if manifest.get(name)]
    # As a workbook shows it.
    own += manifest.get("content_ids", {}).values()
    own.append(manifest["built_at"][:19].replace("T", " "))
    return [*own, *{str(source["retrieved_at"]) for source in manifest["inputs"]}]


def _neutral(text: str, words: list[str]) -> str:
    """The text without the words of its release, and without checksums that follow from them.

    What a page holds packed is unpacked, so that a difference can be read.
    """
    text = re.sub(r"(?<=>)H4sI[\w+/]+=*(?=<)", _unpacked, text)
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "~")
    text = re.sub(r"sha256-[\w+/]+=", "~", text)
    return re.sub(r'"(hash|bytes)": ("[^"]*"|\d+)', r'"\1": ~', text)


def _unpacked(packed: re.Match[str]) -> str:
    # Some of it is text, and some is numbers.
    return gzip.decompress(base64.b64decode(packed[0])).decode("latin-1")


def _with(text: str, renamed: Mapping[str, str]) -> str:
    for old, new in renamed.items():
        text = re.sub(rf"\b{re.escape(old)}\b", new, text)
    return text
