"""The Dagster UI by clicks, as the data engineer has it: launch, watch, repair, kill, schedule.

Screenshots are kept beside those of the explorer, to be looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.test_bad_input import IMD_2025, wrong_decile
from tests.support.pages import ARTEFACTS, FLAGS, find_chromium
from tests.support.patience import SECONDS, wait_for
from tests.support.server import Server, environment, serving
from tests.support.site import PROJECT, Site
from tests.tools.kills import worker

pytestmark = pytest.mark.xdist_group("dagster_ui")

JOB = "/locations/left_behind_sample/jobs/refresh"
# As Playwright counts: only against a hang.
LIMIT = SECONDS * 1_000


@pytest.fixture(scope="module")
def site(sample: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("served"), "sample")
    shutil.copytree(sample.data, made.data, symlinks=True, dirs_exist_ok=True)
    return made


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Server]:
    with serving(site) as served:
        yield served


@pytest.fixture(scope="module")
def page(server: Server, chromium: Any) -> Iterator[Any]:
    # This browser may reach the server, and nothing else.
    flags = [flag for flag in FLAGS if "resolver" not in flag]
    flags.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    browser = chromium.launch(executable_path=find_chromium(), args=flags)
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(LIMIT)
    yield opened
    browser.close()


def shot(page: Any, name: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(500)
    page.screenshot(path=ARTEFACTS / f"dagster-{name}.png")


def newest_run(server: Server) -> str:
    found = server.ask("{ runsOrError(limit: 1) { ... on Runs { results { runId } } } }")
    return str(found["runsOrError"]["results"][0]["runId"])


def launched(server: Server, page: Any, button: str) -> str:
    """Click, and give the run that comes of it."""
    before = newest_run(server)
    page.get_by_role("button", name=button).first.click()

    def another() -> str | None:
        page.wait_for_timeout(200)
        run = newest_run(server)
        return run if run != before else None

    return wait_for(another, "the run that was launched", pause=0)


def ended(server: Server, page: Any, run: str, status: str) -> None:
    """See on its page how a run ended.

    The page is opened when it has: one that is opened before, on a busy machine, can miss the end
    and show a run that goes on. And a run that ends otherwise says why, at once.
    """
    assert server.wait(run) == status.upper(), server.account(run)
    page.goto(f"{server.url}/runs/{run}")
    page.get_by_text(status, exact=True).first.wait_for()


def test_the_graph_shows_the_flow_from_file_to_release(server: Server, page: Any) -> None:
    # The whole graph: that of a job is drawn as far as it fits beside its description.
    page.goto(f"{server.url}/asset-groups")
    for group in ("sources", "raw", "staging", "intermediate", "marts", "release"):
        page.get_by_text(group, exact=True).first.wait_for()
    shot(page, "graph")


def test_refresh_by_clicks_to_green(server: Server, page: Any) -> None:
    page.goto(f"{server.url}{JOB}/playground")
    editor = page.locator(".CodeMirror, .cm-editor").first
    editor.wait_for()
    # The options stand there with their defaults.
    for option in ("fetch", "force", "from_scratch", "notify"):
        page.get_by_text(option, exact=True).first.wait_for()
    shot(page, "launchpad")
    page.goto(server.url + JOB)
    run = launched(server, page, "Materialize all")
    ended(server, page, run, "Success")
    shot(page, "nothing-changed")
    assert server.tags(run)["lbn/outcome"] == "unchanged"


def test_one_mart_by_clicks(server: Server, page: Any) -> None:
    page.goto(f"{server.url}/assets/sample/marts/dim_edition")
    page.get_by_text("SYNTHETIC: no figure is real.").first.wait_for()
    shot(page, "mart")
    run = launched(server, page, "Materialize")
    ended(server, page, run, "Success")
    assert [step["stepKey"] for step in server.run(run)["stepStats"]] == ["build_dbt_models"]


def test_a_broken_file_is_told_and_put_right(server: Server, site: Site, page: Any) -> None:
    before = site.release_bytes()
    file = site.root / "inbox" / IMD_2025
    kept = file.read_bytes()
    wrong_decile(site.root / "inbox")
    try:
        page.goto(server.url + JOB)
        run = launched(server, page, "Materialize all")
        ended(server, page, run, "Failure")
    finally:
        file.write_bytes(kept)
    # Key and remedy stand in the row of the failed run, under nothing.
    row = page.get_by_text(re.compile(r"guard raw_index_measure, published_decile: 1 broken"))
    row.first.wait_for()
    assert "To do: " in row.first.inner_text()
    shot(page, "broken-run")
    page.goto(f"{server.url}/assets/sample/raw/index_measure?view=checks")
    page.get_by_text("raw_index_measure").first.wait_for()
    page.get_by_text("Failed", exact=True).first.wait_for()
    shot(page, "broken-check")
    assert site.release_bytes() == before
    page.goto(server.url + JOB)
    run = launched(server, page, "Materialize all")
    ended(server, page, run, "Success")


def test_a_killed_run_is_in_nobodys_way(server: Server, page: Any) -> None:
    config = {"ops": {"take_source_files": {"config": {"force": True}}}}
    run = server.launch(config=config)
    pid = wait_for(lambda: worker(run), "the process of the run")
    os.kill(pid, signal.SIGKILL)
    page.goto(server.url + JOB)
    following = launched(server, page, "Materialize all")
    ended(server, page, following, "Success")
    ended(server, page, run, "Failure")
    shot(page, "killed-run")


def test_the_schedule_runs_with_a_daemon(site: Site, tmp_path: Path) -> None:
    """Every minute, in a copy of the site; the daemon starts the run, and nobody else does."""
    copy = Site(tmp_path, "sample")
    shutil.copytree(site.data, copy.data, symlinks=True, dirs_exist_ok=True)
    surroundings = environment(copy) | {"LBN_SCHEDULE": "* * * * *"}
    bin_folder = Path(sys.executable).parent
    workspace = str(PROJECT / "workspace.yaml")
    switch = [str(bin_folder / "dagster"), "schedule", "start", "annual_refresh", "-w", workspace]
    subprocess.run(
        [*switch, "-l", "left_behind_sample"], env=surroundings, check=True, capture_output=True
    )
    said = copy.lbn("status").out
    assert "On: annual_refresh." in said
    assert "no daemon runs" in said
    daemon = subprocess.Popen(
        [str(bin_folder / "dagster-daemon"), "run", "-w", workspace],
        env=surroundings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with serving(copy) as server:
            query = """{ runsOrError(filter: {tags: [{key: "dagster/schedule_name",
                value: "annual_refresh"}]}) { ... on Runs { results { runId } } } }"""
            runs = wait_for(
                lambda: server.ask(query)["runsOrError"]["results"], "a run of the schedule", 1
            )
            run = runs[-1]["runId"]
            assert server.wait(run) == "SUCCESS", server.account(run)
            assert server.tags(run)["lbn/trigger"] == "schedule"
            assert server.tags(run)["lbn/outcome"] == "unchanged"
            assert "no daemon runs" not in copy.lbn("status").out
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait(30)
