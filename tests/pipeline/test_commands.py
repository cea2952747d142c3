"""The command's contract: every option, default and exit code has an effect that is seen here.

In this process, on the sample's release. An option that is added needs a test that names it.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest
import typer

from orchestration.cli.main import app
from orchestration.defs import assembly, instance
from orchestration.defs import refresh as refreshing
from orchestration.defs.refresh import Refreshed
from orchestration.defs.report import report
from orchestration.defs.telling import is_from_scratch
from orchestration.layout import MARTS_VERSION, read_manifest
from orchestration.settings import Settings
from orchestration.sources.registry import load_registry
from tests.pipeline import test_releases
from tests.support.command import COVERED, Ask, of
from tests.support.site import Site

NAME = "left-behind-neighbourhoods"
OLD, NEW = "lsoa21_imd2019_cni2023", "lsoa21_imd2025_cni2023"
COMPOSITE, ITS_OTHER = "msoa21_pride_imd2019", "msoa21_pride_imd2025"


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """A command may set variables for what it starts; here they end with the test."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("LBN_")]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def ask(sample: Site) -> Ask:
    return Ask(sample.data)


@pytest.fixture
def listed(ask: Ask) -> list[dict[str, str]]:
    return ask("list", NEW, "--format", "csv").rows


def test_every_option_of_every_command_has_a_test() -> None:
    # Commands on releases have a module of their own, which names its options as it is read.
    assert test_releases.__doc__
    group: Any = typer.main.get_command(app)
    there = {
        (name, parameter.name)
        for name, command in group.commands.items()
        for parameter in command.params
        if parameter.name != "help"
    }
    assert there == COVERED


# What all commands share


@pytest.mark.parametrize(
    "arguments",
    [
        ["refresh"],
        ["status"],
        ["sources"],
        ["ui"],
        ["list", NEW],
        ["explain", "X01000001"],
        ["diff", OLD, NEW],
        ["whatif", NEW],
        ["export", NEW, "--format", "csv"],
        ["compare", "a", "b"],
        ["releases"],
        ["rollback"],
        ["verify"],
        ["prune", "--keep", "1"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_profile_that_there_is_not_is_wrong_usage(ask: Ask, arguments: list[str]) -> None:
    answer = ask(*arguments, "--profile", "atlantis")
    assert (answer.code, "No profile 'atlantis'" in answer.err) == (2, True)
    # The option goes before the variable.
    assert "atlantis" in ask(*arguments, "--profile", "atlantis", LBN_PROFILE="sample").err


for _name in ("refresh", "status", "sources", "ui", "list", "explain", "diff", "whatif"):
    COVERED.add((_name, "profile"))
COVERED |= {("export", "profile"), ("compare", "profile")}


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["list", NEW], ["explain", "X01000001"], ["diff", OLD, NEW], ["whatif", NEW]],
    ids=lambda arguments: arguments[0],
)
def test_with_nothing_published_there_is_nothing_to_show(
    tmp_path: Path, arguments: list[str]
) -> None:
    answer = Ask(tmp_path)(*arguments)
    assert (answer.code, answer.out) == (3, "")
    assert "lbn refresh --profile sample" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "ward99"],
        ["explain", "X01000001", "--edition", "ward99"],
        ["explain", "Atlantis"],
        ["diff", OLD, "ward99"],
        ["whatif", "ward99"],
        ["whatif", NEW, "--threshold", "0"],
        ["whatif", NEW, "--weights", "luck=1"],
        ["whatif", NEW, "--most", "3"],
        ["whatif", NEW, "--without-exclusions"],
        ["whatif", COMPOSITE, "--threshold", "15%"],
        ["whatif", COMPOSITE, "--carry-rule", "any_parent"],
        ["whatif", COMPOSITE, "--weights", "income=1"],
        ["whatif", COMPOSITE, "--most", "-1"],
        ["list", NEW, "--near"],
        ["diff", COMPOSITE, NEW],
        ["export", "ward99", "--format", "csv"],
        ["export", NEW, "--format", "xlsx", "--bom"],
        ["export", NEW, "--format", "csv", "--output", "nowhere/list.csv"],
        ["export", NEW, "--format", "xlsx", "--output", "list.csv"],
        ["export", NEW, "--format", "csv", "--output", "list"],
        ["compare", "a", "b", "--renamed", "one"],
        ["compare", "a", "b"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_asked_is_wrong_usage(ask: Ask, arguments: list[str]) -> None:
    answer = ask(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.strip()


# Whoever runs the warehouse


class Ran:
    """What a command would have started."""

    def __init__(self, release: Path) -> None:
        self.release = release
        self.settings: Settings | None = None
        self.options: dict[str, Any] = {}
        self.program: list[str] = []

    def refresh(self, settings: Settings, _: Any, __: Any, **options: Any) -> Refreshed:
        self.settings, self.options = settings, options
        return Refreshed("built", self.release, read_manifest(self.release))

    def prepare(self, settings: Settings) -> None:
        self.settings = settings

    def execv(self, _: Path, arguments: list[str]) -> NoReturn:
        self.program = arguments
        raise SystemExit(0)


@pytest.fixture
def ran(sample: Site, monkeypatch: pytest.MonkeyPatch) -> Ran:
    made = Ran(sample.current.resolve())
    monkeypatch.setattr(refreshing, "refresh", made.refresh)
    monkeypatch.setattr(os, "execv", made.execv)
    monkeypatch.setattr(
        instance, "prepare_dagster", lambda settings: setattr(made, "settings", settings)
    )
    monkeypatch.setattr("orchestration.build.dbt.manifest_path", lambda *_: None)
    return made


@of("refresh", "inbox", "fetch", "force", "from_scratch", "notify")
@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        ([], {}),
        (["--fetch"], {"fetch": True}),
        (["--force"], {"force": True}),
        (["--from-scratch"], {"from_scratch": True}),
        (["--no-notify"], {"notify": False}),
        (["--notify"], {}),
    ],
    ids=str,
)
def test_refresh_does_as_it_is_told(
    ask: Ask, ran: Ran, tmp_path: Path, arguments: list[str], changed: dict[str, bool]
) -> None:
    answer = ask("refresh", *arguments)
    assert answer.code == 0, answer.err
    assert ran.settings is not None
    told = {"fetch": False, "force": False, "from_scratch": False, "notify": True} | changed
    assert {"fetch": ran.settings.fetch, **ran.options, "accept": None} == told | {"accept": None}
    assert (ran.settings.profile, ran.settings.inbox) == ("sample", ask.data / "sample" / "inbox")
    ask("refresh", *arguments, "--inbox", str(tmp_path), "--profile", "england")
    assert (ran.settings.profile, ran.settings.inbox) == ("england", tmp_path)


@of("refresh", "accept")
def test_what_is_accepted_reaches_the_refresh_with_its_reason(ask: Ask, ran: Ran) -> None:
    assert ask("refresh").code == 0
    assert ran.options["accept"] == {}
    told = ("--accept", "cni2023=a = b", "--accept", f"{NEW}=seen")
    answer = ask("refresh", *told)
    assert answer.code == 0, answer.err
    assert ran.options["accept"] == {"cni2023": "a = b", NEW: "seen"}
    # The release that was there before is current still, so that none of it was needed.
    assert f"Not needed: --accept cni2023, {NEW}" in " ".join(answer.out.split())
    for wrong in ("cni2023", "cni2023= ", "nothing=why", "=why"):
        assert ask("refresh", "--accept", wrong).code == 2
    assert ask("refresh", *told, "--accept", "cni2023=again").code == 2


def test_what_refresh_is_told_reaches_the_run(
    sample: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the configuration of its first step, which is all that the run knows of the command."""
    shutil.copytree(sample.root / "releases", tmp_path / "sample/releases", symlinks=True)
    shutil.copytree(sample.root / "inbox", tmp_path / "sample/inbox")
    shutil.copytree(sample.root / "build/dbt", tmp_path / "sample/build/dbt")
    settings = Settings("sample", tmp_path, tmp_path / "sample/inbox")
    once = assembly.assemble(settings, load_registry("sample"))
    monkeypatch.setattr(assembly, "assemble", lambda *_: once)
    configs = []
    from_scratch = []

    def execute(_: Any, run: Any, __: Any) -> Iterator[Any]:
        configs.append(run.run_config["ops"]["take_source_files"]["config"])
        from_scratch.append(is_from_scratch(run))
        return iter(())

    monkeypatch.setattr("dagster._core.execution.api.execute_run_iterator", execute)
    for told in (
        ["--force"],
        ["--fetch", "--force"],
        ["--force", "--no-notify"],
        ["--from-scratch"],
    ):
        answer = Ask(tmp_path)("refresh", *told)
        assert answer.code == 0, answer.err
    plain = {"fetch": False, "force": True, "from_scratch": False, "notify": True}
    assert configs == [
        plain,
        plain | {"fetch": True},
        plain | {"notify": False},
        plain | {"from_scratch": True},
    ]
    assert from_scratch == [False, False, False, True]


def test_a_refresh_says_what_joined_and_what_left_and_how_many_guards_passed(
    ask: Ask, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = read_manifest(ran.release)
    guards = manifest["guards"]
    tests = sum(guard["expectations"] for guard in guards if guard["guard"] == "dbt_tests")
    rules = sum(guard["expectations"] for guard in guards) - tests
    assert tests > 0
    summary = ask("refresh").out
    assert f"{len(guards)} guards passed ({rules} expectations, {tests} dbt tests)" in summary
    changes = [{"edition_id": NEW, "joined": 7, "departed": 5}]
    changed = manifest | {"changes_since": {"release_id": "sample-before", "editions": changes}}
    changed["guards"] = [guards[0] | {"passed": guards[0]["expectations"] - 1}, *guards[1:]]

    def refresh(*_: Any, **__: Any) -> Refreshed:
        return Refreshed("built", ran.release, changed)

    monkeypatch.setattr(refreshing, "refresh", refresh)
    summary = ask("refresh").out
    assert "Against sample-before:" in summary
    assert f"{NEW}: 7 joined, 5 left" in summary
    assert f"{len(guards) - 1} of {len(guards)} guards passed (" in summary


def test_status_tells_of_the_release_and_of_one_that_was_changed(ask: Ask, tmp_path: Path) -> None:
    answer = ask("status")
    assert answer.code == 0
    manifest = read_manifest(ask.data / "sample/releases/current")
    assert manifest["release_id"] in answer.out
    assert "checksums intact" in answer.out
    shutil.copytree(ask.data / "sample/releases", tmp_path / "sample/releases", symlinks=True)
    file = tmp_path / "sample/releases/current/manifest.json"
    file.chmod(0o644)
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    answer = Ask(tmp_path)("status")
    assert (answer.code, "DAMAGED" in answer.out) == (1, True)
    assert "somebody changed a published file" in answer.err


@of("sources", "inbox")
def test_sources_says_where_each_file_is_and_ends_with_3_where_one_is_missing(
    ask: Ask, tmp_path: Path
) -> None:
    answer = ask("sources")
    assert answer.code == 0
    manifest = read_manifest(ask.data / "sample/releases/current")
    for entry in manifest["inputs"]:
        assert entry["sha256"] in answer.out
    assert str(ask.data / "sample/inbox") in answer.out
    # Elsewhere nothing lies in the inbox; what was published comes from the vault.
    answer = ask("sources", "--inbox", str(tmp_path))
    assert answer.code == 0
    assert str(ask.data / "sample/vault") in answer.out
    answer = Ask(tmp_path)("sources", "--profile", "england", "--inbox", str(tmp_path))
    assert answer.code == 3
    assert f"no file in {tmp_path}" in answer.err
    assert "to download: https://" in answer.out


@of("ui", "inbox", "port", "host")
def test_ui_serves_where_it_is_told(ask: Ask, ran: Ran, tmp_path: Path) -> None:
    def served(*arguments: str) -> tuple[str, str]:
        answer = ask("ui", *arguments)
        assert answer.code == 0, answer.err
        return ran.program[-2], ran.program[-1]

    assert served("--port", "34567") == ("127.0.0.1", "34567")
    assert ran.settings is not None
    assert ran.settings.inbox == ask.data / "sample" / "inbox"
    assert served("--port", "34567", "--host", "0.0.0.0") == ("0.0.0.0", "34567")  # noqa: S104
    assert "no login" in ask("ui", "--port", "34567", "--host", "0.0.0.0").err  # noqa: S104
    assert "no login" not in ask("ui", "--port", "34567").err
    served("--port", "34567", "--inbox", str(tmp_path))
    assert ran.settings.inbox == tmp_path
    assert ask("ui", "--port", "0").code == 2
    nameless = ask("ui", "--port", "34567", LBN_UI_ADDRESS="dagster.example.org")
    assert nameless.code == 2
    assert "with its scheme" in nameless.err
    default = typer.main.get_command(app).commands["ui"]  # type: ignore[attr-defined]
    assert {each.name: each.default for each in default.params}["port"] == 3000


# Whoever asks a release


def test_the_command_says_its_version(ask: Ask) -> None:
    answer = ask("--version")
    assert (answer.code, answer.out) == (0, f"lbn {version(NAME)}, marts {MARTS_VERSION}\n")


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["diff"], ["diff", OLD], ["whatif"], ["export", "--format", "csv"]],
    ids=" ".join,
)
def test_without_an_edition_it_says_which_there_are(ask: Ask, arguments: list[str]) -> None:
    answer = ask(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "Which edition?" in answer.err
    assert all(f"\n  {edition}  " in answer.err for edition in (OLD, NEW))


def test_ids_and_codes_are_taken_in_any_case(ask: Ask, listed: list[dict[str, str]]) -> None:
    code = listed[0]["area_code"]
    for arguments in (
        ["list", NEW, "--format", "csv"],
        ["diff", OLD, NEW],
        ["whatif", NEW],
        ["explain", code, "--edition", NEW],
        ["verify", read_manifest(ask.data / "sample/releases/current")["release_id"]],
    ):
        other = [each if each.startswith("-") else each.swapcase() for each in arguments[1:]]
        other = [each.lower() if each.lower() in ("csv",) else each for each in other]
        assert ask(arguments[0], *other).out == ask(*arguments).out != ""


def test_one_area_is_one(ask: Ask, listed: list[dict[str, str]]) -> None:
    one = ask("list", NEW, "--name", listed[0]["area_code"]).out
    assert f"1 area on {NEW}" in one
    assert f"0 areas on {NEW}" in ask("list", NEW, "--name", "X01000001").out


@pytest.mark.parametrize("command", sorted(typer.main.get_command(app).commands))  # type: ignore[attr-defined]
def test_help_is_wrapped_by_the_terminal_and_not_by_our_code(ask: Ask, command: str) -> None:
    """A line that ends early is the end of a paragraph, or the next word had no room."""
    answer = ask(command, "--help", COLUMNS="80", TERMINAL_WIDTH="80")
    text = answer.out.partition("╭")[0].splitlines()
    for line, following in pairwise(text):
        if line.strip() and following.strip() and "Usage:" not in line:
            assert len(line.rstrip()) + 1 + len(following.split()[0]) > 77, line


@of("list", "edition", "format_")
def test_list_prints_an_edition_in_three_forms(ask: Ask, listed: list[dict[str, str]]) -> None:
    assert ask("list", OLD, "--format", "csv").rows != listed
    as_json = ask("list", NEW, "--format", "json").data
    assert [row["area_code"] for row in as_json] == [row["area_code"] for row in listed]
    table = ask("list", NEW)
    assert f"{len(listed):,} areas on {NEW}" in table.out
    assert ask("list", NEW, "--format", "table").out == table.out
    assert all(row["area_code"] in table.out for row in listed)


def some(rows: list[dict[str, str]], column: str) -> str:
    """A value of a column that some rows have and others do not."""
    values = [row[column] for row in rows]
    return next(value for value in values if 0 < values.count(value) < len(values))


FILTERED = {
    "list": ["list", NEW, "--format", "csv"],
    "diff": ["diff", OLD, NEW, "--format", "csv"],
    "whatif": ["whatif", NEW, "--threshold", "15%", "--format", "csv"],
}


@of("list", "region", "lad")
@of("diff", "region", "lad")
@of("whatif", "region", "lad")
@pytest.mark.parametrize("command", FILTERED)
def test_a_region_and_an_authority_narrow_what_is_printed(ask: Ask, command: str) -> None:
    rows = ask(*FILTERED[command]).rows
    for option, column in (("--region", "region_name"), ("--lad", "lad_name")):
        chosen = some(rows, column)
        narrowed = ask(*FILTERED[command], option, chosen).rows
        assert narrowed == [row for row in rows if row[column] == chosen]


@of("list", "within")
@of("diff", "within")
@of("whatif", "within")
@pytest.mark.parametrize("command", FILTERED)
def test_a_larger_area_of_any_kind_narrows_what_is_printed(
    ask: Ask, sample: Site, command: str
) -> None:
    rows = ask(*FILTERED[command]).rows
    with sample.warehouse() as warehouse:
        places = dict(
            warehouse.execute(
                "select area_code, pcon24_name from marts.double_disadvantage "
                "where edition_id = $1",
                [NEW],
            ).fetchall()
        )
    chosen = places[rows[0]["area_code"]]
    narrowed = ask(*FILTERED[command], "--in", f"constituency:{chosen.upper()}").rows
    assert narrowed == [row for row in rows if places[row["area_code"]] == chosen] != []
    answer = ask(*FILTERED[command], "--in", "parish:Abbey")
    assert (answer.code, "not counted by 'parish'" in answer.err) == (2, True)


@of("find", "text", "format_", "profile")
def test_find_prints_what_is_called_so(ask: Ask, listed: list[dict[str, str]]) -> None:
    code = listed[0]["area_code"]
    answer = ask("find", code)
    assert (answer.code, listed[0]["area_name"] in answer.out, NEW in answer.out) == (0, True, True)
    (group,) = json.loads(ask("find", code, "--format", "json").out)["groups"]
    assert [row["area_code"] for row in group["rows"]] == [code]
    assert "Did you mean" in ask("find", "Thornhavn").out
    assert "became part of Great Fisher" in ask("find", "Northscar").out
    assert "Nothing is called 'Xyzzyq'" in ask("find", "Xyzzyq").out
    assert ask("find", "x", "--profile", "atlantis").code == 2


@of("list", "name")
def test_list_finds_by_name_and_by_code(ask: Ask, listed: list[dict[str, str]]) -> None:
    one = listed[3]
    assert ask("list", NEW, "--format", "csv", "--name", one["area_code"]).rows == [one]
    word = one["area_name"].split()[0]
    found = ask("list", NEW, "--format", "csv", "--name", word.upper()).rows
    assert found == [row for row in listed if row["area_name"].startswith(word)]


@of("explain", "area", "edition", "format_")
def test_explain_takes_the_newest_edition_that_has_the_area(
    ask: Ask, sample: Site, listed: list[dict[str, str]]
) -> None:
    code = listed[0]["area_code"]
    found = ask("explain", code, "--format", "json").data
    assert found == ask("explain", code, "--edition", NEW, "--format", "json").data
    earlier = ask("explain", code, "--edition", OLD, "--format", "json").data
    assert (found["verdict"]["edition_id"], earlier["verdict"]["edition_id"]) == (NEW, OLD)
    with sample.warehouse() as warehouse:
        wards = "select edition_id, area_code from marts.double_disadvantage where edition_id = ?"
        edition, ward = warehouse.execute(wards, ["ward17_imd2019_cni2019"]).fetchall()[0]
    assert ask("explain", ward, "--format", "json").data["verdict"]["edition_id"] == edition
    text = ask("explain", code)
    assert text.out == ask("explain", code, "--format", "text").out
    assert code in text.out
    assert NEW in text.out


@of("explain", "full")
def test_explain_is_short_unless_all_of_it_is_asked_for(
    ask: Ask, sample: Site, listed: list[dict[str, str]]
) -> None:
    code = listed[0]["area_code"]
    short, full = ask("explain", code).out, ask("explain", code, "--full").out
    assert len(short.splitlines()) <= 12 < len(full.splitlines())
    with sample.warehouse() as warehouse:
        domains = warehouse.execute(
            "select domain_label, domain_rank from marts.edition_domain "
            "where edition_id = $1 and area_code = $2",
            [NEW, code],
        ).fetchall()
    assert len(domains) == 10
    assert all(f"{label} {rank:,}" in short for label, rank in domains)
    assert ("-23 ln(1" in full, "-23 ln(1" in short) == (True, False)
    assert ask("explain", code, "--full", "--format", "json").out == (
        ask("explain", code, "--format", "json").out
    )


@of("explain", "part")
def test_explain_shows_the_part_that_is_asked_for_else_the_worst(ask: Ask, sample: Site) -> None:
    with sample.warehouse() as warehouse:
        area, parts = warehouse.execute(
            "select area_code, list(part_code order by part_code) from marts.imd_carry "
            "where edition_id = $1 group by 1 having count(*) > 1 order by 1",
            [OLD],
        ).fetchall()[0]

    def full(*more: str) -> str:
        return ask("explain", area, "--edition", OLD, "--full", *more).out

    asked = [full("--part", part) for part in parts]
    assert len(set(asked)) == len(parts)
    assert full() in asked
    assert full("--part", parts[0].lower()) == asked[0]
    assert ask("explain", area, "--edition", OLD, "--part", "X99999999").code == 2


@of("diff", "edition", "other", "change", "format_")
def test_diff_lists_who_joined_and_left_unless_told_otherwise(ask: Ask) -> None:
    def changes(*more: str) -> list[str]:
        return [row["change"] for row in ask("diff", OLD, NEW, "--format", "csv", *more).rows]

    every = changes("--change", "all")
    assert set(every) == {"joined", "left", "stayed"}
    assert changes() == [each for each in every if each != "stayed"]
    for one in ("joined", "left", "stayed"):
        assert changes("--change", one) == [each for each in every if each == one]
    as_json = ask("diff", OLD, NEW, "--format", "json").data
    assert [row["change"] for row in as_json] == changes()
    table = ask("diff", OLD, NEW)
    assert f"{every.count('joined'):,} joined, {every.count('left'):,} left" in table.out
    swapped = ask("diff", NEW, OLD, "--format", "csv")
    assert [row["change"] for row in swapped.rows] == changes()
    assert f"{OLD} is the earlier one" in swapped.err
    refused = ask("diff", "ward17_imd2015_cni2019", NEW)
    assert (refused.code, refused.out) == (2, "")


@of("whatif", "edition", "threshold", "imd_threshold", "cni_threshold")
def test_whatif_takes_one_threshold_for_both_or_one_for_each(ask: Ask) -> None:
    def counts(*more: str) -> dict[str, int]:
        found: dict[str, int] = ask("whatif", NEW, "--format", "json", *more).data["counts"]
        return found

    plain = counts()
    assert (plain["joined"], plain["left"]) == (0, 0)
    assert ask("whatif", OLD, "--format", "json").data["counts"] != plain
    both = counts("--threshold", "15%")
    imd, cni = counts("--imd-threshold", "0.15"), counts("--cni-threshold", "15%")
    assert plain["listed_after"] < imd["listed_after"] < both["listed_after"]
    assert plain["listed_after"] < cni["listed_after"] < both["listed_after"]
    assert imd != cni
    assert counts("--imd-threshold", "15%", "--cni-threshold", "15%") == both
    # What is said of one index goes before what is said of both.
    assert counts("--threshold", "15%", "--cni-threshold", "10%") == imd
    assert counts("--threshold", "15%", "--imd-threshold", "10%") == cni


@of("whatif", "weights", "change", "format_")
def test_whatif_takes_other_weights_and_lists_the_changes_asked_for(ask: Ask) -> None:
    weighted = ["whatif", NEW, "--weights", "income=0.9,crime=0.1"]
    found = ask(*weighted, "--format", "json").data
    assert found["counts"]["joined"] > 0
    assert {row["change"] for row in found["areas"]} == {"joined", "left"}
    for one in ("joined", "left", "stayed"):
        rows = ask(*weighted, "--format", "csv", "--change", one).rows
        assert len(rows) == found["counts"][one]
    every = ask(*weighted, "--format", "csv", "--change", "all").rows
    assert len(every) == sum(found["counts"][one] for one in ("joined", "left", "stayed"))
    table = ask(*weighted)
    assert "IMD worst 10% (other weights)" in table.out
    assert table.out == ask(*weighted, "--format", "table").out


@of("whatif", "carry_rule")
def test_whatif_takes_another_carry_rule_and_says_which(ask: Ask, sample: Site) -> None:
    wards = "ward17_imd2019_cni2019"
    with sample.warehouse() as warehouse:
        rules: dict[str, int] = dict(
            warehouse.execute(
                "select carry_rule, areas_listed from marts.edition_carry_rule "
                "where edition_id = $1",
                [wards],
            ).fetchall()
        )
    assert len(rules) > 3
    for rule, listed in rules.items():
        found = ask("whatif", wards, "--carry-rule", rule, "--format", "json").data
        assert (found["carry_rule"], found["counts"]["listed_after"]) == (rule, listed)
    assert len(set(rules.values())) > 1


@of("list", "near")
def test_list_prints_whom_a_composite_edition_chooses_and_who_is_near(ask: Ask) -> None:
    chosen = ask("list", COMPOSITE, "--format", "csv")
    codes = [row["area_code"] for row in chosen.rows]
    assert "not the programme's own data" in chosen.err
    table = ask("list", COMPOSITE)
    assert f"{len(codes)} areas chosen in {COMPOSITE}" in table.out
    assert all(code in table.out for code in codes)
    near = ask("list", COMPOSITE, "--near", "--format", "json").data
    assert {row["area_code"] for row in near}.isdisjoint(codes)
    text = ask("list", COMPOSITE, "--near").out
    assert len(near) > 40
    for row in near:
        assert (row["area_code"] in text) == (row["near_miss_place"] <= 20)
    assert "Shown are the nearest 20 of each kind" in text
    assert f"{len(near)} areas would be next in {COMPOSITE}" in text
    assert "nobody's decision" in ask("list", ITS_OTHER).err


def test_status_names_composite_editions_with_their_sizes(ask: Ask, sample: Site) -> None:
    told = [line.split() for line in ask("status").out.splitlines()]
    with sample.warehouse() as warehouse:
        rows = warehouse.execute(
            "select edition_id, areas, areas_selected, places_published, areas_agreed "
            "from marts.dim_composite_edition"
        ).fetchall()
    assert len(rows) == 2
    for row in rows:
        assert [f"{value:,}" if isinstance(value, int) else value for value in row] in told
    assert f"{ITS_OTHER}: a calculation, and nobody's decision".split() in told
    assert all(
        row[0] in report(sample.current, read_manifest(sample.current))["lists"] for row in rows
    )


def test_diff_of_composite_editions_says_why_on_either_side_and_where(ask: Ask) -> None:
    rows = ask("diff", COMPOSITE, ITS_OTHER, "--change", "all", "--format", "csv").rows
    answer = ask("diff", ITS_OTHER, COMPOSITE)
    assert f"{COMPOSITE} is the earlier one" in answer.err
    told = " ".join(answer.out.split())
    for row in rows:
        assert (row["area_code"] in told) == (row["change"] != "stayed")
        assert row["change"] == "stayed" or row["reason"] in told
    for region in {row["region_name"] for row in rows}:
        counts = [
            sum((row["region_name"], row["change"]) == (region, change) for row in rows)
            for change in ("joined", "left", "stayed")
        ]
        assert f"{region} {' '.join(map(str, counts))}" in told


@of(
    "whatif",
    "standardisation",
    "most_in_group",
    "most_in_authority",
    "most",
    "without_exclusions",
    "imd_release",
)
def test_whatif_takes_another_rule_of_a_composite_edition(ask: Ask) -> None:
    def asked(*more: str) -> dict[str, Any]:
        found: dict[str, Any] = ask(
            "whatif", COMPOSITE, "--format", "json", "--change", "all", *more
        ).data
        return found

    plain = asked()
    assert (plain["counts"]["joined"], plain["counts"]["left"]) == (0, 0)
    every = [
        ("--weights", "imd=2,cni=1"),
        ("--standardisation", "min_max"),
        ("--most-in-group", "2"),
        ("--most-in-authority", "1"),
        ("--most", "7"),
        ("--without-exclusions",),
        ("--imd-release", "imd2025"),
    ]
    found = {option: asked(*option) for option in every}
    for option, answer in found.items():
        assert answer["rule"] != plain["rule"], option
        assert answer["areas"] != plain["areas"], option
    assert found["--most", "7"]["counts"]["chosen_after"] == 7
    no_limit = asked("--most", "0", "--most-in-group", "0", "--without-exclusions")
    assert no_limit["counts"]["chosen_after"] > 500
    table = ask("whatif", COMPOSITE, "--most-in-authority", "1")
    told = " ".join(table.out.split())
    for row in found["--most-in-authority", "1"]["areas"]:
        if row["change"] == "stayed":
            continue
        assert f"{row['change']} {row['area_code']}" in told
        assert row["reason_after"] in told
    assert "of which 1 can be taken" in told
    assert "Rule: 1 x z-score of imd2019 + 1 x z-score of cni2023" in told
    assert "nobody's decision" in told
    rows = ask("whatif", COMPOSITE, "--most", "7", "--format", "csv", "--change", "stayed").rows
    assert len(rows) == 7
    refused = ask("whatif", NEW, "--most", "7")
    assert "there is no --most. What may be asked of it: --weights income=0.3" in refused.err
    refused = ask("whatif", COMPOSITE, "--imd-threshold", "15%")
    assert "there is no --imd-threshold. What may be asked of it: --weights imd=2" in refused.err


@of("export", "edition", "format_", "region", "lad", "within", "listed", "output", "bom", "force")
def test_export_writes_what_and_where_it_is_told(
    ask: Ask, listed: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def rows(*more: str, name: str = "list.csv") -> list[dict[str, str]]:
        answer = ask("export", NEW, "--format", "csv", "--output", name, *more, "--force")
        assert answer.code == 0, answer.err
        with (tmp_path / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    every = rows()
    assert len(every) > len(listed)
    on_list = rows("--listed")
    assert {row["area_code"] for row in on_list} == {row["area_code"] for row in listed}
    for option, kind, column in (
        ("--region", "", "region_name"),
        ("--lad", "", "lad_name"),
        ("--in", "constituency:", "pcon24_name"),
    ):
        chosen = some(listed, column)
        assert rows(option, kind + chosen) == [row for row in every if row[column] == chosen]
    bom = b"\xef\xbb\xbf"
    assert not (tmp_path / "list.csv").read_bytes().startswith(bom)
    rows("--bom", name="bom.csv")
    assert (tmp_path / "bom.csv").read_bytes().startswith(bom)
    # Without --force what is there stays; that is refused, not wrong usage.
    kept = (tmp_path / "bom.csv").read_bytes()
    refused = ask("export", OLD, "--format", "csv", "--output", "bom.csv")
    assert (refused.code, (tmp_path / "bom.csv").read_bytes()) == (1, kept)
    # By default the file is named after the edition and lies here, or in a folder that is named.
    (tmp_path / "there").mkdir()
    for ending in ("csv", "parquet", "geoparquet", "gpkg", "xlsx"):
        for more in ([], ["--output", "there"]):
            answer = ask("export", NEW, "--format", ending, "--listed", *more)
            assert answer.code == 0, answer.err
            file = tmp_path / answer.out.splitlines()[0]
            assert file.is_file()
            assert file.name.startswith(NEW)
            assert (file.parent.name == "there") == bool(more)
    assert ask("export", NEW).code == 2


@of("compare", "one", "other", "renamed", "format_")
def test_compare_ends_with_1_where_releases_differ(tmp_path: Path) -> None:
    """Of next to nothing, since a real one takes a minute to compare."""

    def release(name: str, column: str) -> str:
        folder = tmp_path / "sample" / "releases" / name
        folder.mkdir(parents=True)
        manifest = {"release_id": name, "profile": "sample", "editions": [], "inputs": []}
        manifest["built_at"] = "2026-01-01T06:00:00+00:00"
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
            warehouse.execute("create schema marts; create schema meta")
            warehouse.execute(f"create table marts.places as select 1 as {column}")
            warehouse.execute(f"create table meta.release as select '{name}' as release_id")
        return name

    ask = Ask(tmp_path)
    one, same, other = (
        release(f"sample-{letter * 12}", column)
        for letter, column in (("a", "rank"), ("b", "rank"), ("c", "place"))
    )
    alike = ask("compare", one, str(tmp_path / "sample/releases" / same))
    assert (alike.code, alike.out.startswith("0 differences")) == (0, True)
    assert ask("compare", one.upper(), same).out == alike.out
    differs = ask("compare", one, other)
    assert differs.code == 1
    assert "marts.places" in differs.out
    assert differs.out == ask("compare", one, other, "--format", "text").out
    told = ask("compare", one, other, "--format", "json")
    assert told.code == 1
    assert json.loads(told.out)[0]["where"] == "marts.places"
    assert ask("compare", one, other, "--renamed", "rank=place").code == 0
