"""Boundaries: CRS declared and checked, validity checked and repaired with a record, measured.

The geometry is kept as WKB in WGS 84, so that any client opens it without an extension. Area and
centroid are computed in the profile's metric CRS.

GDAL would choose what opens a file by its content, and some of what it has opens other files and
addresses that the content names. So the driver is named here, by the kind of file, and nothing but
the bytes from the vault lies where it looks.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from orchestration.problems import Problem, RefreshError
from orchestration.raw.raw_file import RawFile
from orchestration.sources.registry import Profile, Source

# The geometry stack takes half a second to import; only this reader needs it.
if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np

EXAMPLES = 5
# A repair may not change what a shape covers: the two repairs that shapely offers must agree on
# the area within this share, else nobody can know which shape was meant.
REPAIR_TOLERANCE = 0.01
# The finest official boundaries of the 35,672 LSOAs of England and Wales have some 40 million.
MOST_VERTICES = 60_000_000
# A virtual table, and the only one that every GeoPackage has.
_SPATIAL_INDEX = re.compile(r'create virtual table "?rtree_[^"]*"? using rtree\s*\(', re.IGNORECASE)
# What GDAL may hold of one feature of GeoJSON, in MB: 40 times its text, so 800,000 vertices. By
# default it is a fifth of that, which the finest boundaries of authorities exceed.
LARGEST_FEATURE = 1000
_BLANKS = " \t\r\n\u00a0"
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_SHAPEFILE_BEGINS = bytes.fromhex("0000270a")
_GEOPACKAGE_BEGINS = b"SQLite format 3\0"
_GEOPACKAGE_IDS = (b"GPKG", b"GP10", b"GP11")


def read_boundaries(file: RawFile, source: Source, profile: Profile) -> pa.Table:
    """Read a boundary file (GeoJSON, GeoPackage or zipped shapefile) and measure its shapes.

    Returns:
        One row a feature: line_number (its place in the file, from 1), area_code, geometry_wkb,
        crs, repair (NULL, or what was wrong), area_ha, centroid in both CRS, in_bounds; of a file
        that says where each shape is from, boundary_source, overlap_percents and overlap_codes.

    Raises:
        RefreshError: unreadable, in a CRS that is neither the declared one nor, where the file
            itself states it, the profile's metric one; no code property, shapes that are missing,
            that are no polygons, or that cannot be repaired without a doubt.
    """
    import geopandas as gpd
    import numpy as np
    import shapely

    where, again = file.where, file.again
    frame = _features(file, source, profile)
    area_code = frame["area_code"].astype("string").str.strip(_BLANKS)
    shapes = shapely.force_2d(frame.geometry.to_numpy())

    def named(mask: np.ndarray, reasons: np.ndarray | None = None) -> str:
        keys = [
            f"{area_code.iloc[n]} (feature {n + 1}"
            + (f": {reasons[n]})" if reasons is not None else ")")
            for n in np.flatnonzero(mask)[:EXAMPLES]
        ]
        return f"{int(mask.sum())}, the first: {', '.join(keys)}"

    problems = []
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if absent.any():
        problems.append(Problem(where, f"no shape: {named(absent)}", "a shape each", again))
    uncoded = (area_code.fillna("") == "").to_numpy(dtype=bool)
    if uncoded.any():
        problems.append(Problem(where, f"no code: {named(uncoded)}", "a code each", again))
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6))
    other = ~polygonal & ~absent
    if other.any():
        problems.append(Problem(where, f"no polygon: {named(other)}", "polygons", again))
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    if vertices > MOST_VERTICES:
        problems.append(
            Problem(where, f"{vertices:,} vertices", f"no more than {MOST_VERTICES:,}", again)
        )
        raise RefreshError("Reading", problems)
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    endless = np.isin(np.arange(len(shapes)), owner[~np.isfinite(coordinates).all(axis=1)])
    if endless.any():
        problems.append(Problem(where, f"no number: {named(endless)}", "finite coordinates", again))
    if problems:
        raise RefreshError("Reading", problems)

    invalid = ~shapely.is_valid(shapes)
    reasons = np.full(len(shapes), None, dtype=object)
    if invalid.any():
        reasons[invalid] = shapely.is_valid_reason(shapes[invalid])
        repaired = np.array(
            [_polygons(shape) for shape in shapely.make_valid(shapes[invalid])], dtype=object
        )
        buffered = shapely.area(shapely.buffer(shapes[invalid], 0))
        areas = shapely.area(repaired)
        doubtful = np.zeros(len(shapes), dtype=bool)
        doubtful[invalid] = (areas == 0) | (np.abs(buffered - areas) > REPAIR_TOLERANCE * areas)
        if doubtful.any():
            raise RefreshError(
                "Reading",
                [
                    Problem(
                        where=where,
                        found=f"invalid shapes with no sure repair: {named(doubtful, reasons)}",
                        expected="valid polygons, or such as can be repaired without changing "
                        f"the area by more than {REPAIR_TOLERANCE:.0%}",
                        remedy=f"repair these shapes in a GIS, or {again}",
                    )
                ],
            )
        shapes = shapes.copy()
        shapes[invalid] = repaired

    geometry = gpd.GeoSeries(shapes, crs=source.crs)
    west, south, east, north = profile.bounds
    extent = geometry.bounds.to_numpy()
    in_bounds = (
        (extent[:, 0] >= west)
        & (extent[:, 1] >= south)
        & (extent[:, 2] <= east)
        & (extent[:, 3] <= north)
    )
    if not in_bounds.any():
        raise RefreshError(
            "Reading",
            [
                Problem(
                    where=where,
                    found=f"coordinates such as {extent[0, 0]:.1f}, {extent[0, 1]:.1f}",
                    expected=f"degrees ({source.crs}) within {west}, {south}, {east}, {north}",
                    remedy=f"export the boundaries in {source.crs}",
                )
            ],
        )
    metric = geometry.to_crs(profile.metric_crs)
    lost = ~np.isfinite(metric.area.to_numpy())
    if lost.any():
        found = f"no area in {profile.metric_crs}: {named(lost)}"
        expected = f"degrees ({source.crs}) that are on the ground"
        raise RefreshError("Reading", [Problem(where, found, expected, again)])
    centroid = metric.centroid
    degrees = centroid.to_crs(source.crs)
    percents: list[list[float]] | list[None] = [None] * len(shapes)
    codes: list[list[str]] | list[None] = [None] * len(shapes)
    # Shapes of one origin share their borders. Whether those of several do takes seconds to say.
    if frame["boundary_source"].notna().any():
        percents, codes = _overlaps(shapes, area_code.to_numpy())
    return pa.table(
        {
            "line_number": pa.array(range(1, len(shapes) + 1), pa.int64()),
            "area_code": pa.array(area_code, pa.string()),
            "geometry_wkb": pa.array(shapely.to_wkb(shapes), pa.binary()),
            "crs": pa.array([source.crs] * len(shapes), pa.string()),
            "repair": pa.array(reasons, pa.string()),
            "area_ha": pa.array(metric.area / 10_000),
            "centroid_easting": pa.array(centroid.x),
            "centroid_northing": pa.array(centroid.y),
            "centroid_longitude": pa.array(degrees.x),
            "centroid_latitude": pa.array(degrees.y),
            "in_bounds": pa.array(in_bounds),
            "boundary_source": pa.array(frame["boundary_source"], pa.string()),
            "overlap_percents": pa.array(percents, pa.list_(pa.float64())),
            "overlap_codes": pa.array(codes, pa.list_(pa.string())),
        }
    )


def _overlaps(
    shapes: np.ndarray, area_code: np.ndarray
) -> tuple[list[list[float]], list[list[str]]]:
    """What percent of each shape lies within each larger one, the most first; and which it is."""
    import numpy as np
    import shapely

    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    areas = shapely.area(shapes)
    # Each pair once, from the smaller; of two that are equal, from the first.
    smaller = (areas[one] < areas[other]) | ((areas[one] == areas[other]) & (one < other))
    one, other = one[smaller], other[smaller]
    percent = 100 * shapely.area(shapely.intersection(shapes[one], shapes[other])) / areas[one]
    percents: list[list[float]] = [[] for _ in shapes]
    codes: list[list[str]] = [[] for _ in shapes]
    for pair in np.argsort(-percent, kind="stable"):
        # Most neighbours share a border and no ground.
        if percent[pair] > 0:
            percents[one[pair]].append(float(percent[pair]))
            codes[one[pair]].append(str(area_code[other[pair]]))
    return percents, codes


def _features(file: RawFile, source: Source, profile: Profile) -> gpd.GeoDataFrame:
    """The shapes in the declared CRS, with area_code and, NULL where not said, boundary_source."""
    import geopandas as gpd
    import pyogrio

    kind = {".gpkg": "GeoPackage", ".zip": "zipped shapefile"}.get(file.suffix, "GeoJSON")
    with _opened(file, kind, source) as name, file.read_as(kind):
        pattern = re.compile(source.columns["area_code"], re.IGNORECASE)
        pyogrio.set_gdal_config_options({"OGR_GEOJSON_MAX_OBJ_SIZE": LARGEST_FEATURE})
        told = {
            str(layer): pyogrio.read_info(name, layer=layer, force_feature_count=True)
            for layer, _ in pyogrio.list_layers(name)
        }
        if not any(each["features"] for each in told.values()):
            raise file.refused("no features", "areas with shapes")
        layers = {layer: [*map(str, each["fields"])] for layer, each in told.items()}
        found = [
            (layer, field)
            for layer, fields in layers.items()
            for field in fields
            if pattern.fullmatch(field)
        ]
        if len(found) != 1:
            named = "; ".join(", ".join(fields) for fields in layers.values())
            raise RefreshError(
                "Reading",
                [
                    Problem(
                        where=file.where,
                        found=f"properties {named:.1000}",
                        expected=f"one property named like {source.columns['area_code']}",
                        remedy=f"if it was renamed, change sources.yml; else {file.again}",
                    )
                ],
            )
        layer, code = found[0]
        said = source.columns.get("boundary_source")
        origins = [field for field in layers[layer] if said and re.fullmatch(said, field)]
        # A ring that is not closed makes no shape: reported by the caller, with its feature.
        frame = pyogrio.read_dataframe(
            name, layer=layer, columns=[code, *origins], on_invalid="ignore"
        )
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise file.refused("no shapes", "areas with shapes")
    names = {code: "area_code"} | dict.fromkeys(origins, "boundary_source")
    frame = frame.rename(columns=names)
    if not origins:
        frame["boundary_source"] = None
    # Shapes with heights have a CRS of three dimensions; the heights are dropped later.
    crs = frame.crs.to_2d() if frame.crs else None
    if crs is not None and file.suffix != ".geojson" and crs.equals(profile.metric_crs):
        return frame.to_crs(source.crs)
    if crs is None or not crs.equals(source.crs):
        raise _other_crs(file, source, frame.crs.to_string() if crs else "not declared")
    return frame


def _other_crs(file: RawFile, source: Source, found: str) -> RefreshError:
    problem = Problem(
        where=file.where,
        found=f"CRS {found}",
        expected=f"CRS {source.crs}",
        remedy=f"export the boundaries in {source.crs}",
    )
    return RefreshError("Reading", [problem])


@contextmanager
def _opened(file: RawFile, kind: str, source: Source) -> Iterator[str]:
    """A name that GDAL opens with the driver of this kind of file, and with no other."""
    with tempfile.TemporaryDirectory(prefix="lbn-") as folder:
        path = Path(folder) / f"boundary{file.suffix}"
        if file.suffix == ".zip":
            path = path.with_suffix(".shp")
            for suffix, part in _shapefile(file, kind).items():
                path.with_suffix(suffix).write_bytes(part.data)
            yield str(path)
        elif file.suffix == ".gpkg":
            path.write_bytes(file.data)
            _refuse_no_geopackage(file, kind, path)
            yield str(path)
        else:
            _refuse_no_geojson(file, kind, source)
            path.write_bytes(file.data)
            yield f"GeoJSON:{path}"


def _shapefile(file: RawFile, kind: str) -> dict[str, RawFile]:
    """The parts of the one shapefile in an archive, by their ending."""
    parts = file.members(kind, lambda name: name.lower().endswith(_SHAPEFILE))
    stems = [name[:-4] for name in parts if name.lower().endswith(".shp")]
    if len(stems) != 1:
        raise file.refused(f"{len(stems)} shapefiles in the archive", "one shapefile")
    found = {name[-4:].lower(): part for name, part in parts.items() if name[:-4] == stems[0]}
    if lost := {".shp", ".shx", ".dbf", ".prj"} - set(found):
        raise file.refused(f"a shapefile without {', '.join(sorted(lost))}", "a whole shapefile")
    if not found[".shp"].data.startswith(_SHAPEFILE_BEGINS):
        raise file.refused("a file that only calls itself a shapefile", f"a {kind}")
    return found


def _refuse_no_geopackage(file: RawFile, kind: str, path: Path) -> None:
    """Refuse what is none, and one with tables whose rows are computed, maybe from elsewhere."""
    if not (file.data.startswith(_GEOPACKAGE_BEGINS) and file.data[68:72] in _GEOPACKAGE_IDS):
        raise file.refused("a file that only calls itself a GeoPackage", f"a {kind}")
    with file.read_as(kind), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        # A virtual table has no page of its own.
        computed = db.execute(
            "select name, sql from sqlite_master where type = 'view' "
            "or (type = 'table' and coalesce(rootpage, 0) = 0)"
        ).fetchall()
    if strange := [str(name) for name, sql in computed if not _SPATIAL_INDEX.match(str(sql))]:
        found = f"views or virtual tables: {', '.join(strange)}"
        raise file.refused(found, "tables that hold their rows")


def _refuse_no_geojson(file: RawFile, kind: str, source: Source) -> None:
    """Refuse what is no JSON, zero bytes, and a CRS that is not the declared one.

    GDAL takes a CRS that it does not know for WGS 84.
    """
    if b"\0" in file.data or b"\\u0000" in file.data:
        position = max(file.data.find(b"\0"), file.data.find(b"\\u0000"))
        raise file.refused(f"a zero byte (byte {position:,})", "text")
    with file.read_as(kind):
        text = file.data.removeprefix(b"\xef\xbb\xbf").decode()
        with duckdb.connect() as connection:
            found = connection.execute(
                "select json_type($1, '$.crs'), json_extract_string($1, '$.crs.properties.name')",
                [text],
            ).fetchone()
    assert found is not None
    type_, name = found
    if type_ is None:
        return
    import pyproj

    try:
        stated = pyproj.CRS.from_user_input(name or "none")
    except pyproj.exceptions.CRSError as error:
        raise _other_crs(file, source, f"{name!r}, which is not known") from error
    # OGC:CRS84 is WGS 84 with longitude before latitude, as GeoJSON has it.
    if not stated.to_2d().equals(source.crs) and stated.to_authority() != ("OGC", "CRS84"):
        raise _other_crs(file, source, stated.to_string())


def _polygons(shape: object) -> object:
    """The polygonal part of a repaired shape: make_valid may leave lines and points beside it."""
    import shapely

    parts = shapely.get_parts(shape)
    kept = [part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")]
    return kept[0] if len(kept) == 1 else shapely.union_all(kept)
