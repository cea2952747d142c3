"""Ctrl-C and SIGTERM end a command with one line, whatever the process is doing just then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.defs.turn import Turn
from orchestration.publish.pointer import is_current, point_to
from orchestration.settings import PROJECT_ROOT, Settings
from tests.support.patience import SECONDS
from tests.support.site import LBN

STAYS = "Interrupted: nothing was published; the release that was current still is\n"
BEGIN = """
import os, sys
from orchestration.cli.interrupt import interruptible, replaceable
from orchestration.defs.turn import Turn
from orchestration.publish.pointer import point_to
from orchestration.settings import load_settings

settings = load_settings()

def work():
    with Turn(settings).taken(print):
        (settings.releases / ".incoming-abcdefgh").mkdir()
        doing()

def begun():
    os.write(1, b"begun\\n")
"""
END = """
with interruptible():
    replaceable(settings, work)
"""
# What a refresh may be at; each would take a minute or more.
WORK = {
    "asleep": "import time; begun(); time.sleep(100)",
    "in Python": "begun()\n    while True: pass",
    "in DuckDB": "import duckdb; begun(); "
    "duckdb.sql('select sum(a.range * b.range) from range(10000000) a, range(10000000) b').show()",
    "where all errors are caught": """
    begun()
    while True:
        try:
            __import__("time").sleep(100)
        except BaseException:
            pass""",
    "where stderr is another": """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    begun()
    __import__("time").sleep(100)""",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings("sample", tmp_path, tmp_path / "sample/inbox")
    for name in ("old", "new"):
        (made.releases / name).mkdir(parents=True)
    point_to(made.releases, "old")
    return made


def interrupted(settings: Settings, text: str, how: signal.Signals) -> tuple[int, str]:
    """The exit code and stderr of a process that is interrupted when it has said that it began."""
    process = subprocess.Popen(
        [sys.executable, "-c", text],
        env=os.environ | {"LBN_DATA": str(settings.data), "LBN_PROFILE": "sample"},
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(how)
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said


@pytest.mark.parametrize("doing", WORK.values(), ids=WORK)
def test_a_refresh_ends_at_once_and_leaves_nothing(settings: Settings, doing: str) -> None:
    how, code = (signal.SIGTERM, 143) if "duckdb" in doing else (signal.SIGINT, 130)
    script = f"{BEGIN}\ndef doing():\n    {doing.lstrip()}\n{END}"
    assert interrupted(settings, script, how) == (code, STAYS)
    assert {each.name for each in settings.releases.iterdir()} == {
        "old", "new", "current", "current.json"
    }  # fmt: skip
    assert list(settings.build.iterdir()) == []
    assert is_current(settings.releases, "old")


def test_what_was_published_before_the_interrupt_is_not_denied(settings: Settings) -> None:
    doing = 'point_to(settings.releases, "new"); begun(); __import__("time").sleep(100)'
    script = f"{BEGIN}\ndef doing():\n    {doing}\n{END}"
    said = "Interrupted: new had just been published, and is current\n"
    assert interrupted(settings, script, signal.SIGINT) == (130, said)


def test_who_waits_claims_nothing_of_what_another_published(settings: Settings) -> None:
    with Turn(settings).taken(print):
        point_to(settings.releases, "new")
        doing = "pass"
        script = f"{BEGIN}\ndef doing():\n    {doing}\n{END}".replace(
            ".taken(print)", ".taken(told)"
        )
        script = script.replace("def work", "def told(_):\n    begun()\n\ndef work")
        assert interrupted(settings, script, signal.SIGINT) == (130, STAYS)


def test_the_first_refresh_has_nothing_that_was_current(settings: Settings) -> None:
    for name in ("current", "current.json"):
        (settings.releases / name).unlink(missing_ok=True)
    script = f"{BEGIN}\ndef doing():\n    {WORK['asleep']}\n{END}"
    said = "Interrupted: nothing was published\n"
    assert interrupted(settings, script, signal.SIGTERM) == (143, said)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_another_command_unwinds_and_says_so(
    settings: Settings, how: signal.Signals, code: int
) -> None:
    script = f"""{BEGIN}
with interruptible():
    try:
        {WORK["in DuckDB"]}
    finally:
        (settings.data / "unwound").touch()
"""
    assert interrupted(settings, script, how) == (code, "Interrupted.\n")
    assert (settings.data / "unwound").exists()


def test_a_command_in_the_background_hears_no_ctrl_c(settings: Settings) -> None:
    """A shell lets what it starts with & ignore it; SIGTERM still ends it."""
    script = f"""
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
{BEGIN}
def doing():
    os.kill(os.getpid(), signal.SIGINT)
    {WORK["asleep"]}
{END}"""
    assert interrupted(settings, script, signal.SIGTERM) == (143, STAYS)


def test_the_installed_command_is_interruptible_from_its_first_line() -> None:
    """While the libraries of commands are being imported."""
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", str(LBN), "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr.split("orchestration.cli.interrupt")[0]
    assert not {"typer", "rich.console", "duckdb"} & {
        line.rsplit("|")[-1].strip() for line in listed.splitlines()
    }
