"""Which release is current: a symlink that is swapped atomically, and a JSON file beside it.

``releases/current`` is for people and tools on systems with symlinks; ``releases/current.json``
says the same where there are none, and since when, how it came to be, and which releases somebody
withdrew.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from orchestration.layout import CURRENT, CURRENT_JSON, current_release, read_manifest, told_current
from orchestration.problems import DamagedError, HeldError, Problem

STAGE = "Looking whether somebody withdrew the release"

How = Literal["published", "restored", "rolled back"]


def point_to(
    releases: Path,
    name: str,
    *,
    how: How = "published",
    reason: str = "",
    accepted: Sequence[Mapping[str, str]] = (),
    withdrawn: str | None = None,
) -> None:
    """Make a release the current one. Readers see the old or the new one, never none.

    Args:
        name: The release; where it was withdrawn, it no longer is.
        how: How it came to be current.
        reason: Why, in the words of whoever did it.
        accepted: What a person accepted of it, when it was made current again.
        withdrawn: The release that it takes the place of for good: no refresh makes that one
            current again.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    marks = {each: told for each, told in withdrawals(releases).items() if each != name}
    if withdrawn:
        marks[withdrawn] = {"at": now, "reason": reason}
        # First: stopped after the next move, a refresh must not undo it.
        mark = _written(releases, told_current(releases) | {"withdrawn": marks})
        os.replace(mark, releases / CURRENT_JSON)
    swap = releases / f".{CURRENT}.{os.getpid()}"
    swap.unlink(missing_ok=True)
    swap.symlink_to(name, target_is_directory=True)
    # What needs room is done before this move, so that a full disk changes nothing.
    told = _written(
        releases,
        {
            "release_id": name,
            "since": now,
            "how": how,
            "reason": reason,
            "accepted": list(accepted),
            "withdrawn": marks,
        },
    )
    _make_room(releases)
    os.replace(swap, releases / CURRENT)
    os.replace(told, releases / CURRENT_JSON)


def _make_room(releases: Path) -> None:
    """Take away a folder in the link's place: whoever copied the releases followed the link."""
    current = releases / CURRENT
    if current.is_symlink() or not current.is_dir():
        return
    own = current_release(releases)
    if own == current:
        # There is no other copy of it; one that does not say what it is, is kept to be looked at.
        current.rename(releases / (_stated_id(current) or f"damaged-{int(time.time())}"))
    else:
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=releases) as away:
            current.rename(Path(away) / CURRENT)


def _stated_id(release: Path) -> str | None:
    try:
        return str(read_manifest(release)["release_id"])
    except DamagedError:
        return None


def _written(releases: Path, told: Mapping[str, Any]) -> Path:
    swap = releases / f".{CURRENT_JSON}.{os.getpid()}"
    swap.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return swap


def is_current(releases: Path, name: str) -> bool:
    """Whether symlink and JSON both say this release: stopped between the two, they differ."""
    link = releases / CURRENT
    current = current_release(releases)
    return (
        link.is_symlink()
        and current is not None
        and current.name == name
        and told_current(releases).get("release_id") == name
    )


def mend(releases: Path) -> None:
    """Put right what a stop between two moves, or a copy, left of the pointer."""
    current = current_release(releases)
    if current is not None and not is_current(releases, current.name):
        name = current.name if current.name != CURRENT else _stated_id(current)
        if name is None:
            # Whatever opens it says so; lbn rollback puts another in its place.
            return
        told = told_current(releases)
        if told.get("release_id") != name:
            told = {}
        point_to(
            releases,
            name,
            how=told.get("how", "restored"),
            reason=told.get("reason", ""),
            accepted=told.get("accepted", ()),
        )


def withdrawals(releases: Path) -> dict[str, dict[str, str]]:
    """The releases that somebody withdrew, with when (UTC) and why."""
    marks = told_current(releases).get("withdrawn")
    return marks if isinstance(marks, dict) else {}


def refuse_withdrawn(
    releases: Path, profile: str, name: str, accepted: Mapping[str, str]
) -> list[dict[str, str]]:
    """Hold a release that somebody withdrew, until it is accepted by its name.

    Returns:
        What is accepted of it, as the manifest records it.

    Raises:
        HeldError: says when and why it was withdrawn, and how it is published all the same.
    """
    told = withdrawals(releases).get(name)
    if told is None:
        return []
    found = f"withdrawn on {told['at']}" + (f": {told['reason']}" if told["reason"] else "")
    if name in accepted:
        return [{"subject": name, "reason": accepted[name], "found": found}]
    problem = Problem(
        where=f"release {name}, which these inputs and this code give",
        found=found,
        expected="other inputs or other code than those of a release that was withdrawn",
        remedy="put right what was wrong with it and refresh again; or publish it all the same: "
        f"lbn refresh --profile {profile} --accept {name}='...'",
    )
    raise HeldError(STAGE, [problem])
