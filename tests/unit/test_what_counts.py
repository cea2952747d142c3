"""What is kept is kept under the code that made it: all that this imports counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import grimp
import pytest

from orchestration import fingerprint
from orchestration.build.making import MODELLED_BY
from orchestration.fingerprint import running_code
from orchestration.publish.companions import WRITTEN_BY
from orchestration.raw.kept import READ_BY
from orchestration.settings import PROJECT_ROOT

MADE = {
    "rows": (("orchestration.raw.readers",), READ_BY),
    "python models": (
        ("orchestration.modelling.draws", "orchestration.modelling.factor_weights"),
        MODELLED_BY,
    ),
    **{
        folder: ((f"orchestration.publish.{folder}",), patterns)
        for folder, patterns in WRITTEN_BY.items()
    },
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("orchestration")


@pytest.mark.parametrize("what", MADE)
def test_what_counts_is_what_is_imported(graph: grimp.ImportGraph, what: str) -> None:
    makers, patterns = MADE[what]
    modules = {
        module
        for maker in makers
        for module in {maker, *graph.find_descendants(maker)}
        for module in {module, *graph.find_upstream_modules(module)}
    }
    counted = {file for pattern in patterns for file in PROJECT_ROOT.glob(pattern)}
    assert {file for file in map(file_of, modules) if not says_only(file)} - counted == set()


def file_of(module: str) -> Path:
    path = PROJECT_ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def says_only(file: Path) -> bool:
    """Whether a package says what it is and does nothing."""
    text = file.read_text(encoding="utf-8").strip()
    return text.count('"""') == 2 and text.endswith('"""')


@pytest.mark.parametrize("what", MADE)
def test_every_pattern_finds_files(what: str) -> None:
    _, patterns = MADE[what]
    assert [each for each in patterns if not list(PROJECT_ROOT.glob(each))] == []


def test_code_that_was_changed_while_it_ran_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "PROJECT_ROOT", tmp_path)

    def hashed(patterns: Sequence[str] = ("code/*.py",)) -> str:
        return running_code(patterns)

    (tmp_path / "code").mkdir()
    file = tmp_path / "code" / "made.py"
    file.write_text("one")
    # The file is younger than this process.
    assert hashed() != hashed()
    read: list[list[Path]] = []
    monkeypatch.setattr("orchestration.fingerprint.files_hash", lambda files: read.append([*files]))
    monkeypatch.setattr(fingerprint, "BEGAN", file.stat().st_ctime + 1)
    assert hashed() == hashed()
    assert read == [[file], [file]]


def test_libraries_count_as_they_are_installed(tmp_path: Path) -> None:
    """Whatever the lock says: each is asked in a process of its own, as it asks once."""

    def hashed() -> str:
        ask = (
            "from orchestration.fingerprint import running_code as r; print(r(['pyproject.toml']))"
        )
        return subprocess.run(
            [sys.executable, "-c", ask],
            cwd=PROJECT_ROOT,
            env={**os.environ, "PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{tmp_path}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    before = hashed()
    assert hashed() == before
    # Nothing of a release is made with the driver of the tests' browser.
    (tmp_path / "playwright-99.dist-info").mkdir()
    assert hashed() == before
    for name in ("duckdb-99", "Typing_Extensions-99", "bottleneck-99"):
        (tmp_path / f"{name}.dist-info").mkdir()
        assert hashed() != before
        (tmp_path / f"{name}.dist-info").rmdir()
