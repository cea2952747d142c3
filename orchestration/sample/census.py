"""What the census asks and how the answers depend on where people live.

Only the questions and their categories; `outcomes` draws the answers. The shares and slopes are
made up to resemble England: deprived areas differ much, and needy ones a little more in the same
direction, so that areas that are both come out worse than areas that are deprived only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One answer.

    `share` is what it has in an area like the country as a whole, up to a common factor. The
    slopes are changes of its logarithm for one deviation of deprivation, need and the share of
    older people; `own` is the deviation of what none of them explains.
    """

    title: str
    share: float
    deprivation: float
    need: float
    older: float
    own: float
    parent: str = ""  # a heading under which the table adds up its categories


@dataclass(frozen=True)
class Table:
    """A census table: what the publisher calls it, whom it counts and the answers in order."""

    number: str
    version: int
    title: str
    about: str
    prefix: str
    total: str
    unit: str
    categories: tuple[Category, ...]


QUALIFICATIONS = Table(
    number="ts067",
    version=1,
    title="Highest level of qualification",
    about="usual residents aged 16 years and over by their highest level of qualification",
    prefix="Highest level of qualification",
    total="All usual residents aged 16 years and over",
    unit="Person",
    categories=(
        Category("No qualifications", 0.175, 0.34, 0.09, 0.15, 0.22),
        Category("Level 1 and entry level qualifications", 0.100, 0.10, 0.10, 0.06, 0.18),
        Category("Level 2 qualifications", 0.136, -0.02, 0.10, 0.05, 0.14),
        Category("Apprenticeship", 0.053, 0.00, 0.12, 0.20, 0.25),
        Category("Level 3 qualifications", 0.169, -0.10, 0.04, -0.06, 0.16),
        Category("Level 4 qualifications and above", 0.339, -0.26, -0.12, -0.10, 0.20),
        Category("Other qualifications", 0.028, 0.12, 0.00, 0.03, 0.28),
    ),
)
OCCUPATIONS = Table(
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
            *(0.132, -0.42, -0.10, -0.02, 0.25),
        ),
        Category(
            "L4, L5 and L6 Lower managerial, administrative and professional occupations",
            *(0.199, -0.22, -0.05, 0.03, 0.15),
        ),
        Category("L7 Intermediate occupations", 0.114, -0.12, 0.03, 0.05, 0.16),
        Category(
            "L8 and L9 Small employers and own account workers", 0.106, -0.06, -0.04, 0.14, 0.22
        ),
        Category(
            "L10 and L11 Lower supervisory and technical occupations",
            *(0.053, 0.06, 0.12, 0.06, 0.22),
        ),
        Category("L12 Semi-routine occupations", 0.113, 0.15, 0.10, 0.06, 0.18),
        Category("L13 Routine occupations", 0.120, 0.28, 0.12, 0.02, 0.22),
        Category(
            "L14.1 and L14.2 Never worked and long-term unemployed", 0.085, 0.44, 0.03, 0.02, 0.25
        ),
        Category("L15 Full-time students", 0.077, 0.02, -0.08, -0.30, 0.35),
    ),
)
TENURE = Table(
    number="ts054",
    version=2,
    title="Tenure",
    about="households by tenure",
    prefix="Tenure of household",
    total="All households",
    unit="Household",
    categories=(
        Category("Owns outright", 0.325, -0.26, 0.00, 0.40, 0.25, "Owned"),
        Category("Owns with a mortgage or loan", 0.288, -0.32, 0.04, -0.05, 0.25, "Owned"),
        Category("Shared ownership", 0.010, -0.10, 0.00, -0.20, 0.90, "Shared ownership"),
        Category(
            "Rents from council or Local Authority",
            *(0.083, 0.62, 0.14, -0.10, 0.55, "Social rented"),
        ),
        Category("Other social rented", 0.088, 0.42, 0.12, -0.10, 0.55, "Social rented"),
        Category(
            "Private landlord or letting agency",
            *(0.182, 0.16, -0.12, -0.20, 0.35, "Private rented"),
        ),
        Category("Other private rented", 0.022, 0.06, -0.08, 0.05, 0.40, "Private rented"),
        Category("Lives rent free", 0.0015, 0.25, 0.00, 0.00, 0.60),
    ),
)
