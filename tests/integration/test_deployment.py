"""What operators are given: units, image, settings, and a guide whose commands are run.

Nothing is installed: what only root may do is a stand-in, and the guide's folders lie below a
temporary one.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from orchestration.fingerprint import sha256_of
from orchestration.layout import current_release
from orchestration.publish.pointer import point_to
from orchestration.publish.verification import verify
from orchestration.settings import PROJECT_ROOT, load_settings

DEPLOY = PROJECT_ROOT / "deploy"
GUIDE = (PROJECT_ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
EXAMPLE = DEPLOY / "left-behind.env.example"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
INSTALLED = "/opt/left-behind"
BIN = Path(sys.executable).parent
# Root's commands that a test may not run, and what stands in for each.
STAND_INS = {
    "systemctl": "exit 0",
    "chown": "exit 0",
    "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
}

if sys.platform != "linux":
    pytest.skip("deployment is for Linux", allow_module_level=True)

each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


def directives(unit: Path) -> list[tuple[str, str]]:
    """Names and values of a unit, in their order."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    return [(name, value) for name, value in pairs]


def values(unit: Path, name: str) -> list[str]:
    return [value for found, value in directives(unit) if found == name]


def unit_environment(unit: Path) -> dict[str, str]:
    return dict(value.split("=", 1) for value in values(unit, "Environment"))


def example_settings() -> dict[str, str]:
    """The settings of the example, those that are commented out too."""
    text = EXAMPLE.read_text(encoding="utf-8")
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))


def image_environment() -> dict[str, str]:
    (block,) = re.findall(r"^ENV (.*?[^\\])\n", CONTAINERFILE, re.MULTILINE | re.DOTALL)
    return dict(pair.split("=", 1) for pair in block.replace("\\\n", " ").split())


def test_there_is_a_unit_for_the_ui_and_one_for_the_daemon() -> None:
    assert [unit.stem for unit in UNITS] == ["left-behind-daemon", "left-behind-webserver"]


@each_unit
def test_a_unit_runs_what_the_project_installs(unit: Path) -> None:
    assert values(unit, "WorkingDirectory") == [INSTALLED]
    (command,) = values(unit, "ExecStart")
    words = command.split()
    binary = Path(words[0])
    assert str(binary.parent) == f"{INSTALLED}/.venv/bin"
    assert os.access(BIN / binary.name, os.X_OK)
    named = [
        word
        for value in values(unit, "ExecStart") + values(unit, "ExecStartPre")
        for word in value.split()[1:]
        if word.startswith(f"{INSTALLED}/")
    ]
    # The command of ours knows where its files are.
    assert bool(named) == (binary.name != "lbn")
    for word in named:
        assert (PROJECT_ROOT / Path(word).relative_to(INSTALLED)).is_file(), word
    (first,) = values(unit, "ExecStartPre")
    assert first == f"{INSTALLED}/.venv/bin/python -m orchestration.defs.instance"
    # The options are the program's own.
    subcommand = [word for word in words[1:2] if not word.startswith("-")]
    help_text = subprocess.run(
        [str(BIN / binary.name), *subcommand, "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in [word for word in words if word.startswith("-")]:
        assert re.search(rf"(?:^|\s){option}[,\s]", help_text), option


def test_the_workspace_names_a_module_that_is_there() -> None:
    workspace = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    module = workspace["load_from"][0]["python_module"]["module_name"]
    assert (PROJECT_ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_the_ui_listens_to_this_machine_only() -> None:
    (unit,) = [unit for unit in UNITS if "webserver" in unit.name]
    assert " ui --host 127.0.0.1 " in values(unit, "ExecStart")[0]


@each_unit
def test_a_unit_is_confined(unit: Path) -> None:
    found = dict(directives(unit))
    assert found["User"] not in ("", "root", "0")
    assert found["ProtectSystem"] == "strict"
    assert found["ReadWritePaths"] == unit_environment(unit)["LBN_DATA"]
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome"):
        assert found[name] == "yes", name
    assert found["CapabilityBoundingSet"] == ""
    assert found["Restart"] == "on-failure"
    assert found["KillMode"] == "mixed"
    assert int(found["TimeoutStopSec"]) > 0
    assert found["EnvironmentFile"] == "/etc/left-behind.env"


def test_units_differ_in_what_they_run_alone() -> None:
    own = {"Description", "After", "JoinsNamespaceOf", "ExecStart"}
    first, second = ([pair for pair in directives(unit) if pair[0] not in own] for unit in UNITS)
    assert first == second


def settings_of_each() -> Iterator[tuple[str, dict[str, str]]]:
    for unit in UNITS:
        yield unit.name, unit_environment(unit)
        yield f"{unit.name} with the example", unit_environment(unit) | example_settings()
    yield "the image", image_environment()


@pytest.mark.parametrize(
    "environment", [pytest.param(found, id=name) for name, found in settings_of_each()]
)
def test_the_instance_is_where_lbn_has_it(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else runs of the UI and of `lbn refresh` would not take turns."""
    monkeypatch.setenv("LBN_DATA", environment["LBN_DATA"])
    settings = load_settings(environment["LBN_PROFILE"])
    assert environment["DAGSTER_HOME"] == str(settings.dagster_home)
    for switch in ("DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        assert environment[switch] == "1"


def test_the_example_names_what_is_read() -> None:
    settings = (PROJECT_ROOT / "orchestration" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"environ\.get\(\"(\w+)\"", settings)) | {"DAGSTER_HOME"}
    assert "LBN_FETCH" in read
    assert set(example_settings()) <= read


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine: apt-get install systemd")
    # It looks for the programs: those of this installation.
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(f"{INSTALLED}/.venv/bin", str(BIN))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [analyze, "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    # What it says of other units of the machine is not ours.
    said = [line for line in ran.stderr.splitlines() if "left-behind" in line]
    assert said == []
    assert ran.returncode == 0, ran.stderr


def test_the_image_is_made_from_the_lock_and_runs_without_rights() -> None:
    (base,) = re.findall(r"^FROM (\S+)$", CONTAINERFILE, re.MULTILINE)
    assert base.endswith("/python:3.12-slim")
    assert "ADD " not in CONTAINERFILE
    joined = CONTAINERFILE.replace("\\\n", " ")
    installs = re.findall(r"pip install ([^&\n]*)", joined)
    assert len(installs) == 3
    for arguments in installs:
        assert "--require-hashes -r requirements" in arguments or "--no-deps" in arguments
    users = re.findall(r"^USER (\d+):\d+$", CONTAINERFILE, re.MULTILINE)
    assert users
    assert users[-1] != "0"
    assert f"VOLUME {image_environment()['LBN_DATA']}" in CONTAINERFILE
    assert "HEALTHCHECK" in CONTAINERFILE
    assert "/server_info" in CONTAINERFILE
    assert not re.search(r"password|token|secret", CONTAINERFILE, re.IGNORECASE)


def test_only_what_the_image_needs_is_sent_to_its_build() -> None:
    first, *rest = [
        line
        for line in (PROJECT_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert first == "*"
    let_in = {line[1:] for line in rest if line.startswith("!")}
    assert {name for name in let_in if not (PROJECT_ROOT / name).exists()} == set()
    assert let_in & {"data", ".git", ".venv", "deploy"} == set()
    # Every file that the build or a run names, and every package.
    assert set(re.findall(r"[\w-]+\.(?:lock|yaml)\b", CONTAINERFILE)) <= let_in
    packages = {"orchestration", "data_quality", "dbt_project", "pyproject.toml"}
    # A release has pages of docs.
    assert packages | {"docs"} <= let_in


def guide_block(name: str) -> str:
    """The commands of the guide below the comment of that name."""
    (found,) = re.findall(
        rf"^<!-- {name} -->\n\n```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL
    )
    return str(found)


class Machine:
    """A stand-in for the operator's machine: the guide's folders below a temporary one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "var" / "lib" / "left-behind"
        self.settings = root / "etc" / "left-behind.env"
        self.settings.parent.mkdir(parents=True)
        self.data.mkdir(parents=True)
        example = EXAMPLE.read_text(encoding="utf-8")
        self.settings.write_text(self.local(example), encoding="utf-8")
        (root / "stand-ins").mkdir()
        for name, body in STAND_INS.items():
            stand_in = root / "stand-ins" / name
            stand_in.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            stand_in.chmod(0o755)

    def local(self, text: str) -> str:
        text = text.replace(f"{INSTALLED}/.venv/bin", str(BIN))
        text = re.sub(r"(?<![\w.])/(var|etc)/", rf"{self.root}/\1/", text)
        return text.replace(INSTALLED, str(PROJECT_ROOT))

    def type(self, *names: str, **words: str) -> str:
        """Type blocks of the guide after its settings, with its words in capitals as given.

        Returns:
            What they print.
        """
        # The stand-ins go before everything, whatever the settings put on the path.
        stand_ins = f'export PATH="{self.root}/stand-ins:$PATH"\n'
        typed = self.local(guide_block("settings")) + stand_ins
        typed += "".join(self.local(guide_block(name)) for name in names)
        for word, meant in words.items():
            typed = typed.replace(word, meant)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LBN_")}
        ran = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", typed],
            env=clean,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout


def write_release(releases: Path, name: str) -> None:
    """A release in its shape: read-only files with their checksums."""
    folder = releases / name
    (folder / "explorer").mkdir(parents=True)
    for path, text in (("manifest.json", "{}"), ("explorer/index.html", f"<p>{name}</p>")):
        (folder / path).write_text(text, encoding="utf-8")
    sums = [
        f"{sha256_of(file)}  {file.relative_to(folder).as_posix()}\n"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o444)


def run_once(home: Path) -> str:
    """A run in an instance, and its id."""
    home.mkdir(parents=True)
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def idle() -> None:
        nothing()

    with dg.DagsterInstance.from_config(str(home)) as instance:
        return str(idle.execute_in_process(instance=instance).run_id)


def test_what_the_guide_backs_up_it_restores(tmp_path: Path) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("the sqlite3 command is not on this machine: apt-get install sqlite3")
    machine = Machine(tmp_path)
    root = machine.data / "england"
    write_release(root / "releases", "england-000000000001")
    write_release(root / "releases", "england-000000000002")
    point_to(root / "releases", "england-000000000001")
    (root / "releases" / ".incoming-half").mkdir()
    (root / "vault" / "imd2025").mkdir(parents=True)
    stored = root / "vault" / "imd2025" / "ab.csv"
    stored.write_text("a,b\n", encoding="utf-8")
    stored.chmod(0o444)
    run_id = run_once(machine.data / "dagster")

    # A writer in the middle of a transaction, as a server in use is; what it has not committed is
    # not in the copy.
    with sqlite3.connect(
        machine.data / "dagster" / "history" / "runs.db", isolation_level=None
    ) as writer:
        writer.execute("begin immediate")
        writer.execute("delete from runs")
        machine.type("backup", "backup the instance")
        writer.execute("rollback")
    shutil.move(root, tmp_path / "lost")

    said = machine.type("restore")
    assert run_id in said
    assert (root / "releases" / "current").is_symlink()
    release = current_release(root / "releases")
    assert release == root / "releases" / "england-000000000001"
    for name in ("england-000000000001", "england-000000000002"):
        verify(root / "releases" / name)
    assert not (root / "releases" / ".incoming-half").exists()
    kept = root / "vault" / "imd2025" / "ab.csv"
    assert kept.read_text(encoding="utf-8") == "a,b\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444
    assert (machine.data / "dagster" / "dagster.yaml").is_file()
    # The backup is for root alone.
    assert stat.S_IMODE((tmp_path / "var" / "backups" / "left-behind").stat().st_mode) == 0o700


def test_the_guide_names_what_is_installed() -> None:
    """Every program of the project and every file of deploy/ in the guide's commands."""
    blocks = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL))
    for name in re.findall(r"\bdeploy/[\w./-]+", blocks):
        assert (PROJECT_ROOT / name).is_file(), name
    programs = set(re.findall(r"runuser -u left-behind -- ([\w-]+)", GUIDE))
    assert programs == {"lbn", "dagster", "python"}
    for name in programs:
        assert os.access(BIN / name, os.X_OK)


def test_the_optional_storage_goes_with_the_locked_dagster() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    # Dagster's libraries share one version of their own.
    (locked,) = re.findall(r"^dagster-dbt==(\S+)", lock, re.MULTILINE)
    postgres = (PROJECT_ROOT / "requirements-postgres.lock").read_text(encoding="utf-8")
    assert re.findall(r"^dagster-postgres==(\S+)", postgres, re.MULTILINE) == [locked]
