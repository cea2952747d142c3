"""From vault files to raw tables and the build database: whole and true, or as before."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.build.database import load_build, open_build
from orchestration.modelling.seeds import load_methodology
from orchestration.problems import RefreshError
from orchestration.raw import readers
from orchestration.raw.readers import RAW_TABLES, TABLES_OF_KIND, read_all
from orchestration.settings import Settings
from orchestration.sources.registry import Registry, load_registry
from orchestration.sources.vault import Vault, VaultFile

REGISTRY = load_registry("sample")
METHODOLOGY = load_methodology()
# One source of each kind, and small ones.
FEW = ("cni2019", "lad24_rgn24", "population_mid2019", "boundary_lad24")
CNI, LOOKUP, POPULATION, SHAPES = FEW

Rows = list[tuple[Any, ...]]
Spoil = Callable[[str], str]


@dataclass(frozen=True)
class Loaded:
    """The whole sample in raw tables, with the vault that it came from."""

    connection: duckdb.DuckDBPyConnection
    vault: Vault
    files: dict[str, VaultFile]

    def rows(self, query: str, *parameters: object) -> Rows:
        return self.connection.execute(query, list(parameters)).fetchall()

    def text(self, source_id: str) -> str:
        return self.vault.path_of(self.files[source_id]).read_bytes().decode("utf-8-sig")

    def line(self, source_id: str, number: int) -> dict[str, str]:
        """A line of a file by its number in a text editor, under its headers."""
        lines = self.text(source_id).split("\n")
        header, values = csv.reader(io.StringIO(lines[0] + "\n" + lines[number - 1], newline=""))
        return {key.strip(): value for key, value in zip(header, values, strict=True) if key}


@pytest.fixture(scope="module")
def loaded(sample_inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    settings = Settings("sample", tmp_path_factory.mktemp("data"), sample_inbox)
    vault = Vault(settings, REGISTRY)
    files = vault.take_all()
    with duckdb.connect() as connection:
        read_all(connection, REGISTRY, vault, files, METHODOLOGY)
        yield Loaded(connection, vault, {file.source_id: file for file in files})


# --- What arrives ---------------------------------------------------------------------------------


def test_every_source_arrives_with_all_lines_of_its_file_in_the_tables_of_its_kind(
    loaded: Loaded,
) -> None:
    expected = {
        "imd2015": 2933,
        "imd2019": 2933,
        "imd2025": 3007,
        "cni2019": 600,
        "cni2023": 3007,
        "imd2019_indicators": 2933,
        "imd2025_indicators": 3007,
        "cni2019_indicators": 600,
        # Long, ten indicators on the largest of its sheets, which number their rows alike.
        "cni2023_indicators": 10 * 3007,
        # Their sheets number their rows alike.
        "imd2019_summary": 26,
        "imd2025_summary": 24,
        "census2021_qualifications": 3007 + 40,
        "census2021_ns_sec": 3007 + 40,
        "census2021_tenure": 3007 + 40,
        "census2021_disability": 3047,
        "claimants_2019": 2933,
        "claimants_2022": 2933,
        "lsoa11_ward17_lad17": 2933 + 40,
        "lsoa11_lsoa21": 3016 + 40,
        "lsoa21_ward24_lad24": 3007 + 40,
        "lsoa21_pcon24": 3007 + 40,
        "lsoa21_ward25_lad25": 3007 + 40,
        "lsoa21_icb24": 3007,
        "lad23_cauth23": 9,
        "lsoa21_ruc21": 3007 + 40,
        "msoa21_names": 600 + 8,
        "onspd": 5 * 3007 + 40 + 2,
        "pride_in_place_phase1": 5,
        "pride_in_place_phase2": 29,
        "lsoa21_msoa21": 3007 + 40,
        "lad24_rgn24": 24,
        "lad19_rgn19": 26,
        "lad_changes": 27 + 2,
        "oa11_lsoa11": 14_656 + 40,
        "oa11_ward17": 14_656 - 25,
        "population_mid2019": 2933 + 40 + 1,
        "population_2011_oa11": 14_656,
        "boundary_lsoa21": 3007,
        "boundary_ward17": 600,
        "boundary_lad24": 24,
    }
    assert set(expected) == {source.id for source in REGISTRY.sources}
    for table in RAW_TABLES:
        counted: dict[str, int] = dict(
            loaded.rows(
                # Postcodes come in several members, which number their lines alike.
                f"select source_id, count(distinct "
                f"{'postcode' if table == 'postcode' else 'line_number'}) "
                f"from raw.{table} group by all"
            )
        )
        assert counted == {
            source.id: expected[source.id]
            for source in REGISTRY.sources
            if table in TABLES_OF_KIND[source.kind]
        }


def test_each_line_gives_one_row_for_each_measure_and_each_link(loaded: Loaded) -> None:
    for table in ("index_area", "population", "boundary"):
        assert loaded.rows(
            f"select count(*) = count(distinct (source_id, line_number)) from raw.{table}"
        ) == [(True,)]
    measures = loaded.rows(
        "select source_id, list(distinct measure), count(*) / count(distinct line_number) "
        "from raw.index_measure group by 1"
    )
    for source_id, names, times in measures:
        declared = REGISTRY.source(source_id).measures
        assert (set(names), times) == (set(declared), len(declared))
    links = loaded.rows(
        "select source_id, list(distinct (from_type, to_type, relation)), "
        "count(*) / count(distinct line_number) from raw.lookup group by 1"
    )
    for source_id, kinds, times in links:
        declared_links = REGISTRY.source(source_id).links
        assert set(kinds) == {(link.from_[0], link.to[0], link.relation) for link in declared_links}
        assert times == len(declared_links)


def test_the_rows_of_the_nation_are_as_many_as_the_registry_says(loaded: Loaded) -> None:
    codes = {"index_area": "area_code", "lookup": "from_code", "population": "area_code"}
    codes["boundary"] = "area_code"
    for table, code in codes.items():
        for source_id, count in loaded.rows(
            f"select source_id, count(distinct line_number) from raw.{table} "
            f"where {code} similar to 'X[0-9]{{8}}' group by 1"
        ):
            source = REGISTRY.source(source_id)
            assert count == REGISTRY.rows(source) - REGISTRY.may_lack_rows(source), source_id


def test_rows_of_other_nations_and_totals_are_passed_through(loaded: Loaded) -> None:
    strangers = loaded.rows(
        "select source_id, count(distinct line_number) from raw.lookup "
        "where from_code not like 'X%' group by 1 order by 1"
    )
    assert strangers == [
        ("lad_changes", 2),
        ("lsoa11_lsoa21", 40),
        ("lsoa11_ward17_lad17", 40),
        ("lsoa21_msoa21", 40),
        ("lsoa21_pcon24", 40),
        ("lsoa21_ruc21", 40),
        ("lsoa21_ward24_lad24", 40),
        ("lsoa21_ward25_lad25", 40),
        ("oa11_lsoa11", 40),
    ]
    assert loaded.rows(
        "select left(area_code, 1), count(*) from raw.population "
        "where source_id = 'population_mid2019' group by 1 order by 1"
    ) == [("G", 1), ("X", 2933), ("Y", 40)]
    assert loaded.rows(
        "select area_code from raw.population where area_code not similar to '[XY][0-9]{8}'"
    ) == [("Grand Total",)]


def test_columns_that_only_some_releases_have_are_null_in_the_others(loaded: Loaded) -> None:
    assert loaded.rows(
        "select source_id, count(lad_code) > 0, count(published_flag) > 0, "
        "count(total_population) > 0 from raw.index_area group by 1 order by 1"
    ) == [
        ("cni2019", True, True, False),
        ("cni2023", False, True, False),
        ("imd2015", True, False, True),
        ("imd2019", True, False, True),
        ("imd2025", True, False, True),
    ]
    assert loaded.rows(
        "select distinct source_id from raw.lookup where change_code is not null"
    ) == [("lsoa11_lsoa21",)]


# --- Line numbers and values ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source_id", "area", "score", "rank"),
    [
        (
            "imd2019",
            "LSOA code (2011)",
            "Index of Multiple Deprivation (IMD) Score",
            "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)",
        ),
        (
            "imd2025",
            "LSOA code (2021)",
            "Index of Multiple Deprivation (IMD) Score",
            "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)",
        ),
        (
            "cni2019",
            "ward17_code",
            "Community Needs Index score",
            "Community Needs Index rank",
        ),
        (
            "cni2023",
            "lsoa21_code",
            "Community Needs Index 2023 Score",
            "Community Needs Index 2023 Rank",
        ),
    ],
)
def test_a_figure_of_an_index_is_the_one_in_its_line(
    loaded: Loaded, source_id: str, area: str, score: str, rank: str
) -> None:
    rows = loaded.rows(
        "select line_number, area_code, m.score, m.rank, area_name "
        "from raw.index_measure as m join raw.index_area using (source_id, line_number, area_code) "
        "where source_id = ? and measure = 'overall' order by 1",
        source_id,
    )
    for line_number, area_code, value, position, name in [rows[0], *rows[41::211], rows[-1]]:
        line = loaded.line(source_id, line_number)
        assert area_code == line[area]
        assert name in line.values()
        assert value == float(line[score])
        assert position == int(line[rank])
    # Without blank lines, every line after the header is there.
    assert [row[0] for row in rows] == list(range(2, len(rows) + 2))


def test_each_measure_is_read_from_its_own_columns(loaded: Loaded) -> None:
    line = loaded.line("imd2025", 1500)
    got = loaded.rows(
        "select measure, score, rank, decile from raw.index_measure "
        "where source_id = 'imd2025' and line_number = 1500"
    )
    stems = {"health": "Health Deprivation and Disability", "crime": "Crime"}
    stems["children"] = "Children and Young People Sub-domain"
    values = {measure: rest for measure, *rest in got}
    for measure, stem in stems.items():
        own = {name: value for name, value in line.items() if name.startswith(f"{stem} ")}
        expected = [
            float(next(value for name, value in own.items() if name.startswith(f"{stem} {part}")))
            for part in ("Score", "Rank", "Decile")
        ]
        assert values[measure] == expected


@pytest.mark.parametrize(
    ("source_id", "to_type", "columns"),
    [
        (
            "lsoa11_lsoa21",
            "lsoa21",
            ("LSOA11CD", "LSOA11NM", "LSOA21CD", "LSOA21NM", "CHGIND"),
        ),
        ("lsoa21_ward24_lad24", "ward24", ("LSOA21CD", "LSOA21NM", "WD24CD", "WD24NM", None)),
        ("lsoa21_msoa21", "lad22", ("MSOA21CD", "MSOA21NM", "LAD22CD", "LAD22NM", None)),
    ],
)
def test_a_link_of_a_lookup_is_the_one_in_its_line(
    loaded: Loaded, source_id: str, to_type: str, columns: tuple[str | None, ...]
) -> None:
    rows = loaded.rows(
        "select line_number, from_code, from_name, to_code, to_name, change_code from raw.lookup "
        "where source_id = ? and to_type = ? order by 1",
        source_id,
        to_type,
    )
    for line_number, *values in [*rows[::307], rows[-1]]:
        line = loaded.line(source_id, line_number)
        assert values == [name and line[name] for name in columns]


def test_a_population_is_the_one_in_its_line_without_its_separator(loaded: Loaded) -> None:
    rows = loaded.rows(
        "select line_number, area_code, population from raw.population "
        "where source_id = 'population_mid2019' order by 1"
    )
    quoted = 0
    for line_number, area_code, population in rows[::97]:
        line = loaded.line("population_mid2019", line_number)
        quoted += "," in line["pop"]
        assert (area_code, population) == (line["lsoa"], float(line["pop"].replace(",", "")))
    assert quoted


def test_a_shape_is_that_of_its_feature(loaded: Loaded) -> None:
    features = json.loads(loaded.text("boundary_lsoa21"))["features"]
    rows = loaded.rows(
        "select line_number, area_code, area_type, repair is not null from raw.boundary "
        "where source_id = 'boundary_lsoa21' order by 1"
    )
    assert [(number, code) for number, code, _, _ in rows] == [
        (number, feature["properties"]["lsoa21_code"])
        for number, feature in enumerate(features, start=1)
    ]
    assert {area_type for _, _, area_type, _ in rows} == {"lsoa21"}
    assert sum(repaired for *_, repaired in rows) == 1


# --- All or nothing -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A data root with a few files of the sample, to be spoilt."""

    settings: Settings
    registry: Registry
    paths: dict[str, Path]

    @property
    def vault(self) -> Vault:
        return Vault(self.settings, self.registry)

    def spoil(self, source_id: str, change: Spoil) -> None:
        path = self.paths[source_id]
        before = path.read_bytes().decode()
        after = change(before)
        assert after != before
        path.write_bytes(after.encode())

    def read(self, connection: duckdb.DuckDBPyConnection) -> None:
        read_all(connection, self.registry, self.vault, self.vault.take_all(), METHODOLOGY)

    def build(self) -> None:
        load_build(self.settings, self.registry, self.vault, self.vault.take_all())

    def build_files(self) -> dict[str, bytes]:
        folder = self.settings.build
        return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def place(sample_inbox: Path, tmp_path: Path) -> Place:
    settings = Settings("sample", tmp_path / "data", tmp_path / "inbox")
    settings.inbox.mkdir()
    sources = tuple(REGISTRY.source(source_id) for source_id in FEW)
    registry = REGISTRY.model_copy(update={"sources": sources})
    paths = {}
    for source in sources:
        (found,) = (
            path for path in sample_inbox.rglob("*") if path.is_file() and source.takes(path.name)
        )
        paths[source.id] = Path(shutil.copyfile(found, settings.inbox / found.name))
    return Place(settings, registry, paths)


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, Rows]:
    return {
        table: connection.execute(f"select * from raw.{table} order by all").fetchall()
        for table in RAW_TABLES
    }


def score_to_text(text: str) -> str:
    return text.replace("X05000003,", "X05000003,bad,worse,", 1)


def people_to_text(text: str) -> str:
    head, _, tail = text.partition("X01000001,")
    return head + "X01000001,many\n" + tail.split("\n", 1)[1]


SPOILT: list[tuple[str, Spoil]] = [
    (CNI, score_to_text),
    (LOOKUP, lambda text: text.replace("ltla24_code", "ltla23_code")),
    (POPULATION, people_to_text),
    (SHAPES, lambda text: text[:-100]),
]


@pytest.mark.parametrize(
    ("has_flags", "may_lack", "expected"),
    [(True, True, 23), (False, True, None), (True, False, 23), (False, False, 23)],
)
def test_flags_are_counted_unless_the_file_may_lack_them_and_does(
    place: Place, *, has_flags: bool, may_lack: bool, expected: int | None
) -> None:
    cni, *others = place.registry.sources
    if may_lack:
        cni = cni.model_copy(update={"may_lack": ("published_flag",)})
    if not has_flags:
        place.spoil(CNI, lambda text: re.sub(r"(?m),(TRUE|FALSE)(?=\r?$)", ",", text))
    registry = place.registry.model_copy(update={"sources": (cni, *others)})
    replace(place, registry=registry).build()
    with open_build(place.settings, read_only=True) as build:
        assert build.execute(
            "select published_flags from meta.expected_source where source_id = $1", [CNI]
        ).fetchall() == [(expected,)]


@pytest.mark.parametrize("name", ["data[12]", "data*", "data1'\"%{x}", "{data1}"])
def test_a_folder_named_like_a_pattern_is_read_and_not_its_neighbour(
    place: Place, tmp_path: Path, name: str
) -> None:
    place.build()
    one, other = (replace(place.settings, data=tmp_path / each) for each in (name, "data1"))
    (path,) = (place.settings.vault / POPULATION).glob("*.csv")
    for settings in (one, other):
        shutil.copytree(place.settings.root, settings.root)
    neighbour = other.vault / POPULATION / path.name
    neighbour.chmod(0o644)
    neighbour.write_bytes(re.sub(rb"(?m)[0-9]$", b"", path.read_bytes()))
    here = Place(one, place.registry, place.paths)
    here.build()
    with open_build(one, read_only=True) as read, open_build(place.settings) as expected:
        assert contents(read) == contents(expected)


def test_a_file_that_its_reader_refuses_is_set_apart_and_the_others_stay(place: Place) -> None:
    good = place.paths[POPULATION].read_bytes()
    place.spoil(POPULATION, lambda text: text.replace(",", ";"))
    with pytest.raises(RefreshError) as failure:
        place.build()
    kept = {path.parent.name for path in place.settings.vault.glob("*/*.json")}
    assert kept == set(FEW) - {POPULATION}
    folder = place.settings.refused / POPULATION
    spoilt = place.paths[POPULATION].read_bytes()
    told = json.loads((folder / f"{hashlib.sha256(spoilt).hexdigest()}.json").read_text("utf-8"))
    assert (folder / Path(told["path"]).name).read_bytes() == spoilt
    assert (told["origin"], told["source_id"]) == ("inbox", POPULATION)
    assert told["problems"] == [asdict(problem) for problem in failure.value.problems]
    place.paths[POPULATION].write_bytes(good)
    assert {file.issue for file in place.vault.take_all()} == {"first issue seen"}
    place.build()


def test_a_file_of_a_release_stays_in_the_vault_whatever_a_reader_says_of_it(
    place: Place,
) -> None:
    """Then it is the reader that changed."""
    place.spoil(POPULATION, lambda text: text.replace(",", ";"))
    files = place.vault.take_all()
    release = place.settings.releases / "sample-0"
    release.mkdir(parents=True)
    manifest = {"inputs": [asdict(file) for file in files]}
    (release / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    with pytest.raises(RefreshError):
        place.build()
    assert all(place.vault.path_of(file).exists() for file in files)
    assert not place.settings.refused.exists()


def test_a_file_that_was_changed_in_the_vault_is_not_read(place: Place) -> None:
    """Even where the inbox has the file as it was, so that it is taken without a look."""
    place.build()
    before = place.build_files()
    (stored,) = (place.settings.vault / POPULATION).glob("*.csv")
    stored.chmod(0o644)
    stored.write_bytes(stored.read_bytes().replace(b"1", b"2"))
    with pytest.raises(RefreshError) as failure:
        place.build()
    (problem,) = failure.value.problems
    assert problem.where == f"source {POPULATION}, file {stored}"
    assert problem.expected.startswith(f"sha256 {stored.stem}")
    assert place.build_files() == before


@pytest.mark.parametrize(
    ("error", "is_at_fault"),
    [
        (KeyError("ward"), True),
        (RecursionError("too deep"), True),
        (OSError(errno.EINVAL, "Invalid"), True),
        (MemoryError(), False),
        (duckdb.OutOfMemoryException("failed to allocate"), False),
    ],
    ids=str,
)
def test_whatever_a_reader_raises_names_the_file_and_what_to_do(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: Exception, is_at_fault: bool
) -> None:
    def raises(job: object) -> None:
        raise error

    monkeypatch.setitem(readers._READERS, "lookup", raises)
    with pytest.raises(RefreshError) as failure:
        place.build()
    (problem,) = failure.value.problems
    assert problem.where.startswith(f"source {LOOKUP}, file ")
    assert type(error).__name__ in problem.found
    assert problem.remedy == place.registry.source(LOOKUP).again
    # A good file is not lost to the vault because the machine had no room for it.
    assert place.settings.refused.exists() == is_at_fault
    assert any((place.settings.vault / LOOKUP).iterdir()) != is_at_fault


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EROFS], ids=errno.errorcode.get)
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_what_the_machine_lacks_is_told_as_such_and_no_file_is_to_blame(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: int, is_wrapped: bool
) -> None:
    def full(job: object) -> None:
        error = OSError(code, os.strerror(code), "/somewhere/a file")
        if not is_wrapped:
            raise error
        raise RuntimeError("a library's own") from error

    monkeypatch.setitem(readers._READERS, "lookup", full)
    with pytest.raises(RefreshError) as failure:
        place.build()
    (problem,) = failure.value.problems
    assert problem.where == "/somewhere/a file"
    assert problem.found == os.strerror(code)
    assert not place.settings.refused.exists()
    assert any((place.settings.vault / LOOKUP).iterdir())


def test_the_problems_of_all_files_come_in_one_error(place: Place) -> None:
    for source_id, change in SPOILT:
        place.spoil(source_id, change)
    with duckdb.connect() as connection, pytest.raises(RefreshError, match="4 problems") as failure:
        place.read(connection)
    for problem, source_id in zip(failure.value.problems, FEW, strict=True):
        assert problem.where.startswith(f"source {source_id}, file ")
    assert "line 4 has" in failure.value.problems[0].found
    assert "ltla23_code" in failure.value.problems[1].found
    assert "line 2: 'many'" in failure.value.problems[2].found


# --- The build database ---------------------------------------------------------------------------


@pytest.mark.parametrize(("source_id", "change"), SPOILT, ids=FEW)
def test_a_bad_file_leaves_the_old_build_database_byte_for_byte(
    place: Place, source_id: str, change: Spoil
) -> None:
    place.build()
    before = place.build_files()
    assert set(before) == {"warehouse.duckdb"}
    place.spoil(source_id, change)
    with pytest.raises(RefreshError):
        place.build()
    assert place.build_files() == before


def test_a_bad_file_in_a_first_build_leaves_no_file(place: Place) -> None:
    place.spoil(POPULATION, people_to_text)
    with pytest.raises(RefreshError):
        place.build()
    assert place.build_files() == {}


def test_what_an_interrupted_load_left_behind_is_no_obstacle(place: Place) -> None:
    place.settings.build.mkdir(parents=True)
    (place.settings.build / "warehouse.loading").write_bytes(b"half a database")
    (place.settings.build / "warehouse.loading.wal").write_bytes(b"half a log")
    place.build()
    assert set(place.build_files()) == {"warehouse.duckdb"}


def test_a_new_build_replaces_the_old_one_and_its_log(place: Place) -> None:
    place.build()
    place.spoil(POPULATION, lambda text: text.replace("X01000001,", "X01999999,"))
    (place.settings.build / "warehouse.duckdb.wal").write_bytes(b"")
    place.build()
    assert set(place.build_files()) == {"warehouse.duckdb"}
    with open_build(place.settings, read_only=True) as connection:
        found = connection.execute(
            "select count(*) from raw.population where area_code = 'X01999999'"
        ).fetchall()
    assert found == [(1,)]


def test_the_build_database_says_which_files_it_is_built_from(place: Place) -> None:
    place.build()
    with open_build(place.settings, read_only=True) as connection:
        said = connection.execute(
            "select source_id, sha256, bytes, file_name, origin, retrieved_at, issue "
            "from meta.source_file"
        ).fetchall()
    assert said == [
        (
            file.source_id,
            file.sha256,
            file.bytes,
            file.file_name,
            file.origin,
            file.retrieved_at,
            file.issue,
        )
        for file in place.vault.take_all()
    ]
