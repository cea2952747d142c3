"""Where the commands print: what they are given is text, whoever wrote it."""

from __future__ import annotations

from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from orchestration.text import visible


class PlainConsole(Console):
    """A console that knows no markup and no emoji, and shows the signs that a terminal obeys.

    Styles are given as such: ``style=``, or a text that is ``styled``.
    """

    def __init__(self, stream: TextIO, *, stderr: bool = False) -> None:
        # Into a file or a pipe, lines are as long as they need to be.
        width = None if stream.isatty() else 200
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)

    def render_str(self, text: str, **options: Any) -> Text:
        """What becomes of every string that is printed, cells of tables too."""
        return super().render_str(visible(text), **options)


def styled(*parts: str | tuple[str, str]) -> Text:
    """Text in parts, some of which have a style; its signs are shown as those of a string are."""
    return Text.assemble(
        *(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts)
    )
