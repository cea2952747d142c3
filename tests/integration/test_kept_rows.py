"""Rows that were read before are the rows that would be read now, or they are read again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.build.database import clear_build
from orchestration.modelling.seeds import load_methodology
from orchestration.raw import kept as kept_rows
from orchestration.raw import readers
from orchestration.raw.kept import KeptRows
from orchestration.raw.readers import RAW_TABLES, UnreadableError, read_all
from orchestration.settings import Settings
from orchestration.sources.registry import Registry, load_registry
from orchestration.sources.vault import Vault

REGISTRY = load_registry("sample")
METHODOLOGY = load_methodology()
SOURCE = "imd2025"
Rows = dict[str, list[tuple[Any, ...]]]


class Noting(KeptRows):
    """Notes which sources had to be read, since their rows were not kept."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        super().__init__(folder, registry.profile)
        self.read: list[str] = []

    def keep(self, connection: Any, place: Path, source: str, tables: Any) -> None:
        self.read.append(source)
        super().keep(connection, place, source, tables)


def rows(
    settings: Settings, registry: Registry = REGISTRY, workers: int = 1
) -> tuple[Rows, list[str]]:
    """Every raw table, columns first and in its order; and the sources that had to be read here."""
    kept = Noting(settings.kept_rows, registry)
    vault = Vault(settings, registry)
    with duckdb.connect() as connection:
        read_all(connection, registry, vault, vault.take_all(), METHODOLOGY, kept, workers)
        found = {
            table: [
                *connection.execute(f"describe raw.{table}").fetchall(),
                *connection.execute(f"from raw.{table}").fetchall(),
            ]
            for table in RAW_TABLES
        }
    return found, kept.read


@pytest.fixture(scope="module")
def read_once(sample_inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings("sample", tmp_path_factory.mktemp("da[t]a"), sample_inbox)
    rows(settings)
    return settings


@pytest.fixture(scope="module")
def as_read(read_once: Settings) -> Rows:
    """What the files hold, read with nothing kept."""
    found, opened = rows(replace(read_once, data=read_once.data / "anew"))
    assert opened == [source.id for source in REGISTRY.sources]
    return found


def folder_of(settings: Settings) -> Path:
    (folder,) = (settings.kept_rows / SOURCE).iterdir()
    return folder


def test_kept_rows_are_those_of_the_files_in_their_order(
    read_once: Settings, as_read: Rows
) -> None:
    found, opened = rows(read_once)
    assert opened == []
    assert found == as_read


def changed_byte(folder: Path) -> None:
    file = max(folder.iterdir(), key=lambda each: each.stat().st_size)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def half(folder: Path) -> None:
    file = next(folder.iterdir())
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def one_table_gone(folder: Path) -> None:
    next(folder.iterdir()).unlink()


def another_table_beside_it(folder: Path) -> None:
    file = next(folder.iterdir())
    file.with_name(file.name.replace("-", "-0")).write_bytes(file.read_bytes())


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


@pytest.mark.parametrize(
    "spoil",
    [changed_byte, half, one_table_gone, another_table_beside_it, empty],
    ids=lambda spoil: spoil.__name__,
)
def test_what_somebody_changed_is_read_again(
    read_once: Settings, as_read: Rows, spoil: Callable[[Path], None]
) -> None:
    spoil(folder_of(read_once))
    found, opened = rows(read_once)
    assert opened == [SOURCE]
    assert found == as_read
    # And kept again.
    assert rows(read_once) == (as_read, [])


def test_what_would_be_read_otherwise_is_read_again(
    read_once: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another declaration of one source reads that source; other readers read all."""

    def of(field: str, value: object) -> Registry:
        sources = tuple(
            source.model_copy(update={field: value}) if source.id == SOURCE else source
            for source in REGISTRY.sources
        )
        return REGISTRY.model_copy(update={"sources": sources})

    source = REGISTRY.source(SOURCE)
    fewer = dict(list(source.measures.items())[:-1])
    found, opened = rows(read_once, of("measures", fewer))
    assert opened == [SOURCE]
    assert len(found["index_measure"]) < len(rows(read_once)[0]["index_measure"])
    bounds = REGISTRY.profile.model_copy(update={"label": "The same country by another name"})
    every = [source.id for source in REGISTRY.sources]
    assert rows(read_once, REGISTRY.model_copy(update={"profile": bounds}))[1] == every
    monkeypatch.setattr(kept_rows, "reader_version", lambda: "another")
    assert rows(read_once)[1] == every
    # Of each source only the newest stays.
    assert {len(list(each.iterdir())) for each in read_once.kept_rows.iterdir()} == {1}


def test_the_seed_of_indicators_counts_for_the_files_that_have_them(read_once: Settings) -> None:
    kept = KeptRows(read_once.kept_rows, REGISTRY.profile)
    indicators = METHODOLOGY.in_files_of("imd2025")
    column, indicator = next(iter(indicators.items()))
    other = indicators | {column: indicator.model_copy(update={"column_name": "renamed"})}
    file = Vault(read_once, REGISTRY).take_all()[0]
    source = REGISTRY.source(SOURCE)
    assert kept.place(file, source, indicators) != kept.place(file, source, other)
    assert kept.place(file, source, indicators) != kept.place(
        replace(file, sha256="0" * 64), source, indicators
    )


def test_files_read_at_once_give_the_same_rows(
    read_once: Settings, as_read: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "WORTH_A_PROCESS", 0)
    found, opened = rows(replace(read_once, data=read_once.data / "at once"), workers=2)
    assert opened == []
    assert found == as_read


def test_a_file_that_is_refused_at_once_is_refused_in_the_same_words(
    sample_inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "WORTH_A_PROCESS", 0)
    inbox = Path(shutil.copytree(sample_inbox, tmp_path / "inbox"))
    for spoilt in (*inbox.rglob("claimants_2019*"), *inbox.rglob("lad24_doggerland*")):
        spoilt.write_bytes(spoilt.read_bytes()[:500])
    told = []
    for workers in (1, 2):
        settings = Settings("sample", tmp_path / f"of {workers}", inbox)
        with pytest.raises(UnreadableError) as refused:
            rows(settings, workers=workers)
        told.append((str(refused.value), [file.source_id for file, _ in refused.value.refused]))
    assert told[0] == told[1]
    assert told[0][1] != []


def a_file(place: Path) -> None:
    shutil.rmtree(place)
    place.write_text("no folder")


def a_link(place: Path) -> None:
    shutil.rmtree(place)
    place.symlink_to(place.parent.parent)


def a_link_to_nothing(place: Path) -> None:
    shutil.rmtree(place)
    place.symlink_to("nowhere")


@pytest.mark.parametrize("put", [a_file, a_link, a_link_to_nothing], ids=lambda put: put.__name__)
def test_what_lies_in_the_place_of_a_folder_is_no_hindrance(
    read_once: Settings, as_read: Rows, put: Callable[[Path], None]
) -> None:
    rows(read_once)  # another test may have kept them as other code would
    put(read_once.kept_rows / SOURCE)
    assert rows(read_once) == (as_read, [SOURCE])
    assert rows(read_once) == (as_read, [])


def test_rows_kept_on_another_disk_are_thrown_away_with_the_build(
    sample_inbox: Path, tmp_path: Path
) -> None:
    settings = Settings("sample", tmp_path / "data", sample_inbox)
    (tmp_path / "disk").mkdir()
    settings.root.mkdir(parents=True)
    settings.kept_rows.symlink_to(tmp_path / "disk")
    rows(settings)
    clear_build(settings)
    assert list((tmp_path / "disk").iterdir()) == []
    assert settings.kept_rows.is_symlink()
