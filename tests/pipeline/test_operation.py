"""The warehouse as its operator has it: command, server and kills against one Dagster instance."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.hook import Hook, listening
from tests.support.patience import SECONDS, wait_for
from tests.support.server import Server, environment, serving
from tests.support.site import LBN, Site
from tests.tools.kills import worker

pytestmark = pytest.mark.xdist_group("operation")

FORCED = {"ops": {"take_source_files": {"config": {"force": True}}}}
POPULATION = "population/population_mid2019_lsoa11.csv"
UNIQUE = "unique_key_double_disadvantage_edition_id__area_code"


@pytest.fixture(scope="module")
def site(sample: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A copy of the sample's site, with the command's runs and the candidate of its release."""
    made = Site(tmp_path_factory.mktemp("operated"), "sample")
    shutil.copytree(sample.data, made.data, symlinks=True, dirs_exist_ok=True)
    ran = made.lbn("refresh", "--force")
    assert ran.code == 0, ran.err
    return made


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with listening() as made:
        yield made


@pytest.fixture(scope="module")
def server(site: Site, hook: Hook) -> Iterator[Server]:
    hooked = f"json://127.0.0.1:{hook.port}/lbn"
    with serving(site, LBN_NOTIFY=hooked, LBN_UI_ADDRESS="https://ui.example.org") as served:
        yield served


def told(hook: Hook, run: str) -> dict[str, Any]:
    """What people were told of a run, once."""
    (post,) = (post for post in hook.posts if run in post["message"])
    return post


def state_of_assets(server: Server) -> dict[tuple[str, ...], str]:
    nodes = server.ask("{ assetNodes { assetKey { path } staleStatus } }")["assetNodes"]
    return {
        tuple(node["assetKey"]["path"][1:]): node["staleStatus"]
        for node in nodes
        if node["assetKey"]["path"][0] == "sample"
    }


def failure(server: Server, run: str) -> str:
    """The error of the step that failed, as the run page shows it."""
    (error,) = (
        event["error"]["message"]
        for event in server.events(run)
        if event["__typename"] == "ExecutionStepFailureEvent"
    )
    return str(error)


def test_the_ui_sees_what_the_command_did(server: Server) -> None:
    forced, run = server.ask(
        """{ pipelineRunsOrError(filter: {pipelineName: "refresh"}) { ... on Runs { results {
            runId status jobName repositoryOrigin { repositoryLocationName } } } } }"""
    )["pipelineRunsOrError"]["results"]
    assert server.tags(forced["runId"])["lbn/outcome"] == "unchanged"
    assert (run["status"], run["jobName"]) == ("SUCCESS", "refresh")
    assert run["repositoryOrigin"]["repositoryLocationName"] == "left_behind_sample"
    tags = server.tags(run["runId"])
    release = server.site.current.resolve().name
    assert tags["lbn/trigger"] == "command"
    assert tags["lbn/profile"] == "sample"
    assert tags["lbn/outcome"] == "built"
    assert tags["lbn/release"] == release
    assert tags["lbn/commit"]


def asked(server: Server, lines: str) -> str:
    """The first line of the answer to a request as it stands, and as long as it is."""
    head, _, body = lines.partition("\n\n")
    here = server.url.removeprefix("http://")
    head = head.replace("HERE", here).replace("\n", "\r\n")
    host, port = here.split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        connection.sendall(f"{head}\r\n{length}\r\n{body}".encode())
        return connection.makefile("rb").readline().decode().strip()


# A change that changes nothing.
QUERY = '{"query": "mutation { __typename }"}'
WEBSOCKET = (
    "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Protocol: graphql-ws"
)


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        ("200", f"POST /graphql HTTP/1.1\nHost: HERE\nContent-Type: application/json\n\n{QUERY}"),
        ("200", "GET /runs HTTP/1.1\nHost: HERE\nAccept: text/html"),
        ("200", "GET /graphql HTTP/1.1\nHost: HERE\nAccept: text/html"),
        ("200", "GET /server_info HTTP/1.1\nHost: localhost:1234"),
        ("200", "GET /server_info HTTP/1.1\nHost: [::1]:1234"),
        ("200", "GET /server_info HTTP/1.1\nHost: ui.example.org"),
        (
            "200",
            "POST /graphql HTTP/1.1\nHost: HERE\nOrigin: http://HERE\n"
            f"Content-Type: application/json; charset=utf-8\n\n{QUERY}",
        ),
        (
            "200",
            "POST /graphql HTTP/1.1\nHost: HERE\nOrigin: https://ui.example.org\n"
            f"Content-Type: application/json\n\n{QUERY}",
        ),
        ("101", f"GET /graphql HTTP/1.1\nHost: HERE\nOrigin: http://HERE\n{WEBSOCKET}"),
        ("101", f"GET /graphql HTTP/1.1\nHost: HERE\n{WEBSOCKET}"),
        # A name of somebody else's that leads here.
        ("403", "GET /server_info HTTP/1.1\nHost: rebound.example.com"),
        ("403", "GET /server_info HTTP/1.1\nHost: 192.0.2.1:3000"),
        ("403", "GET /server_info HTTP/1.1\nHost: [::1"),
        ("403", "GET /server_info HTTP/1.1\nHost: "),
        ("403", f"GET /graphql HTTP/1.1\nHost: rebound.example.com\n{WEBSOCKET}"),
        # A page of another site; of another server on this machine; of a file.
        *(
            (
                "403",
                f"POST /graphql HTTP/1.1\nHost: HERE\nOrigin: {origin}\n"
                f"Content-Type: application/json\n\n{QUERY}",
            )
            for origin in ("https://evil.example.com", "http://127.0.0.1:1", "null")
        ),
        ("403", f"GET /graphql HTTP/1.1\nHost: HERE\nOrigin: http://127.0.0.1:1\n{WEBSOCKET}"),
        # What a browser sends without asking first.
        *(
            ("403", f"POST {path} HTTP/1.1\nHost: HERE\nContent-Type: {content}\n\n{QUERY}")
            for path in ("/graphql", "/report_asset_materialization/a")
            for content in (
                "text/plain",
                "text/plain; x=application/json",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "",
            )
        ),
        ("403", f"POST /graphql HTTP/1.1\nHost: HERE\n\n{QUERY}"),
        ("403", "GET /graphql?query=mutation+{+__typename+} HTTP/1.1\nHost: HERE\nAccept: image/*"),
    ],
)
def test_only_the_pages_of_the_ui_are_answered(server: Server, status: str, lines: str) -> None:
    assert asked(server, lines).split()[1] == status


def test_one_server_shows_every_profile(server: Server) -> None:
    nodes = server.ask("{ assetNodes { assetKey { path } } }")["assetNodes"]
    assert {node["assetKey"]["path"][0] for node in nodes} == {"sample", "england"}


def test_after_a_refresh_nothing_is_stale(server: Server) -> None:
    states = state_of_assets(server)
    assert len(states) > 100
    assert {key for key, state in states.items() if state != "FRESH"} == set()


def test_with_nothing_changed_the_ui_ends_at_once_and_says_so(server: Server, site: Site) -> None:
    before = site.release_bytes()
    run = server.launch()
    assert server.wait(run) == "SUCCESS"
    steps = {step["stepKey"]: step["status"] for step in server.run(run)["stepStats"]}
    assert steps.pop("take_source_files") == "SUCCESS"
    assert set(steps.values()) == {"SKIPPED"}
    (seen,) = (e for e in server.events(run) if e["__typename"] == "ObservationEvent")
    assert seen["assetKey"]["path"] == ["sample", "release"]
    assert seen["description"].startswith("Nothing changed")
    assert server.tags(run)["lbn/outcome"] == "unchanged"
    assert server.tags(run)["lbn/trigger"] == "ui"
    assert site.release_bytes() == before


@pytest.mark.parametrize(
    ("assets", "checks"),
    [
        ([["source", "imd2019"]], []),
        ([["raw", "lookup"]], []),
        ([["raw", "index_area"], ["meta", "source_file"]], []),
        ([["staging", "stg_boundaries"]], []),
        ([["intermediate", "int_rated_areas"], ["marts", "double_disadvantage"]], []),
        ([["seeds", "editions"]], []),
        ([], [(["raw", "lookup"], "raw_lookup")]),
        ([], [(["marts", "double_disadvantage"], "marts_double_disadvantage")]),
        ([], [(["marts", "double_disadvantage"], UNIQUE)]),
        ([["marts", "dim_edition"]], [(["marts", "double_disadvantage"], UNIQUE)]),
        ([["release"]], []),
    ],
    ids=str,
)
def test_a_part_can_be_made_alone(
    server: Server, assets: list[list[str]], checks: list[tuple[list[str], str]]
) -> None:
    run = server.launch(assets=assets, checks=checks)
    assert server.wait(run) == "SUCCESS", server.account(run)
    made = {
        tuple(event["assetKey"]["path"][1:])
        for event in server.ask(
            """query ($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
                ... on MaterializationEvent { assetKey { path } } } } } }""",
            id=run,
        )["logsForRun"]["events"]
        if "assetKey" in event
    }
    assert made == {tuple(path) for path in assets}
    judged = {
        event["evaluation"]["checkName"]
        for event in server.events(run)
        if event["__typename"] == "AssetCheckEvaluationEvent"
    }
    assert judged == {name for _, name in checks}


def test_parts_made_of_the_same_are_published_as_they_were(server: Server, site: Site) -> None:
    """After all those parts: nothing has another content, so the candidate is whole."""
    before = site.release_bytes()
    run = server.launch("publish")
    assert server.wait(run) == "SUCCESS", failure(server, run)
    assert site.release_bytes() == before


def test_mixed_parts_are_stale_and_not_published_and_the_audit_says_which(
    server: Server, site: Site
) -> None:
    before = site.release_bytes()
    file = site.root / "inbox" / POPULATION
    kept = file.read_bytes()
    assert kept.count(b'X01000001,"1,774"') == 1
    file.write_bytes(kept.replace(b'X01000001,"1,774"', b'X01000001,"1,775"'))
    source = ["source", "population_mid2019"]
    for assets in ([source], [["raw", "population"]]):
        made = server.launch(assets=assets)
        assert server.wait(made) == "SUCCESS"
    states = state_of_assets(server)
    assert states["raw", "population"] == "FRESH"
    assert states["staging", "stg_populations"] == "STALE"
    # Dagster marks the next in line; of those behind it the step says so.
    seen = {
        tuple(event["assetKey"]["path"][1:]): event["description"]
        for event in server.events(made)
        if event["__typename"] == "ObservationEvent"
    }
    assert "raw.population has changed" in seen["marts", "dim_area"]
    assert ("marts", "area_boundary") not in seen
    assert states["staging", "stg_boundaries"] == "FRESH"
    run = server.launch("publish")
    assert server.wait(run) == "FAILURE"
    text = failure(server, run)
    assert "staging.stg_populations" in text
    assert "raw.population as it was before" in text
    assert site.release_bytes() == before
    # Put right again part by part, it is the same candidate as before.
    file.write_bytes(kept)
    for assets in ([source], [["raw", "population"], ["meta", "source_file"]]):
        assert server.wait(server.launch(assets=assets)) == "SUCCESS"
    run = server.launch("publish")
    assert server.wait(run) == "SUCCESS", failure(server, run)
    assert site.release_bytes() == before


def test_one_failed_dbt_test_is_one_failure_with_its_key(server: Server, site: Site) -> None:
    """A row of a mart doubled by hand; the test of its key is run alone, then with its mart."""
    import duckdb

    with duckdb.connect(str(site.root / "build" / "warehouse.duckdb")) as build:
        build.execute(
            "create or replace table marts.dim_edition as "
            "from marts.dim_edition union all (from marts.dim_edition limit 1)"
        )
        names = [
            row[0]
            for row in build.execute(
                "select expectation from meta.guard_result where guard = 'dbt_tests'"
            ).fetchall()
        ]
    check = next(name for name in names if name.startswith("unique_key_dim_edition"))
    run = server.launch(checks=[(["marts", "dim_edition"], check)])
    assert server.wait(run) == "FAILURE"
    text = failure(server, run)
    assert check in text.splitlines()[0]
    assert "edition_id=" in text.splitlines()[0]
    assert "no two rows have the same edition_id" in text
    assert ".sql" in text
    assert text.count("found:") == 1
    run = server.launch(
        assets=[["marts", "dim_edition"]], checks=[(["marts", "dim_edition"], check)]
    )
    assert server.wait(run) == "SUCCESS", failure(server, run)


def test_a_broken_file_says_key_and_remedy_first_and_is_put_right(
    server: Server, site: Site, hook: Hook
) -> None:
    from tests.pipeline.test_bad_input import IMD_2025, wrong_decile

    before = site.release_bytes()
    file = site.root / "inbox" / IMD_2025
    kept = file.read_bytes()
    wrong_decile(site.root / "inbox")
    try:
        run = server.launch()
        assert server.wait(run) == "FAILURE"
    finally:
        file.write_bytes(kept)
    first_line = failure(server, run).splitlines()[0]
    assert "raw_index_measure" in first_line
    assert "imd2025, overall, X01" in first_line
    assert "To do: " in first_line
    (broken,) = (
        event["evaluation"]
        for event in server.events(run)
        if event["__typename"] == "AssetCheckEvaluationEvent" and not event["evaluation"]["success"]
    )
    assert broken["checkName"] == "raw_index_measure"
    assert site.release_bytes() == before
    said = told(hook, run)
    assert said["title"] == "[SYNTHETIC] Refresh of sample failed: nothing was published"
    assert said["message"].startswith("1. guard raw_index_measure, published_decile")
    assert server.tags(run)["lbn/outcome"] == "failed"
    following = server.launch()
    assert server.wait(following) == "SUCCESS"
    assert server.tags(following)["lbn/outcome"] == "unchanged"


def test_a_killed_run_of_the_ui_blocks_nobody(server: Server, hook: Hook) -> None:
    run = server.launch(config=FORCED)
    pid = wait_for(lambda: worker(run), "the process of the run")
    os.kill(pid, signal.SIGKILL)
    following = server.launch()
    assert server.wait(following) == "SUCCESS", server.account(following)
    assert server.wait(run) == "FAILURE"
    assert server.tags(run)["lbn/outcome"] == "killed"
    assert "was killed" in told(hook, run)["message"]


def test_a_change_is_built_and_told_and_taken_back(server: Server, site: Site, hook: Hook) -> None:
    before = site.current.resolve().name
    file = site.root / "inbox" / POPULATION
    kept = file.read_bytes()
    file.write_bytes(kept.replace(b'X01000001,"1,774"', b'X01000001,"1,776"'))
    try:
        run = server.launch()
        assert server.wait(run) == "SUCCESS", failure(server, run)
    finally:
        file.write_bytes(kept)
    tags = server.tags(run)
    assert tags["lbn/outcome"] == "built"
    assert tags["lbn/release"] == site.current.resolve().name != before
    said = hook.posts[-1]
    assert said["title"] == f"[SYNTHETIC] Refresh of sample: {tags['lbn/release']} is current"
    assert "lsoa21_imd2025_cni2023" in said["message"]
    back = server.launch()
    assert server.wait(back) == "SUCCESS"
    assert server.tags(back)["lbn/outcome"] == "restored"
    assert site.current.resolve().name == before
    assert hook.posts[-1]["title"].endswith(f"{before} is current")
    shown = server.ask(
        """{ assetOrError(assetKey: {path: ["sample", "release"]}) { ... on Asset {
            assetMaterializations(limit: 1) { metadataEntries { label
                ... on TextMetadataEntry { text } } } } } }"""
    )["assetOrError"]["assetMaterializations"][0]["metadataEntries"]
    assert {"label": "release_id", "text": before} in shown


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP])
def test_a_killed_command_blocks_nobody_and_is_marked(
    server: Server, site: Site, how: signal.Signals
) -> None:
    process = subprocess.Popen(
        [str(LBN), "refresh", "--force"],
        env=environment(site),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    query = """{ pipelineRunsOrError(filter: {statuses: [STARTED]}) { ... on Runs { results {
        runId } } } }"""
    started = wait_for(
        lambda: server.ask(query)["pipelineRunsOrError"]["results"], "the run of the command"
    )
    time.sleep(1)
    process.send_signal(how)
    process.wait()
    following = server.launch()
    assert server.wait(following) == "SUCCESS", server.account(following)
    (run,) = started
    assert server.run(run["runId"])["status"] == "FAILURE"
    assert server.tags(run["runId"])["lbn/outcome"] == "killed"


def test_the_second_waits_says_for_whom_and_can_be_interrupted(server: Server, site: Site) -> None:
    run = server.launch(config=FORCED)
    wait_for(lambda: worker(run) and (site.root / "refresh.json").exists(), "the turn of the run")
    time.sleep(2)
    second = subprocess.Popen(
        [str(LBN), "refresh"],
        env=environment(site),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    third = server.launch()
    time.sleep(4)
    asked = time.monotonic()
    second.send_signal(signal.SIGINT)
    _, text = second.communicate(timeout=SECONDS)
    assert time.monotonic() - asked < 2
    assert second.returncode == 130
    assert text.splitlines()[-1] == (
        "Interrupted: nothing was published; the release that was current still is"
    )
    assert "Waiting for another refresh of sample" in text
    assert run in text
    assert "Traceback" not in text
    assert server.wait(run) == "SUCCESS", server.account(run)
    # Whoever comes second finds nothing to do.
    assert server.wait(third) == "SUCCESS", server.account(third)
    assert server.tags(third)["lbn/outcome"] == "unchanged"
    waited = [event["message"] for event in server.events(third) if "message" in event]
    assert any(run in message for message in waited if message.startswith("Waiting for"))


def test_two_jobs_without_an_instance_take_turns(site: Site, tmp_path: Path) -> None:
    """Dagster's own command, twice at once, each with a throw-away instance."""
    copy = Site(tmp_path, "sample")
    shutil.copytree(site.root, copy.root, symlinks=True)
    surroundings = environment(copy)
    del surroundings["DAGSTER_HOME"]
    command = [str(Path(sys.executable).with_name("dagster")), "job", "execute"]
    command += ["-m", "orchestration.definitions", "-j", "refresh"]
    both = [
        subprocess.Popen(
            command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    texts = [process.communicate(timeout=SECONDS)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
