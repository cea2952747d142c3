"""Commands of whoever runs the warehouse: refresh, status, sources, ui."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli import report
from orchestration.cli.app import InboxOption, ProfileOption, app, context, current, err, out
from orchestration.layout import current_release, read_manifest
from orchestration.problems import NothingYetError
from orchestration.settings import PROJECT_ROOT


@app.command()
def refresh(
    profile: ProfileOption = None,
    inbox: InboxOption = None,
    fetch: Annotated[
        bool,
        typer.Option("--fetch", help="Download again what has an address and is not in the inbox."),
    ] = False,
) -> None:
    """Build everything from the source files and publish a release.

    Files come from the inbox, else from the vault (as last published), else from the official
    address where the registry has one. The same inputs and code give the same release: then
    nothing is done. A refresh that is refused leaves the published release as it was.
    """
    from orchestration.defs.refresh import refresh as run

    settings, registry = context(profile, inbox)
    if fetch:
        settings = settings.fetching()
    report.banner(err, registry.profile)
    with report.Progress(err) as progress:
        refreshed = run(settings, registry, progress)
    report.refreshed(out, refreshed, settings)


@app.command()
def status(profile: ProfileOption = None) -> None:
    """Say what is published: which release, built from what, when, and what the guards said."""
    from orchestration.publish.pointer import verify

    settings, registry = context(profile)
    release = current(settings)
    report.banner(err, registry.profile)
    verify(release)
    report.status(out, release, read_manifest(release))


@app.command()
def sources(profile: ProfileOption = None, inbox: InboxOption = None) -> None:
    """List every registered source: where its file is, its sha256, rows and licence.

    A source with no file says what is missing and how to get it; the exit code is then 3.
    """
    from orchestration.sources.vault import Vault, VaultFile, sha256_of

    settings, registry = context(profile, inbox)
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
        elif located:
            where, sha256 = str(located), sha256_of(located)
        else:
            assert source.download is not None
            where, sha256 = f"to download: {source.download.url}", ""
        found.append(
            report.FoundSource(source, registry.rows(source), where, sha256, rows_read.get(sha256))
        )
    report.sources(out, found)
    if missing:
        raise NothingYetError("\n" + "\n".join(str(problem) for problem in missing))


@app.command(epilog="Example: lbn ui --port 3001")
def ui(
    profile: ProfileOption = None,
    inbox: InboxOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Serve the Dagster UI of a profile on this machine only (127.0.0.1)."""
    import os

    from orchestration.build.dbt import manifest_path
    from orchestration.defs.refresh import prepare_dagster

    settings, registry = context(profile, inbox)
    prepare_dagster(settings)
    # The graph is drawn from dbt's manifest: made here, so that the server starts at once.
    manifest_path(settings, registry)
    err.print(f"Dagster UI on http://127.0.0.1:{port} (Ctrl-C ends it)", markup=False)
    server = Path(sys.executable).with_name("dagster-webserver")
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    arguments = ["-h", "127.0.0.1", "-p", str(port), "-w", workspace]
    os.execv(server, [str(server), *arguments])  # noqa: S606
