"""Work at once: in order, in other processes, and what fails there fails here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from math import sqrt
from pathlib import Path

import pytest

from orchestration.processes import at_once
from orchestration.settings import PROJECT_ROOT, load_settings


def process_of(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_what_comes_is_in_the_order_of_what_was_given(workers: int) -> None:
    assert list(at_once(workers, sqrt, [16.0, 9.0, 4.0])) == [4.0, 3.0, 2.0]


def test_several_are_done_in_processes_of_their_own() -> None:
    assert os.getpid() not in at_once(2, process_of, [1, 2])


@pytest.mark.parametrize(("workers", "given"), [(1, [1, 2]), (2, [1]), (2, [])])
def test_one_is_done_here(workers: int, given: list[int]) -> None:
    assert set(at_once(workers, process_of, given)) <= {os.getpid()}


@pytest.mark.parametrize("workers", [1, 2])
def test_what_fails_there_fails_here(workers: int) -> None:
    with pytest.raises(ValueError, match="domain"):
        list(at_once(workers, sqrt, [4.0, -1.0]))


SLEEPING = """
import sys
from orchestration.processes import at_once
from tests.unit.test_processes import note_and_sleep

if __name__ == "__main__":
    list(at_once(2, note_and_sleep, sys.argv[1:]))
"""


def note_and_sleep(file: str) -> None:
    Path(file).write_text(str(os.getpid()))
    time.sleep(600)


def is_there(process: int) -> bool:
    """Whether it runs; one that ended and that nobody asked for is not there."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux tells of them")
def test_none_is_left_at_work_by_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "sleeping.py"
    program.write_text(SLEEPING)
    notes = [tmp_path / "one", tmp_path / "two"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}
    with subprocess.Popen([sys.executable, program, *notes], env=environment) as parent:
        while not all(note.exists() and note.read_text() for note in notes):
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    children = [int(note.read_text()) for note in notes]
    while any(map(is_there, children)):
        time.sleep(0.05)


def test_there_are_as_many_workers_as_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LBN_WORKERS", raising=False)
    assert load_settings().workers == os.cpu_count()


def test_or_as_many_as_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBN_WORKERS", "3")
    assert load_settings().workers == 3


def test_there_is_one_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBN_WORKERS", "0")
    with pytest.raises(ValueError, match=r"LBN_WORKERS is '0'.*must be 1 or more"):
        load_settings()
