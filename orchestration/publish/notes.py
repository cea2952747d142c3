"""Release notes: what each release changed of data, of code and of the lists, from its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestration.publish.releases import Release
from orchestration.text import one_line


def release_notes(releases: Sequence[Release]) -> str:
    """The notes of these releases, the newest first, as Markdown."""
    manifests = {each.release_id: each.manifest for each in releases if each.manifest}
    lines = ["# Release notes"]
    for each in releases:
        lines += ["", f"## {each.release_id}", ""]
        if each.manifest is None:
            lines.append("- its manifest cannot be read")
            continue
        changes = each.manifest.get("changes_since") or {}
        before = changes.get("release_id")
        earlier = manifests.get(before) if before else None
        lines += [f"- {line}" for line in _told(each.manifest, before, earlier)]
        lines.append(f"- lists and marts: {each.changed}")
        for accepted in each.manifest.get("accepted", []):
            lines.append(one_line(f"- accepted: {accepted['subject']}, {accepted['reason']}"))
        if each.withdrawn:
            why = each.withdrawn.get("reason")
            lines.append(
                one_line(f"- withdrawn {each.withdrawn['at']}" + (f": {why}" if why else ""))
            )
    return "\n".join(lines) + "\n"


def _told(
    manifest: Mapping[str, Any], before: str | None, earlier: Mapping[str, Any] | None
) -> Iterator[str]:
    commit = manifest.get("git_commit")
    code = manifest["code_version"] + (f" (commit {commit})" if commit else "")
    yield f"built {manifest['built_at']}, {manifest['label']}"
    if before is None:
        yield f"data: {len(manifest['inputs'])} source files; code: {code}"
        return
    if earlier is None:
        yield f"code: {code}; {before}, which was current before, is no longer here"
        return
    then, now = (
        {entry["source_id"]: entry["sha256"] for entry in each["inputs"]}
        for each in (earlier, manifest)
    )
    changed = [
        f"{source_id} ({then.get(source_id, 'none')[:12]} to {now.get(source_id, 'none')[:12]})"
        for source_id in sorted({*then, *now})
        if then.get(source_id) != now.get(source_id)
    ]
    yield f"data, against {before}: {', '.join(changed) or 'the same files'}"
    same = earlier["code_version"] == manifest["code_version"]
    yield "code: the same" if same else f"code: {code}, before {earlier['code_version']}"
