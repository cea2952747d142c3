"""Which Python an installation takes: one of the machine that fits, or none, with what to do.

Nothing is installed, and nothing is fetched: uv only looks. It is the uv of the installation.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT

UV = PROJECT_ROOT / ".uv"


def chosen(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Have make choose a Python for an environment elsewhere."""
    if not UV.is_dir():
        pytest.skip("installed without make: there is no .uv")
    return subprocess.run(
        ["make", f"{tmp_path}/venv/.python", f"VENV={tmp_path}/venv", *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_of_the_range_is_found_and_named(tmp_path: Path) -> None:
    ran = chosen(tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "Using Python 3.1" in ran.stdout
    version = subprocess.run(
        [f"{tmp_path}/venv/bin/python", "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (3, 11) <= tuple(map(int, version.split())) < (3, 14)


def test_a_python_that_is_named_is_taken(tmp_path: Path) -> None:
    ran = chosen(tmp_path, f"PYTHON={sys.executable}")
    assert ran.returncode == 0, ran.stderr
    assert f"Using Python {sys.version.split()[0]}" in ran.stdout


def test_where_none_fits_it_says_what_to_do(tmp_path: Path) -> None:
    ran = chosen(tmp_path, "PYTHON_RANGE=>=3.99")
    assert ran.returncode != 0
    assert "The project needs Python >=3.99." in ran.stdout
    assert "PYTHON=python3.12" in ran.stdout
    assert not (tmp_path / "venv" / ".python").exists()


def test_a_named_python_outside_the_range_is_refused(tmp_path: Path) -> None:
    others = [shutil.which(f"python3.{minor}") for minor in (8, 9, 10, 14)]
    known = [Path(found) for found in others if found]
    known += Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(
        "versions/3.10.*/bin/python3.10"
    )
    if not known:
        pytest.skip("no Python outside the range on this machine")
    ran = chosen(tmp_path, f"PYTHON={known[-1]}")
    assert ran.returncode != 0
    assert "is needed, and" in ran.stdout
    assert not (tmp_path / "venv").exists()
