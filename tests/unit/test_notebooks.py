"""The notebooks as they are stored. That they run is tested on releases, in the pipeline tests."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import PROJECT_ROOT

NOTEBOOKS = sorted((PROJECT_ROOT / "notebooks").glob("*.ipynb"))

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def cells_of(notebook: Path, kind: str | None = None) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if kind in (None, cell["cell_type"])]


def source_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_there_are_three() -> None:
    assert len(NOTEBOOKS) == 3


@each_notebook
def test_no_outputs_are_stored(notebook: Path) -> None:
    for cell in cells_of(notebook, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@each_notebook
def test_nothing_of_the_machine_that_it_was_written_on(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    assert re.findall(r"/(?:work|tmp|home|root)/|\.\./shared|pypi|sandbox", text) == []


def test_they_open_the_release_and_draw_in_the_same_way() -> None:
    """A cell that is in all three must not come to differ in one."""
    shared = [[source_of(cell) for cell in cells_of(path, "code")[:2]] for path in NOTEBOOKS]
    assert all(cells == shared[0] for cells in shared)
    assert "read_only=True" in shared[0][0]


@each_notebook
def test_every_plot_is_finished_with_a_title_and_its_sources(notebook: Path) -> None:
    plots = [
        source_of(cell)
        for cell in cells_of(notebook, "code")[2:]
        if "plt.subplots" in source_of(cell)
    ]
    assert plots
    for plot in plots:
        assert re.search(r"^finish\(figure, title, ", plot, re.MULTILINE)


@each_notebook
def test_it_says_what_may_not_be_concluded(notebook: Path) -> None:
    texts = [source_of(cell) for cell in cells_of(notebook, "markdown")]
    assert any(text.startswith("## What this does not say") for text in texts)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.stem))
def test_what_they_import_of_the_project_is_there(notebook: Path) -> None:
    """They fall back to SQL where the project is not installed, so a wrong name would not show."""
    text = "\n".join(source_of(cell) for cell in cells_of(notebook, "code"))
    for module, names in re.findall(r"from (orchestration[\w.]*) import (.*)", text):
        found = importlib.import_module(module)
        assert [name for name in names.split(", ") if not hasattr(found, name)] == []
