"""Bad candidates: none is published, neither by a refresh nor by the last step alone.

In this process, on a copy of the sample's candidate: each case spoils one thing of it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg
import duckdb
import pytest

from data_quality import GuardResult, Suite, load_suites
from orchestration.build.database import open_build
from orchestration.build.dbt import manifest_path
from orchestration.defs import checks
from orchestration.defs.assembly import assemble
from orchestration.defs.look import look
from orchestration.problems import RefreshError
from orchestration.publish.release import publish
from orchestration.settings import Settings
from orchestration.sources.registry import load_registry
from tests.support.site import Site

pytestmark = pytest.mark.xdist_group("candidates")

REGISTRY = load_registry("sample")
MART = "double_disadvantage"
UNIQUE = "unique_key_double_disadvantage_edition_id__area_code"
KNOWN = "relationships_double_disadvantage_edition_id__edition_id__ref_editions_"
GUARD = f"marts_{MART}"


def key(*path: str) -> dg.AssetKey:
    return dg.AssetKey(["sample", *path])


@pytest.fixture(scope="module")
def good(sample: Site, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A site of this module's own, whose candidate is the one that was published."""
    data = tmp_path_factory.mktemp("candidates")
    shutil.copytree(sample.root, data / "sample", symlinks=True)
    settings = Settings("sample", data, data / "sample" / "inbox")
    if not settings.build_database.exists():
        assert Site(data, "sample").lbn("refresh", "--force").code == 0
    shutil.copyfile(settings.build_database, data / "kept.duckdb")
    return settings


@pytest.fixture
def candidate(good: Settings) -> Iterator[Settings]:
    """The good candidate, to be spoilt; it is put back."""
    shutil.copyfile(good.data / "kept.duckdb", good.build_database)
    before = state(good)
    yield good
    assert state(good) == before, "a release appeared, went or changed"


def state(settings: Settings) -> dict[str, Any]:
    """What is published: files, with what would change if one was written, and the pointer."""
    files = sorted(settings.releases.rglob("*/*"))
    pointer = settings.releases / "current", settings.releases / "current.json"
    return {
        **{str(file): file.stat().st_mtime_ns for file in files},
        "-> current": (os.readlink(pointer[0]), pointer[1].read_text(encoding="utf-8")),
    }


@pytest.fixture(scope="module")
def job(good: Settings) -> Any:
    return assemble(good, REGISTRY).get_repository_def().get_job("refresh")


def refreshed(job: Any, tables: list[str], names: list[tuple[str, str]]) -> Any:
    """The part of a refresh that makes these marts, judges them by these checks and publishes."""
    chosen = job.get_subset(
        asset_selection={key("release"), *(key("marts", table) for table in tables)},
        asset_check_selection={dg.AssetCheckKey(key(*at.split(".")), name) for at, name in names},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        return chosen.execute_in_process(instance=instance, raise_on_error=False)


def failures(result: Any) -> str:
    return "\n".join(
        f"{event.step_key}: {event.event_specific_data.error}"
        for event in result.all_events
        if event.is_step_failure
    )


def released(result: Any) -> bool:
    return any(
        event.is_step_materialization and event.asset_key == key("release")
        for event in result.all_events
    )


def sql(statement: str) -> Callable[[duckdb.DuckDBPyConnection], object]:
    return lambda build: build.execute(statement)


HERE, ABOVE = f"marts.{MART}", "intermediate.int_rated_areas"


@dataclass(frozen=True)
class Bad:
    """A candidate that is spoilt, the part of a refresh that meets it, and what is said."""

    spoil: Callable[[duckdb.DuckDBPyConnection], object]
    says: str
    tables: tuple[str, ...] = ()
    judged: tuple[tuple[str, str], ...] = ()


CASES = {
    "a dbt test failed": Bad(
        sql(
            "update meta.guard_result set passed = false, unexpected = 1 "
            f"where expectation = '{UNIQUE}'"
        ),
        UNIQUE,
    ),
    "a mart's guard failed": Bad(
        sql(
            "update meta.guard_result set passed = false, unexpected = 1 where expectation = "
            f"(select min(expectation) from meta.guard_result where guard = '{GUARD}')"
        ),
        f"guard {GUARD}",
    ),
    "a guard never ran": Bad(
        sql(f"delete from meta.part where part = 'guard {GUARD}'"), f"guard {GUARD}"
    ),
    "a guard ran and said nothing": Bad(
        sql(f"delete from meta.guard_result where guard = '{GUARD}'"), "no verdict on"
    ),
    "one rule of a guard has no verdict": Bad(
        sql(
            "delete from meta.guard_result where expectation = "
            f"(select max(expectation) from meta.guard_result where guard = '{GUARD}')"
        ),
        "no verdict on",
    ),
    "a dbt test never ran": Bad(
        sql(f"delete from meta.part where part = 'test {UNIQUE}'"), f"test {UNIQUE}"
    ),
    "a dbt test has no verdict": Bad(
        sql(f"delete from meta.guard_result where expectation = '{UNIQUE}'"), UNIQUE
    ),
    "a part is of other code": Bad(
        sql(f"update meta.part set code_version = 'other' where part = '{HERE}'"),
        "made by code other",
    ),
    "a part is not there": Bad(sql(f"delete from meta.part where part = '{HERE}'"), HERE),
    "a mart was edited after it was judged": Bad(
        sql(f"update {HERE} set population = population + 1 where population is not null"),
        f"1. {HERE}\n    found:    other rows than those that were made and judged",
    ),
    "a part changed after it was read": Bad(
        sql(f"update meta.part set version = 'other' where part = '{ABOVE}'"),
        f"made of {ABOVE} as it was before",
    ),
}


def test_a_good_candidate_is_published(candidate: Settings, job: Any) -> None:
    """Else all that follows would be refused for a reason of its own."""
    assert publish(candidate, REGISTRY).was_there
    result = refreshed(job, [], [])
    assert result.success, failures(result)
    assert released(result)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_bad_candidate_is_published_by_neither(candidate: Settings, job: Any, case: Bad) -> None:
    with open_build(candidate) as build:
        case.spoil(build)
    with pytest.raises(RefreshError, match="Auditing the candidate") as refused:
        publish(candidate, REGISTRY)
    assert case.says in str(refused.value)
    result = refreshed(job, [], [])
    assert not result.success
    assert case.says in failures(result)
    assert not released(result)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        (KNOWN, "edition_id = 'nobody'"),
        (GUARD, "is_doubly_disadvantaged = not is_doubly_disadvantaged"),
    ],
    ids=["a dbt test that fails", "a guard that fails"],
)
def test_what_fails_in_a_refresh_ends_it_and_the_last_step_alone_refuses_it(
    candidate: Settings, job: Any, name: str, spoil: str
) -> None:
    """One row is wrong above the mart, which is then made of it and judged."""
    with open_build(candidate) as build:
        build.execute(
            f"update {ABOVE} set {spoil} where rowid = "
            f"(select min(rowid) from {ABOVE} where is_doubly_disadvantaged)"
        )
    result = refreshed(job, [MART], [(HERE, name)])
    assert not result.success
    (verdict,) = result.get_asset_check_evaluations()
    assert (verdict.check_name, verdict.passed) == (name, False)
    assert verdict.severity == dg.AssetCheckSeverity.ERROR
    assert not released(result)
    with pytest.raises(RefreshError) as refused:
        publish(candidate, REGISTRY)
    assert name in str(refused.value)


def test_every_suites_check_blocks(
    candidate: Settings, job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One rule of each is broken: each says so, as an error, and each stops what follows."""

    def one_broken(suite: Suite, build: duckdb.DuckDBPyConnection) -> list[GuardResult]:
        return [
            GuardResult(suite.stage, suite.name, rule.name, n > 0, 1 - min(n, 1), "x", "so", "do")
            for n, rule in enumerate(suite.expectations)
        ]

    monkeypatch.setattr(checks, "run_suite", one_broken)
    suites = load_suites()
    result = refreshed(
        job, [], [(f"{suite.stage}.{suite.table}", name) for name, suite in suites.items()]
    )
    told = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert set(told) == set(suites)
    for name, verdict in told.items():
        assert not verdict.passed, name
        assert verdict.severity == dg.AssetCheckSeverity.ERROR, name
    stopped = {event.step_key for event in result.all_events if event.is_step_failure}
    assert stopped >= {checks.guard_step(candidate, suite) for suite in suites.values()}
    assert not released(result)
    with pytest.raises(RefreshError) as refused:
        publish(candidate, REGISTRY)
    for suite in suites.values():
        assert f"guard {suite.name}, {suite.expectations[0].name}" in str(refused.value)


def test_a_candidate_is_not_compared_with_a_release_that_was_changed(candidate: Settings) -> None:
    """Of other inputs than what is current, which somebody has changed."""
    with open_build(candidate) as build:
        build.execute(
            "update meta.source_file set sha256 = repeat('0', 64) where source_id = 'cni2023'"
        )
    file = (candidate.releases / "current").resolve() / "explorer/index.html"
    kept, mode, times = file.read_bytes(), file.stat().st_mode, file.stat()
    file.chmod(0o644)
    file.write_bytes(kept + b" ")
    try:
        with pytest.raises(RefreshError, match="somebody changed a published file"):
            publish(candidate, REGISTRY)
    finally:
        file.write_bytes(kept)
        file.chmod(mode)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("reason", ["why", ""])
def test_an_acceptance_that_cannot_be_ends_a_refresh_before_it_takes_a_file(
    candidate: Settings, job: Any, reason: str
) -> None:
    subject = "nobody" if reason else "cni2023"
    config = {"ops": {"sample__release": {"config": {"accept": {subject: reason}}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(config, instance=instance, raise_on_error=False)
    assert "say why" in failures(result) or "no source, edition or mart" in failures(result)
    (failed,) = (event.step_key for event in result.all_events if event.is_step_failure)
    assert failed == "take_source_files"


def test_no_test_of_dbt_is_a_warning_or_switched_off(good: Settings) -> None:
    manifest = json.loads(manifest_path(good, REGISTRY).read_text(encoding="utf-8"))
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    assert len(tests) > 100
    for test in tests:
        config = test["config"]
        limits = (config["severity"], config["warn_if"], config["error_if"], config["fail_calc"])
        assert limits == ("ERROR", "!= 0", "!= 0", "count(*)"), test["name"]
        assert config["limit"] is None, test["name"]
    assert [n["name"] for each in manifest["disabled"].values() for n in each] == []


def test_a_release_that_somebody_changed_is_made_current_by_neither(good: Settings) -> None:
    shutil.copyfile(good.data / "kept.duckdb", good.build_database)
    publish(good, REGISTRY)
    release = (good.releases / "current").resolve()
    for name in ("warehouse.duckdb", "manifest.json", "explorer/index.html"):
        file = release / name
        kept, mode = file.read_bytes(), file.stat().st_mode
        file.chmod(0o644)
        file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        for act in (publish, look):
            with pytest.raises(RefreshError, match="somebody changed a published file"):
                act(good, REGISTRY)
        file.unlink()
        for act in (publish, look):
            with pytest.raises(RefreshError, match="no file"):
                act(good, REGISTRY)
        file.write_bytes(kept)
        file.chmod(mode)
    assert look(good, REGISTRY).outcome == "unchanged"
