"""Commands of whoever runs the warehouse: refresh, status, sources, ui."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

import typer

from orchestration.cli import report
from orchestration.cli.app import (
    InboxOption,
    ProfileOption,
    app,
    context,
    context_with_inbox,
    current,
    err,
    out,
)
from orchestration.cli.interrupt import replaceable
from orchestration.fingerprint import sha256_of
from orchestration.layout import current_release, read_manifest
from orchestration.notify import check
from orchestration.problems import DamagedError, NothingYetError, RefusedError, UsageError
from orchestration.settings import Settings
from orchestration.sources.inbox import unclaimed
from orchestration.sources.sample_inbox import edited


@app.command(epilog="Example: lbn refresh --accept cni2023='the corrected issue of May'")
def refresh(
    profile: ProfileOption = None,
    inbox: InboxOption = None,
    fetch: Annotated[
        bool,
        typer.Option("--fetch", help="Download again what has an address and is not in the inbox."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Build again even where nothing changed; what is published stays as it is.",
        ),
    ] = False,
    from_scratch: Annotated[
        bool,
        typer.Option(
            "--from-scratch",
            help="Read every file and make every table anew, whatever was made before.",
        ),
    ] = False,
    notify: Annotated[
        bool,
        typer.Option(
            "--notify/--no-notify", help="Tell whom LBN_NOTIFY names how a run of Dagster ended."
        ),
    ] = True,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SUBJECT=REASON",
            help="Publish although this differs from the current release beyond its band: a "
            "source, an edition or a mart, as the refusal names it. May be given again.",
        ),
    ] = None,
) -> None:
    """Build everything from the source files and publish a release.

    Files come from the inbox, else from the vault (as last published), else from the official
    address where the registry has one. The same inputs and code give the same release: then
    nothing is done. Else what would be made of the same is kept, and the rest is made anew. A
    refresh that is refused leaves the published release as it was. One whose figures differ too
    much from it is held (exit code 4) until somebody accepts them.
    """
    from orchestration.defs.refresh import refresh as run

    settings, registry = context_with_inbox(profile, inbox)
    check(settings)
    accepted = _accepted(accept or [])
    if accepted:
        from orchestration.publish.differences import require_subjects

        require_subjects(settings, registry, accepted)
    if fetch:
        settings = settings.fetching()
    report.banner(err, registry.profile)
    unused = unclaimed(settings, registry)
    report.edited(err, edited(settings, registry))
    try:
        with report.Progress(err) as progress:
            whole = partial(
                run, force=force, from_scratch=from_scratch, notify=notify, accept=accepted
            )
            refreshed = replaceable(settings, lambda: whole(settings, registry, progress))
    except RefusedError:
        # What is missing may be there, under a name that nobody knows.
        report.unclaimed(err, unused, report.SHOWN)
        raise
    report.refreshed(out, refreshed, settings, unused, accepted)


def _accepted(given: list[str]) -> dict[str, str]:
    """``SUBJECT=REASON`` as given, by subject.

    Raises:
        UsageError: no '=', or a subject twice.
    """
    accepted: dict[str, str] = {}
    for text in given:
        subject, sign, reason = text.partition("=")
        if not sign:
            raise UsageError(f"--accept {text}: say why.", f"--accept {text}='the reason'")
        if subject.strip() in accepted:
            raise UsageError(f"--accept names {subject.strip()} twice.", "One reason is enough.")
        accepted[subject.strip()] = reason.strip()
    return accepted


@app.command()
def status(profile: ProfileOption = None) -> None:
    """Say what is published: which release, built from what, when, and what the guards said."""
    from orchestration.build.making import said_of_keeping
    from orchestration.publish.held import what_is_held
    from orchestration.publish.verification import verify

    settings, registry = context(profile)
    release = current(settings)
    report.banner(err, registry.profile)
    damage: DamagedError | None = None
    try:
        verify(release)
    except DamagedError as error:
        damage = error
    waits = what_is_held(settings)
    manifest = read_manifest(release)
    report.status(out, release, manifest, is_intact=damage is None, waits=waits)
    if kept := said_of_keeping(settings):
        out.print(f"The build: {kept}")
    for line in _automation(settings):
        out.print(line)
    if damage:
        raise damage


def _automation(settings: Settings) -> list[str]:
    # Dagster takes two seconds to import: only where it has ever been used.
    if not settings.dagster_home.exists():
        return []
    if not os.access(settings.dagster_home, os.W_OK):
        return [f"Whether a schedule is on only who may write to {settings.dagster_home} can see."]
    from orchestration.defs.instance import automation

    return automation(settings)


@app.command()
def sources(profile: ProfileOption = None, inbox: InboxOption = None) -> None:
    """List every registered source: where its file is, how near it is to the official one, licence.

    A source with no file says what is missing and how to get it; the exit code is then 3. A file in
    the inbox that no source takes is named.
    """
    from orchestration.sources.vault import Vault, VaultFile

    settings, registry = context_with_inbox(profile, inbox)
    report.banner(err, registry.profile)
    vault = Vault(settings, registry)
    release = current_release(settings.releases)
    rows_read = (
        {entry["sha256"]: entry["rows"] for entry in read_manifest(release)["inputs"]}
        if release
        else {}
    )
    files, missing = vault.locate_all()
    found = []
    for source, located in files:
        if isinstance(located, VaultFile):
            where, sha256 = str(vault.path_of(located)), located.sha256
            copy = registry.copy_of(source, sha256, located.origin)
        elif located:
            where, sha256 = str(located), sha256_of(located)
            copy = registry.copy_of(source, sha256, "inbox")
        else:
            assert source.download is not None
            where, sha256, copy = f"to download: {source.download.url}", "", None
        found.append(
            report.FoundSource(
                source, registry.rows(source), where, sha256, copy, rows_read.get(sha256)
            )
        )
    report.sources(out, found)
    there = {source.id for source, _ in files}
    optional = [source for source in registry.sources if source.is_optional]
    report.done_without(out, [source for source in optional if source.id not in there])
    report.unclaimed(out, unclaimed(settings, registry))
    if missing:
        raise NothingYetError("\n" + "\n".join(str(problem) for problem in missing))


@app.command(epilog="Example: lbn ui --port 3001")
def ui(
    profile: ProfileOption = None,
    inbox: InboxOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 3000,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on. The UI has no login: who reaches it can do all."),
    ] = "127.0.0.1",
) -> None:
    """Serve the Dagster UI, with every profile, on this machine only (127.0.0.1)."""
    from orchestration.build.dbt import manifest_path
    from orchestration.defs.instance import prepare_dagster

    settings, registry = context_with_inbox(profile, inbox)
    check(settings)
    if settings.ui_address and not urlsplit(settings.ui_address).hostname:
        raise UsageError(
            f"LBN_UI_ADDRESS is '{settings.ui_address}'; the UI answers to the name in it.",
            "Write it as people type it, with its scheme: https://dagster.example.org",
        )
    _require_free(host, port)
    prepare_dagster(settings)
    # The graph is drawn from dbt's manifest: made here, so that the server starts at once.
    manifest_path(settings, registry)
    if host not in ("127.0.0.1", "localhost", "::1"):
        err.print(
            f"Listening on {host}: the UI has no login. Whoever reaches it can start and end runs "
            "and read every figure. docs/deployment.md has what to put in front.",
            style="yellow",
        )
    err.print(f"Dagster UI on http://{host}:{port} (Ctrl-C ends it)")
    server = [sys.executable, "-m", "orchestration.cli.webserver", host, str(port)]
    os.execv(sys.executable, server)  # noqa: S606


def _require_free(host: str, port: int) -> None:
    """Say that a port is taken before anything starts.

    Raises:
        UsageError: the address cannot be listened on.
    """
    import socket

    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            # As the server does: what a server that just ended leaves behind is not in the way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UsageError(
            f"Nothing can listen on {host}, port {port}: {error.strerror or error}.",
            f"Choose another: lbn ui --port {port + 1 if port < 65535 else 3000}",
        ) from error
