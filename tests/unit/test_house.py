"""The files for the next person: what they say of the project is so."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.settings import PROJECT_ROOT

MAKEFILE = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads(
    (PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")
)


def loaded(name: str) -> Any:
    return yaml.safe_load((PROJECT_ROOT / name).read_text(encoding="utf-8"))


def test_a_commit_is_checked_as_make_lint_checks() -> None:
    (parts,) = re.findall(r"^lint: (.*?) ##", MAKEFILE, re.MULTILINE)
    hooks = loaded(".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert [hook["entry"] for hook in hooks] == [f"make --quiet {part}" for part in parts.split()]


def test_the_citation_is_of_this_version() -> None:
    citation = loaded("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == "MIT"
    assert all("name" in author for author in citation["authors"])


def test_every_lock_is_hashed_and_names_no_index() -> None:
    for lock in PROJECT_ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text, lock
        assert "index-url" not in text, lock


def locked(name: str) -> dict[str, set[str]]:
    """The versions of each package of a lock: several where they differ by Python."""
    found: dict[str, set[str]] = {}
    lock = (PROJECT_ROOT / name).read_text(encoding="utf-8")
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


def test_every_lock_agrees_with_what_runs() -> None:
    """They are installed together, so a package has one version in all of them."""
    groups = [f"requirements-{group}.lock" for group in PROJECT["dependency-groups"]]
    assert {name for name in groups if not (PROJECT_ROOT / name).exists()} == set()
    together = locked("requirements.lock")
    for name in groups:
        for package, versions in locked(name).items():
            assert versions <= together.setdefault(package, versions), (name, package)


def test_what_runs_imports_nothing_that_only_development_has() -> None:
    runs = {package.replace("_", "-").lower() for package in locked("requirements.lock")}
    homes = packages_distributions()
    strangers = set()
    for folder in ("orchestration", "data_quality"):
        for file in (PROJECT_ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                named = [node.module] if isinstance(node, ast.ImportFrom) else []
                if isinstance(node, ast.Import):
                    named = [alias.name for alias in node.names]
                for top in {(name or "").split(".")[0] for name in named} & set(homes):
                    at_home = {home.replace("_", "-").lower() for home in homes[top]}
                    ours = at_home == {PROJECT["project"]["name"]}
                    strangers |= set() if ours or at_home & runs else {(file.name, top)}
    assert strangers == set()


TESTS = sorted((PROJECT_ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("file", TESTS, ids=lambda file: str(file.relative_to(PROJECT_ROOT)))
def test_tests_come_in_by_the_front_door(file: Path) -> None:
    """They import no conftest and use no private name: what several need is in tests/support."""
    private = re.compile(r"_[a-z]")
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found += [node.module] if "conftest" in (node.module or "") else []
            found += [alias.name for alias in node.names if private.match(alias.name)]
        elif isinstance(node, ast.Attribute) and private.match(node.attr):
            of_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            found += [] if of_own else [node.attr]
    assert found == []


@pytest.mark.parametrize("file", TESTS, ids=lambda file: str(file.relative_to(PROJECT_ROOT)))
def test_no_test_has_a_limit_of_its_own(file: Path) -> None:
    """A limit fits one machine under one load: the one against a hang is in tests/support."""
    waits = {"run", "communicate", "wait_for", "NotebookClient"}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            for given in node.keywords:
                alone = given.arg == "timeout" and isinstance(given.value, ast.Constant)
                assert not (alone and called in waits), f"line {node.lineno}"
