"""Boundary shapes with the flaws of the real ones: small wards, a ring that touches itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from orchestration.sample.country.geography import Country, Floats, Ints
from orchestration.sample.country.lineage import Lineage

SMALL_WARDS = 3
SHAPELESS_WARDS = (300, 601)  # an ordinary ward and a small one, missing from the ward file


@dataclass(frozen=True)
class SmallWards:
    """Wards smaller than an LSOA: cut out of a `host` LSOA, of which the greater part is left."""

    host: Ints
    piece: list[shapely.Geometry]
    remainder: list[shapely.Geometry]


def cut_small_wards(rng: np.random.Generator, country: Country, lineage: Lineage) -> SmallWards:
    """Slice the smaller part off three inland, unchanged LSOAs, each in another ward.

    Best fit gives the whole LSOA to the ward with the greater part, so that the small ward has
    no LSOA at all, as twelve English wards have none.
    """
    unchanged = {
        int(child)
        for child, change in zip(lineage.lsoa21, lineage.change, strict=True)
        if change == "U"
    }
    hosts: list[int] = []
    for candidate in rng.permutation(len(country.cells)):
        apart = all(country.ward[candidate] != country.ward[host] for host in hosts)
        if int(candidate) in unchanged and apart and _is_convex(country.cells[candidate]):
            hosts.append(int(candidate))
        if len(hosts) == SMALL_WARDS:
            break
    halves = [_slice(country.cells[host]) for host in hosts]
    return SmallWards(
        np.array(hosts, dtype=np.int64),
        [small for small, _ in halves],
        [large for _, large in halves],
    )


def _is_convex(cell: shapely.Geometry) -> bool:
    """Inland, with corners enough to be cut from corner to corner."""
    corners = shapely.get_num_coordinates(cell) - 1
    return bool(corners >= 6 and cell.area > 0.9999 * cell.convex_hull.area)


def _slice(cell: shapely.Geometry) -> tuple[shapely.Polygon, shapely.Polygon]:
    """Cut between two existing corners, so that both parts stay on the coordinate lattice."""
    ring = shapely.get_coordinates(cell)[:-1]
    parts = shapely.Polygon(ring[:4]), shapely.Polygon(np.vstack([ring[3:], ring[:1]]))
    small, large = sorted(parts, key=lambda part: part.area)
    return small, large


def touch_itself(cell: shapely.Geometry) -> shapely.Polygon:
    """The same area with an invalid ring: a few metres' loop that returns to its own corner."""
    ring = shapely.get_coordinates(cell)
    corner, inward = ring[0], _toward_middle(cell, ring[0])
    loop = np.round([inward, inward + np.array([0.0, 4e-5]), corner], 5)
    return shapely.Polygon(np.vstack([ring[:1], loop, ring[1:]]))


def _toward_middle(cell: shapely.Geometry, corner: Floats) -> Floats:
    middle = shapely.get_coordinates(cell.centroid)[0]
    return np.asarray(corner + 0.1 * (middle - corner))
