"""The command itself: how it says no, the options that commands share, how a release is opened."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from orchestration.cli import report
from orchestration.cli.console import PlainConsole
from orchestration.layout import (
    MARTS_VERSION,
    current_release,
    is_readable,
    marts_version,
    read_manifest,
)
from orchestration.problems import (
    NothingYetError,
    RefusedError,
    UsageError,
    nothing_published,
    refused_by_the_machine,
)
from orchestration.publish.verification import verify_warehouse
from orchestration.settings import Settings, load_settings
from orchestration.sources.inbox import no_folder
from orchestration.sources.registry import Registry, load_registry, profile_names

# Commands that ask a release import DuckDB, the others do without.
if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

out = PlainConsole(sys.stdout)
err = PlainConsole(sys.stderr, stderr=True)


class Refusing(TyperGroup):
    """Commands that meet a refusal print it as it is, and end with its exit code.

    So does what the machine refuses, such as a full disk.

    Typer brings a copy of click of its own, so a refusal cannot be a ``click.ClickException``.
    """

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command, whose help has lines as long as the terminal's, not as those of our code."""
        command = super().get_command(ctx, cmd_name)
        if command and command.help:
            command.help = re.sub(r"(?<!\n)\n(?!\n)", " ", cleandoc(command.help))
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RefusedError as error:
            refused = error
        except Exception as error:
            if (told := refused_by_the_machine(error)) is None:
                raise
            refused = told
        style = "red" if refused.exit_code == RefusedError.exit_code else None
        err.print(str(refused), markup=False, soft_wrap=True, style=style)
        raise typer.Exit(refused.exit_code)


app = typer.Typer(
    cls=Refusing,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="England's lists of 'left behind' neighbourhoods, rebuilt from their source files.\n\n"
    "Start with [bold]lbn refresh[/bold]: it builds the embedded synthetic sample and publishes "
    "a release. For the real lists put the source files into a folder and run "
    "[bold]lbn refresh --profile england --inbox FOLDER[/bold].",
    epilog="Exit codes: 0 done; 1 refused or failed, nothing published; 2 wrong usage; "
    "3 nothing to show yet, or source files missing; 4 held until a person accepts it; "
    "130 interrupted.",
)


def _version(asked: bool) -> None:
    if asked:
        out.print(f"lbn {version('left-behind-neighbourhoods')}, marts {MARTS_VERSION}")
        raise typer.Exit


@app.callback()
def _every_command(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Which version this is."),
    ] = False,
) -> None:
    pass


ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="sample (a synthetic country, the default) or england. Also: LBN_PROFILE.",
        show_default=False,
    ),
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


def context(profile: str | None, inbox: Path | None = None) -> tuple[Settings, Registry]:
    """The settings and the registry of a profile."""
    try:
        settings = load_settings(profile, inbox)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if settings.profile not in profile_names():
        raise UsageError(
            f"No profile '{settings.profile}'.", f"There are: {', '.join(profile_names())}."
        )
    return settings, load_registry(settings.profile)


def context_with_inbox(profile: str | None, inbox: Path | None = None) -> tuple[Settings, Registry]:
    """The same, for commands that look into the inbox: one that was named must be there."""
    settings, registry = context(profile, inbox)
    if settings.inbox_is_named and not settings.inbox.is_dir():
        raise UsageError(str(no_folder(settings.inbox)))
    return settings, registry


def current(settings: Settings) -> Path:
    """Folder of the release that is current."""
    release = current_release(settings.releases)
    if release is None:
        raise nothing_published(settings.profile)
    return release


@contextmanager
def asked(profile: str | None) -> Iterator[tuple[Registry, DuckDBPyConnection]]:
    """The current release, open to be asked, if its marts are of a version that commands know.

    Raises:
        DamagedError: its warehouse is not the one that was published.
        NothingYetError: nothing is published, or its marts are of another version.
    """
    from orchestration.queries import open_release

    settings, registry = context(profile)
    release = current(settings)
    if not is_readable(version := marts_version(release)):
        raise NothingYetError(
            f"{release.name} has marts of version {version}, and this command reads version "
            f"{MARTS_VERSION}.",
            f"For a release of this version run: lbn refresh --profile {settings.profile}. Or ask "
            "it with the code that wrote it, commit "
            f"{read_manifest(release)['git_commit'] or 'unknown'}.",
        )
    report.banner(err, registry.profile)
    verify_warehouse(release)
    with open_release(release) as connection:
        yield registry, connection
