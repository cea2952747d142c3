"""What the commands print: short, for people. Machines use --format csv or json."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from orchestration.cli import selections
from orchestration.cli.console import styled
from orchestration.cli.tables import Column, number, print_table
from orchestration.defs.refresh import Refreshed
from orchestration.layout import CURRENT, EXPLORER, FIRST_PAGE, WAREHOUSE, told_current
from orchestration.settings import Settings
from orchestration.sources.inbox import Unclaimed
from orchestration.sources.registry import Copy, Profile, Source
from orchestration.text import counted, one_line

# Both import DuckDB, which most commands do without.
if TYPE_CHECKING:
    from orchestration.ask.diff import Diff
    from orchestration.ask.find import Found
    from orchestration.ask.whatif import WhatIf
    from orchestration.publish.releases import Pruned

# Areas that joined or left a list, shown by name; all of them stand in the manifest.
_NAMED = 10
# Files that no source takes, in the summary of a refresh: an inbox can be somebody's downloads.
SHOWN = 10

_DONE, _FAILED = ("✓", "green"), ("✗", "red")

_OUTCOMES = {
    "built": "Published",
    "unchanged": "Nothing changed: the same inputs and code as",
    "restored": "Built before from the same inputs and code, and current again:",
}


def banner(console: Console, profile: Profile) -> None:
    """Whatever comes from the synthetic country says so first."""
    if profile.synthetic:
        console.print(styled(("SYNTHETIC", "bold yellow"), f" {profile.label}"))


class Progress:
    """One line a step, with its time; on a terminal the running step has a spinner."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status(styled())
        self._step: str | None = None
        self._begun = 0.0

    def __enter__(self) -> Progress:
        self._status.start()
        return self

    def announce(self, step: str) -> None:
        """A step begins, and the one before it, of which no more was said, is done."""
        self._finish(_DONE)
        self._step, self._begun = step, time.monotonic()
        self._status.update(styled(step))

    def wait(self, for_whom: str) -> None:
        """The same, and said at once: in a log there is no spinner to see it by."""
        self.announce(for_whom)
        if not self._console.is_terminal:
            self._console.print(f"{for_whom} ...")

    def succeeded(self) -> None:
        """The step that runs is done, whatever becomes of others."""
        self._finish(_DONE)

    def failed(self) -> None:
        """The step that runs has failed; others may follow."""
        self._finish(_FAILED)

    def _finish(self, mark: tuple[str, str]) -> None:
        if self._step:
            seconds = time.monotonic() - self._begun
            told = styled(mark, f" {self._step} ", (f"{seconds:.1f} s", "dim"))
            self._console.print(told)
        self._step = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish(_FAILED if kind else _DONE)
        self._status.stop()


def _plain(row: dict[str, Any], *names: str) -> Iterator[str]:
    """Cells with names that the publisher gave, each on one line."""
    return (one_line(row[name] or "") for name in names)


def _path(text: str) -> str:
    """Text with the path of a file: on one line, with every space that is in it."""
    return "\\n".join(text.splitlines())


def _count(value: Any) -> str:
    return "" if value is None else f"{value:,}"


def _of(some: int, all_: int) -> str:
    return str(some) if some == all_ else f"{some} of {all_}"


def _minute(moment: str) -> str:
    """An ISO 8601 moment (UTC) to the minute."""
    return moment[:16].replace("T", " ")


def _editions(console: Console, manifest: dict[str, Any]) -> None:
    fields = ("areas", "areas_rated", "areas_listed", "areas_published")
    print_table(
        console,
        [
            Column("edition"),
            number("areas", goes=2),
            number("rated", goes=3),
            number("on the list"),
            number("published list", goes=1),
        ],
        (
            [edition["edition_id"], *(_count(edition[field]) for field in fields)]
            for edition in manifest["editions"]
        ),
    )
    for edition in manifest["editions"]:
        # The first releases do not say it.
        if edition.get("is_cross_check"):
            console.print(
                f"{edition['edition_id']}: the published flag is a cross-check, computed by our "
                "rule on the same data"
            )
    selections.editions(console, manifest)


def _provenance(console: Console, manifest: dict[str, Any]) -> None:
    # The first releases do not say it.
    if said := manifest.get("provenance"):
        console.print(f"Provenance: {said}")


def _changes(console: Console, manifest: dict[str, Any]) -> None:
    changes = manifest["changes_since"]
    if not changes:
        return
    from orchestration.publish.differences import named_area

    moved = [edition for edition in changes["editions"] if edition["joined"] or edition["departed"]]
    console.print(f"Against {changes['release_id']}: " + ("" if moved else "every list the same."))
    for edition in moved:
        console.print(
            f"  {edition['edition_id']}: {edition['joined']:,} joined, {edition['departed']:,} left"
        )
        for change in ("joined", "left"):
            named = [each for each in edition.get("areas", []) if each["change"] == change]
            for area in named[:_NAMED]:
                console.print(f"    {change:<6} {named_area(area)}")
            if len(named) > _NAMED:
                console.print(f"    {change:<6} and {len(named) - _NAMED:,} more: manifest.json")
    for each in changes.get("differences", []):
        console.print(f"  {each['subject']}: {one_line(each['found'])}")


def _accepted(console: Console, accepted: Sequence[dict[str, str]]) -> None:
    for each in accepted:
        console.print(one_line(f"Accepted: {each['subject']}, {each['reason']} ({each['found']})"))


def refreshed(
    console: Console,
    result: Refreshed,
    settings: Settings,
    unused: Sequence[Unclaimed],
    accepted: Collection[str] = (),
) -> None:
    """The summary of a refresh and the next commands worth trying.

    Args:
        console: Where to.
        result: What the refresh came to.
        settings: Where the release lies.
        unused: Files of the inbox that no source takes.
        accepted: The subjects that were given to be accepted, needed or not.
    """
    manifest = result.manifest
    guards = manifest["guards"]
    tests = sum(guard["passed"] for guard in guards if guard["stage"] == "dbt")
    expectations = sum(guard["passed"] for guard in guards) - tests
    passed = sum(guard["passed"] == guard["expectations"] for guard in guards)
    console.print()
    about = f" {manifest['release_id']} ({manifest['label']}, {one_line(manifest['country'])})"
    console.print(styled((_OUTCOMES[result.outcome], "bold"), about))
    _editions(console, manifest)
    console.print(
        f"{_of(passed, len(guards))} guards passed "
        f"({expectations} expectations, {tests} dbt tests); "
        f"{len(manifest['inputs'])} source files"
    )
    if result.kept:
        console.print(result.kept)
    _provenance(console, manifest)
    for source in manifest["inputs"]:
        if source["issue"].startswith(("re-issue", "another copy")):
            console.print(styled((source["source_id"], "yellow"), f": {one_line(source['issue'])}"))
    if result.outcome == "built":
        _changes(console, manifest)
    _accepted(console, result.accepted)
    needed = {each["subject"] for each in result.accepted}
    if unneeded := sorted(set(accepted) - needed):
        console.print(f"Not needed: --accept {', '.join(unneeded)}", style="yellow")
    unclaimed(console, unused, SHOWN)
    current = settings.releases / CURRENT
    if current.is_relative_to(Path.cwd()):
        current = current.relative_to(Path.cwd())
    profile = "" if settings.profile == "sample" else f" --profile {settings.profile}"
    for what, file in (("Warehouse", WAREHOUSE), ("Explorer", f"{EXPLORER}/{FIRST_PAGE}")):
        console.print(f"{what + ':':<10} {current / file}")
    console.print("\nNext:")
    for command, what in (
        (f"list lsoa21_imd2025_cni2023{profile}", "read a list"),
        (f"status{profile}", "what is published, built from what"),
        (f"ui{profile}", "the same as a graph, in the Dagster UI"),
    ):
        console.print(f"  {_lbn()} {command}")
        console.print(f"      {what}", style="dim")


def unclaimed(console: Console, files: Sequence[Unclaimed], most: int | None = None) -> None:
    """The files of the inbox that are no source's, or the first of them."""
    if not files:
        return
    console.print("In the inbox and not used:", style="yellow")
    for file in files[:most]:
        console.print(f"  {_path(str(file))}", soft_wrap=True)
    if rest := len(files[most:]) if most else 0:
        console.print(f"  and {rest:,} more: {_lbn()} sources names them")


def edited(console: Console, files: Sequence[str]) -> None:
    """The sample's files that are not as they were written."""
    if files:
        console.print("[yellow]Changed by hand since the sample was written, and taken so:[/]")
    for file in files:
        console.print(f"  {file}", markup=False, soft_wrap=True)


def _lbn() -> str:
    """How to call this command from here: by its name, if it is on the path."""
    if shutil.which("lbn"):
        return "lbn"
    here = Path(sys.argv[0]).absolute()
    return str(here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here)


def edition_list(console: Console, edition: str, rows: list[dict[str, Any]]) -> None:
    places = any(row["place_name"] for row in rows)
    names = ("place_name", "area_name") if places else ("area_name",)
    if rows:
        print_table(
            console,
            [
                Column("area"),
                *([Column("place")] if places else []),
                Column("name"),
                # The name of a small area begins with that of its authority.
                Column("authority", goes=2 if places else 1),
                Column("region", goes=4),
                number("IMD rank"),
                number("CNI rank"),
                number("people", goes=3),
            ],
            (
                [
                    *_plain(row, "area_code", *names, "lad_name", "region_name"),
                    *(_count(row[field]) for field in ("imd_rank", "cni_rank", "population")),
                ]
                for row in rows
            ),
        )
    where = f" ({rows[0]['release_label']}, {rows[0]['release_id']})" if rows else ""
    console.print(f"{counted(len(rows), 'area')} on {edition}{where}; rank 1 = worst")


def found(console: Console, text: str, found: Found) -> None:
    """What a text leads to, kind by kind; a line an area."""
    said = [*found.became, *([found.note] if found.note else [])]
    for sentence in said:
        console.print(one_line(f"{sentence}."), soft_wrap=True)
    if not found.groups:
        if not said:
            console.print(one_line(f"Nothing is called '{text}', or like it."), soft_wrap=True)
        return
    if found.is_close:
        console.print(one_line(f"Nothing is called '{text}'. Did you mean:"), soft_wrap=True)
    for group in found.groups:
        more = f", the first {len(group.rows):,}" if len(group.rows) < group.total else ""
        console.print(styled((f"{group.label}: {group.total:,}{more}", "bold")))
        for row in group.rows:
            name = f"{row['place_name']} ({row['area_name']})" if row["place_name"] else None
            where = [name or row["area_name"], row["lad_name"], row["region_name"]]
            told = ", ".join(dict.fromkeys(each for each in where if each))
            listed = f"; on the list of {', '.join(row['listed'])}" if row["listed"] else ""
            chosen = f"; chosen in {', '.join(row['chosen'])}" if row["chosen"] else ""
            line = one_line(f"{row['area_code']}  {told}{listed}{chosen}")
            console.print(Padding(line, (0, 0, 0, 2), expand=False))


def status(
    console: Console, release: Path, manifest: dict[str, Any], *, is_intact: bool, waits: str
) -> None:
    """What is published.

    Args:
        is_intact: Whether the files are those that were published.
        waits: What a person has to agree to before it is published, if anything is.
    """
    about = f" ({manifest['label']}, {one_line(manifest['country'])}), "
    intact = ("checksums intact", "") if is_intact else ("DAMAGED", "red")
    console.print(styled((manifest["release_id"], "bold"), about, intact))
    console.print(f"built {manifest['built_at']} by code {manifest['code_version']}")
    told = told_current(release.parent)
    if told.get("how") in ("restored", "rolled back"):
        why = f": {told['reason']}" if told["reason"] else ""
        console.print(one_line(f"{told['how']} {told['since']}{why}"))
    console.print(f"in {release}\n")
    if waits:
        console.print(f"Held: {one_line(waits)}\n", style="yellow")
    _accepted(console, [*manifest.get("accepted", []), *told.get("accepted", [])])
    _editions(console, manifest)
    console.print()
    print_table(
        console,
        [
            Column("guard"),
            Column("stage", goes=2),
            number("passed"),
            number("of"),
            Column("checked", goes=1),
        ],
        (
            [
                guard["guard"],
                guard["stage"],
                str(guard["passed"]),
                str(guard["expectations"]),
                _minute(guard["checked_at"]),
            ]
            for guard in manifest["guards"]
        ),
    )
    console.print()
    _provenance(console, manifest)
    print_table(
        console,
        [
            Column("source"),
            Column("sha256", goes=3),
            number("rows"),
            Column("retrieved", goes=4),
            Column("what it is", goes=1),
            Column("issue", goes=2),
        ],
        (
            [
                source["source_id"],
                source["sha256"][:12],
                _count(source["rows"]),
                _minute(source["retrieved_at"]),
                one_line(source.get("provenance", "")),
                one_line(source["issue"]),
            ]
            for source in manifest["inputs"]
        ),
    )


@dataclass(frozen=True)
class FoundSource:
    """A source as `lbn sources` shows it."""

    source: Source
    expected_rows: int
    where: str
    sha256: str
    copy: Copy | None
    rows_read: int | None


def sources(console: Console, found: list[FoundSource]) -> None:
    for entry in found:
        console.print(styled((entry.source.id, "bold"), f"  {entry.source.title}"))
        rows = f"{entry.expected_rows:,} rows of the nation expected"
        if entry.rows_read is not None:
            rows += f", {entry.rows_read:,} rows read in all"
        for name, value in (
            ("file", entry.where),
            ("sha256", entry.sha256 or "known after the download"),
            ("what", str(entry.copy or "")),
            ("differs", (entry.copy and entry.copy.differs) or ""),
            ("rows", rows),
            ("licence", entry.source.licence),
        ):
            if value:
                _named(console, name, _path(value))


def explanation_line(console: Console, line: str, *, is_wrapped: bool) -> None:
    """A line of an explanation; what does not fit goes on below its beginning, or runs on."""
    if not is_wrapped:
        console.print(line, soft_wrap=True)
        return
    text = line.lstrip()
    console.print(Padding(text, (0, 0, 0, len(line) - len(text)), expand=False))


def _named(console: Console, name: str, value: str) -> None:
    """A value behind its name. A path stays whole, so that it can be copied; words are wrapped."""
    if name == "file":
        console.print(f"  {name:<8} {value}", soft_wrap=True)
        return
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=8)
    line.add_column(overflow="fold")
    line.add_row(name, value)
    console.print(Padding(line, (0, 0, 0, 2), expand=False))


def done_without(console: Console, sources: list[Source]) -> None:
    """Sources that are not there and need not be."""
    for source in sources:
        console.print(styled((source.id, "bold"), f"  {source.title}"))
        get = f"{source.to_get}. The page: {source.landing_page}"
        console.print(_path(f"  file     none, and none needed; to have it, {get}"))


def edition_diff(console: Console, diff: Diff) -> None:
    """An area in two lines: the reason is a sentence, too long for a cell of a table."""
    for row in diff.rows:
        name = "place_name" if row.get("place_name") else "area_name"
        where = ", ".join(_plain(row, name, "lad_name", "region_name"))
        console.print(styled((row["area_code"], "bold"), "  ", where))
        (reason,) = _plain(row, "reason")
        console.print(Padding(reason, (0, 0, 0, 2)))
    if diff.rows:
        console.print()
    counts = ", ".join(f"{count:,} {change}" for change, count in diff.counts.items())
    console.print(
        f"{counts}: from {diff.edition_from} to {diff.edition_to} "
        f"({diff.label}, {diff.release_id}); rank 1 = worst",
    )
    method_changed(console, diff)


def method_changed(console: Console, diff: Diff) -> None:
    """What changed beside the places, which is to be read with every change."""
    console.print(f"What changed besides: {diff.what_changed or 'nothing is declared'}.")


def what_if_summary(found: WhatIf) -> list[str]:
    """The rules, what they do to the list, and how it was computed."""
    rules = ", ".join(
        f"{name.upper()} worst {float(index.threshold * 100):g}%"
        + (" (other weights)" if index.is_reweighted else "")
        for name, index in found.indices.items()
    )
    counts = found.counts
    return [
        f"{counted(counts['listed_before'], 'area')} on {found.edition_id}, "
        f"{counts['listed_after']:,} by these rules: {counts['joined']:,} join, "
        f"{counts['left']:,} leave, {counts['stayed']:,} stay ({found.label}, {found.release_id})",
        f"Rules: {rules}; rank 1 = worst",
        *found.notes,
    ]


def what_if(console: Console, found: WhatIf) -> None:
    if found.rows:
        print_table(
            console,
            [
                Column(""),
                Column("area"),
                Column("name", goes=1),
                Column("authority", goes=2),
                Column("region", goes=3),
                *map(number, ("IMD before", "after", "CNI before", "after")),
            ],
            (
                [
                    row["change"],
                    *_plain(row, "area_code", "area_name", "lad_name", "region_name"),
                    *(
                        _count(row[f"{index}_rank_{when}"])
                        for index in ("imd", "cni")
                        for when in ("before", "after")
                    ),
                ]
                for row in found.rows
            ),
        )
        console.print()
    for line in what_if_summary(found):
        console.print(line)


def releases(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    shown = []
    for row in rows:
        told = [row["changed"]]
        if row["accepted"]:
            told.append(f"accepted: {', '.join(row['accepted'])}")
        if row["withdrawn_at"]:
            why = f": {row['withdrawn_because']}" if row["withdrawn_because"] else ""
            told.append(f"withdrawn {_minute(row['withdrawn_at'])}{why}")
        shown.append(
            [
                "→" if row["is_current"] else "",
                row["release_id"],
                _minute(row["built_at"] or ""),
                f"{row['bytes'] / 1e6:,.0f}",
                row["release_label"] or "",
                "\n".join(told),
            ]
        )
    print_table(
        console,
        [
            Column(""),
            Column("release"),
            Column("built (UTC)"),
            number("MB", goes=1),
            Column("label", goes=2),
            Column("changed"),
        ],
        shown,
    )
    console.print("→ is current", style="dim")


def rolled_back(console: Console, now: str, before: str | None, profile: str) -> None:
    was = f", {before} was." if before else "."
    console.print(styled((now, "bold"), f" is current{was}"))
    if before:
        console.print(
            "A refresh of the same files by the same code does not undo this. What differs:\n"
            f"  {_lbn()} compare {now} {before} --profile {profile}",
        )


def verified(console: Console, release_id: str, judged: int) -> None:
    again = (
        f"{judged} rules judged again and passed"
        if judged
        else ("no rule judged again: other code made it")
    )
    whole = ": every file as it was published; its tables and verdicts are those of its manifest; "
    console.print(styled((release_id, "bold"), f"{whole}{again}"))


def pruned(console: Console, found: Sequence[Pruned], *, only_said: bool) -> None:
    for each in found:
        size = f"{each.release.bytes / 1e6:,.0f} MB"
        what = f"stays: {each.stays}" if each.stays else "would go" if only_said else "removed"
        console.print(f"{each.release.release_id}  {size}  {what}")
    freed = sum(each.release.bytes for each in found if not each.stays) / 1e6
    console.print(f"{freed:,.0f} MB {'would be ' if only_said else ''}freed")
