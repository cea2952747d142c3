"""What a release is documented with: the dictionary against its columns, dbt's page, the guide."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from orchestration.build.dbt import manifest_path
from orchestration.fingerprint import PAGES
from orchestration.publish.documentation.dictionary import (
    documented_tables,
    read_dbt_manifest,
    write_dbt_docs,
)
from orchestration.publish.exports import write_exports
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.sources.registry import load_registry
from tests.support.patience import SECONDS
from tests.support.site import Site
from tests.unit.test_docs import blocks, text_of

GUIDE = PROJECT_ROOT / "docs" / "analyst-guide.md"
DUCKDB = Path(sys.executable).with_name("duckdb")
RSCRIPT = shutil.which("Rscript")


def settings_of(site: Site) -> Settings:
    return Settings(profile=site.profile, data=site.data, inbox=site.root / "inbox")


def test_documented_columns_are_those_of_the_release_both_ways(sample: Site) -> None:
    manifest = manifest_path(settings_of(sample), load_registry("sample"))
    documented = {
        (table.schema, table.name, column.name, column.kind.upper(), column.description)
        for table in documented_tables(read_dbt_manifest(manifest))
        for column in table.columns
    }
    with sample.warehouse() as warehouse:
        actual = {
            (schema, table, column, kind)
            for schema, table, column, kind in warehouse.execute(
                "select schema_name, table_name, column_name, data_type from duckdb_columns() "
                "where not internal"
            ).fetchall()
        }
        comments = {
            tuple(row)
            for row in warehouse.execute(
                "select schema_name, table_name, column_name, data_type, comment "
                "from duckdb_columns() where schema_name = 'marts'"
            ).fetchall()
        }
    assert {entry[:4] for entry in documented} == actual
    # The file says the same of its marts as the page does.
    assert {(*row[:4], " ".join(row[4].split())) for row in comments} == {
        entry for entry in documented if entry[0] == "marts"
    }


def test_a_page_beside_the_dictionary_leads_nowhere_that_is_not_there(sample: Site) -> None:
    folder = sample.current / "documentation"
    for name in PAGES:
        links = re.findall(r"\]\(([^)\s]+)\)", (folder / name).read_text(encoding="utf-8"))
        for link in links:
            page = link.partition("#")[0]
            assert not page or page.startswith("https://") or (folder / page).exists(), link
    # What a link out of here says is said all the same.
    guide = (folder / "analyst-guide.md").read_text(encoding="utf-8")
    assert "methodology" in guide


def test_dbts_page_begins_with_an_overview_of_ours(sample: Site) -> None:
    page = (sample.current / "documentation" / "dbt-docs.html").read_text(encoding="utf-8")
    assert "Start with three marts" in page


@pytest.fixture(scope="module")
def documented(sample: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A copy of the sample's site: dbt opens the build, which only one process may."""
    copy = Site(tmp_path_factory.mktemp("documented"), "sample")
    shutil.copytree(sample.root, copy.root, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def dbt_docs(documented: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("dbt-docs")
    page = write_dbt_docs(settings_of(documented), load_registry("sample"), folder)
    return page.read_text(encoding="utf-8")


def test_the_page_of_dbt_has_every_column_of_the_release(dbt_docs: str, sample: Site) -> None:
    with sample.warehouse() as warehouse:
        marts = warehouse.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
    for table, column in marts:
        assert f'"model.left_behind.{table}"' in dbt_docs
        assert f'"name":"{column}"' in dbt_docs
    assert "INLINE DATA" not in dbt_docs


def test_the_page_of_dbt_tells_nothing_of_the_machine(dbt_docs: str, documented: Site) -> None:
    for folder in (PROJECT_ROOT, documented.data, sys.prefix, f"{Path.home()}/."):
        assert str(folder) not in dbt_docs
    for moment in ("generated_at", "invocation_id", "created_at"):
        assert f'"{moment}":' not in dbt_docs


def test_the_page_of_dbt_calls_nobody(dbt_docs: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', dbt_docs)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == rules["connect-src"] == "'none'"
    assert not any("http" in rule or "*" in rule for rule in rules.values())
    # The policy stands before anything that could load.
    assert dbt_docs.index("Content-Security-Policy") < dbt_docs.index("<script")
    for host in ("cloudfront.net", "sinter-collect", "googleapis", "gstatic"):
        assert host not in dbt_docs


def test_the_page_of_dbt_is_the_same_each_time(
    dbt_docs: str, documented: Site, tmp_path: Path
) -> None:
    again = write_dbt_docs(settings_of(documented), load_registry("sample"), tmp_path)
    assert again.read_text(encoding="utf-8") == dbt_docs


@pytest.fixture(scope="module")
def release(sample: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as somebody was sent it: the warehouse and the exports."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "warehouse.duckdb").symlink_to(sample.current / "warehouse.duckdb")
    if (sample.current / "exports").is_dir():
        (folder / "exports").symlink_to(sample.current / "exports")
    else:
        (folder / "exports").mkdir()
        with sample.warehouse() as warehouse:
            write_exports(warehouse, folder / "exports")
    return folder


def in_the_sample(text: str) -> str:
    """The guide's example places, as the guide says to replace them for the sample."""
    told = re.search(r"put `(X\d+)` for `(E\d+)` and `([^`]+)` for\s+`([^`]+)`", text_of(GUIDE))
    assert told is not None
    area, english_area, authority, english_authority = told.groups()
    return text.replace(english_area, area).replace(english_authority, authority)


def environment() -> Mapping[str, str]:
    return os.environ | {"MPLBACKEND": "Agg", "PATH": f"{DUCKDB.parent}:{os.environ['PATH']}"}


def run(command: list[str], release: Path) -> str:
    done = subprocess.run(
        command,
        cwd=release,
        env=dict(environment()),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "query", blocks(GUIDE, "sql"), ids=lambda query: query.split("from ")[-1][:30]
)
def test_every_query_of_the_guide_gives_rows(query: str, release: Path) -> None:
    with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute(in_the_sample(query)).fetchall() != []


@pytest.mark.parametrize("program", blocks(GUIDE, "python"), ids=["duckdb", "geopandas"])
def test_every_python_program_of_the_guide_runs(program: str, release: Path) -> None:
    said = run([sys.executable, "-c", in_the_sample(program)], release)
    if "print(" in program:
        areas, people = re.findall(r"\d+", said)
        assert int(areas) > 0
        assert int(people) > int(areas)


def duckdb_lines() -> list[str]:
    return [
        line
        for block in blocks(GUIDE, "sh")
        for line in block.splitlines()
        if line.startswith("duckdb ")
    ]


@pytest.mark.parametrize("line", duckdb_lines(), ids=lambda line: line[-40:])
def test_every_duckdb_command_of_the_guide_runs(line: str, release: Path) -> None:
    assert DUCKDB.exists(), "duckdb-cli is in the development dependencies"
    said = run(["bash", "-c", line], release)
    written = re.search(r"> (\S+)$", line)
    rows = (release / written[1]).read_text(encoding="utf-8") if written else said
    assert len(rows.splitlines()) > 1


@pytest.mark.skipif(RSCRIPT is None, reason="R is not installed")
@pytest.mark.parametrize("doc", ["README.md", "docs/analyst-guide.md"])
def test_every_r_program_parses(doc: str, release: Path, tmp_path: Path) -> None:
    assert RSCRIPT is not None
    found = blocks(PROJECT_ROOT / doc, "r")
    assert found
    for program in found:
        (tmp_path / "program.R").write_text(program, encoding="utf-8")
        run([RSCRIPT, "-e", f"invisible(parse('{tmp_path / 'program.R'}'))"], release)


@pytest.mark.skipif(RSCRIPT is None, reason="R is not installed")
@pytest.mark.parametrize("program", blocks(GUIDE, "r"), ids=["duckdb", "base R"])
def test_every_r_program_of_the_guide_runs(program: str, release: Path) -> None:
    assert RSCRIPT is not None
    if "duckdb::" in program:
        has = run([RSCRIPT, "-e", "cat(requireNamespace('duckdb', quietly = TRUE))"], release)
        if has != "TRUE":
            pytest.skip("R's package duckdb is not installed; Debian 12 has none")
    areas, people = re.findall(r"\d+", run([RSCRIPT, "-e", in_the_sample(program)], release))
    assert int(areas) > 0
    assert int(people) > int(areas)
