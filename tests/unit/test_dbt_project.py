"""How the dbt project is laid out: folders, names, groups, and what its exposures depend on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.settings import DBT_PROJECT, PROJECT_ROOT

MODELS = DBT_PROJECT / "models"
FILES = sorted(file for file in MODELS.rglob("*") if file.suffix in (".sql", ".py"))
MARTS = {file.stem for file in FILES if "marts" in file.parts}
PREFIXES = {"staging": "stg_", "intermediate": "int_"}


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def layer(file: Path) -> str:
    return file.relative_to(MODELS).parts[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_model_stands_with_its_yml_in_the_folder_of_its_layer_and_theme(file: Path) -> None:
    """The prefix says the layer of what is ours alone; the marts carry the names of analysts."""
    prefix = PREFIXES.get(layer(file))
    assert file.stem.startswith(prefix) if prefix else not file.stem.startswith(("stg_", "int_"))
    described = loaded(file.with_suffix(".yml"))
    assert [model["name"] for model in described["models"]] == [file.stem]
    assert {test["model"] for test in described.get("unit_tests", [])} <= {file.stem}
    groups = {group["name"] for group in loaded(MODELS / "groups.yml")["groups"]}
    assert layer(file) == "staging" or file.parent.name in groups


@pytest.mark.parametrize(
    "file", [file for file in FILES if layer(file) != "marts"], ids=lambda file: str(file.stem)
)
def test_only_marts_read_marts(file: Path) -> None:
    read = re.findall(r"ref\(['\"](\w+)['\"]\)", file.read_text(encoding="utf-8"))
    assert set(read) & MARTS == set()


def test_what_is_protected_is_read_by_another_theme() -> None:
    """Private is the rule; the exception must be needed."""
    protected = {
        file.stem: file.parent.name
        for file in FILES
        if layer(file) == "intermediate"
        and loaded(file.with_suffix(".yml"))["models"][0].get("config", {}).get("access")
    }
    readers = [*FILES, *(DBT_PROJECT / "tests").rglob("*.sql")]
    needed = {
        name
        for reader in readers
        for name in re.findall(r"ref\(['\"](\w+)['\"]\)", reader.read_text(encoding="utf-8"))
        if protected.get(name, reader.parent.name) != reader.parent.name
    }
    assert set(protected) == needed


EXPOSURES = loaded(MODELS / "exposures.yml")["exposures"]


@pytest.mark.parametrize("exposure", EXPOSURES, ids=lambda exposure: str(exposure["name"]))
def test_an_exposure_depends_on_the_marts_that_its_code_names(exposure: dict[str, Any]) -> None:
    code = [PROJECT_ROOT / path for path in exposure["config"]["meta"]["code"]]
    files = [file for path in code for file in ([path] if path.is_file() else path.rglob("*.*"))]
    text = "\n".join(
        file.read_text(encoding="utf-8") for file in files if file.suffix in (".py", ".ipynb")
    )
    named = set(re.findall(r"marts\.(\w+)", text)) | set(re.findall(r"[\"'](\w+)[\"']", text))
    depends_on = {re.findall(r"'(\w+)'", reference)[0] for reference in exposure["depends_on"]}
    assert depends_on == named & MARTS


def test_everything_that_people_hold_is_an_exposure() -> None:
    named = {path for exposure in EXPOSURES for path in exposure["config"]["meta"]["code"]}
    folders = {"orchestration/publish/exports", "orchestration/publish/explorer"}
    notebooks = {f"notebooks/{file.name}" for file in (PROJECT_ROOT / "notebooks").glob("*.ipynb")}
    asked = {
        f"orchestration/ask/{file.name}"
        for file in (PROJECT_ROOT / "orchestration" / "ask").glob("*.py")
        if "marts." in file.read_text(encoding="utf-8")
    }
    assert folders | notebooks | asked <= named
