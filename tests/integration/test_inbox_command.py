"""What the commands say of the inbox and take from addresses, in this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from orchestration.cli import app as command
from orchestration.cli.main import app
from orchestration.defs import assembly
from orchestration.defs import refresh as refreshing
from orchestration.defs.look import Outcome
from orchestration.defs.refresh import Refreshed
from orchestration.defs.release import build_release
from orchestration.defs.runs import build_turn
from orchestration.defs.source_files import build_source_files, source_key
from orchestration.settings import Settings, load_settings
from orchestration.sources.registry import Registry
from orchestration.sources.vault import Vault
from tests.support.files import Publisher, publishing

SOURCE = "population_mid2019"
FILE = "population_mid2019_lsoa11.csv"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data root for the sample, empty."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("LBN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LBN_DATA", str(tmp_path / "data"))
    yield tmp_path / "data"
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def inbox(sample_inbox: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_inbox, tmp_path / "inbox"))


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """Whoever serves one source of the sample."""
    with publishing(monkeypatch, SOURCE) as served:
        monkeypatch.setattr(command, "load_registry", lambda _: served.registry)
        yield served


def run(*arguments: str | Path) -> tuple[int, str]:
    ran = CliRunner().invoke(app, [*map(str, arguments)])
    return ran.exit_code, ran.output


# --- lbn sources ----------------------------------------------------------------------------------


def test_sources_says_where_every_file_is(data: Path, inbox: Path) -> None:
    code, said = run("sources", "--inbox", inbox)
    assert code == 0
    assert str(next(inbox.rglob(FILE))) in said
    assert "not used" not in said
    assert not data.exists()


def test_sources_with_a_file_missing_says_so_and_ends_with_3(data: Path, inbox: Path) -> None:
    next(inbox.rglob(FILE)).unlink()
    code, said = run("sources", "--inbox", inbox)
    assert code == 3
    assert f"source {SOURCE} (" in said
    assert "population_mid2019_lsoa11*" in said


def test_what_can_be_downloaded_is_not_missing(
    data: Path, inbox: Path, publisher: Publisher
) -> None:
    next(inbox.rglob(FILE)).unlink()
    code, said = run("sources", "--inbox", inbox)
    assert code == 0
    assert f"to download: {publisher.url}" in said
    assert publisher.requests == 0


def test_sources_names_every_file_that_no_source_takes(data: Path, inbox: Path) -> None:
    names = [f"mid2019_population_{number:02}.csv" for number in range(12)]
    for name in names:
        (inbox / name).write_bytes(b"")
    code, said = run("sources", "--inbox", inbox)
    assert code == 0
    for name in names:
        assert f"{name}: no source takes a file of this name; nearest is {SOURCE} (" in said


# --- lbn refresh ----------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["built", "unchanged", "restored"])
def test_a_refresh_names_the_files_that_no_source_takes_whatever_it_came_to(
    data: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    manifest: dict[str, Any] = dict.fromkeys(("release_id", "label", "country"), "")
    manifest |= {name: [] for name in ("editions", "guards", "inputs", "changes_since")}
    done = Refreshed(outcome, data, manifest)
    monkeypatch.setattr(refreshing, "refresh", lambda *_, **__: done)
    assert "not used" not in run("refresh", "--inbox", inbox)[1]
    for number in range(12):
        (inbox / f"mid2019_population_{number:02}.csv").write_bytes(b"")
    code, said = run("refresh", "--inbox", inbox)
    assert code == 0
    assert f"population_09.csv: no source takes a file of this name; nearest is {SOURCE} (" in said
    assert "population_10.csv" not in said
    assert "and 2 more" in said


def test_a_refresh_that_lacks_a_file_names_what_may_be_it(data: Path, inbox: Path) -> None:
    file = next(inbox.rglob(FILE))
    file.rename(file.with_name("mid2019_population.csv"))
    code, said = run("refresh", "--inbox", inbox)
    assert code == 1
    assert f"source {SOURCE} (" in said
    assert (
        f"mid2019_population.csv: no source takes a file of this name; nearest is {SOURCE}" in said
    )


@pytest.fixture
def first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job refresh is its first and last step: what is between takes half a minute to put up."""

    def assemble(settings: Settings, registry: Registry) -> dg.Definitions:
        return dg.Definitions(
            assets=[
                build_source_files(settings, registry),
                build_release(settings, registry, [source_key(settings, SOURCE)]),
            ],
            jobs=[dg.define_asset_job("refresh")],
            resources={"turn": build_turn(settings, registry)},
            executor=dg.in_process_executor,
        )

    monkeypatch.setattr(assembly, "assemble", assemble)


@pytest.mark.usefixtures("first_step")
def test_fetch_asks_the_address_again_and_refuses_what_stands_there_now(
    data: Path, inbox: Path, publisher: Publisher
) -> None:
    """The file that is in the vault would do; what stands at the address now would not."""
    publisher.body = next(inbox.rglob(FILE)).read_bytes()
    next(inbox.rglob(FILE)).unlink()
    source = publisher.registry.source(SOURCE)
    Vault(load_settings("sample", inbox), publisher.registry).take(source, [])
    assert publisher.requests == 1
    assert run("sources", "--inbox", inbox)[0] == 0
    assert publisher.requests == 1
    publisher.body = b"<html>Moved</html>"
    (inbox / "mid2019_population.csv").write_bytes(b"")
    code, said = run("refresh", "--inbox", inbox, "--fetch")
    assert code == 1
    assert "expected a data file, received a web page" in said
    assert publisher.requests == 2
    # The run's log in the UI names the file that no source takes, as the command does.
    assert "mid2019_population.csv: no source takes" in said
    with dg.DagsterInstance.get() as instance:
        (kept,) = instance.get_runs()
        logged = [entry.user_message for entry in instance.all_logs(kept.run_id)]
    assert any(
        f"mid2019_population.csv: no source takes a file of this name; nearest is {SOURCE}"
        in message
        for message in logged
    )


# --- An inbox that is none ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["refresh", "sources", "ui"])
@pytest.mark.parametrize("by", ["option", "environment"])
@pytest.mark.parametrize("what", ["nothing", "file"])
def test_an_inbox_that_was_named_and_is_none_is_wrong_usage(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, by: str, what: str
) -> None:
    inbox = tmp_path / "somewhere"
    if what == "file":
        inbox.write_bytes(b"")
    if by == "environment":
        monkeypatch.setenv("LBN_INBOX", str(inbox))
    code, said = run(name, *(("--inbox", str(inbox)) if by == "option" else ()))
    assert code == 2
    # Of an option that is a file typer says so itself, in a frame that breaks the line.
    assert (by == "option" and what == "file") or f"the inbox {inbox}" in said
    assert not data.exists()


def test_commands_that_do_not_look_into_the_inbox_do_without(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LBN_INBOX", str(tmp_path / "nowhere"))
    assert run("status")[0] == 3


@pytest.mark.parametrize("name", ["refresh", "sources"])
def test_a_link_to_nothing_in_the_inbox_refuses(data: Path, inbox: Path, name: str) -> None:
    (inbox / "2025").symlink_to("/nowhere/2025")
    code, said = run(name, "--inbox", inbox)
    assert code == 1
    assert str(inbox / "2025") in said
    assert "a link to nothing" in said
