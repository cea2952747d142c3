"""How the 2011 LSOAs became those of 2021: unchanged, split, merged or redrawn.

The 2021 areas come first (they have the geometry); their 2011 parents are derived from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample.country.geography import Country, Floats, Ints

SPLIT_IN_TWO = 70
SPLIT_IN_THREE = 6
MERGED = 8


@dataclass(frozen=True)
class Lineage:
    """The exact-fit lookup as index pairs; 2011 areas are numbered in code order.

    `share` is the part of the 2021 population that lived in that 2011 area, so that it adds up
    to one for every 2021 area.
    """

    lsoa11: Ints
    lsoa21: Ints
    share: Floats
    change: list[str]
    lsoa11_msoa: Ints

    @property
    def lsoa11_count(self) -> int:
        """Number of 2011 areas."""
        return len(self.lsoa11_msoa)

    def total(self, values21: Floats) -> Floats:
        """Counts of 2021 areas added up to their 2011 parents."""
        parts = values21[self.lsoa21] * self.share
        return np.asarray(np.bincount(self.lsoa11, parts, self.lsoa11_count), dtype=np.float64)

    def mean(self, values21: Floats, weights21: Floats) -> Floats:
        """Weighted means of 2021 areas over their 2011 parents."""
        return self.total(values21 * weights21) / self.total(weights21)

    def ward_of_lsoa11(self, country: Country, population21: Floats) -> Ints:
        """Best fit: the ward in which most of the 2011 area's people live."""
        people = population21[self.lsoa21] * self.share
        best = np.full(self.lsoa11_count, -1, dtype=np.int64)
        for link in np.argsort(people, kind="stable"):
            best[self.lsoa11[link]] = country.ward[self.lsoa21[link]]
        return best


def trace_back(rng: np.random.Generator, country: Country) -> Lineage:
    """Choose which areas changed, one change to an MSOA, and link them all to their parents."""
    links: list[tuple[int, int, int, float, str]] = []  # msoa, parent key, lsoa21, share, change
    changed: set[int] = set()
    picked = iter(rng.permutation(len(country.msoa_district)))

    def neighbours(count: int) -> list[int]:
        """Adjacent 2021 areas of an MSOA in which nothing has changed yet."""
        members = np.flatnonzero(country.msoa == next(picked))
        offset = country.xy[members] - country.xy[members[0]]
        nearest = members[np.argsort(np.hypot(offset[:, 0], offset[:, 1]), kind="stable")]
        chosen = [int(m) for m in nearest[:count]]
        changed.update(chosen)
        return chosen

    def link(parent: int, child: int, share: float, change: str) -> None:
        links.append((int(country.msoa[child]), parent, child, share, change))

    for size in [2] * SPLIT_IN_TWO + [3] * SPLIT_IN_THREE:
        children = neighbours(size)
        for child in children:
            link(2 * children[0], child, 1.0, "S")
    for _ in range(MERGED):
        (child,) = neighbours(1)
        share = round(float(rng.uniform(0.4, 0.6)), 3)
        link(2 * child, child, share, "M")
        link(2 * child + 1, child, 1 - share, "M")
    redrawn, rest = neighbours(2)
    link(2 * redrawn, redrawn, 1.0, "X")
    link(2 * redrawn, rest, 0.35, "X")
    link(2 * redrawn + 1, rest, 0.65, "X")
    for child in range(len(country.xy)):
        if child not in changed:
            link(2 * child, child, 1.0, "U")

    links.sort()
    parents = sorted({(msoa, parent) for msoa, parent, *_ in links})
    number = {parent: position for position, (_, parent) in enumerate(parents)}
    return Lineage(
        lsoa11=np.array([number[parent] for _, parent, *_ in links], dtype=np.int64),
        lsoa21=np.array([child for _, _, child, *_ in links], dtype=np.int64),
        share=np.array([share for *_, share, _ in links]),
        change=[change for *_, change in links],
        lsoa11_msoa=np.array([msoa for msoa, _ in parents], dtype=np.int64),
    )
