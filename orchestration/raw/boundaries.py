"""Boundaries: CRS declared and checked, validity checked and repaired with a record, measured.

The geometry is kept as WKB in the CRS of the file (WGS84), so that any client opens it without an
extension. Area and centroid are computed in the profile's metric CRS.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from orchestration.problems import Problem, RefreshError
from orchestration.sources.registry import Profile, Source

EXAMPLES = 5
# A repair may not change what a shape covers: the two repairs that shapely offers must agree on
# the area within this share, else nobody can know which shape was meant.
REPAIR_TOLERANCE = 0.01


def read_boundaries(path: Path, source: Source, profile: Profile, file_name: str) -> pa.SourceTable:
    """Read a boundary file with geopandas and measure its shapes.

    Returns:
        One row a feature: line_number (its place in the file, from 1), area_code, geometry_wkb,
        crs, repair (NULL, or what was wrong), area_ha, centroid in both CRS, in_bounds.

    Raises:
        RefreshError: unreadable, another CRS than declared, no code property, shapes that are
            missing, that are no polygons, or that cannot be repaired without a doubt.
    """
    # The geometry stack takes half a second to import; only this reader needs it.
    import geopandas as gpd
    import numpy as np
    import pyogrio.errors
    import shapely

    where = f"source {source.id}, file {file_name}"
    again = source.again
    try:
        # A ring that is not closed makes no shape: reported below, with its feature.
        frame = gpd.read_file(path, engine="pyogrio", on_invalid="ignore")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise RefreshError(
            "Reading", [Problem(where, f"no readable GeoJSON ({error})", "GeoJSON", again)]
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise RefreshError("Reading", [Problem(where, "no features", "areas with shapes", again)])
    # Shapes with heights have a CRS of three dimensions; the heights are dropped below.
    if frame.crs is None or not frame.crs.to_2d().equals(source.crs):
        raise RefreshError(
            "Reading",
            [
                Problem(
                    where=where,
                    found=f"CRS {frame.crs.to_string() if frame.crs else 'not declared'}",
                    expected=f"CRS {source.crs}",
                    remedy=f"export the boundaries in {source.crs}",
                )
            ],
        )
    pattern = re.compile(source.columns["area_code"], re.IGNORECASE)
    codes = [name for name in frame.columns if pattern.fullmatch(str(name))]
    if len(codes) != 1:
        raise RefreshError(
            "Reading",
            [
                Problem(
                    where=where,
                    found=f"properties {', '.join(map(str, frame.columns.drop('geometry')))}",
                    expected=f"one property named like {source.columns['area_code']}",
                    remedy=f"if it was renamed, change sources.yml; else {again}",
                )
            ],
        )
    area_code = frame[codes[0]].astype("string")
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
    uncoded = (area_code.fillna("").str.strip() == "").to_numpy(dtype=bool)
    if uncoded.any():
        problems.append(Problem(where, f"no code: {named(uncoded)}", "a code each", again))
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6))
    other = ~polygonal & ~absent
    if other.any():
        problems.append(Problem(where, f"no polygon: {named(other)}", "polygons", again))
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
    centroid = metric.centroid
    degrees = centroid.to_crs(source.crs)
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
        }
    )


def _polygons(shape: object) -> object:
    """The polygonal part of a repaired shape: make_valid may leave lines and points beside it."""
    import shapely

    parts = shapely.get_parts(shape)
    kept = [part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")]
    return kept[0] if len(kept) == 1 else shapely.union_all(kept)
