"""How the project says no: every problem found is collected, then one failure is raised.

A problem speaks to the person who must act: where it is, what was found, what was expected, and
what to do. The command line and the Dagster UI print the same text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNTOUCHED = "Nothing was published: the release that was current still is, unchanged."


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input, a candidate or the set-up."""

    where: str
    found: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        return (
            f"{self.where}\n    found:    {self.found}\n"
            f"    expected: {self.expected}\n    to do:    {self.remedy}"
        )


class RefreshError(Exception):
    """Raised once with every problem of a stage; its text is for people.

    Args:
        stage: What the refresh was doing, in a few words.
        problems: At least one problem.
    """

    def __init__(self, stage: str, problems: Iterable[Problem]) -> None:
        self.stage = stage
        self.problems = list(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        listed = "\n".join(f"{n}. {problem}" for n, problem in enumerate(self.problems, start=1))
        super().__init__(f"{stage}: {count}\n{listed}\n{UNTOUCHED}")
