"""Tables in a terminal of any width: what is shown is whole, and what is not is named."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from orchestration.cli.console import PlainConsole
from orchestration.cli.tables import Column, number, print_table

COLUMNS = [Column("area"), Column("name"), Column("region", goes=2), number("people", goes=1)]
words = st.text("abcdefgh&'-", min_size=1, max_size=14)
rows = st.lists(
    st.tuples(
        st.from_regex(r"[A-Z][0-9]{8}", fullmatch=True),
        st.lists(words, min_size=1, max_size=6).map(" ".join),
        words,
        st.integers(0, 10**7).map("{:,}".format),
    ),
    min_size=1,
    max_size=8,
)


def printed(cells: list[tuple[str, ...]], width: int) -> list[str]:
    console = PlainConsole(io.StringIO())
    console.width = width
    with console.capture() as capture:
        print_table(console, COLUMNS, cells)
    return capture.get().splitlines()


@given(rows, st.integers(40, 120))
def test_no_word_breaks_and_no_line_is_too_long(cells: list[tuple[str, ...]], width: int) -> None:
    lines = printed(cells, width)
    assert all(len(line) <= width for line in lines)
    shown = " ".join(lines).split()
    gone = [name for name in ("region", "people") if name not in lines[0].split()]
    if gone:
        assert f"No room here for: {', '.join(gone)}." in lines[-1]
    for area, name, region, people in cells:
        assert area in shown
        assert set(name.split()) <= set(shown)
        assert "region" in gone or region in shown
        assert "people" in gone or people in shown
    # The least important goes first.
    assert gone != ["people"]


def test_a_wide_terminal_has_every_column_and_says_nothing() -> None:
    lines = printed([("X01000001", "Abbey & Driftcliffe", "Northern Bank", "1,197")], 120)
    assert len(lines) == 2
    assert lines[1].split("  ") == ["X01000001", "Abbey & Driftcliffe", "Northern Bank", " 1,197"]


def test_below_what_a_code_and_a_name_need_a_table_is_still_printed() -> None:
    lines = printed([("X01000001", "Abbey", "North", "1")], 8)
    assert all(len(line) <= 8 for line in lines)
    assert "X" in "".join(lines)
