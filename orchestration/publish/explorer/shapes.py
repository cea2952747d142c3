"""Boundaries for a page: projected, rounded to 10 m, as rings of whole numbers.

Nothing is simplified beyond the rounding: neighbours keep their common border, because a vertex
that they share is rounded to the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from orchestration.publish.explorer.encode import Numbers, Packer

# Metres a unit of the page's map.
UNIT = 10

Geometries = npt.NDArray[Any]


@dataclass(frozen=True)
class Rings:
    """Shapes as rings: ``counts`` rings a shape, ``lengths`` vertices a ring, and the vertices.

    A ring is not closed: its first vertex is not repeated. Holes are rings like others, since the
    page fills by the even-odd rule.
    """

    counts: Numbers
    lengths: Numbers
    x: Numbers
    y: Numbers

    def pack(self, packer: Packer, prefix: str) -> None:
        packer.add(f"{prefix}_rings", self.counts)
        packer.add(f"{prefix}_lengths", self.lengths)
        packer.add(f"{prefix}_x", self.x, alike=True)
        packer.add(f"{prefix}_y", self.y, alike=True)


def projected(wkb: Sequence[bytes | None], crs: str, metric_crs: str) -> Geometries:
    """The shapes in units of 10 m of the metric CRS, rounded; a missing one stays None."""
    project = pyproj.Transformer.from_crs(crs, metric_crs, always_xy=True).transform

    def to_units(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        east, north = project(degrees[:, 0], degrees[:, 1])
        return np.round(np.column_stack([east, north]) / UNIT)

    shapes: Geometries = shapely.transform(shapely.from_wkb(np.array(wkb, dtype=object)), to_units)
    return shapes


def rings_of(shapes: Geometries) -> Rings:
    """The rings of polygons whose vertices are whole numbers; vertices that repeat are left out."""
    parts, shape_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    shape_of_ring = shape_of_part[part_of_ring]
    vertices, ring_of = shapely.get_coordinates(rings, return_index=True)
    numbers = np.round(vertices).astype(np.int64)
    # Of each ring the last vertex repeats the first; others repeat the one before, once rounded.
    kept = np.zeros(len(numbers), dtype=bool)
    kept[:-1] = ring_of[1:] == ring_of[:-1]
    kept[1:] &= (np.diff(numbers, axis=0) != 0).any(axis=1) | (ring_of[1:] != ring_of[:-1])
    lengths = np.bincount(ring_of[kept], minlength=len(rings))
    # A ring that the rounding has shrunk to a point or a line has nothing to fill.
    real = lengths >= 3
    kept &= real[ring_of]
    return Rings(
        counts=np.bincount(shape_of_ring[real], minlength=len(shapes)).astype(np.int64),
        lengths=lengths[real].astype(np.int64),
        x=numbers[kept, 0],
        y=numbers[kept, 1],
    )


def dissolved(shapes: Geometries, groups: Sequence[str]) -> Geometries:
    """One shape a group, in the order of the groups' names."""
    names = np.array(groups)
    return np.array([_union(shapes[names == name]) for name in sorted(set(groups))], dtype=object)


def _union(shapes: Geometries) -> Any:
    """Areas that share their borders are put together by these; where they do not, by overlay."""
    if shapely.coverage_is_valid(shapes):
        return shapely.coverage_union_all(shapes)
    return shapely.union_all(shapely.make_valid(shapes), grid_size=1)
