"""Stopped between any two moves of files: what lies there is whole, and the next run mends it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.build import database
from orchestration.build.database import load_build, open_build
from orchestration.fingerprint import sha256_of
from orchestration.layout import current_release
from orchestration.problems import HeldError
from orchestration.publish import release as publishing
from orchestration.publish.held import what_is_held
from orchestration.publish.pointer import is_current, point_to
from orchestration.publish.verification import verify
from orchestration.queries import Row
from orchestration.raw.readers import RAW_TABLES, TABLES_OF_KIND
from orchestration.settings import Settings
from orchestration.sources import sample_inbox
from orchestration.sources.registry import Copy, load_registry
from orchestration.sources.vault import Vault, VaultFile
from tests.support.stops import each_stop

REGISTRY = load_registry("sample")
# A build of no edition, of either kind.
NO_EDITION = """
    create schema marts;
    create table marts.dim_edition (edition_id varchar, label varchar, areas int, areas_rated int,
        areas_listed int, areas_published int, is_cross_check boolean);
    create table marts.dim_composite_edition (edition_id varchar, label varchar, areas int,
        areas_rated int, areas_selected int, places_published int, areas_agreed int,
        is_programmes_own boolean);
"""


def test_the_pointer_is_of_the_old_or_the_new_release_and_never_of_none(tmp_path: Path) -> None:
    def make(place: int) -> Callable[[], object]:
        releases = tmp_path / str(place)
        for name in ("old", "new"):
            (releases / name).mkdir(parents=True)
        point_to(releases, "old")
        return lambda: point_to(releases, "new")

    seen = set()
    for place in each_stop(make):
        releases = tmp_path / str(place)
        current = current_release(releases)
        assert current is not None, place
        told = json.loads((releases / "current.json").read_text(encoding="utf-8"))["release_id"]
        seen.add((current.name, told))
        assert is_current(releases, "new") == ((current.name, told) == ("new", "new"))
        point_to(releases, "new")
        assert is_current(releases, "new")
    # The two names are two moves: a look takes the half of it for undone, and does it again.
    assert seen >= {("old", "old"), ("new", "old")}


def test_the_vault_names_no_file_that_it_does_not_hold(tmp_path: Path) -> None:
    source = REGISTRY.sources[0]
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    file = inbox / f"{source.inbox[0].replace('*', 'x')}.csv"
    file.write_text("code,value\nX1,1\n", encoding="utf-8")

    def vault(place: int) -> Vault:
        return Vault(Settings("sample", tmp_path / str(place), inbox), REGISTRY)

    for place in each_stop(lambda place: lambda: vault(place).take(source, [file])):
        root = Settings("sample", tmp_path / str(place), inbox).vault
        for sidecar in root.rglob("*.json"):
            held = VaultFile(**json.loads(sidecar.read_text(encoding="utf-8")))
            assert sha256_of(root / held.path) == held.sha256
        taken = vault(place).take(source, [file])
        assert vault(place).path_of(taken).read_bytes() == file.read_bytes()


@pytest.fixture
def read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw tables of a row a source in place of the files: what is tested comes after reading."""

    def read_all(connection: duckdb.DuckDBPyConnection, *rest: Any) -> None:
        connection.execute("create schema raw")
        for table, columns in RAW_TABLES.items():
            kinds = {"area_code": "varchar"} | {
                name: kind.removesuffix(" not null") for name, kind in columns.items()
            }
            declared = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
            connection.execute(
                f"create table raw.{table} (source_id varchar, line_number int, {declared})"
            )
            for source in REGISTRY.sources:
                if table in TABLES_OF_KIND[source.kind]:
                    connection.execute(
                        f"insert into raw.{table} (source_id, line_number, area_code) "
                        f"values ('{source.id}', 2, 'X1')"
                    )

    monkeypatch.setattr(database, "read_all", read_all)


def some_files() -> list[VaultFile]:
    return [
        VaultFile(source.id, "0" * 64, 1, "f", "inbox", "now", "first issue seen", "f")
        for source in REGISTRY.sources
    ]


@pytest.mark.usefixtures("read_nothing")
def test_a_build_is_the_old_one_the_new_one_or_none(tmp_path: Path) -> None:
    def settings(place: int) -> Settings:
        return Settings("sample", tmp_path / str(place), tmp_path)

    def load(place: int) -> None:
        load_build(settings(place), REGISTRY, Vault(settings(place), REGISTRY), some_files())

    def make(place: int) -> Callable[[], object]:
        load(place)
        with open_build(settings(place)) as build:
            build.execute("delete from raw.lookup")
        return lambda: load(place)

    for place in each_stop(make):
        if settings(place).build_database.exists():
            with open_build(settings(place), read_only=True) as build:
                # Every part is there, whichever of the two it is.
                parts = build.execute("select count(*) from meta.part").fetchall()
                assert parts == [(len(RAW_TABLES) + len(REGISTRY.sources) + 5,)]
        load(place)
        assert not list(settings(place).build.glob("*.loading*"))
        with open_build(settings(place), read_only=True) as build:
            (rows,) = build.execute("select count(*) from raw.lookup").fetchall()[0]
        assert rows > 0


@pytest.fixture
def small_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication that judges and writes next to nothing: what is tested is how it moves."""

    def write(folder: Path) -> dict[str, str]:
        folder.mkdir(exist_ok=True)
        (folder / "page.html").write_text("a page", encoding="utf-8")
        return {"page.html": "page-000000000000"}

    monkeypatch.setattr(publishing, "audit", lambda *_: None)
    monkeypatch.setattr(publishing, "candidate_parts", lambda *_: set())
    monkeypatch.setattr(publishing, "manifest_path", lambda *_: Path())
    monkeypatch.setattr(publishing, "mart_keys", lambda _: {})
    monkeypatch.setattr(
        publishing, "write_warehouse", lambda *given: given[1].write_bytes(b"marts")
    )
    monkeypatch.setattr(publishing, "write_documentation", lambda *given: write(given[-1]))
    monkeypatch.setattr(
        publishing, "write_for_people", lambda *given: (write(given[0] / "explorer"), {})
    )


@pytest.mark.usefixtures("small_release", "read_nothing")
def test_a_release_is_there_whole_or_not_at_all_and_what_is_current_stays(tmp_path: Path) -> None:
    def settings(place: int) -> Settings:
        return Settings("sample", tmp_path / str(place), tmp_path)

    def make(place: int) -> Callable[[], object]:
        here = settings(place)
        load_build(here, REGISTRY, Vault(here, REGISTRY), some_files())
        with open_build(here) as build:
            build.execute(NO_EDITION)
        return lambda: publishing.publish(here, REGISTRY)

    for place in each_stop(make):
        here = settings(place)
        whole = [each for each in here.releases.glob("sample-*") if not each.is_symlink()]
        for each in whole:
            verify(each)
            assert {file.name for file in each.iterdir()} >= {"manifest.json", "warehouse.duckdb"}
        current = current_release(here.releases)
        assert current is None or current in whole
        published = publishing.publish(here, REGISTRY)
        assert published.was_there == bool(whole)
        assert is_current(here.releases, published.release_id)


@pytest.mark.usefixtures("small_release", "read_nothing")
@pytest.mark.parametrize("copies", [True, False])
def test_what_is_made_from_scratch_copies_nothing_from_the_release_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: bool
) -> None:
    here = Settings("sample", tmp_path, tmp_path)
    load_build(here, REGISTRY, Vault(here, REGISTRY), some_files())
    with open_build(here) as build:
        build.execute(NO_EDITION)
    first = publishing.publish(here, REGISTRY)
    given = []

    def noted(release: Path, before: Path | None, _: int) -> tuple[dict[str, str], Row]:
        given.append(before)
        (release / "explorer").mkdir()
        return {}, {}

    monkeypatch.setattr(publishing, "write_for_people", noted)
    monkeypatch.setattr(publishing, "code_version", lambda: "other code")
    monkeypatch.setattr(publishing, "differences", lambda *_: [])
    monkeypatch.setattr(publishing, "changes_since", lambda *_: {})
    publishing.publish(here, REGISTRY, copies=copies)
    assert given == [here.releases / first.release_id if copies else None]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


KNOWN = Copy(status="official", what="an issue")


@pytest.mark.usefixtures("small_release", "read_nothing")
@pytest.mark.parametrize(
    ("origin", "known", "is_held"),
    [
        ("https://official.example/file", {"1" * 64: KNOWN}, True),
        ("https://official.example/file", {"0" * 64: KNOWN}, False),
        # Trusted at its first use, and recorded.
        ("https://official.example/file", {}, False),
        ("inbox", {"1" * 64: KNOWN}, False),
    ],
    ids=["another issue", "a known issue", "nothing known", "put there by a person"],
)
def test_a_download_that_the_registry_does_not_know_is_held_even_at_first(
    tmp_path: Path, origin: str, known: dict[str, Copy], is_held: bool
) -> None:
    here = Settings("sample", tmp_path, tmp_path)
    first, *others = REGISTRY.sources
    pinned = first.model_copy(update={"known": known})
    registry = REGISTRY.model_copy(update={"sources": (pinned, *others)})
    files = [
        replace(file, origin=origin) if file.source_id == first.id else file
        for file in some_files()
    ]
    load_build(here, registry, Vault(here, registry), files)
    with open_build(here) as build:
        build.execute(NO_EDITION)
    if is_held:
        with pytest.raises(HeldError) as held:
            publishing.publish(here, registry)
        (problem,) = held.value.problems
        assert problem.where == f"{first.id} (a file that was issued again)"
        assert "0" * 64 in problem.found
        assert current_release(here.releases) is None
        assert first.id in what_is_held(here)
    accepted = {first.id: "looked at"} if is_held else {}
    published = publishing.publish(here, registry, accepted)
    assert [each["subject"] for each in published.manifest["accepted"]] == list(accepted)
    assert what_is_held(here) == ""


def test_the_samples_inbox_is_never_taken_for_one_that_a_person_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older code wrote it; the new files must come, though the exchange was stopped half-way."""
    written = {"a.csv": "new", "b/c.csv": "new"}

    def write_sample(inbox: Path) -> None:
        for name, text in written.items():
            (inbox / name).parent.mkdir(parents=True, exist_ok=True)
            (inbox / name).write_text(text, encoding="utf-8")

    monkeypatch.setattr("orchestration.sample.write_sample", write_sample)

    def settings(place: int) -> Settings:
        return Settings("sample", tmp_path / str(place), tmp_path / str(place) / "sample/inbox")

    def make(place: int) -> Callable[[], object]:
        here = settings(place)
        shutil.rmtree(here.root, ignore_errors=True)
        old = {"a.csv": "old", "gone.csv": "old", "b/c.csv": "old"}
        for name, text in old.items():
            (here.inbox / name).parent.mkdir(parents=True, exist_ok=True)
            (here.inbox / name).write_text(text, encoding="utf-8")
        stamp = {"generator": "older code", "files": {key: [sha256("old")] for key in old}}
        (here.inbox / sample_inbox.STAMP).write_text(json.dumps(stamp), encoding="utf-8")
        return lambda: sample_inbox.fill_sample_inbox(here, REGISTRY)

    for place in each_stop(make):
        here = settings(place)
        sample_inbox.fill_sample_inbox(here, REGISTRY)
        found = {
            os.path.relpath(file, here.inbox): file.read_text(encoding="utf-8")
            for file in here.inbox.rglob("*")
            if file.is_file() and file.name != sample_inbox.STAMP
        }
        assert found == written, place
