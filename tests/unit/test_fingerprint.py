"""The code version: it has what makes a release, and nothing of what only asks or prints."""

from __future__ import annotations

from orchestration.fingerprint import code_files
from orchestration.settings import PROJECT_ROOT


def test_what_makes_a_release_counts_and_what_asks_it_does_not() -> None:
    files = {file.relative_to(PROJECT_ROOT) for file in code_files()}
    inside = {path.parts[1] for path in files if path.parts[0] == "orchestration"}
    folders = {path.parent.name for path in (PROJECT_ROOT / "orchestration").glob("*/__init__.py")}
    assert folders - inside == {"ask", "cli", "sample"}
    assert {path.parts[0] for path in files} == {
        "orchestration",
        "data_quality",
        "dbt_project",
        "requirements.lock",
    }
