"""The data dictionary: it says what the contracts say, with a unit and a direction for figures.

That it is what dbt's manifest gives, and what a release has, needs dbt and a release: see the
integration and pipeline tests.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from orchestration.layout import DICTIONARY
from orchestration.publish.documentation.dictionary import (
    dictionary_text,
    documented_tables,
)
from orchestration.settings import DBT_PROJECT, PROJECT_ROOT

MODELS = DBT_PROJECT / "models"


@cache
def dictionary() -> dict[str, list[list[str]]]:
    """Of each table its rows: column, type, unit, direction, description, tests."""
    found: dict[str, list[list[str]]] = {}
    table = ""
    for line in (PROJECT_ROOT / "docs" / DICTIONARY).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            table = line.removeprefix("## ")
            found[table] = []
        elif line.startswith("| `"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            found[table].append([cells[0].strip("`"), *cells[1:]])
    return found


def declared() -> dict[str, list[dict[str, Any]]]:
    """Columns of the marts and of the published tables of meta, from their yml."""
    found = {}
    for path in sorted((MODELS / "marts").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            found[f"marts.{model['name']}"] = model["columns"]
    sources = yaml.safe_load((MODELS / "sources.yml").read_text(encoding="utf-8"))["sources"]
    for source in sources:
        for table in source["tables"]:
            if "columns" in table:
                found[f"{source['schema']}.{table['name']}"] = table["columns"]
    return found


def test_documented_tables_and_columns_are_those_of_the_contracts_both_ways() -> None:
    documented = {table: [(row[0], row[1]) for row in rows] for table, rows in dictionary().items()}
    assert documented == {
        table: [(column["name"], column["data_type"]) for column in columns]
        for table, columns in declared().items()
    }


def test_every_column_is_described() -> None:
    bare = [
        f"{table}.{row[0]}" for table, rows in dictionary().items() for row in rows if not row[4]
    ]
    assert bare == []


def numbers() -> list[tuple[str, list[str]]]:
    return [
        (table, row)
        for table, rows in dictionary().items()
        for row in rows
        if row[1] in ("bigint", "integer", "double")
    ]


def test_every_number_has_a_unit() -> None:
    assert [f"{table}.{row[0]}" for table, row in numbers() if not row[2]] == []


def test_every_rank_decile_score_and_rate_says_which_way_it_runs() -> None:
    scales = {"place among N", "1 to 10", "share of N, 0 to 1"}
    mute = [
        f"{table}.{name}"
        for table, (name, _, unit, direction, *_) in numbers()
        if (unit in scales or re.search(r"(_score|^rate)$", name)) and not direction
    ]
    assert mute == []


# One name, and of another thing in another mart: what it is of, the mart says.
OF_SEVERAL_THINGS = {
    "areas": "of an edition, of a group, of a release: whatever the row is about",
    "areas_joined": "to the later list of a pair, to the list at another threshold",
    "denominator": "a population in indices and summaries, people or households in outcomes",
    "indicator_rank": "of the score that the indicators give, of the one indicator",
    "kind": "of a formula, of a file",
    "label": "of an edition, of a release, of an area type",
    "measure": "a sub-domain or domain that is rebuilt, one that is summed up",
    "method": "how indicators are joined, how areas are",
    "parts": "of an area, of a domain in an area",
    "published_score": "on the publisher's own scale in domains, on ours in the others",
    "rank_origin": "of a domain, of a summary",
    "standardisation": "of the values of an indicator, of the scores of an index",
    "weighting": "of indicators in a sub-domain, of the parts of an area",
    "score_difference": "from the score that is computed there",
}


def test_a_name_has_one_unit_and_one_direction() -> None:
    told: dict[str, set[tuple[str, str]]] = {}
    for _, (name, _, unit, direction, *_) in numbers():
        told.setdefault(name, set()).add((unit, direction))
    assert {name for name, scales in told.items() if len(scales) > 1} <= set(OF_SEVERAL_THINGS)


def test_a_name_has_one_meaning_written_once() -> None:
    """A column of several marts says what its block says, and may say more."""
    said: dict[str, list[str]] = {}
    for column in (column for columns in declared().values() for column in columns):
        said.setdefault(column["name"], []).append(column["description"])
    shared = {name: texts for name, texts in said.items() if len(texts) > 1}
    alike = {
        name
        for name, texts in shared.items()
        if all(text.startswith(f"{{{{ doc('{name}') }}}}") for text in texts)
    }
    assert set(shared) - alike == set(OF_SEVERAL_THINGS)
    blocks = re.findall(
        r"^{% docs (\w+) %}.+{% enddocs %}$",
        (MODELS / "columns.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert blocks == sorted(alike)


@pytest.fixture
def manifest() -> dict[str, Any]:
    """A mart made of a model that is made of a source and a seed."""
    columns = {
        "code": {
            "name": "code",
            "description": "Code | name,\nof the area.",
            "data_type": "varchar",
            "constraints": [{"type": "not_null"}],
        },
        "imd_rank": {
            "name": "imd_rank",
            "description": "Rank 1 = worst.",
            "data_type": "bigint",
            "config": {"meta": {"unit": "place among N", "direction": "1 = worst"}},
        },
        "odd": {
            "name": "odd",
            "description": "Some number.",
            "data_type": "double",
            "meta": {"unit": "furlongs", "direction": "lower = farther"},
        },
    }

    def node(kind: str, schema: str, name: str, **more: Any) -> dict[str, Any]:
        unique_id = f"{kind}.{schema}.{name}"
        return {
            "unique_id": unique_id,
            "resource_type": kind,
            "schema": schema,
            "name": name,
            "description": "",
            "columns": {},
            **more,
        }

    def test(name: str, column: str | None, **arguments: Any) -> dict[str, Any]:
        return node(
            "test",
            "tests",
            f"{name}_{column}",
            attached_node="model.marts.areas",
            column_name=column,
            test_metadata={"name": name, "kwargs": arguments},
            config={"where": None},
        )

    mart = node(
        "model",
        "marts",
        "areas",
        description="Areas. One row an area.",
        columns=columns,
    )
    tests = [
        test("unique_key", None, columns=["code"]),
        test("adds_up", None),
        test("relationships", "code", to="ref('dim')", field="code"),
        test("accepted_values", "code", values=["a", "b"]),
    ]
    nodes = [mart, *tests, node("model", "staging", "stg"), node("seed", "seeds", "rules")]
    return {
        "nodes": {each["unique_id"]: each for each in nodes},
        "sources": {"source.raw.file": node("source", "raw", "file")},
        "parent_map": {
            "model.marts.areas": ["model.staging.stg", "seed.seeds.rules"],
            "model.staging.stg": ["source.raw.file"],
        },
        "child_map": {"model.marts.areas": []},
    }


def test_a_table_knows_its_key_its_tests_and_its_lineage(manifest: dict[str, Any]) -> None:
    (table,) = documented_tables(manifest)
    assert table.key == ("code",)
    assert table.rules == ("adds_up",)
    assert table.parents == ("seeds.rules", "staging.stg")
    assert table.lineage["raw"] == ("raw.file",)
    assert [column.rules for column in table.columns] == [
        ("not null", "in dim.code", "one of a, b"),
        (),
        (),
    ]


def test_what_a_column_declares_goes_before_what_its_name_suggests(
    manifest: dict[str, Any],
) -> None:
    (table,) = documented_tables(manifest)
    assert [(column.unit, column.direction) for column in table.columns] == [
        ("", ""),
        ("place among N", "1 = worst"),
        ("furlongs", "lower = farther"),
    ]


def test_the_page_shows_the_lineage_and_keeps_its_tables_whole(manifest: dict[str, Any]) -> None:
    page = dictionary_text(manifest)
    assert "- **Lineage:** raw: `file`; seeds: `rules`; staging: `stg`" in page
    # A pipe in a description would end the cell.
    assert r"| `code` | varchar |  |  | Code \| name, of the area. |" in page
