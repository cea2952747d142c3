"""What the census asks and how the answers depend on where people live.

Only the questions and their categories; `outcomes` draws the answers. The shares and slopes are
made up to resemble England: deprived areas differ much, and needy ones a little more in the same
direction, so that areas that are both come out worse than areas that are deprived only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Pattern(NamedTuple):
    """How common an answer is, and where.

    `share` is what it has in an area like the country as a whole; those of a table need not quite
    add up to 1. `deprivation`, `need` and `older` are the changes of its logarithm where an area
    is one deviation more deprived, needier or older; `own` is the deviation of what is left.
    """

    share: float
    deprivation: float
    need: float
    older: float
    own: float


@dataclass(frozen=True)
class Category:
    """One answer; a `parent` is a heading under which the table adds up its categories."""

    title: str
    pattern: Pattern
    parent: str = ""


@dataclass(frozen=True)
class CensusTable:
    """A census table: what the publisher calls it, whom it counts and the answers in order."""

    number: str
    version: int
    title: str
    about: str
    prefix: str
    total: str
    unit: str
    categories: tuple[Category, ...]


QUALIFICATIONS = CensusTable(
    number="ts067",
    version=1,
    title="Highest level of qualification",
    about="usual residents aged 16 years and over by their highest level of qualification",
    prefix="Highest level of qualification",
    total="All usual residents aged 16 years and over",
    unit="Person",
    categories=(
        Category("No qualifications", Pattern(0.175, 0.34, 0.09, 0.15, 0.22)),
        Category("Level 1 and entry level qualifications", Pattern(0.100, 0.10, 0.10, 0.06, 0.18)),
        Category("Level 2 qualifications", Pattern(0.136, -0.02, 0.10, 0.05, 0.14)),
        Category("Apprenticeship", Pattern(0.053, 0.00, 0.12, 0.20, 0.25)),
        Category("Level 3 qualifications", Pattern(0.169, -0.10, 0.04, -0.06, 0.16)),
        Category("Level 4 qualifications and above", Pattern(0.339, -0.26, -0.12, -0.10, 0.20)),
        Category("Other qualifications", Pattern(0.028, 0.12, 0.00, 0.03, 0.28)),
    ),
)
OCCUPATIONS = CensusTable(
    number="ts062",
    version=1,
    title="NS-SeC",
    about="usual residents aged 16 years and over by National Statistics Socio-economic "
    "Classification (NS-SEC)",
    prefix="National Statistics Socio-economic Classification (NS-SEC)",
    total="All usual residents aged 16 years and over",
    unit="Person",
    categories=(
        Category(
            "L1, L2 and L3 Higher managerial, administrative and professional occupations",
            Pattern(0.132, -0.42, -0.10, -0.02, 0.25),
        ),
        Category(
            "L4, L5 and L6 Lower managerial, administrative and professional occupations",
            Pattern(0.199, -0.22, -0.05, 0.03, 0.15),
        ),
        Category("L7 Intermediate occupations", Pattern(0.114, -0.12, 0.03, 0.05, 0.16)),
        Category(
            "L8 and L9 Small employers and own account workers",
            Pattern(0.106, -0.06, -0.04, 0.14, 0.22),
        ),
        Category(
            "L10 and L11 Lower supervisory and technical occupations",
            Pattern(0.053, 0.06, 0.12, 0.06, 0.22),
        ),
        Category("L12 Semi-routine occupations", Pattern(0.113, 0.15, 0.10, 0.06, 0.18)),
        Category("L13 Routine occupations", Pattern(0.120, 0.28, 0.12, 0.02, 0.22)),
        Category(
            "L14.1 and L14.2 Never worked and long-term unemployed",
            Pattern(0.085, 0.44, 0.03, 0.02, 0.25),
        ),
        Category("L15 Full-time students", Pattern(0.077, 0.02, -0.08, -0.30, 0.35)),
    ),
)
TENURE = CensusTable(
    number="ts054",
    version=2,
    title="Tenure",
    about="households by tenure",
    prefix="Tenure of household",
    total="All households",
    unit="Household",
    categories=(
        Category("Owns outright", Pattern(0.325, -0.26, 0.00, 0.40, 0.25), "Owned"),
        Category("Owns with a mortgage or loan", Pattern(0.288, -0.32, 0.04, -0.05, 0.25), "Owned"),
        Category("Shared ownership", Pattern(0.010, -0.10, 0.00, -0.20, 0.90), "Shared ownership"),
        Category(
            "Rents from council or Local Authority",
            Pattern(0.083, 0.62, 0.14, -0.10, 0.55),
            "Social rented",
        ),
        Category("Other social rented", Pattern(0.088, 0.42, 0.12, -0.10, 0.55), "Social rented"),
        Category(
            "Private landlord or letting agency",
            Pattern(0.182, 0.16, -0.12, -0.20, 0.35),
            "Private rented",
        ),
        Category("Other private rented", Pattern(0.022, 0.06, -0.08, 0.05, 0.40), "Private rented"),
        Category("Lives rent free", Pattern(0.0015, 0.25, 0.00, 0.00, 0.60)),
    ),
)
