"""The releases of a profile, as an operator needs them: what there is, back, and away."""

from __future__ import annotations

import errno
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.layout import WAREHOUSE, current_release, read_manifest
from orchestration.problems import DamagedError, NothingYetError, UsageError, nothing_published
from orchestration.publish.pointer import point_to, withdrawals
from orchestration.publish.verification import verify
from orchestration.settings import Settings


@dataclass(frozen=True)
class Release:
    """A release that is there.

    Args:
        manifest: What it says of itself; None where that cannot be read.
        bytes: Of all its files.
        withdrawn: When (UTC) and why somebody withdrew it; None where nobody did.
    """

    path: Path
    manifest: dict[str, Any] | None
    bytes: int
    is_current: bool
    withdrawn: dict[str, str] | None

    @property
    def release_id(self) -> str:
        return self.path.name

    @property
    def built_at(self) -> str:
        """When (UTC, ISO 8601); empty where it does not say."""
        return str(self.manifest["built_at"]) if self.manifest else ""

    @property
    def since(self) -> str:
        """The same for their order, where need be by the folder's own time."""
        made = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        return self.built_at or made.isoformat(timespec="seconds")

    @property
    def changed(self) -> str:
        """What it changed against the release that was current before it, in a few words."""
        if self.manifest is None:
            return "its manifest cannot be read"
        changes = self.manifest.get("changes_since")
        if not changes:
            return "the first release"
        told = [
            f"{edition['edition_id']}: {edition['joined']:,} joined, {edition['departed']:,} left"
            for edition in changes["editions"]
            if edition["joined"] or edition["departed"]
        ]
        told += [each["subject"] for each in changes.get("differences", [])]
        return "; ".join(told) or "no list and no mart"


def all_releases(settings: Settings) -> list[Release]:
    """Every release of a profile, the newest first."""
    current = current_release(settings.releases)
    marks = withdrawals(settings.releases)
    found = []
    for path in settings.releases.glob(f"{settings.profile}-*"):
        if path.is_dir() and re.fullmatch(rf"{settings.profile}-[0-9a-f]{{12}}", path.name):
            try:
                manifest = read_manifest(path)
            except DamagedError:
                manifest = None
            size = sum(file.lstat().st_size for file in path.rglob("*"))
            mark = marks.get(path.name)
            is_current = current is not None and path.resolve() == current.resolve()
            found.append(Release(path, manifest, size, is_current, mark))
    return sorted(found, key=lambda each: (each.since, each.release_id), reverse=True)


def find_release(settings: Settings, name: str | None) -> Release:
    """A release by its name, in whatever case it was written, or the current one.

    Raises:
        NothingYetError: there is none at all.
        UsageError: there is none of that name, or none is current.
    """
    releases = all_releases(settings)
    if not releases:
        raise nothing_published(settings.profile)
    for each in releases:
        if each.release_id.casefold() == name.casefold() if name else each.is_current:
            return each
    raise UsageError(
        f"There is no release '{name}'." if name else "No release is current.",
        f"There are: {', '.join(each.release_id for each in releases)}.",
    )


def roll_back(settings: Settings, name: str | None, reason: str) -> Release:
    """Make an earlier release current, and withdraw the one that is.

    A release that was withdrawn can be taken back by its name; then the other is not withdrawn.

    Args:
        name: Which; else the newest before the current one that nobody withdrew.
        reason: Why, for whoever asks later.

    Raises:
        DamagedError: somebody changed it; what is current stays.
        NothingYetError: there is no earlier one.
        UsageError: there is none of that name, or it is current already.
    """
    releases = all_releases(settings)
    place = next((n for n, each in enumerate(releases) if each.is_current), None)
    if name or place is None:
        target = find_release(settings, name)
    else:
        older = [each for each in releases[place + 1 :] if not each.withdrawn]
        if not older:
            raise NothingYetError(
                f"There is no release before {releases[place].release_id} to go back to.",
                "lbn releases lists what there is; lbn rollback ID takes any of them.",
            )
        target = older[0]
    if target.is_current and not target.withdrawn:
        raise UsageError(f"{target.release_id} is current already.", "lbn releases lists others.")
    verify(target.path)
    withdrawn = None if target.withdrawn or place is None else releases[place].release_id
    point_to(
        settings.releases,
        target.release_id,
        how="rolled back",
        reason=reason,
        withdrawn=withdrawn,
    )
    return target


@dataclass(frozen=True)
class Pruned:
    """A release that was beyond those to keep, and why it stays; empty where it went."""

    release: Release
    stays: str


def prune(settings: Settings, keep: int, *, only_say: bool = False) -> list[Pruned]:
    """Remove the oldest releases: never the current one, never one that somebody has open.

    What a release was made from stays in the vault, and a withdrawal stays known.

    Args:
        keep: How many of the newest stay, at least 1.
        only_say: Remove nothing.

    Returns:
        Every release beyond those that are kept, the newest first.
    """
    found = []
    for release in all_releases(settings)[keep:]:
        stays = "is current" if release.is_current else ""
        if not stays and _is_open(release.path / WAREHOUSE):
            stays = "somebody has it open"
        if not stays and not only_say:
            # Out of sight first: stopped half-way, it is litter and no release that lacks files.
            with tempfile.TemporaryDirectory(prefix=".incoming-", dir=settings.releases) as away:
                release.path.rename(Path(away) / release.release_id)
        found.append(Pruned(release, stays))
    return found


def _is_open(warehouse: Path) -> bool:
    """Whether a process has a warehouse open: DuckDB holds a lock on what it reads."""
    import fcntl

    if not warehouse.is_file():
        return False
    mode = warehouse.stat().st_mode
    # Only who may write to a file may ask for the lock that no reader leaves free.
    warehouse.chmod(mode | 0o200)
    try:
        with warehouse.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        return True
    else:
        return False
    finally:
        warehouse.chmod(mode)
