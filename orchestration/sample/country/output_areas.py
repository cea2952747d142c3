"""Output areas of 2011: LSOAs cut into fives or so, of which some lie across a ward's boundary.

They are why a ward can have an IMD that no best fit of whole LSOAs gives it, and why the IMD of
many wards differs a little from what the best fit gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from orchestration.sample.country.geography import Country, Floats, Ints
from orchestration.sample.country.lineage import Lineage
from orchestration.sample.country.shapes import SHAPELESS_WARDS, SmallWards

FEWEST, MOST = 4, 6  # output areas of an LSOA
STRADDLING = 0.15  # share of LSOAs of which a part lies in the next ward
NOWHERE = -1


@dataclass(frozen=True)
class OutputAreas:
    """Output areas in code order: their LSOA 2011, their ward 2017, who lived there in 2011.

    The ward is ``NOWHERE`` where the point inside lies in a ward without a shape.
    """

    lsoa11: Ints
    ward: Ints
    residents: Ints

    def carried(self, values: Floats, ward_of_lsoa11: Ints, wards: int) -> Floats:
        """Mean of what the LSOAs have, by residents, of each of so many wards; else not a number.

        What lies nowhere is counted in the ward that its LSOA fits best.
        """
        ward = np.where(self.ward == NOWHERE, ward_of_lsoa11[self.lsoa11], self.ward)
        people = np.bincount(ward, self.residents, wards)
        total = np.bincount(ward, values[self.lsoa11] * self.residents, wards)
        means = np.full(wards, np.nan)
        np.divide(total, people, out=means, where=people > 0)
        return means


def divide(
    rng: np.random.Generator,
    country: Country,
    lineage: Lineage,
    small_wards: SmallWards,
    ward_of_lsoa11: Ints,
    population: Floats,
) -> OutputAreas:
    """Cut every LSOA 2011 into output areas that hold its people, and say in which ward each is."""
    lsoas = len(ward_of_lsoa11)
    pieces = rng.integers(FEWEST, MOST + 1, lsoas)
    lsoa11 = np.repeat(np.arange(lsoas), pieces)
    last = np.cumsum(pieces) - 1
    size = rng.uniform(0.8, 1.2, len(lsoa11))
    share = size / np.bincount(lsoa11, size)[lsoa11]
    residents = np.floor(population[lsoa11] * share).astype(np.int64)
    residents[last] += (population - np.bincount(lsoa11, residents)).astype(np.int64)

    ward = ward_of_lsoa11[lsoa11]
    straddles = rng.random(lsoas) < STRADDLING
    across = _next_ward(country, lineage, ward_of_lsoa11)
    ward[last[straddles]] = across[straddles]
    first_small = int(country.ward.max()) + 1
    parent = dict(zip(lineage.lsoa21.tolist(), lineage.lsoa11.tolist(), strict=True))
    for number, host in enumerate(small_wards.host.tolist()):
        # The first piece, so that it is never one that straddles.
        ward[last[parent[host]] - pieces[parent[host]] + 1] = first_small + number
    ward[np.isin(ward, SHAPELESS_WARDS)] = NOWHERE
    return OutputAreas(lsoa11, ward, residents)


def _next_ward(country: Country, lineage: Lineage, ward_of_lsoa11: Ints) -> Ints:
    """For each LSOA 2011 the ward of the nearest one of its district that is in another ward."""
    _, child = np.unique(lineage.lsoa11, return_index=True)
    place = country.xy[lineage.lsoa21[child]]
    district = country.district[lineage.lsoa21[child]]
    found = ward_of_lsoa11.copy()
    for number in np.unique(district):
        members = np.flatnonzero(district == number)
        nearest = cKDTree(place[members]).query(place[members], k=min(30, len(members)))[1]
        wards = ward_of_lsoa11[members]
        differs = wards[nearest] != wards[:, None]
        has = differs.any(axis=1)
        found[members[has]] = wards[nearest[has, differs[has].argmax(axis=1)]]
    return found
