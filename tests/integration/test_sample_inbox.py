"""The sample's own inbox is kept up to date, and what a person put or changed there is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.sources.registry import load_registry
from orchestration.sources.sample_inbox import STAMP, edited, fill_sample_inbox

REGISTRY = load_registry("sample")
Generator = Callable[..., None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("sample", tmp_path, tmp_path / "sample/inbox")


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> Generator:
    """Gives what the generator writes from now on, by name; it is then another version."""

    def become(version: str, **files: str) -> None:
        def write_sample(inbox: Path) -> None:
            (inbox / "folder").mkdir()
            for name, text in files.items():
                (inbox / "folder" / name).write_text(text, encoding="utf-8")

        monkeypatch.setattr("orchestration.sample.write_sample", write_sample)
        monkeypatch.setattr("orchestration.sources.sample_inbox.files_hash", lambda _: version)

    return become


def found(settings: Settings) -> dict[str, str]:
    return {
        str(file.relative_to(settings.inbox)): file.read_text(encoding="utf-8")
        for file in settings.inbox.rglob("*")
        if file.is_file() and file.name != STAMP
    }


def test_only_what_the_generator_wrote_is_replaced_or_removed(
    settings: Settings, generated: Generator
) -> None:
    generated("1", same="same", changes="1", goes="1", edited="1", edited_and_goes="1")
    fill_sample_inbox(settings, REGISTRY)
    assert edited(settings, REGISTRY) == []
    theirs = settings.inbox / "folder"
    (theirs / "edited").write_text("mine", encoding="utf-8")
    (theirs / "edited_and_goes").write_text("mine", encoding="utf-8")
    (theirs / "own").write_text("mine", encoding="utf-8")
    (theirs / "comes").write_text("mine", encoding="utf-8")
    assert edited(settings, REGISTRY) == ["folder/edited", "folder/edited_and_goes"]
    generated("2", same="same", changes="2", edited="2", comes="2", new="2")
    fill_sample_inbox(settings, REGISTRY)
    assert found(settings) == {
        "folder/same": "same",
        "folder/changes": "2",
        "folder/new": "2",
        **dict.fromkeys(
            ("folder/edited", "folder/edited_and_goes", "folder/own", "folder/comes"), "mine"
        ),
    }
    assert edited(settings, REGISTRY) == ["folder/comes", "folder/edited"]


def test_a_link_in_place_of_a_file_is_a_persons(
    settings: Settings, generated: Generator, tmp_path: Path
) -> None:
    generated("1", a="1")
    fill_sample_inbox(settings, REGISTRY)
    elsewhere = tmp_path / "elsewhere"
    (settings.inbox / "folder/a").rename(elsewhere)
    (settings.inbox / "folder/a").symlink_to(elsewhere)
    generated("2", a="2")
    fill_sample_inbox(settings, REGISTRY)
    assert (settings.inbox / "folder/a").readlink() == elsewhere
    assert elsewhere.read_text(encoding="utf-8") == "1"


@pytest.mark.parametrize("left", ["0123abcd", '{"gener', "", "[]"])
def test_where_the_stamp_lists_nothing_only_what_is_missing_is_written(
    settings: Settings, generated: Generator, left: str
) -> None:
    """It is one of older code, or somebody's."""
    generated("1", a="1", b="1")
    fill_sample_inbox(settings, REGISTRY)
    (settings.inbox / STAMP).write_text(left, encoding="utf-8")
    generated("2", a="1", b="2", c="2")
    fill_sample_inbox(settings, REGISTRY)
    assert found(settings) == {"folder/a": "1", "folder/b": "1", "folder/c": "2"}
    assert edited(settings, REGISTRY) == ["folder/b"]


def test_an_inbox_that_a_person_filled_is_left_alone(
    settings: Settings, generated: Generator
) -> None:
    generated("1", a="1")
    settings.inbox.mkdir(parents=True)
    (settings.inbox / "own").write_text("mine", encoding="utf-8")
    fill_sample_inbox(settings, REGISTRY)
    assert found(settings) == {"own": "mine"}
    assert edited(settings, REGISTRY) == []


def test_the_stamp_says_what_lies_there(settings: Settings) -> None:
    fill_sample_inbox(settings, REGISTRY)
    stamp = json.loads((settings.inbox / STAMP).read_text(encoding="utf-8"))
    there = {str(file.relative_to(settings.inbox)) for file in settings.inbox.rglob("*.*")}
    assert {*stamp["files"], STAMP} == {name for name in there if "." in Path(name).name}
    (settings.inbox / "README.txt").write_text("mine", encoding="utf-8")
    assert edited(settings, REGISTRY) == ["README.txt"]
