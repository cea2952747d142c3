"""What hostile files must not do to a reader: one test for each kind of harm that was found.

Hundreds of mutants of every format, and thousands of changed bytes, are tried in tests/slow.
"""

from __future__ import annotations

import io
import json
import math
import sqlite3
import struct
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from orchestration.problems import Problem, RefreshError
from orchestration.raw import raw_file
from orchestration.raw.raw_file import RawFile
from tests.support.build import REGISTRY
from tests.support.fuzz import fuzz, fuzzed_files
from tests.support.mutations import File, base_files
from tests.support.trial import read

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

FORMATS = (
    "index",
    "lookup",
    "population",
    "outcome",
    "indicators, wide",
    "summary",
    "zip of tables",
    "workbook",
    "GeoJSON",
    "GeoPackage",
    "zipped shapefile",
)
Files = dict[tuple[str, str], File]


@pytest.fixture(scope="module")
def files(sample_inbox: Path) -> Files:
    return base_files(REGISTRY, sample_inbox)


def refusal(file: File, data: bytes) -> Problem:
    with pytest.raises(RefreshError) as failure:
        read(File(file.source_id, file.suffix, data))
    (problem,) = failure.value.problems
    assert problem.where.startswith(f"source {file.source_id}, file {file.source_id}{file.suffix}")
    return problem


def test_every_format_is_fuzzed(files: Files) -> None:
    assert set(FORMATS) == set(fuzzed_files(files))


@pytest.mark.parametrize("format_", FORMATS)
def test_changed_bytes_are_read_or_refused_and_nothing_else(files: Files, format_: str) -> None:
    fate, told = fuzz(fuzzed_files(files)[format_], range(40))
    assert fate != "FLAW", told


# --- What is said ---------------------------------------------------------------------------------


def test_what_is_said_of_a_file_is_short_enough_to_be_read() -> None:
    problem = Problem("a.csv", "x" * 3_000_000, "y", "z")
    assert len(str(problem)) < 3_000
    assert "2,998,000 characters more" in problem.found


def test_what_is_said_of_a_file_holds_nothing_that_a_terminal_obeys() -> None:
    problem = Problem("a.csv", "\x1b]0;title\x07\x9b31m\rover\nand\tout", "y", "z")
    assert problem.found == "\\x1b]0;title\\x07\\x9b31m\\rover\nand\tout"


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x07", "\x08", "\x7f", "\x0b"])
def test_a_name_that_a_terminal_would_obey_is_refused_with_its_line(
    files: Files, sign: str
) -> None:
    file = files["lad24_rgn24", ".csv"]
    spoilt = file.data.replace(b"Oldersea", f"Old{sign}sea".encode())
    found = refusal(file, spoilt).found
    assert found == f"line 4 has a control character ({ord(sign[0]):#04x})"


# --- Archives -------------------------------------------------------------------------------------


def archive(content: bytes, says: int | None = None) -> RawFile:
    """An archive of one member, whose index says that it has so many bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.csv", content)
    data = bytearray(held.getvalue())
    if says is not None:
        struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, says)
    return RawFile(bytes(data), ".zip", "source a, file a.zip", "get it again")


def unpacked(file: RawFile) -> bytes:
    return file.members("zip archive")["a.csv"].data


def test_an_archive_that_says_it_is_too_large_is_refused_unopened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(raw_file, "LARGEST_UNPACKED", 1_000)
    assert unpacked(archive(bytes(1_000))) == bytes(1_000)
    with pytest.raises(RefreshError, match="more than 1,000 bytes when unpacked"):
        unpacked(archive(bytes(1_001)))


def test_of_an_archive_no_more_is_unpacked_than_its_index_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    read_of = zipfile.ZipExtFile.read

    def noted(self: zipfile.ZipExtFile, count: int | None = -1) -> bytes:
        asked.append(count)
        return read_of(self, count)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", noted)
    with pytest.raises(RefreshError, match="Bad CRC-32"):
        unpacked(archive(bytes(5_000_000), says=1_000))
    assert asked == [1_001]


# --- Boundaries -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("areas", "create view areas as select * from hidden"),
        (
            "areas",
            "create view areas as with recursive n(i) as (select 1 union all select i + 1 from n) "
            "select hidden.* from n, hidden",
        ),
        ("rtree_areas", "create virtual table rtree_areas using fts5(a)"),
    ],
    ids=["a view", "a view without end", "a virtual table named like an index"],
)
def test_a_geopackage_whose_rows_are_computed_is_refused(
    files: Files, tmp_path: Path, name: str, statement: str
) -> None:
    file = files["boundary_lad24", ".gpkg"]
    path = tmp_path / "areas.gpkg"
    path.write_bytes(file.data)
    with closing(sqlite3.connect(path)) as database:
        for (trigger,) in database.execute(
            "select name from sqlite_master where type = 'trigger'"
        ).fetchall():
            database.execute(f'drop trigger "{trigger}"')
        database.execute("alter table areas rename to hidden")
        database.execute(statement)
        database.commit()
    assert refusal(file, path.read_bytes()).found == f"views or virtual tables: {name}"


def test_a_coordinate_that_lies_nowhere_is_refused_with_its_feature(files: Files) -> None:
    file = files["boundary_lad24", ".geojson"]
    collection = json.loads(file.data)
    feature = collection["features"][3]
    feature["geometry"]["coordinates"][0].insert(1, [1e308, 54.0])
    found = refusal(file, json.dumps(collection).encode()).found
    assert found.startswith("no area in EPSG:27700: 1, the first: ")
    assert f"{feature['properties']['ltla24_code']} (feature 4)" in found


def test_an_area_of_as_many_vertices_as_the_finest_boundaries_is_read(files: Files) -> None:
    file = files["boundary_lad24", ".geojson"]
    collection = json.loads(file.data)
    count = 300_000
    ring = [
        [
            round(2 + 0.1 * math.cos(n * 2 * math.pi / count), 12),
            round(54 + 0.1 * math.sin(n * 2 * math.pi / count), 12),
        ]
        for n in range(count)
    ]
    collection["features"] = collection["features"][:1]
    collection["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    rows = read(File(file.source_id, file.suffix, json.dumps(collection).encode()))
    assert len(rows["boundary"]) == 1
