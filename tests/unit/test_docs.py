"""The documentation says nothing that the project does not have.

What can be told without a build: commands, options, paths, names, links, and example queries, which
are explained against empty tables made from the contracts.
"""

from __future__ import annotations

import ast
import csv
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
import yaml
from typer.testing import CliRunner

from orchestration.build import database
from orchestration.build.method import create_formulas, create_questions
from orchestration.cli.main import app
from orchestration.layout import OF_THE_RELEASE
from orchestration.modelling.seeds import load_methodology
from orchestration.raw.readers import RAW_TABLES
from orchestration.settings import PROJECT_ROOT
from orchestration.sources.registry import load_registry
from tests.tools.limits import limits_page
from tests.tools.readme import readme
from tests.tools.sources import sources_page

DOCS = [
    PROJECT_ROOT / "README.md",
    PROJECT_ROOT / "CHANGELOG.md",
    *sorted((PROJECT_ROOT / "docs").rglob("*.md")),
]
SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"
MODELS = PROJECT_ROOT / "dbt_project" / "models"
# The runbook adds an edition that does not exist, as an example.
FICTITIOUS = {"cni2026", "lsoa21_imd2025_cni2026", "lsoa21_cni2026"}
# The changelog names what is gone, too.
GONE = {f"{what}_{index}_worst_decile" for what in ("is", "areas") for index in ("imd", "cni")}
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

each_doc = pytest.mark.parametrize("doc", DOCS, ids=lambda doc: str(doc.relative_to(PROJECT_ROOT)))


def text_of(doc: Path) -> str:
    return doc.read_text(encoding="utf-8")


def blocks(doc: Path, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall(text_of(doc)) if language in languages]


def spans(doc: Path) -> list[str]:
    """What stands in single backticks, outside the blocks."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text_of(doc)))


def commands(doc: Path) -> Iterator[str]:
    """Lines that a reader would type."""
    yield from spans(doc)
    for block in blocks(doc, "sh"):
        yield from (line.split("  #")[0].strip() for line in block.splitlines() if line.strip())


@cache
def sources_of_truth() -> str:
    """Every line of code, model, suite and seed: a name in the docs must stand somewhere there."""
    files = [
        path
        for folder in ("orchestration", "dbt_project", "data_quality")
        for path in (PROJECT_ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql", ".yml", ".csv") and "target" not in path.parts
    ]
    files += [
        PROJECT_ROOT / name
        for name in ("Makefile", "pyproject.toml", "dagster.yaml", "workspace.yaml")
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contracts() -> dict[str, list[tuple[str, str]]]:
    """Columns and types of each mart, from its yml."""
    found = {}
    for path in sorted((MODELS / "marts").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            found[model["name"]] = [
                (column["name"], column["data_type"]) for column in model["columns"]
            ]
    return found


@pytest.fixture(scope="module")
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table that the docs may name, without rows."""
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        for table, raw_columns in RAW_TABLES.items():
            declared = ", ".join(f"{name} {kind}" for name, kind in raw_columns.items())
            connection.execute(
                f"create table raw.{table} (source_id varchar, line_number bigint, {declared})"
            )
        database.describe_inputs(connection, load_registry("sample"), [], load_methodology())
        connection.execute(
            "create table meta.release (release_id varchar, profile varchar, country varchar, "
            "label varchar, built_at varchar, code_version varchar, git_commit varchar, "
            "marts_version varchar)"
        )
        connection.execute("create table meta.mart_key (mart varchar, key_columns varchar[])")
        connection.execute("create schema marts")
        for mart, columns in contracts().items():
            declared = ", ".join(f"{name} {kind}" for name, kind in columns)
            connection.execute(f"create table marts.{mart} ({declared})")
        create_formulas(connection)
        create_questions(connection)
        connection.execute("create schema seeds")
        for path in SEEDS.glob("*.csv"):
            connection.execute(f"create table seeds.{path.stem} as from read_csv('{path}')")
        yield connection


@each_doc
def test_every_make_target_exists(doc: Path) -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    named = [
        target
        for command in commands(doc)
        for target in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", command)
    ]
    assert set(named) <= targets


def lbn_commands() -> list[tuple[str, str]]:
    found = {
        (str(doc.relative_to(PROJECT_ROOT)), command[command.index("lbn ") :])
        for doc in DOCS
        for command in commands(doc)
        if re.match(r"([A-Z_]+=\S+ )*lbn ", command)
    }
    return sorted(found)


@pytest.mark.parametrize(("doc", "command"), lbn_commands(), ids=str)
def test_every_lbn_command_parses(doc: str, command: str) -> None:
    name, *arguments = shlex.split(command)[1:]
    group: Any = typer.main.get_command(app)
    assert name in group.commands, f"{doc}: {command}"
    assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0
    options = {option for parameter in group.commands[name].params for option in parameter.opts}
    assert {word.split("=")[0] for word in arguments if word.startswith("-")} <= options
    # `lbn list` by itself is the name of the command; with arguments it must parse as typed.
    if arguments:
        group.commands[name].make_context(name, arguments)


def test_the_readme_names_every_command() -> None:
    group: Any = typer.main.get_command(app)
    readme = text_of(PROJECT_ROOT / "README.md")
    assert [name for name in group.commands if f"`lbn {name}" not in readme] == []


@each_doc
def test_every_path_exists(doc: Path) -> None:
    folders = {"orchestration", "dbt_project", "data_quality", "tests", "docs", "deploy", ".ci"}
    endings = (".toml", ".yaml", ".yml", ".md", ".lock", ".py", ".sql")
    lost = []
    for span in spans(doc):
        if not re.fullmatch(r"[\w./*-]+", span):
            continue
        if "/" in span and span.split("/")[0] in folders:
            exists = any(PROJECT_ROOT.glob(span.rstrip("/")))
        elif "/" not in span and span.endswith(endings):
            inside = (path for folder in folders for path in (PROJECT_ROOT / folder).rglob(span))
            exists = (PROJECT_ROOT / span).exists() or any(inside)
        else:
            continue
        if not exists:
            lost.append(span)
    assert lost == []


@each_doc
def test_every_test_that_is_named_exists(doc: Path) -> None:
    lost = []
    for span in spans(doc):
        if named := re.fullmatch(r"(tests/[\w/]+\.py)::(\w+)", span):
            file = PROJECT_ROOT / named[1]
            if not file.exists() or f"\ndef {named[2]}(" not in file.read_text(encoding="utf-8"):
                lost.append(span)
    assert lost == []


def test_the_readme_names_folders_that_exist() -> None:
    named = [span for span in spans(PROJECT_ROOT / "README.md") if re.fullmatch(r"\w+/", span)]
    # `data/` is what a refresh writes.
    assert [name for name in named if not (PROJECT_ROOT / name).is_dir() and name != "data/"] == []


@each_doc
def test_every_edition_and_release_exists(doc: Path) -> None:
    editions = {row["edition_id"] for row in seed("editions")} | FICTITIOUS
    releases = {row["index_release"] for row in seed("index_releases")} | FICTITIOUS
    sources = {source.id for source in load_registry("england").sources} | FICTITIOUS
    text = text_of(doc)
    named = re.findall(r"\b(?:lsoa|msoa|ward)\d\d_imd\d{4}_cni\d{4}\b", text)
    assert set(named) <= editions
    named = re.findall(r"(?<![\w])(?:imd|cni)\d{4}\b", text)
    assert set(named) <= releases
    assert set(named) <= sources


@each_doc
def test_every_name_in_code_stands_in_the_project(doc: Path) -> None:
    """Marts, columns, seeds, sources, guards, checks, jobs: whatever is written like_this."""
    names = {
        name
        for span in spans(doc)
        if "::" not in span
        for name in re.findall(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+", span)
    }
    known = set(re.findall(r"[a-z0-9]+(?:_[a-z0-9]+)+", sources_of_truth()))
    folders = ("orchestration", "dbt_project", "data_quality", "tests")
    known |= {path.stem for name in folders for path in (PROJECT_ROOT / name).rglob("*.*")}
    known |= {path.name for path in PROJECT_ROOT.iterdir()}
    # A notebook begins with its number.
    known |= {path.stem[3:] for path in (PROJECT_ROOT / "notebooks").iterdir()}
    known |= FICTITIOUS | GONE
    assert {name for name in names if name not in known} == set()


@each_doc
def test_every_qualified_table_exists(
    doc: Path, empty_warehouse: duckdb.DuckDBPyConnection
) -> None:
    tables = {
        f"{schema}.{table}"
        for schema, table in empty_warehouse.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall()
    }
    code = "\n".join([*spans(doc), *blocks(doc, "sql", "sh", "python", "r")])
    named = re.findall(r"\b((?:raw|meta|marts|seeds)\.(?!yml\b|py\b)[a-z_0-9]+)\b", code)
    assert set(named) <= tables


def test_the_readmes_tables_are_up_to_date() -> None:
    assert readme() == text_of(PROJECT_ROOT / "README.md"), "run: make dictionary"


def test_the_page_of_sources_is_up_to_date() -> None:
    assert sources_page() == text_of(PROJECT_ROOT / "docs" / "sources.md"), "run: make dictionary"


def test_the_page_of_limits_is_up_to_date() -> None:
    assert limits_page() == text_of(PROJECT_ROOT / "docs" / "limits-of-use.md"), "make dictionary"


def test_the_references_have_every_publication_that_a_formula_names() -> None:
    references = text_of(PROJECT_ROOT / "docs" / "references.md")
    known = set(re.findall(r"^\| ([^|]+?) \| ", references, re.MULTILINE))
    years = re.compile(r"IoD technical reports ((?:\d{4}(?:, | and )?)+)")
    for row in seed("formulas"):
        source = row["source"]
        if found := years.match(source):
            named = {f"IoD {year}" for year in re.findall(r"\d{4}", found[1])}
        elif source == "left-behind-neighbourhoods" or source.startswith(("docs/", "CNI 2019, as")):
            continue
        else:
            named = {source.partition(", ")[0].removesuffix(" technical report")}
            if source.startswith("Särndal, "):
                named = {"Särndal, Swensson and Wretman 1992"}
        assert named <= known, source


def test_the_readme_counts_the_sources_and_their_addresses() -> None:
    sources = load_registry("england").sources
    addresses = sum(source.download is not None for source in sources)
    said = f"{addresses} of the {len(sources)} sources have an address; {len(sources) - addresses}"
    assert said in text_of(PROJECT_ROOT / "README.md")


def test_architecture_names_the_marts_that_carry_lines() -> None:
    text = text_of(PROJECT_ROOT / "docs" / "architecture.md")
    named = re.search(r"of the marts that hold what stands in a file:\n(.*?);", text, re.DOTALL)
    assert named
    assert re.findall(r"`(\w+)`", named[1]) == [
        mart
        for mart, columns in sorted(contracts().items())
        if "line_number" in {name for name, _ in columns}
    ]


def queries() -> list[tuple[str, str]]:
    found = []
    for doc in DOCS:
        texts = [query for block in blocks(doc, "sql") for query in block.split(";")]
        # In a command or a program the query stands in double quotes.
        for block in blocks(doc, "sh", "python", "r"):
            texts += re.findall(r'"((?:select|from) [^"]+)"', block)
        found += [
            (str(doc.relative_to(PROJECT_ROOT)), query.strip())
            for query in texts
            # What reads an exported file is run on one: tests/pipeline/test_documentation.py.
            if query.strip() and "'exports/" not in query
        ]
    return found


@pytest.mark.parametrize(("doc", "query"), queries(), ids=lambda value: value.split("\n")[0][:40])
def test_every_query_is_one_of_existing_tables_and_columns(
    doc: str, query: str, empty_warehouse: duckdb.DuckDBPyConnection
) -> None:
    empty_warehouse.execute(f"explain {query}")


@each_doc
def test_every_python_example_compiles(doc: Path) -> None:
    for block in blocks(doc, "python"):
        ast.parse(block)


def anchors(doc: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(doc)), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@each_doc
def test_every_internal_link_resolves(doc: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(doc))):
        if link.startswith("http"):
            continue
        target, _, anchor = link.partition("#")
        page = (doc.parent / target).resolve() if target else doc
        if not page.exists() or (anchor and anchor not in anchors(page)):
            lost.append(link)
    assert lost == []


@each_doc
def test_every_environment_variable_is_read(doc: Path) -> None:
    code = sources_of_truth() + "".join(
        path.read_text(encoding="utf-8")
        for path in (PROJECT_ROOT / "tests").rglob("*.py")
        if path != Path(__file__)
    )
    named = re.findall(r"\bLBN_[A-Z_]+\b", text_of(doc))
    assert {name for name in named if name not in code} == set()


def test_architecture_names_every_setting() -> None:
    settings = (PROJECT_ROOT / "orchestration" / "settings.py").read_text(encoding="utf-8")
    table = text_of(PROJECT_ROOT / "docs" / "architecture.md")
    named = set(re.findall(r"\bLBN_[A-Z_]+\b", settings))
    assert {name for name in named if f"| `{name}` |" not in table} == set()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[<>=;]", requirement)[0] for requirement in wanted}
    reasons = spans(PROJECT_ROOT / "docs" / "decisions" / "0001-dependencies.md")
    assert names - set(reasons) == set()


def test_the_files_that_two_equal_builds_do_not_share_are_named() -> None:
    *others, last = (f"`{name}`" for name in sorted(OF_THE_RELEASE))
    named = f"{', '.join(others)} and {last}"
    for page in ("reliability.md", "decisions/0006-release-identity.md"):
        assert named in text_of(PROJECT_ROOT / "docs" / page)


def test_what_may_be_compared_is_said_as_it_is_declared() -> None:
    with (SEEDS / "comparability.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            shown = f"`{row['earlier']}` | `{row['later']}` | {row['may_be_compared']}"
            line = f"| {shown} | {row['what_changed']} |\n"
            assert line in text_of(PROJECT_ROOT / "docs" / "methodology.md")


def test_what_guards_allow_of_a_score_is_said_as_it_is_declared() -> None:
    allowed = {row["index_release"]: row["score_tolerance"] for row in seed("index_releases")}
    assert allowed["imd2019"] == allowed["imd2025"]
    said = (
        f"The guards allow {allowed['imd2025']} for the IMDs, {allowed['cni2019']} for CNI 2019 "
        f"and {allowed['cni2023']} for CNI 2023"
    )
    assert said in " ".join(text_of(PROJECT_ROOT / "docs" / "methodology.md").split())


def test_the_half_width_of_an_interval_is_said_as_it_is_computed() -> None:
    with duckdb.connect() as connection:
        create_formulas(connection)
        ((computed,),) = connection.execute("select method.interval_half_width(1)").fetchall()
    stated = f"{computed:.6f}"
    methodology = text_of(PROJECT_ROOT / "docs" / "methodology.md")
    assert f"| 95% interval | ± {stated} standard errors" in methodology
    assert f",{stated} x standard error," in text_of(SEEDS / "formulas.csv")


@each_doc
def test_nothing_of_the_machine_that_it_was_written_on(doc: Path) -> None:
    found = re.findall(r"/(?:work|tmp|home|root)/|\.\./shared|pypi|sandbox", text_of(doc))
    assert found == []
