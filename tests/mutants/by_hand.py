"""The faults that a person wrote down, and why some of those that survive change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.settings import PROJECT_ROOT

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """A file of the project and its text with one fault; ``name`` says what was changed."""

    name: str
    file: str
    text: str


def by_hand(file: Path = HERE / "by_hand.yml") -> Iterator[Mutant]:
    """The faults that a person wrote down.

    Raises:
        ValueError: a text to replace does not stand in its file once.
    """
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        source = (PROJECT_ROOT / entry["file"]).read_text(encoding="utf-8")
        if source.count(entry["replace"]) != 1:
            raise ValueError(f"{entry['name']}: {entry['file']} must hold once {entry['replace']}")
        yield Mutant(entry["name"], entry["file"], source.replace(entry["replace"], entry["by"]))


def reasons(file: Path = HERE / "reasons.yml") -> dict[str, str]:
    """Why a mutant changes nothing, by its name."""
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
