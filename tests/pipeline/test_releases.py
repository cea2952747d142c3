"""The releases as an operator needs them: what there is, back, checked, and away."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.layout import current_release, read_manifest, told_current
from orchestration.publish.pointer import is_current, point_to
from orchestration.settings import Settings
from orchestration.sources.registry import load_registry
from tests.support.command import Ask, Asked, of
from tests.support.releases import another, seal
from tests.support.site import Site
from tests.support.stops import each_stop

pytestmark = pytest.mark.xdist_group("releases")

REGISTRY = load_registry("sample")
OLD, OLDER = "2020-01-02T00:00:00+00:00", "2020-01-01T00:00:00+00:00"
NEW = "lsoa21_imd2025_cni2023"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("LBN_", "DAGSTER_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def three(sample: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A site with three releases, the newest current; and the names of the two before it."""
    data = tmp_path_factory.mktemp("releases")
    releases = data / "sample" / "releases"
    shutil.copytree(sample.root / "releases", releases, symlinks=True)
    shutil.copytree(sample.root / "inbox", data / "sample" / "inbox")
    # With what dbt made of the models, or each data root reads them anew.
    shutil.copytree(sample.root / "build/dbt", data / "sample" / "build/dbt")
    newest = (releases / "current").resolve()
    for each in releases.glob("sample-*"):
        if each != newest:
            shutil.rmtree(each)
    (releases / "current.json").unlink()
    point_to(releases, newest.name)
    return newest, another(newest, OLD), another(newest, OLDER)


@pytest.fixture
def settings(three: tuple[Path, Path, Path], tmp_path: Path) -> Settings:
    """A copy of the site for one test."""
    root = three[0].parents[1]
    shutil.copytree(root, tmp_path / "sample", symlinks=True)
    return Settings("sample", tmp_path, tmp_path / "sample" / "inbox")


@pytest.fixture
def ask(settings: Settings) -> Ask:
    return Ask(settings.data)


@pytest.fixture
def names(three: tuple[Path, Path, Path]) -> tuple[str, str, str]:
    newest, old, older = (each.name for each in three)
    return newest, old, older


def current(settings: Settings) -> str:
    """The release that link, JSON and warehouse agree to be the current one."""
    release = current_release(settings.releases)
    assert release is not None
    assert is_current(settings.releases, release.name)
    return release.name


# --- lbn releases ---------------------------------------------------------------------------------


@of("releases", "format_", "profile")
def test_the_releases_are_listed_newest_first(ask: Ask, names: tuple[str, str, str]) -> None:
    listed = ask("releases", "--format", "json").data
    assert [each["release_id"] for each in listed] == list(names)
    assert [each["is_current"] for each in listed] == [True, False, False]
    assert [each["built_at"] for each in listed][1:] == [OLD, OLDER]
    assert {each["release_label"] for each in listed} == {"SYNTHETIC"}
    size = sum(file.stat().st_size for file in (ask.data / "sample/releases" / names[0]).rglob("*"))
    assert listed[0]["bytes"] == size
    rows = list(csv.DictReader(io.StringIO(ask("releases", "--format", "csv").out)))
    assert [row["release_id"] for row in rows] == list(names)
    table = ask("releases").out
    assert f"→  {names[0]}" in table
    assert "2020-01-02 00:00" in table


def test_what_a_release_changed_is_told(ask: Ask, settings: Settings) -> None:
    changes = {
        "release_id": "x",
        "editions": [
            {"edition_id": NEW, "joined": 3, "departed": 1},
            {"edition_id": "ward25", "joined": 0, "departed": 0},
        ],
        "differences": [{"subject": "cni2023", "found": "a word"}],
    }
    accepted = [{"subject": NEW, "reason": "why", "found": "3 joined"}]
    newest = current_release(settings.releases)
    assert newest is not None
    another(newest, "2020-01-03T00:00:00+00:00", changes_since=changes, accepted=accepted)
    told = ask("releases", "--format", "json").data[1]
    assert told["changed"] == f"{NEW}: 3 joined, 1 left; cni2023"
    assert told["accepted"] == [NEW]
    assert f"accepted: {NEW}" in ask("releases").out


@of("releases", "notes")
def test_the_notes_map_each_release_to_its_data_and_code(
    ask: Ask, names: tuple[str, str, str]
) -> None:
    notes = ask("releases", "--notes").out
    assert [line[3:] for line in notes.splitlines() if line.startswith("## ")] == list(names)
    assert notes.count("source files; code: ") == 3


def test_a_release_that_cannot_be_read_is_listed_and_says_so(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    manifest = settings.releases / names[1] / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{", encoding="utf-8")
    listed = {each["release_id"]: each for each in ask("releases", "--format", "json").data}
    assert listed[names[1]]["changed"] == "its manifest cannot be read"
    assert "cannot be read" in ask("releases").out


# --- lbn rollback ---------------------------------------------------------------------------------


@of("rollback", "release", "reason", "profile")
def test_a_rollback_is_kept_by_the_refreshes_that_follow(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    newest, old, older = names
    answer = ask("rollback", "--reason", "a wrong lookup")
    assert answer.code == 0, answer.err
    assert f"{old} is current, {newest} was." in answer.out
    assert current(settings) == old
    assert told_current(settings.releases)["how"] == "rolled back"
    assert "rolled back" in (said := ask("status").out)
    assert "a wrong lookup" in said

    # The same files and code would give it again.
    held = ask("refresh")
    assert (held.code, current(settings)) == (4, old)
    assert "a wrong lookup" in held.err
    assert f"lbn refresh --profile sample --accept {newest}='...'" in held.err
    assert ask("refresh", "--force").code == 4

    # Twice is further back, past what was withdrawn; there is an end to it.
    assert ask("rollback").code == 0
    assert current(settings) == older
    end = ask("rollback")
    assert (end.code, current(settings)) == (3, older)
    assert "no release before" in end.err

    marks = {each["release_id"]: each for each in ask("releases", "--format", "json").data}
    assert marks[newest]["withdrawn_because"] == "a wrong lookup"
    assert marks[old]["withdrawn_at"]
    assert "withdrawn" in ask("releases").out

    # Taken back by its name: nothing else is withdrawn for it.
    assert ask("rollback", newest).code == 0
    assert current(settings) == newest
    marks = told_current(settings.releases)["withdrawn"]
    assert set(marks) == {old}
    assert "Nothing changed" in ask("refresh").out


def test_what_was_withdrawn_is_published_again_when_it_is_accepted(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    assert ask("rollback").code == 0
    answer = ask("refresh", "--accept", f"{names[0]}=it was right")
    assert answer.code == 0, answer.err
    assert current(settings) == names[0]
    assert f"Accepted: {names[0]}, it was right (withdrawn on" in answer.out
    assert "Not needed" not in answer.out
    assert told_current(settings.releases)["withdrawn"] == {}
    assert "it was right" in ask("status").out


def test_an_earlier_release_is_held_to_the_bands_when_a_refresh_would_restore_it(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    """The files are those of before again; the list that is current has an area less."""
    newest = settings.releases / names[0]
    fewer = another(
        newest,
        "2020-01-03T00:00:00+00:00",
        lambda warehouse: warehouse.execute(
            "update marts.double_disadvantage set is_doubly_disadvantaged = false "
            f"where edition_id = '{NEW}' and area_code = (select min(area_code) from "
            f"marts.double_disadvantage where edition_id = '{NEW}' and is_doubly_disadvantaged)"
        ),
    )
    point_to(settings.releases, fewer.name)
    held = ask("refresh")
    assert (held.code, current(settings)) == (4, fewer.name)
    assert "1 joined: X0" in held.err
    assert f"--accept {NEW}='...'" in held.err
    answer = ask("refresh", "--accept", f"{NEW}=the old lookup is right")
    assert answer.code == 0, answer.err
    assert current(settings) == names[0]
    assert "Accepted" in answer.out
    assert "Not needed" not in answer.out


def test_a_damaged_release_is_not_rolled_back_to(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    spoil(settings.releases / names[1] / "explorer/index.html")
    answer = ask("rollback")
    assert (answer.code, current(settings)) == (1, names[0])
    assert "somebody changed a published file" in answer.err
    assert ask("rollback", names[2]).code == 0
    assert current(settings) == names[2]


@pytest.mark.parametrize(("name", "said"), [("sample-000000000000", "no release"), ("../x", "no")])
def test_only_a_release_can_be_rolled_back_to(ask: Ask, name: str, said: str) -> None:
    answer = ask("rollback", name)
    assert answer.code == 2
    assert said in answer.err


def test_what_is_current_is_not_rolled_back_to(ask: Ask, names: tuple[str, str, str]) -> None:
    answer = ask("rollback", names[0])
    assert answer.code == 2
    assert "is current already" in answer.err


def test_a_stopped_rollback_leaves_the_old_or_the_new_and_is_never_undone(tmp_path: Path) -> None:
    def make(place: int) -> Callable[[], object]:
        releases = tmp_path / str(place)
        for name in ("old", "new"):
            (releases / name).mkdir(parents=True)
        point_to(releases, "new")
        return lambda: point_to(releases, "old", how="rolled back", withdrawn="new")

    seen = set()
    for place in each_stop(make):
        releases = tmp_path / str(place)
        now = current_release(releases)
        assert now is not None
        marks = set(told_current(releases)["withdrawn"])
        seen.add(now.name)
        assert now.name == "new" or marks == {"new"}
    assert seen == {"old", "new"}


# --- lbn verify, and whatever opens a release -----------------------------------------------------


def spoil(file: Path) -> None:
    data = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    file.chmod(0o444)


def changed(release: Path) -> None:
    spoil(release / "exports" / f"{NEW}.csv")


def gone(release: Path) -> None:
    (release / "explorer/index.html").unlink()


def planted(release: Path) -> None:
    (release / "explorer/more.html").write_text("<p>")


def journal(release: Path) -> None:
    (release / "warehouse.duckdb.wal").write_bytes(b"x")


def linked(release: Path) -> None:
    file = release / "explorer/index.html"
    file.rename(release.parent / "elsewhere.html")
    file.symlink_to(release.parent / "elsewhere.html")


def linked_folder(release: Path) -> None:
    (release / "more").symlink_to(release.parent)


def no_sums(release: Path) -> None:
    (release / "SHA256SUMS").unlink()


def sums_of_nothing(release: Path) -> None:
    (release / "SHA256SUMS").chmod(0o644)
    (release / "SHA256SUMS").write_text("")


def no_such_sums(release: Path) -> None:
    (release / "SHA256SUMS").chmod(0o644)
    (release / "SHA256SUMS").write_bytes(b"\xff\x00 nothing\n")


def climbing_sums(release: Path) -> None:
    sums = release / "SHA256SUMS"
    sums.chmod(0o644)
    sums.write_text(sums.read_text() + f"{'0' * 64}  ../../inbox/x\n")


def no_manifest(release: Path) -> None:
    (release / "manifest.json").unlink()


def broken_manifest(release: Path) -> None:
    (release / "manifest.json").chmod(0o644)
    (release / "manifest.json").write_text("[]")


def no_warehouse(release: Path) -> None:
    (release / "warehouse.duckdb").unlink()


def broken_warehouse(release: Path) -> None:
    spoil(release / "warehouse.duckdb")


def empty(release: Path) -> None:
    shutil.rmtree(release)
    release.mkdir()


ASKED = (no_sums, sums_of_nothing, no_such_sums, no_manifest, broken_manifest, no_warehouse)
DAMAGE = (changed, gone, planted, linked, linked_folder, climbing_sums, *ASKED)


@pytest.mark.parametrize(
    "damage", [*DAMAGE, journal, broken_warehouse, empty], ids=lambda damage: damage.__name__
)
def test_damage_is_told_by_whatever_opens_a_release(
    ask: Ask, settings: Settings, names: tuple[str, str, str], damage: Callable[[Path], None]
) -> None:
    release = settings.releases / names[0]
    damage(release)
    asked = damage not in (changed, gone, planted, linked, linked_folder, climbing_sums)
    answers = {"status": ask("status"), "verify": ask("verify"), "refresh": ask("refresh")}
    if asked:
        answers |= {"list": ask("list", NEW), "explain": ask("explain", "X01000001")}
    for command, answer in answers.items():
        assert answer.code == 1, (command, answer.out, answer.err)
        assert str(release) in answer.err.replace("\n", "")
        assert "Checking a release" in answer.err
        assert "to do:" in answer.err
    # It goes on from here without a hand on a file.
    assert ask("rollback").code == 0
    assert current(settings) == names[1]
    assert ask("status").code == ask("list", NEW).code == 0


def test_the_status_shows_what_a_damaged_release_says_of_itself(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    changed(settings.releases / names[0])
    answer = ask("status")
    assert f"{names[0]} (SYNTHETIC" in answer.out
    assert "DAMAGED" in answer.out
    assert "checksums intact" not in answer.out


@of("verify", "release", "profile")
def test_a_whole_release_is_verified(ask: Ask, names: tuple[str, str, str]) -> None:
    for name in ((), (names[1],)):
        answer = ask("verify", *name)
        assert answer.code == 0, answer.err
        assert f"{name[0] if name else names[0]}: every file as it was published" in answer.out
        assert int(answer.out.replace("\n", " ").split(" rules judged again")[0].split()[-1]) > 10


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("delete from marts.dim_area where area_code = 'X01000001'", "rows in marts.dim_area"),
        ("drop table marts.reconciliation", "0 rows in marts.reconciliation"),
        ("update meta.release set built_at = 'yesterday'", "built_at yesterday"),
        ("delete from meta.guard_result where guard = 'raw_lookup'", "0 verdicts of guard raw_l"),
        (
            "update meta.guard_result set passed = false, unexpected = 7 "
            "where guard = 'raw_lookup' and expectation = (select min(expectation) from "
            "meta.guard_result where guard = 'raw_lookup')",
            "7 broken",
        ),
        (
            "update marts.dim_area set lad_name = null where area_code = 'X01000001'",
            "guard marts_dim_area, has_authority",
        ),
    ],
    ids=["rows", "table", "release", "verdict", "failed", "figure"],
)
def test_the_audit_notices_what_the_checksums_cannot(
    ask: Ask, settings: Settings, names: tuple[str, str, str], sql: str, said: str
) -> None:
    """Whoever changes a release may seal it anew."""
    release = another(
        settings.releases / names[0],
        "2020-01-03T00:00:00+00:00",
        lambda warehouse: warehouse.execute(sql),
    )
    answer = ask("verify", release.name)
    assert answer.code == 1, answer.out
    assert said in answer.err


def test_the_audit_notices_another_name(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    release = settings.releases / names[1]
    other = release.rename(release.with_name("sample-0123456789ab"))
    answer = ask("verify", other.name)
    assert answer.code == 1
    assert names[1] in answer.err


def test_verdicts_of_other_code_are_not_judged_again(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    release = another(
        settings.releases / names[0],
        "2020-01-03T00:00:00+00:00",
        lambda warehouse: warehouse.execute("update meta.release set code_version = 'other'"),
        code_version="other",
    )
    answer = ask("verify", release.name)
    assert answer.code == 0, answer.err
    assert "no rule judged again: other code made it" in answer.out


# --- lbn prune ------------------------------------------------------------------------------------


@of("prune", "keep", "dry_run", "profile")
def test_the_oldest_go_and_the_current_one_never(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    newest, old, older = names
    said = ask("prune", "--keep", "1", "--dry-run")
    assert said.code == 0
    assert f"{old}  " in said.out
    assert said.out.count("would go") == 2
    assert {path.name for path in settings.releases.glob("sample-*")} == set(names)

    assert ask("rollback", older).code == 0
    answer = ask("prune", "--keep", "1")
    assert answer.code == 0, answer.err
    assert f"{older}  " in answer.out
    assert "stays: is current" in answer.out
    assert answer.out.count("removed") == 1
    assert {path.name for path in settings.releases.glob("sample-*")} == {newest, older}
    assert not list(settings.releases.glob(".*"))
    # Whatever else lies there is not ours.
    (settings.releases / "sample-notes").mkdir()
    (settings.releases / "sample-0123456789ab.txt").write_text("mine")
    assert ask("prune", "--keep", "1").code == 0
    assert (settings.releases / "sample-notes").is_dir()
    assert (settings.releases / "sample-0123456789ab.txt").exists()


@pytest.fixture
def reader(settings: Settings, names: tuple[str, str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the oldest release open."""
    warehouse = settings.releases / names[2] / "warehouse.duckdb"
    program = (
        f"import duckdb; held = duckdb.connect({str(warehouse)!r}, read_only=True); "
        "print('open', flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"open\n"
    yield process
    process.kill()
    process.wait()


def test_a_release_that_is_open_stays(
    ask: Ask,
    settings: Settings,
    names: tuple[str, str, str],
    reader: subprocess.Popen[bytes],
) -> None:
    mode = (settings.releases / names[2] / "warehouse.duckdb").stat().st_mode
    answer = ask("prune", "--keep", "1")
    assert f"{names[2]}  " in answer.out
    assert "stays: somebody has it open" in answer.out
    assert (settings.releases / names[2] / "warehouse.duckdb").stat().st_mode == mode
    reader.communicate(b"\n")
    assert "removed" in ask("prune", "--keep", "1").out
    assert {path.name for path in settings.releases.glob("sample-*")} == {names[0]}


def test_a_withdrawal_outlives_its_release(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    assert ask("rollback", names[2]).code == 0
    shutil.rmtree(settings.releases / names[0])
    assert ask("refresh").code == 4


@pytest.mark.parametrize("keep", ["0", "-1", "some"])
def test_at_least_one_is_kept(ask: Ask, keep: str) -> None:
    assert ask("prune", "--keep", keep).code == 2


# --- What copies and stops leave of the pointer ---------------------------------------------------


def test_a_copy_that_followed_the_link_is_read_and_put_right(
    settings: Settings, names: tuple[str, str, str], tmp_path: Path
) -> None:
    """As ``cp -rL`` leaves it."""
    copied = tmp_path / "copy"
    shutil.copytree(settings.root, copied / "sample", symlinks=False)
    ask = Ask(copied)
    here = Settings("sample", copied, copied / "sample" / "inbox")
    assert (here.releases / "current").is_dir()
    assert not (here.releases / "current").is_symlink()
    assert ask("status").code == ask("list", NEW).code == 0
    assert ask("refresh").code == 0
    assert (here.releases / "current").is_symlink()
    assert current(here) == names[0]
    assert not list(here.releases.glob(".*"))


def test_the_only_copy_of_a_release_is_kept(
    settings: Settings, names: tuple[str, str, str]
) -> None:
    """Somebody copied what the link leads to, and nothing else."""
    link = settings.releases / "current"
    link.unlink()
    (settings.releases / names[0]).rename(link)
    (settings.releases / "current.json").unlink()
    point_to(settings.releases, names[1])
    assert current(settings) == names[1]
    assert read_manifest(settings.releases / names[0])["release_id"] == names[0]


def test_a_folder_that_does_not_say_what_it_is_stands_in_nobodys_way(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    link = settings.releases / "current"
    link.unlink()
    (settings.releases / names[0]).rename(link)
    (settings.releases / "current.json").unlink()
    (link / "manifest.json").unlink()
    for command in ("status", "refresh"):
        assert (answer := ask(command)).code == 1
        assert "lbn rollback" in answer.err
    assert ask("rollback", names[1]).code == 0
    assert current(settings) == names[1]
    (kept,) = settings.releases.glob("damaged-*")
    assert (kept / "warehouse.duckdb").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"release_id": "../../x"}', '{"release_id": 7}', "{"])
def test_a_broken_pointer_file_is_put_right(
    ask: Ask, settings: Settings, names: tuple[str, str, str], text: str
) -> None:
    (settings.releases / "current.json").write_text(text, encoding="utf-8")
    assert ask("status").code == ask("list", NEW).code == 0
    assert ask("refresh").code == 0
    assert current(settings) == names[0]
    # And without the link the file decides.
    (settings.releases / "current").unlink()
    assert ask("status").code == 0
    assert ask("refresh").code == 0
    assert current(settings) == names[0]


def test_a_clock_that_was_set_back_hides_no_release(
    ask: Ask, settings: Settings, names: tuple[str, str, str]
) -> None:
    """What is current was built in what is now the future."""
    later = another(settings.releases / names[0], "2099-01-01T00:00:00+00:00")
    point_to(settings.releases, later.name)
    assert ask("status").code == ask("list", NEW).code == 0
    listed = ask("releases", "--format", "json").data
    assert [each["release_id"] for each in listed] == [later.name, *names]
    # The files are those of the one before, which a refresh makes current again.
    assert ask("refresh").code == 0
    assert current(settings) == names[0]
    assert ask("refresh").out.strip().startswith("Nothing changed")
    assert ask("prune", "--keep", "1").code == 0
    assert {path.name for path in settings.releases.glob("sample-*")} == {later.name, names[0]}


# --- With nothing there ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [("releases",), ("rollback",), ("verify",)], ids=lambda arguments: arguments[0]
)
def test_with_nothing_published_there_is_nothing_to_do(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    answer: Asked = Ask(tmp_path)(*arguments)
    assert answer.code == 3
    assert "lbn refresh --profile sample" in answer.err


def test_pruning_nothing_is_no_fault(tmp_path: Path) -> None:
    answer: Any = Ask(tmp_path)("prune", "--keep", "3")
    assert answer.code == 0
    assert "0 MB freed" in answer.out


def test_seals_are_as_the_publisher_writes_them(
    settings: Settings, names: tuple[str, str, str]
) -> None:
    """What these tests call a whole release is one."""
    release = settings.releases / names[0]
    sums = (release / "SHA256SUMS").read_text(encoding="utf-8")
    (release / "SHA256SUMS").unlink()
    seal(release)
    assert sorted(sums.splitlines()) == sorted(
        (release / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    )
    assert json.loads((release / "manifest.json").read_text())["release_id"] == names[0]
