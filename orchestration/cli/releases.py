"""Commands on what is published: releases, rollback, verify, prune."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from orchestration.cli import report
from orchestration.cli.app import ProfileOption, app, context, err, out
from orchestration.cli.questions import Format, write_rows
from orchestration.defs.turn import Turn
from orchestration.problems import nothing_published
from orchestration.publish.notes import release_notes
from orchestration.publish.releases import (
    Release,
    all_releases,
    find_release,
    prune,
    roll_back,
)
from orchestration.publish.verification import verify
from orchestration.settings import Settings


def _turn(settings: Settings) -> Any:
    """What changes which release is current waits for a refresh that is under way."""
    return Turn(settings).taken(err.print)


@app.command("releases")
def list_releases(
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    notes: Annotated[
        bool,
        typer.Option("--notes", help="Release notes instead, in Markdown: data, code and lists."),
    ] = False,
    profile: ProfileOption = None,
) -> None:
    """List what was published: when, how large, what it changed, and which release is current."""
    settings, registry = context(profile)
    found = all_releases(settings)
    if not found:
        raise nothing_published(settings.profile)
    report.banner(err, registry.profile)
    rows = [_row(release) for release in found]
    if notes:
        out.print(release_notes(found), end="", markup=False, highlight=False, soft_wrap=True)
    elif format_ is Format.table:
        report.releases(out, rows)
    else:
        write_rows(rows, format_)


def _row(release: Release) -> dict[str, Any]:
    mark: dict[str, str | None] = {"at": None, "reason": None, **(release.withdrawn or {})}
    return {
        "release_id": release.release_id,
        "is_current": release.is_current,
        "release_label": release.manifest["label"] if release.manifest else None,
        "built_at": release.built_at or None,
        "bytes": release.bytes,
        "changed": release.changed,
        "accepted": [each["subject"] for each in (release.manifest or {}).get("accepted", [])],
        "withdrawn_at": mark["at"],
        "withdrawn_because": mark["reason"],
    }


@app.command(epilog="Example: lbn rollback --reason 'the lookup of May was wrong'")
def rollback(
    release: Annotated[
        str | None,
        typer.Argument(help="Release, by its id; else the one before the current.", metavar="ID"),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why, for whoever asks later.", show_default=False)
    ] = "",
    profile: ProfileOption = None,
) -> None:
    """Make an earlier release current again, at once; the one that was current is withdrawn.

    A damaged release is refused. No refresh publishes a withdrawn release again by itself, although
    the same inputs and code would give it: what was wrong with it must change first, or a person
    accepts it by its id.
    """
    settings, registry = context(profile)
    report.banner(err, registry.profile)
    with _turn(settings):
        before = {each.release_id for each in all_releases(settings) if each.is_current}
        now = roll_back(settings, release, reason)
        # Dagster takes two seconds to import: only where it has ever been used.
        if settings.dagster_home.exists():
            from orchestration.defs.instance import tell_current

            why = f": {reason}" if reason else ""
            tell_current(settings, now.path, f"Made current by lbn rollback{why}")
    gone = before - {now.release_id}
    report.rolled_back(out, now.release_id, gone.pop() if gone else None, settings.profile)


@app.command("verify")
def verify_release(
    release: Annotated[
        str | None,
        typer.Argument(help="Release, by its id; else the current one.", metavar="ID"),
    ] = None,
    profile: ProfileOption = None,
) -> None:
    """Check a release: every file by its checksum, and the audit of what it says once more.

    Where the code is still the one that made it, the guards that need only the marts judge again.
    """
    from orchestration.publish.audit import audit_release

    settings, registry = context(profile)
    found = find_release(settings, release)
    report.banner(err, registry.profile)
    verify(found.path)
    report.verified(out, found.release_id, audit_release(found.path))


@app.command("prune", epilog="Example: lbn prune --keep 5 --dry-run")
def prune_releases(
    keep: Annotated[int, typer.Option(help="How many of the newest releases stay.", min=1)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go.")] = False,
    profile: ProfileOption = None,
) -> None:
    """Remove the oldest releases: never the current one, never one that somebody has open.

    The files that they were made from stay in the vault.
    """
    settings, registry = context(profile)
    report.banner(err, registry.profile)
    with _turn(settings):
        found = prune(settings, keep, only_say=dry_run)
    report.pruned(out, found, only_said=dry_run)
