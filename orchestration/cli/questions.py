"""Commands that ask a release: find, list, explain, diff, whatif, export, compare."""

from __future__ import annotations

import csv
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from orchestration.cli import report, selections
from orchestration.cli.app import ProfileOption, app, asked, context, err, out
from orchestration.problems import RefusedError, UsageError
from orchestration.publish.exports.formats import ExportFormat
from orchestration.text import counted, one_line, visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from duckdb import DuckDBPyConnection
    from rich.console import Console

    from orchestration.ask.editions import Edition
    from orchestration.ask.selection_whatif import SelectionWhatIf
    from orchestration.ask.whatif import WhatIf
    from orchestration.queries import Filters

    T = TypeVar("T", WhatIf, SelectionWhatIf)


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


class TextFormat(StrEnum):
    text = "text"
    json = "json"


class Change(StrEnum):
    joined = "joined"
    left = "left"
    stayed = "stayed"
    all = "all"


RegionOption = Annotated[str | None, typer.Option(help="Only this region, by name or code.")]
LadOption = Annotated[
    str | None,
    typer.Option(help="Only this authority, by name or code; also one of another year."),
]
InOption = Annotated[
    list[str] | None,
    typer.Option(
        "--in",
        metavar="KIND:NAME",
        help="Only what lies in this larger area, such as constituency:Clacton, ward:Abbey or "
        "icb:E54000008. Can be repeated.",
        show_default=False,
    ),
]
EditionArgument = Annotated[
    str | None,
    typer.Argument(
        help="Edition, such as lsoa21_imd2025_cni2023. Without one you see which there are.",
        show_default=False,
    ),
]
ChangeOption = Annotated[
    Change | None,
    typer.Option(help="Only these areas. Default: joined and left.", show_default=False),
]


def _changes(change: Change | None) -> tuple[str, ...]:
    """Which changes to list."""
    from orchestration.ask.lists import CHANGES

    return {None: ("joined", "left"), Change.all: CHANGES}.get(change, (str(change),))


def _filters(
    connection: DuckDBPyConnection,
    edition: str,
    region: str | None,
    lad: str | None,
    within: list[str] | None,
    name: str | None = None,
) -> Filters:
    """The areas that are meant; what a person should know of it is said."""
    from orchestration.ask.places import Places, resolve

    filters = resolve(connection, edition, Places(region, lad, tuple(within or ()), name))
    for note in filters.notes:
        err.print(one_line(note), soft_wrap=True)
    return filters


def write_rows(rows: list[dict[str, Any]], format_: Format) -> None:
    """Print rows for machines."""
    if format_ is Format.json:
        json.dump(rows, sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: _cell(v) for k, v in row.items()})


def _cell(value: Any) -> Any:
    """A value in CSV that goes to a terminal or a spreadsheet, neither of which may obey it."""
    from orchestration.publish.exports.csv_file import guarded

    return visible(guarded(value)) if isinstance(value, str) else value


@app.command(epilog='Example: lbn find "Abbey"')
def find(
    text: Annotated[
        str,
        typer.Argument(help="A name, its beginning or some of its words; a code; a postcode."),
    ],
    format_: Annotated[
        TextFormat, typer.Option("--format", help="How to print it.")
    ] = TextFormat.text,
    profile: ProfileOption = None,
) -> None:
    """Find a place by name, code or postcode: areas, wards, authorities, also those of old."""
    from dataclasses import asdict

    from orchestration.ask.find import find as found_for

    with asked(profile) as (_, connection):
        found = found_for(connection, text)
    if format_ is TextFormat.json:
        json.dump(asdict(found), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        report.found(out, text, found)


@app.command(
    "list",
    epilog='Example: lbn list lsoa21_imd2025_cni2023 --region "Northern Bank" --format csv',
)
def list_(
    edition: EditionArgument = None,
    region: RegionOption = None,
    lad: LadOption = None,
    within: InOption = None,
    name: Annotated[
        str | None,
        typer.Option(help="Only areas of this name or code, or in a place of this name."),
    ] = None,
    near: Annotated[
        bool,
        typer.Option("--near", help="Of a composite edition: who would be next, and by how much."),
    ] = False,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    profile: ProfileOption = None,
) -> None:
    """Print the areas on an edition's list, the most deprived first (rank 1 = worst).

    Of a composite edition: those that it chooses, the highest composite first.
    """
    from orchestration.ask import selection
    from orchestration.ask.editions import find_edition
    from orchestration.ask.lists import list_edition

    with asked(profile) as (_, connection):
        found = find_edition(connection, edition)
        if near and not found.is_composite:
            raise UsageError(
                f"{found.edition_id} lists by thresholds: --near is for composite editions.",
                f"What just misses it: lbn whatif {found.edition_id} --threshold 12%",
            )
        filters = _filters(connection, found.edition_id, region, lad, within, name)
        if near:
            rows = selection.list_near_misses(connection, found, filters)
        elif found.is_composite:
            rows = selection.list_selected(connection, found, filters)
        else:
            rows = list_edition(connection, found.edition_id, filters)
        notes = selection.foot_notes(connection, found) if found.is_composite else []
    if format_ is not Format.table:
        write_rows(rows, format_)
    elif near:
        selections.near_misses(out, found.edition_id, rows)
    elif found.is_composite:
        selections.selected(out, found.edition_id, rows)
    else:
        report.edition_list(out, found.edition_id, rows)
    selections.notes(err, notes)


@app.command(epilog="Example: lbn explain X01000001 --edition lsoa21_imd2025_cni2023 --full")
def explain(
    area: Annotated[str, typer.Argument(help="Area, by code, name, part of it, or postcode.")],
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
    full: Annotated[
        bool,
        typer.Option("--full", help="Every formula with its numbers, every value with its line."),
    ] = False,
    format_: Annotated[
        TextFormat,
        typer.Option("--format", help="How to print it; json always has everything."),
    ] = TextFormat.text,
    profile: ProfileOption = None,
) -> None:
    """Say why an area is on a list or not, down to the line of each file.

    Both ranks, the domains behind them, and the files. With --full, from the flag to the indices,
    domains, sub-domains and indicators: every formula with its numbers, every raw value with its
    file, sha256 and line. An area of composite editions is explained in each of them: both scores
    and their parts, the composite, its constituency, and what the programme published.
    """
    from orchestration.ask import explanation, selection_explanation
    from orchestration.ask.answer import explained
    from orchestration.ask.selection import foot_notes

    with asked(profile) as (_, connection):
        found, composites = explained(connection, area, edition, part)
        notes = foot_notes(connection, *composites) if composites else []
    of_lists = "verdict" in found
    in_short, lines = (
        (explanation.in_short, explanation.lines)
        if of_lists
        else (selection_explanation.in_short, selection_explanation.lines)
    )
    if format_ is TextFormat.json:
        json.dump(found, sys.stdout, indent=2, default=str)
        sys.stdout.write("\n")
    else:
        for line in lines(found) if full else in_short(found):
            # A line break in a name would begin a line that is not ours.
            report.explanation_line(out, " ".join(line.splitlines()), is_wrapped=not full)
    selections.notes(err, notes)


@app.command(
    epilog="Example: lbn diff lsoa21_imd2019_cni2023 lsoa21_imd2025_cni2023 --change joined"
)
def diff(
    edition: EditionArgument = None,
    other: Annotated[
        str | None,
        typer.Argument(help="A later one, such as lsoa21_imd2025_cni2023.", show_default=False),
    ] = None,
    change: ChangeOption = None,
    region: RegionOption = None,
    lad: LadOption = None,
    within: InOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    profile: ProfileOption = None,
) -> None:
    """Say which areas joined, left or stayed from an edition to a later one, and why.

    Editions that their publisher says may not be compared are refused, with the reason; so are two
    composite editions of other areas or another rule.
    """
    from orchestration.ask import selection
    from orchestration.ask.diff import diff_editions
    from orchestration.ask.editions import find_edition

    notes: list[str] = []
    with asked(profile) as (_, connection):
        one, two = (find_edition(connection, each) for each in (edition, other))
        # Editions that may be compared are of the same areas.
        filters = _filters(connection, two.edition_id, region, lad, within)
        if one.is_composite or two.is_composite:
            found = selection.diff_selections(connection, one, two, filters, _changes(change))
            notes = selection.foot_notes(connection, one, two)
        else:
            found = diff_editions(
                connection, one.edition_id, two.edition_id, filters, _changes(change)
            )
    if found.swapped:
        err.print(
            f"{found.edition_from} is the earlier one: shown is the change from it to "
            f"{found.edition_to}.",
        )
    if format_ is Format.table:
        report.edition_diff(out, found)
        selections.regions(out, found)
    else:
        report.method_changed(err, found)
        write_rows(found.rows, format_)
    selections.notes(err, notes)


@app.command(
    epilog="Example: lbn whatif lsoa21_imd2025_cni2023 --threshold 15% --weights income=0.3"
)
def whatif(
    edition: EditionArgument = None,
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
            "named keep theirs. Only proportions count. Of a composite edition: imd=2,cni=1."
        ),
    ] = None,
    carry_rule: Annotated[
        str | None,
        typer.Option(
            help="How the IMD comes to the areas, such as population_weighted_mean: a rule of "
            "edition_carry_rule. Default: the edition's own."
        ),
    ] = None,
    standardisation: Annotated[
        str | None,
        typer.Option(help="Of a composite edition: how scores are made alike, z_score or min_max."),
    ] = None,
    most_in_group: Annotated[
        int | None,
        typer.Option(
            min=0, help="Of a composite edition: how many of a constituency; 0 for any number."
        ),
    ] = None,
    most_in_authority: Annotated[
        int | None,
        typer.Option(
            min=0, help="Of a composite edition: how many of an authority; 0 for any number."
        ),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(min=0, help="Of a composite edition: how many in all; 0 for any number."),
    ] = None,
    without_exclusions: Annotated[
        bool,
        typer.Option(
            "--without-exclusions",
            help="Of a composite edition: also where an earlier phase has a place.",
        ),
    ] = False,
    imd_release: Annotated[
        str | None,
        typer.Option(help="Of a composite edition: the IMD of another one, such as imd2025."),
    ] = None,
    change: ChangeOption = None,
    region: RegionOption = None,
    lad: LadOption = None,
    within: InOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    profile: ProfileOption = None,
) -> None:
    """Say what an edition's list would be with other thresholds, weights or another carry rule.

    Counts who would join and leave, and lists them with both ranks before and after. Nothing is
    stored. With nothing changed it is the list itself. Of a composite edition: whom it would choose
    by another rule, and why.
    """
    from orchestration.ask import selection, selection_whatif
    from orchestration.ask import whatif as by_other_rules
    from orchestration.ask.editions import find_edition

    chosen = {} if weights is None else by_other_rules.weights(weights)
    with asked(profile) as (_, connection):
        named = find_edition(connection, edition)
        _of_its_kind(
            named,
            of_thresholds={
                "--threshold": threshold,
                "--imd-threshold": imd_threshold,
                "--cni-threshold": cni_threshold,
                "--carry-rule": carry_rule,
            },
            of_composites={
                "--standardisation": standardisation,
                "--most-in-group": most_in_group,
                "--most-in-authority": most_in_authority,
                "--most": most,
                "--without-exclusions": without_exclusions or None,
                "--imd-release": imd_release,
            },
        )
        filters = _filters(connection, named.edition_id, region, lad, within)
        if not named.is_composite:
            rules = by_other_rules.AskedRules(
                imd_threshold=_share(imd_threshold) or _share(threshold),
                cni_threshold=_share(cni_threshold) or _share(threshold),
                carry_rule=carry_rule,
                weights=chosen,
            )
            found = by_other_rules.what_if(
                connection, named.edition_id, rules, filters, _changes(change)
            )
            _print_what_if(found, format_, report.what_if, report.what_if_summary)
            return
        rule = selection_whatif.AskedRule(
            weights=chosen,
            standardisation=standardisation,
            most_in_group=most_in_group,
            most_in_authority=most_in_authority,
            most_selected=most,
            with_exclusions=not without_exclusions,
            imd_release=imd_release,
        )
        selected = selection_whatif.what_if_selected(
            connection, named, rule, filters, _changes(change)
        )
        notes = selection.foot_notes(connection, named)
    _print_what_if(selected, format_, selections.what_if, selections.what_if_summary)
    selections.notes(err, notes)


def _share(text: str | None) -> Fraction | None:
    from orchestration.ask.whatif import threshold

    return None if text is None else threshold(text)


def _of_its_kind(
    edition: Edition, of_thresholds: dict[str, Any], of_composites: dict[str, Any]
) -> None:
    """Refuse the options that are for editions of the other kind, and say which are for this."""
    if edition.is_composite:
        what, its_own, other = "takes the highest composites", of_composites, of_thresholds
    else:
        what, its_own, other = "lists by thresholds", of_thresholds, of_composites
    if given := [option for option, value in other.items() if value is not None]:
        weights = "imd=2,cni=1" if edition.is_composite else "income=0.3"
        raise UsageError(
            f"{edition.edition_id} {what}, so there is no {' or '.join(given)}.",
            f"What may be asked of it: --weights {weights}, {', '.join(its_own)}.",
        )


def _print_what_if(
    found: T,
    format_: Format,
    table: Callable[[Console, T], None],
    summary: Callable[[T], list[str]],
) -> None:
    if format_ is Format.table:
        table(out, found)
    elif format_ is Format.json:
        json.dump(found.as_data(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for line in summary(found):
            err.print(line)
        write_rows(found.rows, format_)


@app.command(epilog="Example: lbn export lsoa21_imd2025_cni2023 --format xlsx --listed")
def export(
    format_: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="What to write: csv, parquet, geoparquet, gpkg or xlsx.",
        ),
    ],
    edition: EditionArgument = None,
    region: RegionOption = None,
    lad: LadOption = None,
    within: InOption = None,
    listed: Annotated[
        bool,
        typer.Option("--listed", help="Only areas on the list, or chosen; else every area."),
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
    file cannot describe itself: a file that ends in .datapackage.json is written beside it. Of a
    composite edition --listed takes the areas that it chooses.
    """
    from orchestration.ask.editions import find_edition
    from orchestration.ask.export import default_name, export_edition
    from orchestration.ask.selection import foot_notes
    from orchestration.publish.exports.about import about

    if bom and format_ is not ExportFormat.csv:
        raise UsageError("--bom is for --format csv.")
    with asked(profile) as (registry, connection):
        named = find_edition(connection, edition)
        filters = _filters(connection, named.edition_id, region, lad, within)
        name = default_name(named.edition_id, format_, filters, listed=listed)
        target = output or Path(name)
        if target.is_dir():
            target = target / name
        if not target.parent.is_dir():
            raise UsageError(f"There is no folder {target.parent}.")
        files, rows = export_edition(
            connection,
            named.edition_id,
            format_,
            target,
            filters,
            listed=listed,
            bom=bom,
            force=force,
        )
        warning = about(connection).warning
        notes = foot_notes(connection, named) if named.is_composite else []
    if warning and not registry.profile.synthetic:
        err.print(warning, style="yellow", soft_wrap=True)
    for file in files:
        out.print(str(file), soft_wrap=True)
    err.print(f"{counted(rows, 'area')}; rank 1 = worst")
    selections.notes(err, notes)


@app.command(epilog="Example: lbn compare A B --renamed old=new")
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

    from orchestration.ask.compare import BY_NATURE
    from orchestration.ask.compare import compare as compared
    from orchestration.publish.releases import find_release

    settings, _ = context(profile)
    folders = [
        Path(name) if Path(name).is_dir() else find_release(settings, name).path
        for name in (one, other)
    ]
    names = dict(name.partition("=")[::2] for name in renamed or ())
    if not all(old and new for old, new in names.items()):
        raise UsageError("--renamed takes a column of A and its name in B: old=new")
    found = compared(folders[0], folders[1], names)
    if format_ is TextFormat.json:
        json.dump([asdict(difference) for difference in found], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for difference in found:
            out.print(one_line(f"{difference.where}: {difference.what}"), soft_wrap=True)
        left_out = ", ".join(BY_NATURE)
        out.print(f"{counted(len(found), 'difference')} (left out: {left_out})")
    if found:
        raise typer.Exit(RefusedError.exit_code)
