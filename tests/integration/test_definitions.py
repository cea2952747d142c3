"""The Dagster code location: what the graph shows, and what stands in whose way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from data_quality import load_suites
from orchestration.raw.readers import RAW_TABLES
from orchestration.settings import PROJECT_ROOT
from orchestration.sources.registry import load_registry
from tests.tools.definitions import SNAPSHOT, facts


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def graph(data: Path) -> Any:
    """The asset graph of the sample's code location, loaded in a data root of its own."""
    before = dict(os.environ)
    os.environ |= {"LBN_DATA": str(data), "LBN_PROFILE": "sample"}
    try:
        from orchestration.definitions import defs
    finally:
        os.environ.clear()
        os.environ.update(before)
    dg.Definitions.validate_loadable(defs)
    return defs.get_repository_def()


def key(*path: str) -> dg.AssetKey:
    return dg.AssetKey(["sample", *path])


RELEASE = key("release")


def ancestors(graph: Any, key: dg.AssetKey) -> set[dg.AssetKey]:
    seen: set[dg.AssetKey] = set()
    waiting = [key]
    while waiting:
        for parent in graph.asset_graph.get(waiting.pop()).parent_keys - seen:
            seen.add(parent)
            waiting.append(parent)
    return seen


def test_every_source_file_leads_to_the_release(graph: Any) -> None:
    above = ancestors(graph, RELEASE)
    for source in load_registry("sample").sources:
        assert key("source", source.id) in above
    for table in RAW_TABLES:
        assert key("raw", table) in above
    # No stray node: whatever the graph holds leads to the release.
    assert set(graph.asset_graph.get_all_asset_keys()) - above == {RELEASE}


def test_the_list_comes_from_the_index_files_and_lookups(graph: Any) -> None:
    above = ancestors(graph, key("marts", "double_disadvantage"))
    for source in ("imd2015", "imd2019", "imd2025", "cni2019", "cni2023", "lsoa11_lsoa21"):
        assert key("source", source) in above


def test_every_asset_says_what_it_is(graph: Any) -> None:
    for each in graph.asset_graph.get_all_asset_keys():
        node = graph.asset_graph.get(each)
        assert node.group_name not in (None, "default"), each
        assert node.kinds, each
        assert node.owners, each
        assert node.description, each


def test_every_suite_blocks_by_a_check_of_its_own(graph: Any) -> None:
    """By name: dbt's tests are checks of the same tables, so that a table has one says nothing."""
    checks = graph.asset_graph.asset_check_keys
    blocking = {check for check in checks if graph.asset_graph.get(check).blocking}
    suites = load_suites().values()
    assert blocking >= {
        dg.AssetCheckKey(key(suite.stage, suite.table), suite.name) for suite in suites
    }
    assert {suite.table for suite in suites if suite.stage == "raw"} == set(RAW_TABLES)
    assert "double_disadvantage" in {suite.table for suite in suites if suite.stage == "marts"}


def test_nothing_of_the_graph_changed_unseen(tmp_path: Path) -> None:
    """Edges, checks, times, hosts, defaults. Anew by: python -m tests.tools.definitions."""
    assert facts(tmp_path).splitlines() == SNAPSHOT.read_text(encoding="utf-8").splitlines()


def test_dbt_tests_are_checks_and_source_tests_are_not(graph: Any) -> None:
    checks = {(check.asset_key.path[1], check.name) for check in graph.asset_graph.asset_check_keys}
    assert (
        "marts",
        "unique_key_double_disadvantage_edition_id__area_code",
    ) in checks
    # The trap: with source tests as checks, dbt ran in full after a blocking guard had failed.
    guards = {name for schema, name in checks if schema == "raw"}
    assert guards == {f"raw_{table}" for table in RAW_TABLES}


def test_one_run_at_a_time(graph: Any) -> None:
    """Every step needs the turn, whichever job it is run in."""
    for node in graph.get_job("refresh").all_node_defs:
        assert "turn" in node.required_resource_keys, node.name


def test_every_check_says_what_it_expects(graph: Any) -> None:
    for check in graph.asset_graph.asset_check_keys:
        assert graph.asset_graph.get(check).description, check


def test_whatever_is_synthetic_says_so_first(graph: Any) -> None:
    for each in graph.asset_graph.get_all_asset_keys():
        assert graph.asset_graph.get(each).description.startswith("**SYNTHETIC"), each
        assert graph.asset_graph.get(each).tags["synthetic"] == "true", each


def test_two_profiles_share_no_key(graph: Any) -> None:
    for each in graph.asset_graph.get_all_asset_keys():
        assert each.path[0] == "sample"


def test_the_jobs_and_the_schedule(graph: Any) -> None:
    assert {"refresh", "publish"} <= {job.name for job in graph.get_all_jobs()}
    schedule = graph.get_schedule_def("annual_refresh")
    assert schedule.execution_timezone == "Europe/London"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


def test_the_workspace_loads_as_the_ui_loads_it(data: Path) -> None:
    workspace = PROJECT_ROOT / "workspace.yaml"
    assert yaml.safe_load(workspace.read_text(encoding="utf-8"))["load_from"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dagster")),
            "definitions",
            "validate",
            "-w",
            str(workspace),
        ],
        env=os.environ | {"LBN_DATA": str(data), "LBN_PROFILE": "sample"},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_tool_calls_home() -> None:
    instance = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    assert instance["telemetry"] == {"enabled": False}
    dbt = yaml.safe_load((PROJECT_ROOT / "dbt_project/dbt_project.yml").read_text(encoding="utf-8"))
    assert dbt["flags"]["send_anonymous_usage_stats"] is False


def test_every_asset_with_code_links_to_it(graph: Any) -> None:
    for each in graph.asset_graph.get_all_asset_keys():
        if each in (RELEASE, key("meta", "source_file")):
            continue
        (reference,) = (
            graph.asset_graph.get(each).metadata["dagster/code_references"].code_references
        )
        lines = Path(reference.file_path).read_text(encoding="utf-8").splitlines()
        assert reference.line_number <= max(1, len(lines))
        if each.path[1] in ("source", "raw"):
            assert each.path[-1] in lines[reference.line_number - 1], each


def test_marts_have_the_tier_of_the_readme(graph: Any) -> None:
    for each in graph.asset_graph.get_all_asset_keys():
        if each.path[1] == "marts":
            tier = graph.asset_graph.get(each).tags["tier"]
            assert tier in ("start_here", "explain", "audit"), each
