"""The release id: every byte of what makes a release changes it, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.fingerprint import code_files, code_version, release_id
from orchestration.settings import PROJECT_ROOT
from tests.support.project import copied
from tests.support.project import tracked as files_of_git

# What asks, prints, tells or writes the sample's inputs; by the folder or file it lies in.
APART = (
    "orchestration/ask",
    "orchestration/cli",
    "orchestration/notify.py",
    "orchestration/sample",
)
# What makes a release lies here, and each of these is there for nothing else.
FOLDERS = (
    "orchestration",
    "data_quality",
    "dbt_project/models",
    "dbt_project/macros",
    "dbt_project/seeds",
    "dbt_project/tests",
)
FILES = (
    "requirements.lock",
    "dbt_project/dbt_project.yml",
    "dbt_project/profiles.yml",
    # A release has a copy of these.
    "docs/analyst-guide.md",
    "docs/glossary.md",
    "docs/limits-of-use.md",
    "docs/methodology.md",
)


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Every file of the project, as git has it."""
    if not (PROJECT_ROOT / ".git").exists():
        pytest.skip("not a checkout")
    return files_of_git()


@pytest.fixture
def project(tracked: list[str], tmp_path: Path) -> Path:
    """A copy of the project that may be edited."""
    return copied(tmp_path, tracked)


def makes_a_release(name: str) -> bool:
    below = any(Path(name).is_relative_to(folder) for folder in FOLDERS)
    return name in FILES or (below and not any(Path(name).is_relative_to(a) for a in APART))


def test_every_file_that_makes_a_release_counts_and_no_other(tracked: list[str]) -> None:
    counted = [str(file.relative_to(PROJECT_ROOT)) for file in code_files()]
    assert len(counted) == len(set(counted))
    assert set(counted) == {name for name in tracked if makes_a_release(name)}
    # Not by an accident of the lists above: one of each kind that was once forgotten.
    assert {"dbt_project/seeds/editions.csv", "dbt_project/models/columns.md"} <= set(counted)


def test_a_byte_a_name_or_a_file_more_or_less_is_another_code(project: Path) -> None:
    before = code_version(project)
    for file in list(code_files(project)):
        kept = file.read_bytes()
        file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        assert code_version(project) != before, file
        file.write_bytes(kept)
    some = project / "dbt_project/seeds/editions.csv"
    other = some.with_name("editions2.csv")
    some.rename(other)
    assert code_version(project) != before
    other.rename(some)
    assert code_version(project) == before


def test_what_makes_no_release_changes_nothing(project: Path, tracked: list[str]) -> None:
    before = code_version(project)
    for name in tracked:
        if not makes_a_release(name):
            (project / name).write_bytes((project / name).read_bytes() + b"\n# another word\n")
    for cache in ("orchestration/__pycache__/a.pyc", "dbt_project/target/manifest.json", ".env"):
        (project / cache).parent.mkdir(parents=True, exist_ok=True)
        (project / cache).write_bytes(b"cache")
    assert code_version(project) == before


def test_the_id_hangs_on_profile_every_input_and_the_code_and_on_no_order() -> None:
    inputs = {"imd2019": "a" * 64, "cni2023": "b" * 64, "lookup": "c" * 64}
    first = release_id("sample", inputs, "0123456789ab")
    assert first == release_id("sample", dict(reversed(inputs.items())), "0123456789ab")
    others = {
        release_id("england", inputs, "0123456789ab").replace("england", "sample"),
        release_id("sample", inputs, "0123456789ac"),
        *(release_id("sample", {**inputs, name: "d" * 64}, "0123456789ab") for name in inputs),
        *(
            release_id("sample", {k: v for k, v in inputs.items() if k != name}, "0123456789ab")
            for name in inputs
        ),
        release_id("sample", {**inputs, "more": "e" * 64}, "0123456789ab"),
        # The same two files, each taken for the other.
        release_id("sample", inputs | {"imd2019": "b" * 64, "cni2023": "a" * 64}, "0123456789ab"),
    }
    assert len(others | {first}) == 1 + 2 + 3 + 3 + 1 + 1
