"""The Dagster instance in a real PostgreSQL, as an operator's own dagster.yaml has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.server import environment, free_port, serving
from tests.support.site import LBN, Site

OPERATORS_OWN = """\
# The house's database server.
storage:
  postgres:
    postgres_url:
      env: DAGSTER_POSTGRES_URL
"""


def programs() -> Path | None:
    """The folder of the server's programs; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@pytest.fixture
def address() -> Iterator[str]:
    """A server of this test's own, with an empty database; gives its address for SQLAlchemy."""
    folder = programs()
    if folder is None:
        pytest.skip("no PostgreSQL server on this machine: make test-postgres installs it")
    # The server refuses to run as root.
    as_server = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run([*as_server, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")

    with tempfile.TemporaryDirectory() as made:
        if as_server:
            shutil.chown(made, "postgres")
        data = f"{made}/data"
        run(str(folder / "initdb"), "-D", data, "-A", "trust", "-U", "postgres")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {made}"
        control = [str(folder / "pg_ctl"), "-D", data, "-w", "-l", f"{made}/log"]
        run(*control, "-o", options, "start")
        try:
            run(str(folder / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "d")
            yield f"postgresql+psycopg2://postgres@127.0.0.1:{port}/d"
        finally:
            run(*control, "-m", "immediate", "stop")


def test_runs_of_command_and_ui_lie_in_postgresql(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", address)
    site = Site(tmp_path, "sample")
    laid = site.data / "dagster" / "dagster.yaml"
    laid.parent.mkdir()
    laid.write_text(OPERATORS_OWN, encoding="utf-8")
    ran = subprocess.run(
        [str(LBN), "refresh"], env=environment(site), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    text = laid.read_text(encoding="utf-8")
    assert text.startswith(OPERATORS_OWN.rstrip())
    assert yaml.safe_load(text)["telemetry"] == {"enabled": False}
    with serving(site) as server:
        assert server.wait(server.launch()) == "SUCCESS"
        runs = server.ask("{ runsOrError { ... on Runs { results { status jobName } } } }")
    assert runs["runsOrError"]["results"] == [{"status": "SUCCESS", "jobName": "refresh"}] * 2
    # Nothing of it in files: only what steps printed, and the locks of runs.
    assert list((site.data / "dagster").rglob("*.db")) == []
