"""Names that would do something where they are shown: they do nothing, and are whole.

What exports make of them is in test_exports.py, what a browser makes of them in tests/browser.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from orchestration.cli.app import out
from orchestration.cli.main import app
from orchestration.cli.report import refreshed, status
from orchestration.defs.refresh import Refreshed
from orchestration.defs.report import report
from orchestration.layout import CURRENT, MANIFEST, MARTS_VERSION, WAREHOUSE
from orchestration.publish.explorer import write_explorer
from orchestration.settings import Settings
from tests.support.build import RELEASE_ID
from tests.support.releases import seal

pytestmark = pytest.mark.xdist_group("release")

EDITION, EARLIER = "lsoa21_imd2025_cni2023", "lsoa21_imd2019_cni2023"
NAMES = (
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "[bold red]Loud[/] [link=file:///etc/passwd]here[/link] [/nothing]",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% include 'x' %} ${7*7} %s {0}",
    'x\'; drop table marts.double_disadvantage; -- "y"',
    "\u202eelbatsnoC\u202c שלום العربية",
    "Two\nON the list\r\nlines\tand a tab",
    "\\[x] C:\\names\\new 'a' \"b\" `c` %TEMP% $HOME",
    "[/red] :bug:",
    "\x1b[2J\x1b]0;title\x07\b\x00 \x9b31m\x7f",
)
# What a terminal obeys; a table in a pipe ends its lines with no more than line feeds.
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

# What every release says of itself.
BARE = {"release_id": RELEASE_ID, "profile": "sample", "editions": [], "inputs": []}


@pytest.fixture(scope="module")
def release(sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a release of the sample, whose first areas on the list are so named."""
    data = tmp_path_factory.mktemp("data")
    folder = data / "sample" / "releases" / RELEASE_ID
    folder.mkdir(parents=True)
    (folder.parent / CURRENT).symlink_to(folder)
    told = BARE | {"marts_version": MARTS_VERSION}
    (folder / MANIFEST).write_text(json.dumps(told), "utf-8")
    warehouse = Path(shutil.copy(sample_warehouse, folder / WAREHOUSE))
    with duckdb.connect(str(warehouse)) as connection:
        codes = connection.execute(
            "select area_code from marts.double_disadvantage "
            "where edition_id = ? and is_doubly_disadvantaged order by area_code limit ?",
            [EDITION, len(NAMES)],
        ).fetchall()
        for (code,), name in zip(codes, NAMES, strict=True):
            for mart in ("double_disadvantage", "dim_area", "edition_change"):
                connection.execute(
                    f"update marts.{mart} set area_name = ? where area_code = ?", [name, code]
                )
    seal(folder)
    return data


@pytest.fixture
def lbn(release: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("LBN_DATA", str(release))
    monkeypatch.setattr("orchestration.cli.app.out.width", 4000)
    return CliRunner()


def answer(lbn: CliRunner, *arguments: str, exit_code: int = 0) -> Result:
    ran = lbn.invoke(app, [*arguments, "--profile", "sample"])
    assert ran.exit_code == exit_code, (ran.output, ran.exception)
    assert not OBEYED.search(ran.output)
    return ran


def on_one_line(name: str) -> str:
    return " ".join(name.split())


def shown(name: str) -> str:
    """On one line, with every sign that a terminal obeys as Python writes it."""
    return OBEYED.sub(lambda sign: repr(sign[0])[1:-1], on_one_line(name))


def test_list_shows_every_name_whole_and_on_its_line(lbn: CliRunner) -> None:
    lines = answer(lbn, "list", EDITION).stdout.splitlines()
    for name in NAMES:
        assert sum(shown(name) in line for line in lines) == 1, name


@pytest.mark.parametrize(
    "arguments",
    [("whatif", EDITION, "--change", "all"), ("diff", EARLIER, EDITION, "--change", "all")],
    ids=["whatif", "diff"],
)
def test_who_joins_and_leaves_is_shown_by_its_whole_name(
    lbn: CliRunner, arguments: tuple[str, ...]
) -> None:
    lines = answer(lbn, *arguments).stdout.splitlines()
    for name in NAMES:
        assert any(shown(name) in line for line in lines), name


def test_list_as_csv_has_no_cell_that_a_spreadsheet_runs_and_as_json_every_name(
    lbn: CliRunner,
) -> None:
    rows = [*csv.DictReader(io.StringIO(answer(lbn, "list", EDITION, "--format", "csv").stdout))]
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if re.match(r"[=+@\t\r\n]|-\D", cell)]
    named = {row["area_name"].removeprefix("'") for row in rows}
    signs = {name: OBEYED.sub(lambda sign: repr(sign[0])[1:-1], name) for name in NAMES}
    assert {*signs.values()} <= named
    listed = json.loads(answer(lbn, "list", EDITION, "--format", "json").stdout)
    assert {*NAMES} <= {row["area_name"] for row in listed}


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_an_area_is_found_and_explained_by_its_whole_name(lbn: CliRunner, name: str) -> None:
    lines = answer(lbn, "explain", name, "--edition", EDITION).stdout.splitlines()
    assert shown(name) in on_one_line(lines[0])
    assert not any(line.startswith("ON the list") for line in lines)
    found = json.loads(
        answer(lbn, "explain", name, "--edition", EDITION, "--format", "json").stdout
    )
    assert found["verdict"]["area_name"] == name


def test_sources_names_every_file_of_the_inbox_on_one_line(
    lbn: CliRunner, sample_inbox: Path, tmp_path: Path
) -> None:
    for file in sample_inbox.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "[bold] :bug:  two\n✓ All is well \x1b[2J.txt").write_text("")
    told = answer(lbn, "sources", "--inbox", str(tmp_path)).stdout
    assert "[bold] :bug:  two\\n✓ All is well \\x1b[2J.txt: no source takes" in told


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_compare_tells_what_differs_on_one_line(lbn: CliRunner, tmp_path: Path, name: str) -> None:
    releases = [tmp_path / "o'a #1", tmp_path / "b"]
    for release, text in zip(releases, ("quiet", name), strict=True):
        release.mkdir()
        manifest = BARE | {"built_at": "2026-01-01T00:00:00+00:00"}
        (release / MANIFEST).write_text(json.dumps(manifest), "utf-8")
        with duckdb.connect(str(release / WAREHOUSE)) as connection:
            connection.execute("create schema marts")
            connection.execute("create table marts.area as select ? as area_name", [text])
    compared = ("compare", *map(str, releases))
    assert len(answer(lbn, *compared, exit_code=1).stdout.splitlines()) == 3
    assert shown(name) in answer(lbn, *compared, exit_code=1).stdout
    told = json.loads(answer(lbn, *compared, "--format", "json", exit_code=1).stdout)
    assert any(name in each["what"] for each in told)


def test_what_is_said_of_a_release_has_every_name_whole(release: Path) -> None:
    """The summary of a refresh, and ``lbn status``."""
    areas = [
        {"change": "left", "area_code": "X1", "area_name": name, "lad_name": ""} for name in NAMES
    ]
    source = {"sha256": "ab", "rows": 1, "retrieved_at": "2026-01-01T00:00:00+00:00"}
    edition = dict.fromkeys(("areas", "areas_rated", "areas_listed", "areas_published"), 1)
    manifest = {
        "release_id": RELEASE_ID,
        "label": "SYNTHETIC",
        "built_at": "2026-01-01T00:00:00+00:00",
        "code_version": "1",
        "editions": [{"edition_id": NAMES[-2], **edition}],
        "guards": [],
        "inputs": [source | {"source_id": "s", "issue": f"re-issue {name}"} for name in NAMES],
        "changes_since": {
            "release_id": RELEASE_ID,
            "editions": [
                {"edition_id": EDITION, "joined": 0, "departed": len(areas), "areas": areas[:9]},
                {"edition_id": EDITION, "joined": 0, "departed": len(areas), "areas": areas[9:]},
            ],
            "differences": [{"subject": EDITION, "found": name} for name in NAMES],
        },
        "accepted": [{"subject": EDITION, "reason": name, "found": ""} for name in NAMES],
    }
    folder = release / "sample" / "releases" / RELEASE_ID
    for name in NAMES:
        manifest["country"] = name
        with out.capture() as summary:
            settings = Settings("sample", release, release)
            refreshed(out, Refreshed("built", folder, manifest), settings, [])
        with out.capture() as whole:
            status(out, folder, manifest, is_intact=True, waits="")
        for told, times in ((summary.get(), 5), (whole.get(), 3)):
            assert not OBEYED.search(told)
            assert on_one_line(told).count(shown(name)) >= times, name


def test_the_page_of_a_release_in_dagster_has_no_markup_of_a_name_or_a_reason(
    release: Path,
) -> None:
    areas = [
        {"change": "left", "area_code": "X1", "area_name": name, "lad_name": name} for name in NAMES
    ]
    manifest = {
        "editions": [],
        "guards": [],
        "changes_since": {
            "release_id": RELEASE_ID,
            "editions": [{"edition_id": EDITION, "areas": areas}],
            "differences": [{"subject": EDITION, "found": name} for name in NAMES],
        },
        "accepted": [{"subject": EDITION, "reason": name} for name in NAMES],
    }
    text = report(release / "sample/releases/current", manifest)["differences"]
    assert "<" not in text
    for name in NAMES:
        shown = escape(on_one_line(name), quote=False).replace("|", "\\|")
        assert text.count(shown) == 4, name


def test_no_page_of_the_explorer_has_markup_of_a_name(release: Path, tmp_path: Path) -> None:
    """The names that a page holds are packed; what the script makes of them, a browser tells."""
    warehouse = Path(shutil.copy(release / "sample/releases/current" / WAREHOUSE, tmp_path))
    hostile = NAMES[3]
    with duckdb.connect(str(warehouse)) as connection:
        # What the templates print themselves.
        connection.execute("update marts.dim_edition set label = ?", [hostile])
        connection.execute("update marts.dim_source set title = ?, publisher = ?", [hostile] * 2)
        connection.execute("update meta.release set country = ?", [hostile])
        written = write_explorer(connection, tmp_path / "pages")
    pages = [path for path in written if path.suffix == ".html"]

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []
            self.scripts: list[str] = []
            self.text = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.append(tag)
            assert not [name for name, _ in attrs if name.startswith("on")]

        def handle_data(self, data: str) -> None:
            if self.found[-1:] == ["script"]:
                self.scripts.append(data)
            self.text += data

    for page in pages:
        parser = Tags()
        parser.feed(page.read_text(encoding="utf-8"))
        assert "img" not in parser.found
        assert "alert(1)" not in parser.scripts
        assert hostile in parser.text
