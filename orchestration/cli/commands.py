"""The ``lbn`` command: refresh the warehouse, see what is published, read a list.

Exit codes: 0 done; 1 the refresh was refused or failed, nothing was published; 2 wrong usage (an
unknown profile or edition); 3 there is nothing to show yet, or source files are missing.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from orchestration.cli import report
from orchestration.layout import (
    MARTS_VERSION,
    current_release,
    is_readable,
    marts_version,
    read_manifest,
)
from orchestration.problems import RefreshError
from orchestration.publish.exports.formats import ExportFormat
from orchestration.settings import PROJECT_ROOT, Settings, load_settings
from orchestration.sources.registry import Registry, load_registry, profile_names

# Commands that ask a release import DuckDB, the others do without.
if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REFUSED, USAGE, NOTHING = 1, 2, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="England's lists of 'left behind' neighbourhoods, rebuilt from raw official files.\n\n"
    "Start with [bold]lbn refresh[/bold]: it builds the embedded synthetic sample and publishes "
    "a release. For the real lists put the official files into a folder and run "
    "[bold]lbn refresh --profile england --inbox FOLDER[/bold].",
    epilog="Exit codes: 0 done; 1 refused or failed, nothing published; 2 wrong usage; "
    "3 nothing to show yet, or source files missing.",
)
# Into a file or a pipe, lines are as long as they need to be.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 200)


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


class Change(StrEnum):
    joined = "joined"
    left = "left"
    stayed = "stayed"
    all = "all"


ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="sample (a synthetic country, the default) or england. Also: LBN_PROFILE.",
        show_default=False,
    ),
]
ChangeOption = Annotated[
    Change | None,
    typer.Option(help="Only these areas. Default: joined and left.", show_default=False),
]
InboxOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the source files, looked through with all its folders. "
        "Also: LBN_INBOX. Default: data/<profile>/inbox.",
        show_default=False,
        file_okay=False,
    ),
]


def _context(profile: str | None, inbox: Path | None = None) -> tuple[Settings, Registry]:
    settings = load_settings(profile, inbox)
    if settings.profile not in profile_names():
        err.print(
            f"No profile '{settings.profile}'. There are: {', '.join(profile_names())}.",
            markup=False,
        )
        raise typer.Exit(USAGE)
    return settings, load_registry(settings.profile)


def _current(settings: Settings) -> Path:
    release = current_release(settings.releases)
    if release is None:
        err.print(
            f"Nothing is published for the profile {settings.profile} yet. "
            f"Run: lbn refresh --profile {settings.profile}",
            markup=False,
        )
        raise typer.Exit(NOTHING)
    return release


@contextmanager
def _asked(profile: str | None) -> Iterator[tuple[Registry, DuckDBPyConnection]]:
    """The current release, open to be asked; where it lacks what is asked for, that is told."""
    from orchestration.ask.lists import UnknownEditionError, UnknownPlaceError
    from orchestration.queries import open_release

    settings, registry = _context(profile)
    release = _current(settings)
    if not is_readable(version := marts_version(release)):
        err.print(
            f"{release.name} has marts of version {version}, and this command reads version "
            f"{MARTS_VERSION}. For a release of this version run: lbn refresh --profile "
            f"{settings.profile}. Or ask it with the code that wrote it, commit "
            f"{read_manifest(release)['git_commit'] or 'unknown'}.",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(NOTHING)
    report.banner(err, registry.profile)
    try:
        with open_release(release) as connection:
            yield registry, connection
    except UnknownEditionError as unknown:
        err.print(
            f"No edition '{unknown.edition}' in {release.name}. There are: "
            + ", ".join(unknown.known),
            markup=False,
        )
        raise typer.Exit(USAGE) from unknown
    except UnknownPlaceError as unknown:
        err.print(str(unknown), markup=False)
        raise typer.Exit(USAGE) from unknown


def _changes(change: Change | None) -> tuple[str, ...]:
    """Which changes to list."""
    from orchestration.ask.lists import CHANGES

    return {None: ("joined", "left"), Change.all: CHANGES}.get(change, (str(change),))


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
    from orchestration.defs.refresh import RunFailedError
    from orchestration.defs.refresh import refresh as run

    settings, registry = _context(profile, inbox)
    if fetch:
        settings = settings.fetching()
    report.banner(err, registry.profile)
    try:
        with report.Progress(err) as progress:
            refreshed = run(settings, registry, progress)
    except (RefreshError, RunFailedError) as error:
        err.print(str(error), markup=False, style="red")
        raise typer.Exit(REFUSED) from error
    report.refreshed(out, refreshed, settings)


@app.command("list")
def list_(
    edition: Annotated[str, typer.Argument(help="Edition, such as lsoa21_imd2025_cni2023.")],
    region: Annotated[str | None, typer.Option(help="Only this region, by name.")] = None,
    lad: Annotated[str | None, typer.Option(help="Only this authority, by name or code.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Only areas with this in their name, or with this code.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    profile: ProfileOption = None,
) -> None:
    """Print the areas on an edition's list, the most deprived first (rank 1 = worst)."""
    from orchestration.ask.lists import list_edition
    from orchestration.queries import Filters

    with _asked(profile) as (_, connection):
        rows = list_edition(connection, edition, Filters(region, lad, name))
    if format_ is Format.table:
        report.edition_list(out, edition, rows)
    else:
        _write(rows, format_)


class TextFormat(StrEnum):
    text = "text"
    json = "json"


@app.command()
def explain(
    area: Annotated[str, typer.Argument(help="Area, by code, or by name or a part of it.")],
    edition: Annotated[
        str | None,
        typer.Option(help="Edition; else the newest that has the area.", show_default=False),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            help="Where the IMD was carried: the part whose domains to show; else the worst.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[
        TextFormat, typer.Option("--format", help="How to print it.")
    ] = TextFormat.text,
    profile: ProfileOption = None,
) -> None:
    """Say why an area is on a list or not, down to the line of each file.

    From the flag to the indices, domains, sub-domains and indicators: every formula with its
    numbers, every raw value with its file, sha256 and line.
    """
    from orchestration.ask.explain import UnknownAreaError
    from orchestration.ask.explain import explain as found_for
    from orchestration.ask.explanation import lines

    try:
        with _asked(profile) as (_, connection):
            found = found_for(connection, area, edition, part)
    except UnknownAreaError as unknown:
        what = "Several areas match" if unknown.several else "No area"
        near = "; ".join(unknown.candidates)
        err.print(
            f"{what} '{unknown.area}'." + (f" There are: {near}" if near else ""), markup=False
        )
        raise typer.Exit(USAGE) from unknown
    if format_ is TextFormat.json:
        json.dump(found, sys.stdout, indent=2, default=str)
        sys.stdout.write("\n")
    else:
        for line in lines(found):
            out.print(line, markup=False, soft_wrap=True)


def _write(rows: list[dict[str, Any]], format_: Format) -> None:
    if format_ is Format.json:
        json.dump(rows, sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@app.command()
def status(profile: ProfileOption = None) -> None:
    """Say what is published: which release, built from what, when, and what the guards said."""
    from orchestration.publish.pointer import verify

    settings, registry = _context(profile)
    release = _current(settings)
    report.banner(err, registry.profile)
    try:
        verify(release)
    except RefreshError as error:
        err.print(str(error), markup=False, style="red")
        raise typer.Exit(REFUSED) from error
    report.status(out, release, read_manifest(release))


@app.command()
def sources(profile: ProfileOption = None, inbox: InboxOption = None) -> None:
    """List every registered source: where its file is, its sha256, rows and licence.

    A source with no file says what is missing and how to get it; the exit code is then 3.
    """
    from orchestration.sources.vault import Vault, VaultFile, inbox_files, sha256_of

    settings, registry = _context(profile, inbox)
    report.banner(err, registry.profile)
    vault = Vault(settings, registry)
    files = inbox_files(settings.inbox)
    release = current_release(settings.releases)
    rows_read = (
        {entry["sha256"]: entry["rows"] for entry in read_manifest(release)["inputs"]}
        if release
        else {}
    )
    found, missing = [], []
    for source in registry.sources:
        try:
            located = vault.locate(source, files)
        except RefreshError as error:
            missing += error.problems
            continue
        if located is None and source.download is None:
            missing.append(vault.missing(source))
            continue
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
        err.print()
        for problem in missing:
            err.print(str(problem), markup=False, style="red")
        raise typer.Exit(NOTHING)


@app.command()
def ui(
    profile: ProfileOption = None,
    inbox: InboxOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Serve the Dagster UI of a profile on this machine only (127.0.0.1)."""
    import os

    from orchestration.build.dbt import manifest_path
    from orchestration.defs.refresh import prepare_dagster

    settings, registry = _context(profile, inbox)
    prepare_dagster(settings)
    # The graph is drawn from dbt's manifest: made here, so that the server starts at once.
    manifest_path(settings, registry)
    err.print(f"Dagster UI on http://127.0.0.1:{port} (Ctrl-C ends it)", markup=False)
    server = Path(sys.executable).with_name("dagster-webserver")
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    arguments = ["-h", "127.0.0.1", "-p", str(port), "-w", workspace]
    os.execv(server, [str(server), *arguments])  # noqa: S606


@app.command()
def diff(
    edition: Annotated[str, typer.Argument(help="Edition, such as lsoa21_imd2019_cni2023.")],
    other: Annotated[str, typer.Argument(help="A later one, such as lsoa21_imd2025_cni2023.")],
    change: ChangeOption = None,
    region: Annotated[str | None, typer.Option(help="Only this region, by name.")] = None,
    lad: Annotated[str | None, typer.Option(help="Only this authority, by name or code.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    profile: ProfileOption = None,
) -> None:
    """Say which areas joined, left or stayed from an edition to a later one, and why.

    Editions that their publisher says may not be compared are refused, with the reason.
    """
    from orchestration.ask.diff import NotComparableError, diff_editions
    from orchestration.queries import Filters

    try:
        with _asked(profile) as (_, connection):
            found = diff_editions(
                connection, edition, other, Filters(region=region, lad=lad), _changes(change)
            )
    except NotComparableError as refused:
        err.print(str(refused), markup=False)
        raise typer.Exit(USAGE) from refused
    if found.swapped:
        err.print(
            f"{found.edition_from} is the earlier one: shown is the change from it to "
            f"{found.edition_to}.",
            markup=False,
        )
    if format_ is Format.table:
        report.edition_diff(out, found)
    else:
        _write(found.rows, format_)


@app.command()
def whatif(
    edition: Annotated[str, typer.Argument(help="Edition, such as lsoa21_imd2025_cni2023.")],
    threshold: Annotated[
        str | None,
        typer.Option(help="Worst share that counts on both indices: 0.15 or 15%."),
    ] = None,
    imd_threshold: Annotated[str | None, typer.Option(help="The same for the IMD alone.")] = None,
    cni_threshold: Annotated[str | None, typer.Option(help="The same for the CNI alone.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights of domains of either index, such as income=0.3,crime=0.2. Domains not "
            "named keep theirs. Only proportions count."
        ),
    ] = None,
    change: ChangeOption = None,
    region: Annotated[str | None, typer.Option(help="Only this region, by name.")] = None,
    lad: Annotated[str | None, typer.Option(help="Only this authority, by name or code.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    profile: ProfileOption = None,
) -> None:
    """Say what an edition's list would be with other thresholds or other weights of domains.

    Counts who would join and leave, and lists them with both ranks before and after. Nothing is
    stored. With nothing changed it is the list itself.
    """
    from fractions import Fraction

    from orchestration.ask import whatif as asked
    from orchestration.queries import Filters

    def share(text: str | None) -> Fraction | None:
        return None if text is None else asked.threshold(text)

    try:
        rules = asked.AskedRules(
            imd_threshold=share(imd_threshold) or share(threshold),
            cni_threshold=share(cni_threshold) or share(threshold),
            weights={} if weights is None else asked.weights(weights),
        )
        with _asked(profile) as (_, connection):
            found = asked.what_if(
                connection, edition, rules, Filters(region=region, lad=lad), _changes(change)
            )
    except asked.RulesError as refused:
        err.print(str(refused), markup=False)
        raise typer.Exit(USAGE) from refused
    if format_ is Format.table:
        report.what_if(out, found)
    elif format_ is Format.json:
        json.dump(found.as_data(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for line in report.what_if_summary(found):
            err.print(line, markup=False)
        _write(found.rows, format_)


@app.command()
def export(
    edition: Annotated[str, typer.Argument(help="Edition, such as lsoa21_imd2025_cni2023.")],
    format_: Annotated[ExportFormat, typer.Option("--format", help="What to write.")],
    region: Annotated[str | None, typer.Option(help="Only this region, by name.")] = None,
    lad: Annotated[str | None, typer.Option(help="Only this authority, by name or code.")] = None,
    listed: Annotated[
        bool, typer.Option("--listed", help="Only the areas on the list; else every area.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="File to write, or a folder. Default: named after the edition, in this folder.",
            show_default=False,
        ),
    ] = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="CSV with a byte-order mark, so that Excel reads accents.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite.")] = False,
    profile: ProfileOption = None,
) -> None:
    """Write an edition to a file, with the meaning of its columns, licence and citation in it.

    Every area of the edition is a row, on the list or not, with its authority and region. A CSV
    file cannot describe itself: a file that ends in .datapackage.json is written beside it.
    """
    from orchestration.ask.export import ExistsError, default_name, export_edition
    from orchestration.publish.exports.about import about
    from orchestration.queries import Filters

    if bom and format_ is not ExportFormat.csv:
        err.print("--bom is for --format csv.", markup=False)
        raise typer.Exit(USAGE)
    filters = Filters(region=region, lad=lad)
    name = default_name(edition, format_, filters, listed=listed)
    target = output or Path(name)
    if target.is_dir():
        target = target / name
    if not target.parent.is_dir():
        err.print(f"There is no folder {target.parent}.", markup=False)
        raise typer.Exit(USAGE)
    try:
        with _asked(profile) as (registry, connection):
            files, rows = export_edition(
                connection, edition, format_, target, filters, listed=listed, bom=bom, force=force
            )
            warning = about(connection).warning
    except ExistsError as there:
        err.print(
            f"{there} is there already. Nothing was written; --force overwrites it.", markup=False
        )
        raise typer.Exit(REFUSED) from there
    except OSError as error:
        err.print(f"Nothing was written: {error}", markup=False, style="red")
        raise typer.Exit(REFUSED) from error
    if warning and not registry.profile.synthetic:
        err.print(warning, markup=False, style="yellow", soft_wrap=True)
    for file in files:
        out.print(str(file), markup=False, soft_wrap=True)
    err.print(f"{rows:,} areas; rank 1 = worst", markup=False)


@app.command()
def compare(
    one: Annotated[str, typer.Argument(metavar="A", help="A release: its id, or its folder.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another: its id, or its folder.")],
    renamed: Annotated[
        list[str] | None,
        typer.Option(help="A column of A that has another name in B: old=new. Can be repeated."),
    ] = None,
    format_: Annotated[
        TextFormat, typer.Option("--format", help="How to print it.")
    ] = TextFormat.text,
    profile: ProfileOption = None,
) -> None:
    """Say what differs between two releases: every table, export and page.

    What says when and by which code a release was made is left out. The exit code is 1 where
    anything else differs.
    """
    from dataclasses import asdict

    from orchestration.ask import compare as asked

    settings, _ = _context(profile)
    folders = [
        Path(name) if Path(name).is_dir() else settings.releases / name for name in (one, other)
    ]
    names = dict(name.partition("=")[::2] for name in renamed or ())
    try:
        found = asked.compare(folders[0], folders[1], names)
    except FileNotFoundError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(USAGE) from error
    if format_ is TextFormat.json:
        json.dump([asdict(difference) for difference in found], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for difference in found:
            out.print(f"{difference.where}: {difference.what}", markup=False, soft_wrap=True)
        left_out = ", ".join(asked.BY_NATURE)
        out.print(f"{len(found):,} differences (left out: {left_out})", markup=False)
    if found:
        raise typer.Exit(REFUSED)
