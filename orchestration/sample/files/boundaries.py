"""The three GeoJSON files, laid out as the republished ONS boundaries are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import mapping

from orchestration.sample.country.geography import dissolve
from orchestration.sample.country.shapes import SHAPELESS_WARDS, touch_itself
from orchestration.sample.publisher.world import World

INVALID_LSOA = 1000  # its ring touches itself; shapely.make_valid mends it
# Every so many wards have no shape of their own: put together from LSOAs, it takes in one too many.
APPROXIMATE_EVERY = 40
_EXACT = "SYNTHETIC dissolve of best-fit LSOA21"
_APPROXIMATE = "APPROX dissolve of best-fit LSOA11 (SYNTHETIC)"

Feature = tuple[dict[str, str], shapely.Geometry]


def write_boundaries(world: World, folder: Path) -> list[Path]:
    """Write LSOA 2021, ward 2017 and LAD 2024 boundaries."""
    folder.mkdir(parents=True, exist_ok=True)
    lsoa21, ward17, lad24 = (
        folder / f"{area}_doggerland.geojson" for area in ("lsoa21", "ward17", "lad24")
    )
    _write_line_per_feature(lsoa21, _lsoas(world))
    _write_compact(ward17, _wards(world))
    _write_line_per_feature(lad24, _districts(world))
    return [lsoa21, ward17, lad24]


def _lsoas(world: World) -> Iterable[Feature]:
    for number, (code, name) in enumerate(world.areas.lsoa21):
        cell = world.country.cells[number]
        shape = touch_itself(cell) if number == INVALID_LSOA else cell
        yield {"lsoa21_name": name, "lsoa21_code": code}, shape


def _wards(world: World) -> Iterable[Feature]:
    cells = list(world.country.cells)
    for host, remainder in zip(world.small_wards.host, world.small_wards.remainder, strict=True):
        cells[host] = remainder
    shapes = [*dissolve(cells, world.country.ward), *world.small_wards.piece]
    for number, (code, name) in enumerate(world.areas.ward17):
        if number not in SHAPELESS_WARDS:
            approximate = number % APPROXIMATE_EVERY == 1
            district = world.areas.district[2017][world.ward_district[number]]
            properties = {
                "ward17_code": code,
                "ward17_name": name,
                "lad19_code": district[0],
                "boundary_source": _APPROXIMATE if approximate else _EXACT,
            }
            shape = shapes[number]
            yield (
                properties,
                _with_a_neighbour(world, cells, number, shape) if approximate else shape,
            )


def _with_a_neighbour(
    world: World, cells: list[shapely.Geometry], ward: int, shape: shapely.Geometry
) -> shapely.Geometry:
    """The shape of a ward and the first LSOA beyond its border."""
    beside = shapely.relate_pattern(np.array(cells), shape, "****1****")
    (neighbours,) = np.nonzero(beside & (world.country.ward != ward))
    return shapely.union(shape, cells[neighbours[0]])


def _districts(world: World) -> Iterable[Feature]:
    current = world.areas.district[2024]
    codes = sorted(set(current))
    number = {area: position for position, area in enumerate(codes)}
    group = [number[area] for area in current]
    per_cell = world.country.district.copy()
    for district, merged in enumerate(group):
        per_cell[world.country.district == district] = merged
    for (code, name), shape in zip(codes, dissolve(world.country.cells, per_cell), strict=True):
        yield {"ltla24_name": name, "ltla24_code": code}, shape


def _as_geojson(feature: Feature) -> dict[str, object]:
    properties, shape = feature
    return {"type": "Feature", "properties": properties, "geometry": mapping(shape)}


def _write_line_per_feature(path: Path, features: Iterable[Feature]) -> None:
    """As GDAL writes it: a header, then one feature a line."""
    lines = ",\n".join(json.dumps(_as_geojson(f), ensure_ascii=False) for f in features)
    head = f'{{\n"type": "FeatureCollection",\n"name": "boundaries_{path.stem}",\n"features": [\n'
    path.write_bytes(f"{head}{lines}\n]\n}}\n".encode())


def _write_compact(path: Path, features: Iterable[Feature]) -> None:
    """Everything on one line, without a collection name."""
    collection = {"type": "FeatureCollection", "features": [_as_geojson(f) for f in features]}
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(text.encode())
