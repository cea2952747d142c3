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


def chosen(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Have make choose a Python for an environment elsewhere."""
    if not UV.is_dir():
        pytest.skip("installed without make: there is no .uv")
    return subprocess.run(
        ["make", f"{tmp_path}/venv/.python", f"VENV={tmp_path}/venv", *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def outside_the_range() -> Path:
    """A Python of this machine that the project does not take."""
    others = [shutil.which(f"python3.{minor}") for minor in (8, 9, 10, 14)]
    known = [Path(found) for found in others if found]
    known += Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(
        "versions/3.10.*/bin/python3.10"
    )
    if not known:
        pytest.skip("no Python outside the range on this machine")
    return known[-1]


def assert_fits(tmp_path: Path, ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stderr
    assert "Using CPython 3.1" in ran.stderr
    version = subprocess.run(
        [f"{tmp_path}/venv/bin/python", "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (3, 11) <= tuple(map(int, version.split())) < (3, 14)


def test_a_python_of_the_range_is_found_and_named(tmp_path: Path) -> None:
    assert_fits(tmp_path, chosen(tmp_path))


def test_a_python3_outside_the_range_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(outside_the_range())
    assert_fits(tmp_path, chosen(tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}"))


def test_a_python_that_is_named_is_taken(tmp_path: Path) -> None:
    ran = chosen(tmp_path, f"PYTHON={sys.executable}")
    assert ran.returncode == 0, ran.stderr
    assert f"Using CPython {sys.version.split()[0]}" in ran.stderr


def test_where_none_fits_it_says_what_to_do(tmp_path: Path) -> None:
    ran = chosen(tmp_path, "PYTHON_RANGE=>=3.99")
    assert ran.returncode != 0
    assert "The project needs Python >=3.99." in ran.stdout
    assert "PYTHON=python3.12" in ran.stdout
    assert not (tmp_path / "venv" / ".python").exists()


def test_a_named_python_outside_the_range_is_refused(tmp_path: Path) -> None:
    ran = chosen(tmp_path, f"PYTHON={outside_the_range()}")
    assert ran.returncode != 0
    assert "is needed, and" in ran.stdout
    assert not (tmp_path / "venv").exists()


def test_a_python3_that_makes_no_environment_is_told_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (tmp_path / "python3").chmod(0o755)
    ran = chosen(tmp_path, f"UV_VENV={tmp_path}/uv", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert ran.returncode != 0
    assert "apt-get install python3-venv" in ran.stdout


def test_a_python3_that_can_not_install_uv_is_told_what_it_needs(tmp_path: Path) -> None:
    nothing = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    ran = chosen(tmp_path, f"UV_VENV={tmp_path}/uv", **nothing)
    assert ran.returncode != 0
    assert "needs Python 3.8 or later and a package index" in ran.stdout
    assert not (tmp_path / "uv" / "bin" / "uv").exists()
