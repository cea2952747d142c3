"""Tables as wide as the terminal: codes and numbers never break, what matters least goes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from orchestration.text import visible

_GAP = 2
# As much of a long text is shown on a line, where there is no room for all of it.
_COMFORTABLE = 16


@dataclass(frozen=True)
class Column:
    """A column: its heading, how early it may go, and what stands in it.

    ``goes`` is the order in which columns go where there is no room: the highest first, 0 never.
    """

    heading: str
    goes: int = 0
    is_number: bool = False


def number(heading: str, goes: int = 0) -> Column:
    """A column of numbers, which stand to the right."""
    return Column(heading, goes, is_number=True)


def print_table(console: Console, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows, a cell a column; and say which columns there was no room for."""
    cells = [[visible(cell) for cell in row] for row in rows]
    shown = list(range(len(columns)))
    least = [_least(column, [row[n] for row in cells]) for n, column in enumerate(columns)]
    most = [
        _longest([column.heading, *(row[n] for row in cells)]) for n, column in enumerate(columns)
    ]
    while _total([least[n] for n in shown]) > console.width:
        going = max(shown, key=lambda n: columns[n].goes)
        if not columns[going].goes:
            break
        shown.remove(going)
    spare = max(0, console.width - _total([least[n] for n in shown]))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for n in shown:
        more = min(most[n] - least[n], spare)
        spare -= more
        right = columns[n].is_number
        table.add_column(
            columns[n].heading,
            justify="right" if right else "left",
            width=least[n] + more,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*(row[n] for n in shown))
    console.print(table)
    if gone := [column.heading for n, column in enumerate(columns) if n not in shown]:
        console.print(f"No room here for: {', '.join(gone)}.", style="dim")


def _least(column: Column, cells: Sequence[str]) -> int:
    """The width below which a word would break, or a text be hard to read."""
    longest = _longest([word for text in (column.heading, *cells) for word in text.split()])
    return max(longest, min(_COMFORTABLE, _longest([column.heading, *cells])))


def _longest(texts: Iterable[str]) -> int:
    return max((cell_len(line) for text in texts for line in text.splitlines()), default=0)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)
