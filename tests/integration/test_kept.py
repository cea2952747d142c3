"""Which candidate is published as it lies there when a person accepts what it was held for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.defs import refresh as refreshing
from orchestration.defs.look import Look, is_kept
from orchestration.fingerprint import code_version, release_id
from orchestration.layout import CURRENT, MANIFEST
from orchestration.problems import Problem, RefreshError
from orchestration.settings import Settings
from orchestration.sources.registry import Download, Registry, load_registry
from orchestration.sources.vault import Vault

SOURCE = "population_mid2019"


class Silent:
    """Nobody is told."""

    def announce(self, step: str) -> None:
        """A step begins."""

    def wait(self, for_whom: str) -> None:
        """A step waits."""

    def succeeded(self) -> None:
        """It is done."""

    def failed(self) -> None:
        """It has failed."""


def without_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.build.dbt.candidate_parts", lambda *_: set())
    monkeypatch.setattr("orchestration.publish.audit.audit", lambda *_: None)


@pytest.fixture
def registry() -> Registry:
    """One source, so that its file is all that a candidate is made of."""
    sample = load_registry("sample")
    download = Download(url="https://example.org/people.csv")
    source = sample.source(SOURCE).model_copy(update={"download": download})
    return sample.model_copy(update={"sources": (source,)})


@pytest.fixture
def settings(
    registry: Registry, sample_inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A build of a file that lies in the inbox, whole and judged; nothing is published."""
    without_parts(monkeypatch)
    settings = Settings("sample", tmp_path / "data", tmp_path / "inbox")
    settings.inbox.mkdir()
    (found,) = sample_inbox.rglob("population_mid2019*")
    shutil.copy(found, settings.inbox)
    (taken,) = Vault(settings, registry).take_all()
    settings.build.mkdir(parents=True)
    with duckdb.connect(str(settings.build_database)) as build:
        build.execute("create schema meta")
        build.execute("create table meta.source_file (source_id text, sha256 text, origin text)")
        build.execute("insert into meta.source_file values (?, ?, 'inbox')", [SOURCE, taken.sha256])
    return settings


def inbox_file(settings: Settings) -> Path:
    (file,) = settings.inbox.iterdir()
    return file


def downloaded(settings: Settings) -> None:
    """The build is of a download that no inbox has."""
    inbox_file(settings).unlink()
    with duckdb.connect(str(settings.build_database)) as build:
        build.execute("update meta.source_file set origin = 'https://example.org/people.csv'")


def changed(settings: Settings) -> None:
    with inbox_file(settings).open("ab") as file:
        file.write(b"\n")


def taken_away(settings: Settings) -> None:
    inbox_file(settings).unlink()


def published(settings: Settings) -> None:
    with duckdb.connect(str(settings.build_database)) as build:
        inputs = dict(build.execute("select source_id, sha256 from meta.source_file").fetchall())
    (settings.releases / release_id("sample", inputs, code_version())).mkdir(parents=True)


def replaced(settings: Settings) -> None:
    """Downloaded, and now another file is in the inbox."""
    kept = inbox_file(settings).read_bytes()
    name = inbox_file(settings)
    downloaded(settings)
    name.write_bytes(kept + b"\n")


def gone(settings: Settings) -> None:
    settings.build_database.unlink()


def no_database(settings: Settings) -> None:
    settings.build_database.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize("case", [None, downloaded])
def test_a_candidate_of_the_files_of_now_is_kept(
    settings: Settings, registry: Registry, case: Callable[[Settings], None] | None
) -> None:
    if case:
        case(settings)
    assert is_kept(settings, registry)


@pytest.mark.parametrize("case", [changed, taken_away, published, replaced, gone, no_database])
def test_a_candidate_of_other_files_is_built_again(
    settings: Settings, registry: Registry, case: Callable[[Settings], None]
) -> None:
    case(settings)
    assert not is_kept(settings, registry)


def test_what_is_to_be_downloaded_again_is_built_again(
    settings: Settings, registry: Registry
) -> None:
    assert not is_kept(replace(settings, fetch=True), registry)


def test_a_candidate_that_did_not_pass_is_built_again(
    settings: Settings, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RefreshError("Auditing the candidate", [Problem("a", "b", "c", "d")])

    monkeypatch.setattr("orchestration.publish.audit.audit", refuse)
    assert not is_kept(settings, registry)


@pytest.mark.parametrize(
    ("accept", "force", "kept", "job"),
    [
        ({SOURCE: "why"}, False, True, "publish"),
        ({SOURCE: "why"}, True, True, "refresh"),
        ({SOURCE: "why"}, False, False, None),
        ({}, False, True, None),
    ],
    ids=["accepted", "built again", "nothing waits", "nothing accepted"],
)
def test_what_waits_is_published_though_a_look_finds_nothing_changed(
    settings: Settings,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    accept: dict[str, str],
    force: bool,
    kept: bool,
    job: str | None,
) -> None:
    """A download that was held: the look finds the file of the release that is current."""
    release = settings.releases / "sample-0"
    release.mkdir(parents=True)
    told = {"release_id": release.name, "profile": "sample", "inputs": [], "editions": []}
    (release / MANIFEST).write_text(json.dumps(told))
    (settings.releases / CURRENT).symlink_to(release.name)
    ran: list[str] = []
    monkeypatch.setattr(refreshing, "look", lambda *_: Look("unchanged", release))
    monkeypatch.setattr(refreshing, "is_kept", lambda *_: kept)
    monkeypatch.setattr(refreshing, "_run", lambda *given: ran.append(given[3]))
    done = refreshing.refresh(settings, registry, Silent(), force=force, accept=accept)
    assert ran == ([job] if job else [])
    assert done.outcome == ("built" if job else "unchanged")
