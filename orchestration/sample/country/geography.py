"""The land of Doggerland and how it is divided: coast, towns, LSOA cells and nested areas.

All positions are metres on the British National Grid until `to_wgs84_lattice`; from there on,
geometry lies on the 5-decimal lattice on which it is published, so that dissolving neighbours
never leaves slivers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LSOA21_COUNT = 3007  # not divisible by ten, so that decile arithmetic is exercised
WARDS_WITH_LSOA = 599
ISLAND_LSOA = 41
MAINLAND_SEATS = 26
MAINLAND_TOWNS = 36
LATTICE = 1e-5

# The seven-parameter national grid to WGS84 shift, written out so that the result depends neither
# on a grid file nor on a PROJ database being installed.
_NATIONAL_GRID_TO_WGS84 = (
    "+proj=pipeline "
    "+step +inv +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000"
    " +ellps=airy "
    "+step +proj=push +v_3 "
    "+step +proj=cart +ellps=airy "
    "+step +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842"
    " +s=-20.489 +convention=position_vector "
    "+step +inv +proj=cart +ellps=WGS84 "
    "+step +proj=pop +v_3 "
    "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
)


@dataclass(frozen=True)
class Towns:
    """Town centres, largest first; the island's town is the last."""

    centre: Floats
    spread: Floats
    coastal: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Country:
    """Every LSOA 2021 with its place in the nested areas, ordered by district, MSOA, north."""

    xy: Floats
    cells: list[shapely.Geometry]
    district: Ints
    msoa: Ints
    ward: Ints
    ward_district: Ints
    msoa_district: Ints
    towns: Towns


def build_country(rng: np.random.Generator) -> Country:
    """Draw the coast, settle it, and divide it into districts, MSOAs, wards and LSOA cells."""
    mainland, islands = _coastline(rng)
    land = shapely.union_all([mainland, *islands])
    towns = _found_towns(rng, mainland, islands[0])
    xy = _settle(rng, mainland, islands, towns)

    seats = np.vstack([towns.centre[:MAINLAND_SEATS], towns.centre[-1:]])
    district = np.asarray(cKDTree(seats).query(xy)[1], dtype=np.int64)
    # The island is one district, whatever mainland seat is nearer to an islet.
    on_islands = shapely.contains_xy(shapely.union_all(islands), xy)
    district[on_islands] = MAINLAND_SEATS

    msoa, msoa_district = nest(xy @ _rotation(np.pi / 4), xy, district, _msoas_per(district))
    order = np.lexsort((-xy[:, 1], msoa))
    xy, district, msoa = xy[order], district[order], msoa[order]
    ward, ward_district = nest(xy, xy, district, _share_out(np.bincount(district)))
    return Country(xy, _cells(xy, land), district, msoa, ward, ward_district, msoa_district, towns)


def dissolve(cells: list[shapely.Geometry], group: Ints) -> list[shapely.Geometry]:
    """Union of the cells of each group 0..max; exact, since neighbours share their vertices."""
    members = np.array(cells, dtype=object)
    return [shapely.coverage_union_all(members[group == g]) for g in range(int(group.max()) + 1)]


def _rotation(angle: float) -> Floats:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _blob(
    rng: np.random.Generator, x: float, y: float, rx: float, ry: float, vertices: int
) -> shapely.Polygon:
    """A star-shaped polygon with a rough outline, never wider than the radii given."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = np.ones(vertices)
    for wave in range(2, vertices // 8):
        height = rng.normal(0, 0.22 / wave**1.05)
        radius += height * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    radius = np.clip(radius / radius.max(), 0.35, 1)
    ring = np.column_stack([x + rx * radius * np.cos(angle), y + ry * radius * np.sin(angle)])
    return shapely.Polygon(ring)


def _coastline(rng: np.random.Generator) -> tuple[shapely.Polygon, list[shapely.Polygon]]:
    mainland = _blob(rng, 655_000, 488_000, 54_000, 47_000, 480)
    islands = [
        _blob(rng, 709_500, 529_500, 7_500, 6_500, 96),
        _blob(rng, 717_000, 519_500, 2_000, 1_800, 40),
        _blob(rng, 701_500, 537_500, 1_200, 1_400, 32),
    ]
    return mainland, islands


def _scatter(rng: np.random.Generator, shape: shapely.Geometry, count: int) -> Floats:
    """`count` uniform points inside `shape`."""
    x0, y0, x1, y1 = shape.bounds
    found = np.empty((0, 2))
    while len(found) < count:
        drawn = rng.uniform((x0, y0), (x1, y1), (4 * count, 2))
        found = np.vstack([found, drawn[shapely.contains_xy(shape, drawn)]])
    return found[:count]


def _found_towns(
    rng: np.random.Generator, mainland: shapely.Polygon, island: shapely.Polygon
) -> Towns:
    """Place towns at least 8 km apart, one in three of them on the coast."""
    coast = shapely.line_interpolate_point(
        mainland.exterior, rng.uniform(0, mainland.exterior.length, 200)
    )
    ports = shapely.get_coordinates(coast) * 0.97 + np.array([655_000, 488_000]) * 0.03
    inland = _scatter(rng, mainland.buffer(-3_000), 2_000)
    centres: list[Floats] = []
    queues = {"port": iter(ports), "inland": iter(inland)}
    while len(centres) < MAINLAND_TOWNS:
        queue = queues["port" if len(centres) % 3 == 1 else "inland"]
        site = next(s for s in queue if all(np.hypot(*(s - other)) > 8_000 for other in centres))
        centres.append(site)
    centre = np.vstack([*centres, [[island.centroid.x, island.centroid.y]]])
    spread = 210 * np.sqrt(_town_sizes())
    to_coast = shapely.distance(shapely.points(centre), mainland.exterior)
    coastal = (to_coast < 4_000) | (np.arange(len(centre)) == MAINLAND_TOWNS)
    return Towns(centre, spread, coastal)


def _town_sizes() -> Ints:
    """LSOAs per town by the rank-size rule; the rest of the country is rural."""
    weight = 1 / (np.arange(MAINLAND_TOWNS) + 3) ** 0.75
    mainland = np.round(0.84 * (LSOA21_COUNT - ISLAND_LSOA) * weight / weight.sum())
    return np.append(mainland, round(0.6 * ISLAND_LSOA)).astype(np.int64)


def _settle(
    rng: np.random.Generator,
    mainland: shapely.Polygon,
    islands: list[shapely.Polygon],
    towns: Towns,
) -> Floats:
    """One point per LSOA: dense in towns, sparse elsewhere, never closer than 180 m."""
    sizes = _town_sizes()
    clusters = []
    for town, size in enumerate(sizes):
        home = islands[0] if town == MAINLAND_TOWNS else mainland
        drawn = rng.normal(towns.centre[town], towns.spread[town], (4 * size, 2))
        clusters.append(_thin(drawn[shapely.contains_xy(home.buffer(-60), drawn)])[:size])
    island_rural = np.vstack(
        [
            _scatter(rng, islands[0].buffer(-200), 200),
            _scatter(rng, islands[1].buffer(-200), 3),
            _scatter(rng, islands[2].buffer(-200), 1),
        ]
    )[::-1]  # islets first, so that thinning and cutting to size keep them
    island = _thin(np.vstack([island_rural[:4], clusters[-1], island_rural[4:]]))[:ISLAND_LSOA]
    rural = _scatter(rng, mainland.buffer(-200), LSOA21_COUNT)
    settled = _thin(np.vstack([*clusters[:-1], rural]))
    return np.vstack([settled[: LSOA21_COUNT - len(island)], island])


def _thin(points: Floats, closest: float = 180.0) -> Floats:
    """Drop every point that is too near to an earlier one that stays."""
    pairs = cKDTree(points).query_pairs(closest, output_type="ndarray")
    keep = np.ones(len(points), dtype=bool)
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        if keep[first]:
            keep[second] = False
    return points[keep]


def _msoas_per(district: Ints) -> Ints:
    """About five LSOAs to an MSOA, at least one MSOA to a district."""
    return np.maximum(1, np.round(np.bincount(district) / 5).astype(np.int64))


def _share_out(sizes: Ints) -> Ints:
    """Wards per district in proportion to its size (largest remainders)."""
    exact = sizes * WARDS_WITH_LSOA / sizes.sum()
    seats: Ints = np.maximum(1, exact.astype(np.int64))
    by_remainder = np.argsort(-(exact - seats), kind="stable")
    seats[by_remainder[: WARDS_WITH_LSOA - seats.sum()]] += 1
    return seats


def nest(axes: Floats, xy: Floats, district: Ints, groups: Ints) -> tuple[Ints, Ints]:
    """Cut each district into compact groups, numbered on from district to district, north first.

    Returns the group of each point and the district of each group.
    """
    label = np.empty(len(xy), dtype=np.int64)
    owner: list[int] = []
    for code, count in enumerate(groups):
        parts = _bisect(axes, np.flatnonzero(district == code), int(count))
        for part in sorted(parts, key=lambda p: -float(xy[p, 1].mean())):
            label[part] = len(owner)
            owner.append(code)
    return label, np.array(owner, dtype=np.int64)


def _bisect(axes: Floats, members: Ints, groups: int) -> list[Ints]:
    """Halve along the longer side until `groups` parts of near-equal size are left."""
    if groups == 1:
        return [members]
    longer = int(np.argmax(np.ptp(axes[members], axis=0)))
    order = members[np.argsort(axes[members, longer], kind="stable")]
    cut = round(len(order) * (groups // 2) / groups)
    return [
        *_bisect(axes, order[:cut], groups // 2),
        *_bisect(axes, order[cut:], groups - groups // 2),
    ]


def _cells(xy: Floats, land: shapely.Geometry) -> list[shapely.Geometry]:
    """Voronoi cells clipped to the land, on the published WGS84 lattice."""
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.MultiPoint(xy), extend_to=land.envelope, ordered=True)
    )
    shapely.prepare(land)
    coastal = ~shapely.contains_properly(land, cells)
    cells[coastal] = shapely.intersection(cells[coastal], land)
    return [_without_specks(cell) for cell in to_wgs84_lattice(cells)]


def to_wgs84_lattice(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Project to longitude and latitude and snap to five decimals, keeping shapes valid."""
    project = Transformer.from_pipeline(_NATIONAL_GRID_TO_WGS84)

    def lonlat(coords: Floats) -> Floats:
        lon, lat = project.transform(coords[:, 0], coords[:, 1])
        return np.round(np.column_stack([lon, lat]), 5)

    snapped = shapely.set_precision(shapely.transform(shapes, lonlat), LATTICE)
    return np.asarray(shapely.transform(snapped, lambda c: np.round(c, 5)))


def _without_specks(shape: shapely.Geometry, smallest: float = 2e-6) -> shapely.Geometry:
    """Leave out coastal fragments below about 1.5 ha, as generalised boundaries do."""
    parts = [p for p in shapely.get_parts(shape) if p.area >= smallest]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
