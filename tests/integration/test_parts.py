"""Parts of a build: loaded alone, with the versions of what they hold and of what they read."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from data_quality import GuardResult, load_suites
from orchestration.build.database import load_build, open_build, record_verdicts
from orchestration.build.making import forget, is_formed_as, prepare, table_version
from orchestration.build.parts import Parts, mixed_parts, outdated
from orchestration.problems import RefreshError
from orchestration.settings import Settings
from orchestration.sources.registry import load_registry
from orchestration.sources.vault import Vault

REGISTRY = load_registry("sample")


@pytest.fixture(scope="module")
def built(sample_inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(sample_inbox, folder / "inbox")
    settings = Settings("sample", folder, folder / "inbox")
    vault = Vault(settings, REGISTRY)
    load_build(settings, REGISTRY, vault, vault.take_all())
    return settings


def versions(settings: Settings) -> dict[str, str]:
    with open_build(settings, read_only=True) as build:
        return dict(build.execute("select part, version from meta.part").fetchall())


def rows(settings: Settings, table: str) -> int:
    with open_build(settings, read_only=True) as build:
        counted = build.execute(f"select count(*) from {table}").fetchone()
        assert counted is not None
        return int(counted[0])


def test_a_table_is_loaded_into_the_build_that_is_there_and_the_rest_stays(
    built: Settings,
) -> None:
    before = versions(built)
    verdict = GuardResult("raw", "raw_lookup", "some_rule", True, 0, "", "so", "do")
    with open_build(built) as build:
        record_verdicts(build, "raw_lookup", [verdict])
    vault = Vault(built, REGISTRY)
    populations = rows(built, "raw.population")
    load_build(built, REGISTRY, vault, vault.take_all(), ["lookup"])
    assert versions(built) == before
    assert rows(built, "raw.population") == populations
    assert rows(built, "meta.guard_result") == 1
    assert rows(built, "meta.source_file") == len(REGISTRY.sources)

    file = next(built.inbox.rglob("population_mid2019*"))
    kept = file.read_bytes()
    file.write_bytes(kept.replace(b"1,774", b"1,775", 1))
    load_build(built, REGISTRY, vault, vault.take_all(), ["population"])
    changed = {part for part, version in versions(built).items() if before.get(part) != version}
    assert changed == {"source.population_mid2019", "raw.population", "meta.source_file"}
    file.write_bytes(kept)
    load_build(built, REGISTRY, vault, vault.take_all(), ["population"])
    assert versions(built) == before


def test_a_table_whose_files_were_not_taken_is_refused_and_nothing_changes(
    built: Settings,
) -> None:
    before = versions(built)
    vault = Vault(built, REGISTRY)
    for tables in (["population"], [*load_tables()]):
        with pytest.raises(RefreshError, match="no file was taken into the vault"):
            load_build(built, REGISTRY, vault, [], tables)
    assert versions(built) == before


def load_tables() -> list[str]:
    return [suite.table for suite in load_suites().values() if suite.stage == "raw"]


def test_a_part_without_a_build_is_refused(tmp_path: Path, sample_inbox: Path) -> None:
    settings = Settings("sample", tmp_path, sample_inbox)
    vault = Vault(settings, REGISTRY)
    with pytest.raises(RefreshError, match="no build yet"):
        load_build(settings, REGISTRY, vault, vault.take_all(), ["population"])
    assert not settings.build_database.exists()


def test_a_build_that_is_not_formed_as_a_new_one_is_made_from_nothing(built: Settings) -> None:
    vault = Vault(built, REGISTRY)
    files = vault.take_all()
    load_build(built, REGISTRY, vault, files)
    made = versions(built)
    beside = built.data / "as made.duckdb"
    shutil.copyfile(built.build_database, beside)
    assert is_formed_as(built.build_database, beside)
    for change in (
        "drop schema raw cascade",
        "alter table raw.population add column more varchar",
        "alter table meta.guard_result drop column remedy",
        "drop table meta.reading",
        "create macro main.abs(x) as 7",
        "create macro method.of_before() as 7",
        "comment on column raw.population.population is 'by hand'",
        "drop table raw.population; create view raw.population as select 1 as population",
    ):
        shutil.copyfile(beside, built.build_database)
        with open_build(built) as build:
            build.execute(change)
        assert not is_formed_as(built.build_database, beside), change
    load_build(built, REGISTRY, vault, files)
    assert versions(built) == made


def test_a_version_tells_an_empty_list_from_one_that_is_missing() -> None:
    with duckdb.connect() as build:
        told = set()
        for number, value in enumerate(("[]", "null", "[null]", "['']")):
            build.execute(f"create table t{number} as select {value}::varchar[] as codes")
            told.add(table_version(build, f"t{number}"))
        assert len(told) == 4


def test_what_is_declared_or_said_otherwise_since_it_was_made_is_made_anew() -> None:
    with duckdb.connect() as build:
        build.execute(
            "create schema meta; create schema marts; create table marts.t (n int not null);"
            "create table meta.guard_result (guard varchar, expectation varchar)"
        )
        prepare(build)

        def kept() -> bool:
            forget(build, ["marts.t"])
            return build.execute("select made_of from meta.part").fetchall() == [("of this",)]

        def noted() -> None:
            build.execute(
                "delete from meta.part; insert into meta.part "
                "select part, 'v', 'c', 'of this', false, form from meta.form() "
                "where part = 'marts.t'"
            )

        build.execute("""create table marts."left ""over" as select 1 as one""")
        for change in (
            "comment on table marts.t is 'said by hand'",
            "comment on column marts.t.n is 'said by hand'",
            "alter table marts.t alter n drop not null",
            "alter table marts.t alter n set default 7",
        ):
            noted()
            assert kept()
            build.execute(change)
            assert not kept(), change


def test_a_version_goes_by_what_a_table_holds() -> None:
    with duckdb.connect() as build:
        build.execute(
            "create schema meta; create schema s; create table s.t as from range(100) r(n)"
        )
        prepare(build)
        parts = Parts(build)

        def recorded() -> str:
            parts.record_table("s", "t")
            noted = build.execute("select version from meta.part where part = 's.t'")
            return str(noted.fetchall()[0][0])

        first = recorded()
        parts.record("s.v", "of t", ["s.t"])
        build.execute("create or replace table s.t as from range(100) r(n) order by n desc")
        assert recorded() == first
        assert mixed_parts(build, []) == []
        for change in (
            "update s.t set n = -1 where n = 7",
            "insert into s.t select 8",
            "alter table s.t rename n to m",
            "alter table s.t alter m type double",
            "delete from s.t where m = 8",
            "delete from s.t",
        ):
            before = recorded()
            build.execute(change)
            assert recorded() != before, change
        # The other was made of the table as it was.
        (problem,) = mixed_parts(build, [])
        assert (problem.where, "s.t" in problem.found) == ("s.v", True)
        parts.record("s.v", "of t anew", ["s.t"])
        assert mixed_parts(build, []) == []
        assert [p.where for p in mixed_parts(build, ["s.missing"])] == ["s.missing"]
        parts.record("guard g", "judged", ["s.v"])
        build.execute("insert into s.t values (1)")
        recorded()
        assert outdated(build) == {"s.v": "s.t", "guard g": "s.t"}
