"""Small faults in Python, by Cosmic Ray's operators, drawn by a seed."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.util import read_python_source

from orchestration.fingerprint import code_files
from orchestration.settings import PROJECT_ROOT
from tests.mutants.by_hand import Mutant


def draw(count: int, seed: int) -> Iterator[Mutant]:
    """Faults in what makes or publishes a release: each place in the code is as likely."""
    files = sorted(file for file in code_files() if file.suffix == ".py")
    places = [(file, place) for file in files for place in _places(file).items()]
    random.Random(seed).shuffle(places)  # noqa: S311
    for file, ((line, _), changes) in places:
        if count == 0:
            return
        source = read_python_source(file)
        operator, occurrence = random.Random(f"{seed} {file} {line}").choice(changes)  # noqa: S311
        text = mutate_code(source, get_operator(operator)(), occurrence)
        if text is not None and _meaning(text) != _meaning(source):
            relative = str(file.relative_to(PROJECT_ROOT))
            yield Mutant(f"{relative}: {_change(source, text)}", relative, text)
            count -= 1


def _places(file: Path) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Where a file can be changed, and by which operator, as its which occurrence."""
    tree = list(ast_nodes(get_ast_from_path(file)))
    found: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for name in sorted(operator_names()):
        operator: Any = get_operator(name)
        # Those with arguments change a variable that must be named.
        if operator.arguments():
            continue
        positions = [start for node in tree for start, _ in operator().mutation_positions(node)]
        for occurrence, start in enumerate(positions):
            found.setdefault(start, []).append((name, occurrence))
    return found


def _meaning(source: str) -> str:
    """A module without its annotations and the texts that stand alone."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _says_only(each)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _says_only(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _change(before: str, after: str) -> str:
    """The lines that differ, ``old`` -> ``new``, each without the space around it."""

    def lines(text: str, other: str) -> Iterable[str]:
        there = set(other.splitlines())
        return (line.strip() for line in text.splitlines() if line not in there)

    return f"{' '.join(lines(before, after))} -> {' '.join(lines(after, before))}"
