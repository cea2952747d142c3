"""The turn, the liveness of runs, the settings of the instance, the sensors: without a refresh."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.run_coordinator import DefaultRunCoordinator

from orchestration import notify
from orchestration.defs.instance import job_origin, prepare_dagster
from orchestration.defs.runs import prune, reap
from orchestration.defs.sensors import STILL_SECONDS, build_sensors
from orchestration.defs.telling import OUTCOME_TAG, tell_end
from orchestration.defs.told import told
from orchestration.defs.turn import Turn
from orchestration.problems import HeldError, Problem, RefusedError
from orchestration.publish.differences import STAGE
from orchestration.sample import write_sample
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.sources.registry import load_registry

REGISTRY = load_registry("sample")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("sample", tmp_path, tmp_path / "inbox")


@pytest.fixture(autouse=True)
def kept_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def holder(settings: Settings, what: str) -> subprocess.Popen[str]:
    """Another process that has a lock until it is killed; gives it when it has it."""
    text = f"""
import time
from pathlib import Path
from orchestration.settings import Settings
from orchestration.defs.turn import Turn
from orchestration.defs.runs import live
settings = Settings("sample", Path({str(settings.data)!r}), Path("inbox"))
{what}
"""
    process = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "has it\n"
    return process


def test_the_turn_dies_with_its_holder_and_the_next_is_told_for_whom_it_waits(
    settings: Settings,
) -> None:
    other = holder(
        settings,
        "with Turn(settings).taken(print, 'a-run'):\n    print('has it', flush=True)\n"
        "    time.sleep(60)",
    )
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        other.kill()

    with Turn(settings).taken(tell):
        pass
    other.wait()
    (text,) = told
    assert f"process {other.pid}, run a-run, since 20" in text


def test_who_has_the_turn_may_take_it_again_and_profiles_do_not_wait_for_each_other(
    settings: Settings,
) -> None:
    told: list[str] = []
    turn = Turn(settings)
    with turn.taken(told.append), Turn(settings).taken(told.append, "its-run"):
        other = holder(
            settings.of_profile("england"),
            "settings = settings.of_profile('england')\n"
            "with Turn(settings).taken(print):\n    print('has it', flush=True)",
        )
        assert other.wait(20) == 0
    assert told == []


@dg.job
def nothing() -> None:
    """A job whose runs are only ever begun."""


def begun(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED, tags=tags)
    assert isinstance(run, dg.DagsterRun)
    return run


def test_only_a_run_whose_process_is_gone_is_marked(settings: Settings) -> None:
    with dg.instance_for_test() as instance:
        run, elsewhere, fresh = (
            begun(instance),
            begun(instance, **{"lbn/host": "another"}),
            begun(instance),
        )
        other = holder(
            settings,
            f"live(settings, {run.run_id!r})\nprint('has it', flush=True)\ntime.sleep(60)",
        )
        assert reap(instance, settings) == []
        other.kill()
        other.wait()
        assert reap(instance, settings) == [run.run_id]
        found = instance.get_run_by_id(run.run_id)
        assert found is not None
        assert found.status == dg.DagsterRunStatus.FAILURE
        assert found.tags[OUTCOME_TAG] == "killed"
        for each in (elsewhere, fresh):
            left = instance.get_run_by_id(each.run_id)
            assert left is not None
            assert left.status == dg.DagsterRunStatus.STARTED
        # Nothing is left of a run that ended.
        assert list((settings.dagster_home / "alive").iterdir()) == []


def test_old_runs_are_pruned_but_not_the_newest_build_nor_what_it_rests_on() -> None:
    with dg.instance_for_test() as instance:

        def ran(outcome: str, profile: str = "sample") -> str:
            tags = {"lbn/profile": profile} | ({OUTCOME_TAG: outcome} if outcome else {})
            run = instance.create_run_for_job(
                nothing, status=dg.DagsterRunStatus.SUCCESS, tags=tags
            )
            return str(run.run_id)

        old, part_of_old, elsewhere = ran("built"), ran(""), ran("built", "england")
        built, part, unchanged = ran("built"), ran(""), ran("unchanged")
        assert prune(instance, "sample", datetime.now(UTC) - timedelta(days=1)) == []
        gone = prune(instance, "sample", datetime.now(UTC) + timedelta(days=1))
        assert set(gone) == {old, part_of_old, unchanged}
        assert {run.run_id for run in instance.get_runs()} == {elsewhere, built, part}


@pytest.mark.parametrize(
    "name", ["data[12]", "da*ta", "100%41 #2", "it's {x}", "with blanks", "Né"]
)
def test_the_settings_of_the_instance_do_not_depend_on_the_name_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DAGSTER_DISABLE_TELEMETRY", raising=False)
    # What the name would find, were it taken for a pattern.
    for neighbour in ("data1", "daXta"):
        decoy = tmp_path / neighbour / "dagster"
        decoy.mkdir(parents=True)
        (decoy / "dagster.yaml").write_text("telemetry:\n  enabled: true\n")
    here = Settings("sample", tmp_path / name, tmp_path / "inbox")
    prepare_dagster(here)
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"]
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert isinstance(instance.run_coordinator, DefaultRunCoordinator)
        instance.add_dynamic_partitions("kept", ["here"])
    assert list((here.dagster_home / "history").rglob("*.db"))


def test_a_cache_with_a_name_of_that_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache[1]"))
    with pytest.raises(RefusedError, match="LBN_DATA"):
        prepare_dagster(Settings("sample", tmp_path / "data[12]", tmp_path / "inbox"))


def test_a_run_that_was_held_stays_since_what_was_published_of_it_made_one_asset() -> None:
    publish = dg.GraphDefinition("publish", node_defs=[]).to_job()
    with dg.instance_for_test() as instance:
        runs = [
            instance.create_run_for_job(
                job,
                status=dg.DagsterRunStatus.SUCCESS,
                tags={"lbn/profile": "sample", OUTCOME_TAG: outcome},
            ).run_id
            for job, outcome in ((nothing, "built"), (nothing, "held"), (publish, "built"))
        ]
        gone = prune(instance, "sample", datetime.now(UTC) + timedelta(days=1))
        assert gone == runs[:1]


def test_what_an_operator_wrote_into_the_instance_stays(settings: Settings) -> None:
    prepare_dagster(settings)
    laid = settings.dagster_home / "dagster.yaml"
    assert yaml.safe_load(laid.read_text()) == yaml.safe_load(
        (PROJECT_ROOT / "dagster.yaml").read_text()
    )
    theirs = (
        "# Ours.\nstorage:\n  postgres:\n    postgres_url:\n      env: DAGSTER_POSTGRES_URL\n"
        "telemetry:\n  enabled: true\n"
    )
    laid.write_text(theirs)
    for _ in range(2):
        prepare_dagster(settings)
    text = laid.read_text()
    assert text.startswith(theirs.rstrip())
    found = yaml.safe_load(text)
    assert found["telemetry"] == {"enabled": True}
    assert found["nux"] == {"enabled": False}
    assert text.count("nux") == 1


def test_a_run_of_the_command_has_the_origin_that_the_server_gives(settings: Settings) -> None:
    workspace = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())["load_from"]
    for entry in workspace:
        module = entry["python_module"]
        origin: Any = job_origin(module["attribute"], "refresh").repository_origin
        location = origin.code_location_origin
        assert location.location_name == module["location_name"]
        assert location.loadable_target_origin.attribute == module["attribute"]


class Looks:
    """The inbox sensor, looked at again and again as the daemon does."""

    def __init__(self, settings: Settings) -> None:
        job = dg.define_asset_job("refresh")
        sensors = build_sensors(settings, REGISTRY, job)
        (self._sensor,) = (sensor for sensor in sensors if sensor.name == "inbox")
        self._cursor: str | None = None

    def look(self) -> tuple[int, str]:
        """How many runs it asks for, and what it says."""
        context = dg.build_sensor_context(cursor=self._cursor)
        data = self._sensor.evaluate_tick(context)
        self._cursor = data.cursor or self._cursor
        return len(data.run_requests or []), data.skip_message or ""


def aged(inbox: Path) -> None:
    then = time.time() - STILL_SECONDS - 5
    for path in inbox.rglob("*"):
        os.utime(path, (then, then))


def test_the_inbox_sensor_starts_a_refresh_of_complete_files_once(settings: Settings) -> None:
    looks = Looks(settings)
    assert looks.look()[0] == 0
    write_sample(settings.inbox)
    # Just written: somebody may be copying still.
    assert looks.look() == (0, "Files are changing; looking again.")
    assert looks.look()[0] == 0
    aged(settings.inbox)
    assert looks.look()[0] == 0
    assert looks.look()[0] == 1
    assert looks.look() == (0, "Nothing new in the inbox since the last look.")
    # What is no source's file is nobody's business.
    (settings.inbox / "notes.txt").write_text("hello")
    assert looks.look()[0] == 0


def test_a_copy_that_goes_on_starts_nothing(settings: Settings) -> None:
    write_sample(settings.inbox)
    aged(settings.inbox)
    looks = Looks(settings)
    looks.look()
    assert looks.look()[0] == 1
    file = settings.inbox / "population" / "population_mid2019_lsoa11.csv"
    whole = file.read_bytes()
    for cut in (100, 1000, 5000):
        file.write_bytes(whole[:cut])
        assert looks.look()[0] == 0
    file.write_bytes(whole.replace(b"1,774", b"1,775", 1))
    aged(settings.inbox)
    assert looks.look()[0] == 0
    assert looks.look()[0] == 1


def test_missing_files_are_said_and_start_nothing(settings: Settings) -> None:
    write_sample(settings.inbox)
    next(settings.inbox.rglob("population_mid2019*")).unlink()
    aged(settings.inbox)
    looks = Looks(settings)
    looks.look()
    asked, said = looks.look()
    assert asked == 0
    assert "population_mid2019" in said


def test_whom_to_tell_is_not_said_in_the_settings(settings: Settings) -> None:
    told = replace(settings, notify=("jsons://user:secret@hooks.example.org",))
    assert "secret" not in repr(told)


def test_a_message_of_what_is_held_has_room_for_the_command_that_accepts_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "lbn refresh --profile sample --accept cni2023='...' --accept imd2019='...'"
    columns = "; ".join(f"value of indicator_{n}: 3,007 of 3,007 differ" for n in range(60))
    held = [
        Problem(subject, columns, "no more than 1.0%", f"say why: {command}")
        for subject in ("cni2023", "imd2019")
    ]

    @dg.op
    def compares() -> None:
        with told():
            raise HeldError(STAGE, held)

    @dg.job
    def refresh() -> None:
        compares()

    sent: list[notify.Message] = []

    def send(_: Settings, message: notify.Message) -> list[str]:
        sent.append(message)
        return []

    monkeypatch.setattr(notify, "send", send)
    with dg.instance_for_test() as instance:
        run = refresh.execute_in_process(instance=instance, raise_on_error=False).dagster_run
        assert tell_end(settings, REGISTRY, instance, run, None) == []
    (message,) = sent
    assert "is held until somebody accepts it" in message.title
    assert f"to do:    say why: {command}\n" in message.body
    assert "indicator_1:" in message.body
    assert "indicator_59" not in message.body
