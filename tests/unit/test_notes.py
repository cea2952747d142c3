"""Release notes: what they say of data, code and lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestration.publish.notes import release_notes
from orchestration.publish.releases import Release

FIRST, SECOND = "sample-000000000001", "sample-000000000002"


def manifest(code: str, files: dict[str, str], **more: Any) -> dict[str, Any]:
    inputs = [{"source_id": source, "sha256": sha256} for source, sha256 in files.items()]
    said = {"built_at": "2026-11-25T09:50:00+00:00", "label": "SYNTHETIC", "git_commit": None}
    return said | {"code_version": code, "inputs": inputs} | more


def release(name: str, said: dict[str, Any] | None, withdrawn: Any = None) -> Release:
    return Release(Path(name), said, 1, is_current=False, withdrawn=withdrawn)


def since(before: str) -> dict[str, Any]:
    listed = {"edition_id": "lsoa21_imd2025_cni2023", "joined": 7, "departed": 5}
    return {"release_id": before, "editions": [listed], "differences": []}


def test_notes_name_the_files_that_were_exchanged_the_code_and_the_lists() -> None:
    before = manifest("aaaa", {"cni2023": "1" * 64, "imd2025": "2" * 64})
    accepted = [{"subject": "cni2023", "reason": "the corrected\nissue", "found": "much"}]
    after = manifest(
        "bbbb",
        {"cni2023": "3" * 64, "imd2025": "2" * 64},
        changes_since=since(FIRST),
        accepted=accepted,
    )
    notes = release_notes([release(SECOND, after), release(FIRST, before)])
    newest, first = notes.split("\n## ")[1:]
    assert newest.startswith(SECOND)
    assert f"data, against {FIRST}: cni2023 (111111111111 to 333333333333)\n" in newest
    assert "imd2025" not in newest.partition("lists")[0]
    assert "code: bbbb, before aaaa" in newest
    assert "lsoa21_imd2025_cni2023: 7 joined, 5 left" in newest
    # What a person wrote stays on its line.
    assert "accepted: cni2023, the corrected issue" in newest
    assert "data: 2 source files; code: aaaa" in first


def test_notes_say_what_they_cannot_know() -> None:
    lost = manifest("bbbb", {"cni2023": "3" * 64}, changes_since=since(FIRST))
    gone = {"at": "2026-11-26T00:00:00+00:00", "reason": "a wrong lookup"}
    notes = release_notes([release(SECOND, lost, gone), release("sample-000000000000", None)])
    assert f"{FIRST}, which was current before, is no longer here" in notes
    assert "withdrawn 2026-11-26T00:00:00+00:00: a wrong lookup" in notes
    assert "its manifest cannot be read" in notes
