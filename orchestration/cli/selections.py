"""What the commands print of composite editions: short, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding

from orchestration.cli.console import styled
from orchestration.cli.tables import Column, number, print_table
from orchestration.text import counted, one_line

if TYPE_CHECKING:
    from orchestration.ask.diff import Diff
    from orchestration.ask.selection_whatif import SelectionWhatIf

# Near misses that are shown of a kind: the first in line of every group is one.
_NEAREST = 20
_PUBLISHED = {True: "yes", False: "no", None: ""}


def notes(console: Console, said: Sequence[str]) -> None:
    """What is to be read with every answer, at its foot."""
    for note in said:
        console.print(one_line(note), soft_wrap=True, style="dim")


def _name(row: dict[str, Any]) -> str:
    return one_line(row["place_name"] or row["area_name"] or "")


def _cells(row: dict[str, Any], *names: str) -> list[str]:
    return [one_line(row[name] or "") for name in names]


def _count(value: Any) -> str:
    return "" if value is None else f"{value:,}"


def selected(console: Console, edition: str, rows: Sequence[dict[str, Any]]) -> None:
    """The areas that are chosen, the highest composite first."""
    if rows:
        print_table(
            console,
            [
                number("in line", goes=5),
                Column("area"),
                Column("place"),
                Column("group", goes=2),
                Column("authority", goes=3),
                Column("region", goes=7),
                number("composite"),
                number("rank", goes=4),
                number("IMD rank", goes=6),
                number("CNI rank", goes=6),
                number("people", goes=8),
                Column("published", goes=1),
            ],
            (
                [
                    _count(row["place_in_line"]),
                    row["area_code"],
                    _name(row),
                    *_cells(row, "group_name", "lad_name", "region_name"),
                    f"{row['composite']:.3f}",
                    *(_count(row[name]) for name in ("composite_rank", "imd_rank", "cni_rank")),
                    _count(row["population"]),
                    _PUBLISHED[row["published_flag"]],
                ]
                for row in rows
            ),
        )
    console.print(f"{counted(len(rows), 'area')} chosen in {edition}{_where(rows)}; rank 1 = worst")


def near_misses(console: Console, edition: str, rows: Sequence[dict[str, Any]]) -> None:
    """Who would be next, the nearest of each kind, in two lines: the reason is a sentence."""
    shown = [row for row in rows if row["near_miss_place"] <= _NEAREST]
    for row in shown:
        where = ", ".join(filter(None, [_name(row), *_cells(row, "lad_name", "region_name")]))
        console.print(styled((row["area_code"], "bold"), "  ", where))
        console.print(Padding(f"{row['near_miss']}: {one_line(row['reason_text'])}", (0, 0, 0, 2)))
    if rows:
        console.print()
    console.print(
        f"{counted(len(rows), 'area')} would be next in {edition}{_where(rows)}; rank 1 = worst"
    )
    if len(shown) < len(rows):
        console.print(f"Shown are the nearest {_NEAREST} of each kind; all: --format csv.")


def _where(rows: Sequence[dict[str, Any]]) -> str:
    return f" ({rows[0]['release_label']}, {rows[0]['release_id']})" if rows else ""


def regions(console: Console, diff: Diff) -> None:
    """How many joined, left and stayed, by region."""
    if not diff.regions:
        return
    print_table(
        console,
        [Column("region"), *map(number, diff.counts)],
        (
            [one_line(row["region_name"]), *(_count(row[change]) for change in diff.counts)]
            for row in diff.regions
        ),
    )


def what_if_summary(found: SelectionWhatIf) -> list[str]:
    """What the rule does to the choice, and which it is."""
    counts = found.counts
    return [
        f"{counted(counts['chosen_before'], 'area')} chosen in {found.edition_id}, "
        f"{counts['chosen_after']:,} by this rule: {counts['joined']:,} join, "
        f"{counts['left']:,} leave, {counts['stayed']:,} stay ({found.label}, {found.release_id})",
        f"Rule: {found.rule_text}; rank 1 = worst",
        *(["This is a calculation, and nobody's decision."] if found.is_other else []),
    ]


def what_if(console: Console, found: SelectionWhatIf) -> None:
    """An area in two lines, with why the rule chooses it or does not."""
    for row in found.rows:
        where = ", ".join(filter(None, [_name(row), *_cells(row, "lad_name", "region_name")]))
        console.print(styled(f"{row['change']:<6}  ", (row["area_code"], "bold"), "  ", where))
        console.print(Padding(one_line(row["reason_after"]), (0, 0, 0, 8)))
    if found.rows:
        console.print()
    for line in what_if_summary(found):
        console.print(line)


def editions(console: Console, manifest: dict[str, Any]) -> None:
    """The composite editions of a release with their sizes; older releases name none."""
    if not (rows := manifest.get("composite_editions")):
        return
    fields = ("areas", "areas_selected", "places_published", "areas_agreed")
    print_table(
        console,
        [
            Column("composite edition"),
            number("areas", goes=1),
            number("chosen"),
            number("published"),
            number("agreed"),
        ],
        ([row["edition_id"], *(_count(row[field]) for field in fields)] for row in rows),
    )
    for row in rows:
        if not row["is_programmes_own"]:
            console.print(f"{row['edition_id']}: a calculation, and nobody's decision")
