"""What differs from the current release, and what of it is held: each band from both sides."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.layout import CURRENT, MANIFEST, MARTS_VERSION, WAREHOUSE
from orchestration.problems import HeldError, UsageError
from orchestration.publish import differences as module
from orchestration.publish.differences import (
    Difference,
    bands,
    differences,
    refuse_held,
    require_subjects,
)
from orchestration.publish.release import changes_since
from orchestration.queries import query_rows
from orchestration.settings import Settings
from tests.support.build import REGISTRY, RELEASE_ID

POPULATION, CNI, LOOKUP = "population_mid2019", "cni2023", "lad24_rgn24"
LSOAS = "lsoa21_imd2025_cni2023"
CHOSEN = "msoa21_pride_imd2019"


@dataclass(frozen=True)
class Candidate:
    """A copy of the sample's build, beside a release of the same figures."""

    build: duckdb.DuckDBPyConnection
    settings: Settings
    release: Path
    inputs: Mapping[str, str]

    def change(self, *statements: str) -> None:
        """Change the build, which is attached read-only to `build`."""
        self.build.execute("use memory")
        self.build.execute("detach build")
        with duckdb.connect(str(self.settings.build_database)) as writer:
            for statement in statements:
                writer.execute(statement)
        self._attach()

    def _attach(self) -> None:
        self.build.execute(f"attach '{self.settings.build_database}' as build (read_only)")
        self.build.execute("use build")

    def found(self, *reissued: str, **manifest: Any) -> list[Difference]:
        """The differences, where these sources have another file than the release."""
        if manifest:
            told = json.loads((self.release / MANIFEST).read_text())
            (self.release / MANIFEST).write_text(json.dumps(told | manifest))
        files = dict(self.inputs) | dict.fromkeys(reissued, "0" * 64)
        return differences(self.build, self.settings, REGISTRY, self.release, files)

    def one(self, *reissued: str, **manifest: Any) -> Difference:
        (found,) = self.found(*reissued, **manifest)
        return found


@pytest.fixture
def candidate(sample_build: Path, sample_warehouse: Path, tmp_path: Path) -> Iterator[Candidate]:
    data = sample_build.parents[2]
    settings = Settings("sample", tmp_path / "data", tmp_path / "inbox")
    settings.build.mkdir(parents=True)
    shutil.copyfile(sample_build, settings.build_database)
    settings.vault.symlink_to(data / "sample" / "vault")
    release = settings.releases / RELEASE_ID
    release.mkdir(parents=True)
    (release / WAREHOUSE).symlink_to(sample_warehouse)
    with duckdb.connect() as build:
        build.execute(f"attach '{settings.build_database}' as build (read_only)")
        build.execute("use build")
        inputs = dict(build.execute("select source_id, sha256 from meta.source_file").fetchall())
        manifest = {
            "release_id": RELEASE_ID,
            "profile": "sample",
            "marts_version": MARTS_VERSION,
            "inputs": [{"source_id": name, "sha256": sha} for name, sha in inputs.items()],
            "editions": query_rows(build, "select edition_id, areas_listed from marts.dim_edition"),
            "composite_editions": query_rows(
                build, "select edition_id, areas_selected from marts.dim_composite_edition"
            ),
        }
        (release / MANIFEST).write_text(json.dumps(manifest))
        yield Candidate(build, settings, release, inputs)


def move(count: int, by: str, *, one_way: bool = False) -> str:
    """SQL: the first so many populations moved, in turns up and down, or all up."""
    sign = "1" if one_way else "(case when row % 2 = 0 then 1 else -1 end)"
    return f"""
        update raw.population set population = population + {sign} * ({by})
        from (select area_code as code, row_number() over (order by line_number) as row
            from raw.population where source_id = '{POPULATION}')
        where source_id = '{POPULATION}' and area_code = code and row <= {count}
    """


def test_the_same_figures_are_no_difference(candidate: Candidate) -> None:
    assert candidate.found() == []


def test_a_file_of_other_bytes_that_says_the_same_is_no_difference(candidate: Candidate) -> None:
    assert candidate.found(POPULATION, CNI, LOOKUP, "boundary_lad24", "imd2019_indicators") == []


# --- Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "is_held"), [(1, False), (29, False), (30, True)])
def test_more_than_a_share_of_the_numbers_is_held(
    candidate: Candidate, count: int, is_held: bool
) -> None:
    candidate.change(move(count, "1"))  # of 2,974 areas
    found = candidate.one(POPULATION)
    assert found.subject == POPULATION
    assert found.found.startswith(f"population: {count} of 2,974 differ (X01000001 line 2: ")
    assert found.is_held is is_held


@pytest.mark.parametrize(("by", "is_held"), [(0.49, False), (0.51, True)])
def test_a_number_that_moved_by_more_than_a_size_is_held(
    candidate: Candidate, by: float, is_held: bool
) -> None:
    spread = (
        "(select (quantile_cont(population, 0.75) - quantile_cont(population, 0.25)) / 1.349 "
        f"from raw.population where source_id = '{POPULATION}')"
    )
    candidate.change(move(1, f"{by} * {spread}"))
    assert candidate.one(POPULATION).is_held is is_held


@pytest.mark.parametrize("value", ["null", "population * 100"])
def test_one_value_that_is_gone_or_in_another_unit_is_held(
    candidate: Candidate, value: str
) -> None:
    candidate.change(f"update raw.population set population = {value} where line_number = 7")
    assert "of its column's spread" in candidate.one(POPULATION).expected


@pytest.mark.parametrize(
    ("count", "one_way", "is_held"), [(29, True, False), (30, True, True), (30, False, False)]
)
def test_many_numbers_that_all_move_the_same_way_are_held(
    candidate: Candidate,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    one_way: bool,
    is_held: bool,
) -> None:
    wide = bands() | {"issue": bands()["issue"] | {"share_of_numbers": 1}}
    monkeypatch.setattr(module, "bands", lambda: wide)
    candidate.change(move(count, "1", one_way=one_way))
    found = candidate.one(POPULATION)
    assert found.is_held is is_held
    assert ("the same way" in found.expected) is is_held


def test_a_source_may_have_bands_of_its_own(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate.change(move(30, "1"))
    wide = bands() | {"sources": {POPULATION: {"share_of_numbers": 0.02}}}
    monkeypatch.setattr(module, "bands", lambda: wide)
    assert not candidate.one(POPULATION).is_held


def test_a_column_of_a_long_table_is_judged_by_itself(candidate: Candidate) -> None:
    candidate.change(
        "update raw.index_measure set score = score + 0.001 "
        "where source_id = 'cni2023' and measure = 'connectedness' and line_number <= 41"
    )
    found = candidate.one(CNI)
    assert found.found.startswith("score of connectedness: 40 of 3,007 differ (")
    assert "1.0%" in found.expected


def test_a_statistic_is_judged_by_its_own_spread(candidate: Candidate) -> None:
    """Ranks are in thousands: beside them, a share that is ten times too great is nothing."""
    where = "source_id = 'imd2019_summary' and measure = 'income' and statistic = 'proportion'"
    candidate.change(
        f"update raw.summary set value = value * 10 where {where} and area_code = "
        f"(select min(area_code) from raw.summary where {where})"
    )
    found = candidate.one("imd2019_summary")
    assert found.found.startswith("value of income proportion: 1 of ")
    assert "of its column's spread" in found.expected


# --- Codes, names and rows ------------------------------------------------------------------------


def test_one_flag_is_held_and_named(candidate: Candidate) -> None:
    candidate.change(
        "update raw.index_area set published_flag = not published_flag "
        "where source_id = 'cni2023' and line_number = 2"
    )
    found = candidate.one(CNI)
    assert found.found.startswith("published_flag: 1 of 3,007 differ (X01")
    assert found.expected == "no more than 0 codes and flags"


@pytest.mark.parametrize(("count", "is_held"), [(30, False), (31, True)])
def test_more_than_a_share_of_the_names_is_held(
    candidate: Candidate, count: int, is_held: bool
) -> None:
    candidate.change(
        "update raw.index_area set area_name = area_name || '!' "
        f"where source_id = 'cni2023' and line_number <= {count + 1}"
    )
    assert candidate.one(CNI).is_held is is_held


def test_what_differs_is_told_on_one_line(candidate: Candidate) -> None:
    candidate.change(
        "update raw.index_area set area_name = 'Two\n2. lines\r\n' "
        "where source_id = 'cni2023' and line_number = 2"
    )
    found = candidate.one(CNI).found
    assert "-> Two 2. lines" in found
    assert found.isprintable()


@pytest.mark.parametrize(
    "statement",
    [
        "delete from raw.lookup where source_id = 'lad24_rgn24' and line_number = 3",
        "update raw.lookup set to_code = 'X12000099' where source_id = 'lad24_rgn24' "
        "and line_number = 3",
        "insert into raw.lookup by name select * replace ('X07999999' as from_code) "
        "from raw.lookup where source_id = 'lad24_rgn24' and line_number = 3",
    ],
    ids=["gone", "elsewhere", "new"],
)
def test_a_row_that_came_or_went_is_held_and_named(candidate: Candidate, statement: str) -> None:
    candidate.change(statement)
    found = candidate.one(LOOKUP)
    assert "rows new and" in found.found
    assert "rgn X12" in found.found
    assert found.expected == "no more than 0 rows"


def test_what_cannot_be_compared_is_held(candidate: Candidate) -> None:
    inputs = [
        {"source_id": name, "sha256": "f" * 64 if name == POPULATION else sha}
        for name, sha in candidate.inputs.items()
    ]
    found = candidate.one(inputs=inputs)
    assert found.subject == POPULATION
    assert found.found == "the issue before it is not in the vault"
    assert found.is_held


def test_an_issue_that_can_no_longer_be_read_is_held(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {"area_code": "renamed", "population": "pop"}
    changed = REGISTRY.source(POPULATION).model_copy(update={"columns": columns})
    sources = tuple(changed if each.id == POPULATION else each for each in REGISTRY.sources)
    registry = REGISTRY.model_copy(update={"sources": sources})
    files = dict(candidate.inputs) | {POPULATION: "0" * 64}
    (found,) = differences(candidate.build, candidate.settings, registry, candidate.release, files)
    assert found.found.startswith("the issue before it can no longer be read: no such column")
    assert found.is_held


def test_a_source_that_the_release_does_not_have_is_no_difference(candidate: Candidate) -> None:
    inputs = [
        {"source_id": name, "sha256": sha}
        for name, sha in candidate.inputs.items()
        if name != POPULATION
    ]
    candidate.change(move(500, "1000"))
    assert candidate.found(inputs=inputs) == []


# --- Lists ----------------------------------------------------------------------------------------


def flag(area: str, value: str) -> str:
    return (
        f"update marts.double_disadvantage set is_doubly_disadvantaged = {value} "
        f"where edition_id = '{LSOAS}' and area_code = '{area}'"
    )


def some_area(candidate: Candidate, *, listed: bool) -> dict[str, Any]:
    return query_rows(
        candidate.build,
        "select area_code, area_name, lad_name from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged = $2 order by 1 limit 1",
        LSOAS,
        listed,
    )[0]


def test_areas_that_join_and_leave_a_list_are_named_and_held(candidate: Candidate) -> None:
    leaves, joins = (some_area(candidate, listed=listed) for listed in (True, False))
    candidate.change(flag(leaves["area_code"], "false"), flag(joins["area_code"], "true"))
    found = candidate.one()
    assert found.subject == LSOAS
    assert found.is_held
    named = {
        name: f"{area['area_code']} {area['area_name']} ({area['lad_name']})"
        for name, area in (("joined", joins), ("left", leaves))
    }
    assert found.found == f"1 joined: {named['joined']}; 1 left: {named['left']}"
    assert [(area["change"], area["area_code"]) for area in found.areas] == [
        ("joined", joins["area_code"]),
        ("left", leaves["area_code"]),
    ]


def test_an_area_that_is_no_longer_chosen_is_named_and_held(candidate: Candidate) -> None:
    first, *_ = query_rows(
        candidate.build,
        "select area_code from marts.composite_selection where edition_id = $1 and is_selected "
        "order by 1",
        CHOSEN,
    )
    candidate.change(
        f"update marts.composite_selection set is_selected = false where edition_id = '{CHOSEN}' "
        f"and area_code = '{first['area_code']}'"
    )
    found = candidate.one()
    assert (found.subject, found.kind) == (CHOSEN, "list")
    assert found.is_held
    assert found.found.startswith(f"0 joined; 1 left: {first['area_code']} ")
    told = changes_since(candidate.build, candidate.release, [found])
    assert told is not None
    changed = {edition["edition_id"]: edition for edition in told["editions"]}
    assert changed[CHOSEN]["departed"] == 1


@pytest.mark.parametrize(
    ("mart", "flag", "edition"),
    [
        ("double_disadvantage", "is_doubly_disadvantaged", LSOAS),
        ("composite_selection", "is_selected", CHOSEN),
    ],
)
def test_a_list_that_lost_all_of_its_areas_is_held(
    candidate: Candidate, mart: str, flag: str, edition: str
) -> None:
    candidate.change(f"update marts.{mart} set {flag} = false where edition_id = '{edition}'")
    found = candidate.one()
    assert (found.subject, found.kind, found.is_held) == (edition, "list", True)
    assert found.found.startswith("0 joined; ")


def test_beside_a_release_without_composite_editions_they_are_new(
    candidate: Candidate, tmp_path: Path
) -> None:
    older = tmp_path / "older.duckdb"
    shutil.copyfile((candidate.release / WAREHOUSE).resolve(), older)
    with duckdb.connect(str(older)) as release:
        for mart in ("composite_selection", "dim_composite_edition"):
            release.execute(f"drop table marts.{mart}")
    (candidate.release / WAREHOUSE).unlink()
    older.rename(candidate.release / WAREHOUSE)
    found = candidate.found(marts_version="4.0", composite_editions=[])
    assert not any(each.is_held for each in found)
    told = changes_since(candidate.build, candidate.release, found)
    assert told is not None
    changed = {edition["edition_id"]: edition for edition in told["editions"]}
    assert changed[CHOSEN]["listed_before"] == 0
    assert changed[CHOSEN]["joined"] == changed[CHOSEN]["listed_after"] > 0


def test_the_manifest_counts_and_names_what_each_list_gained_and_lost(
    candidate: Candidate,
) -> None:
    joins = query_rows(
        candidate.build,
        "select area_code from marts.double_disadvantage where edition_id = $1 "
        "and not is_doubly_disadvantaged order by 1 limit 2",
        LSOAS,
    )
    leaves = some_area(candidate, listed=True)
    candidate.change(
        flag(leaves["area_code"], "false"), *(flag(area["area_code"], "true") for area in joins)
    )
    told = changes_since(candidate.build, candidate.release, candidate.found())
    assert told is not None
    assert told["release_id"] == RELEASE_ID
    changed = {edition["edition_id"]: edition for edition in told["editions"]}
    assert (changed[LSOAS]["joined"], changed[LSOAS]["departed"]) == (2, 1)
    assert [area["area_code"] for area in changed[LSOAS]["areas"]] == [
        *(area["area_code"] for area in joins),
        leaves["area_code"],
    ]
    others = [edition for name, edition in changed.items() if name != LSOAS]
    assert {(edition["joined"], edition["departed"]) for edition in others} == {(0, 0)}


def test_a_new_edition_is_no_difference(candidate: Candidate) -> None:
    """Its areas are new on its list by its nature, and its rows are new in the marts."""
    candidate.change(
        "insert into marts.dim_edition by name "
        "select * replace ('new' as edition_id) from marts.dim_edition "
        f"where edition_id = '{LSOAS}'",
        "insert into marts.double_disadvantage by name select * replace ('new' as edition_id) "
        f"from marts.double_disadvantage where edition_id = '{LSOAS}'",
    )
    assert not any(each.is_held for each in candidate.found())


# --- Marts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("added", "is_held"), [(423, False), (424, True)])
def test_many_rows_more_in_a_mart_are_held(candidate: Candidate, added: int, is_held: bool) -> None:
    rows = candidate.build.execute("select count(*) from marts.area_boundary").fetchall()[0][0]
    assert rows == 4231
    candidate.change(
        "insert into marts.area_boundary by name select * replace (area_code || '+' as area_code) "
        f"from marts.area_boundary limit {added}"
    )
    found = candidate.one()
    assert (found.subject, found.kind, found.is_held) == ("area_boundary", "rows", is_held)


@pytest.mark.parametrize(("lost", "is_held"), [(4, False), (5, True)])
def test_a_few_rows_less_in_a_mart_are_held(candidate: Candidate, lost: int, is_held: bool) -> None:
    candidate.change(
        "delete from marts.area_boundary where area_code in "
        f"(select area_code from marts.area_boundary order by 1 limit {lost})"
    )
    assert candidate.one().is_held is is_held


def test_a_column_that_is_gone_or_retyped_is_held(candidate: Candidate) -> None:
    candidate.change(
        "create table marts.other as select * exclude (crs) from marts.area_boundary",
        "drop table marts.area_boundary",
        "create table marts.area_boundary as "
        "select * replace (feature_number::varchar as feature_number) from marts.other",
        "drop table marts.other",
    )
    found = candidate.one()
    assert (found.subject, found.kind) == ("area_boundary", "schema")
    assert "crs is gone, was VARCHAR" in found.found
    assert "feature_number is VARCHAR, was BIGINT" in found.found
    assert found.is_held


def test_a_new_version_of_the_marts_says_that_columns_go(candidate: Candidate) -> None:
    candidate.change("drop table marts.area_boundary")
    assert candidate.found(marts_version="1.0") == []


# --- Accepting ------------------------------------------------------------------------------------

BEYOND = Difference(CNI, "issue", "one flag differs", "none")
WITHIN = Difference(POPULATION, "issue", "one number differs")
OTHER = Difference(LSOAS, "list", "1 joined", "none")


def test_what_lies_within_its_band_is_not_held() -> None:
    refuse_held("sample", [WITHIN], {})


def test_each_subject_is_accepted_by_its_own_name() -> None:
    refuse_held("sample", [BEYOND, WITHIN, OTHER], {CNI: "why", LSOAS: "why"})
    with pytest.raises(HeldError) as held:
        refuse_held("sample", [BEYOND, WITHIN, OTHER], {CNI: "why"})
    (problem,) = held.value.problems
    assert problem.where.startswith(LSOAS)
    assert f"lbn refresh --profile sample --accept {CNI}=why --accept {LSOAS}='...'" in (
        problem.remedy
    )
    assert held.value.exit_code == 4


@pytest.mark.parametrize("subject", [CNI, LSOAS, CHOSEN, "double_disadvantage"])
def test_sources_editions_and_marts_can_be_accepted(tmp_path: Path, subject: str) -> None:
    require_subjects(Settings("sample", tmp_path, tmp_path), REGISTRY, {subject: "why"})


def test_a_mart_that_is_gone_can_be_accepted(candidate: Candidate) -> None:
    """It is in the release alone, and held: there must be a way on."""
    told = json.loads((candidate.release / MANIFEST).read_text(encoding="utf-8"))
    told["row_counts"] = {"mart_of_before": 1}
    (candidate.release / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    (candidate.settings.releases / CURRENT).symlink_to(candidate.release.name)
    require_subjects(candidate.settings, REGISTRY, {"mart_of_before": "nobody read it"})


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        ({"nothing": "why"}, "no source"),
        ({CNI: " "}, "say why"),
        ({CNI: "fine\nAccepted: lad24"}, "cannot be printed"),
        ({CNI: "\x1b[2Jfine"}, "cannot be printed"),
        ({CNI: "\u202eenif"}, "cannot be printed"),
    ],
)
def test_an_acceptance_of_nothing_or_without_a_plain_reason_is_refused(
    tmp_path: Path, accepted: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        require_subjects(Settings("sample", tmp_path, tmp_path), REGISTRY, accepted)
