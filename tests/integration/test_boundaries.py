"""Boundary files: what is measured of a shape, what is repaired on the record, what is refused."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyproj
import pytest
import shapely

from orchestration.problems import Problem, RefreshError
from orchestration.raw import boundaries
from orchestration.raw.boundaries import read_boundaries
from orchestration.raw.raw_file import RawFile
from orchestration.sources.registry import load_registry

REGISTRY = load_registry("sample")
SOURCE = REGISTRY.source("boundary_lsoa21")

Ring = list[tuple[float, ...]]
Geometry = dict[str, Any]
Feature = dict[str, Any]
Shapes = list[dict[str, Any]]
Read = Callable[[object], Shapes]
Refusal = Callable[[object], list[Problem]]


def square(west: float = 1.0, south: float = 54.0, side: float = 0.01) -> Ring:
    east, north = west + side, south + side
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def polygon(*rings: Ring) -> Geometry:
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: Geometry | None, code: object = "X01000001") -> Feature:
    return {"type": "Feature", "properties": {"lsoa21_code": code}, "geometry": geometry}


def collection(*features: Feature, crs: str | None = None) -> dict[str, Any]:
    declared = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", **declared, "features": list(features)}


GOOD = feature(polygon(square()))
BOW_TIE: Ring = [(1.0, 54.0), (1.01, 54.01), (1.01, 54.0), (1.0, 54.01), (1.0, 54.0)]
# The tip of the notch, (1.01, 54), touches the southern side.
TOUCHING: Ring = [(1, 54), (1.02, 54), (1.02, 54.02), (1.01, 54), (1, 54.02), (1, 54)]
# Out along a line and back again.
SPIKE: Ring = [
    (1, 54),
    (1.01, 54),
    (1.01, 54.01),
    (1.01, 54.05),
    (1.01, 54.01),
    (1, 54.01),
    (1, 54),
]


def given(data: bytes, suffix: str = ".geojson") -> RawFile:
    return RawFile(data, suffix, f"source {SOURCE.id}, file b{suffix}", SOURCE.again)


@pytest.fixture
def read() -> Read:
    def load(content: object) -> Shapes:
        text = content if isinstance(content, str) else json.dumps(content)
        rows: Shapes = read_boundaries(given(text.encode()), SOURCE, REGISTRY.profile).to_pylist()
        return rows

    return load


@pytest.fixture
def refused(read: Read) -> Refusal:
    def problems(content: object) -> list[Problem]:
        with pytest.raises(RefreshError) as failure:
            read(content)
        for problem in failure.value.problems:
            assert problem.where == "source boundary_lsoa21, file b.geojson"
            assert problem.expected
            assert problem.remedy
        return failure.value.problems

    return problems


# --- Good shapes ----------------------------------------------------------------------------------


def test_each_feature_becomes_a_row_with_its_place_in_the_file(read: Read) -> None:
    rows = read(collection(feature(polygon(square(2)), "X2"), feature(polygon(square(1)), "X1")))
    assert [(row["line_number"], row["area_code"]) for row in rows] == [(1, "X2"), (2, "X1")]
    assert {(row["crs"], row["repair"], row["in_bounds"]) for row in rows} == {
        ("EPSG:4326", None, True)
    }


def test_where_a_shape_is_from_and_how_much_of_it_lies_within_larger_ones() -> None:
    source = REGISTRY.source("boundary_ward17")
    # A quarter of the first lies within the second and half of it within the last. A corner that is
    # shared is no overlap.
    squares = {"X05000001": square(), "X05000002": square(1.0075, 54, 0.02)}
    squares["X05000003"] = square(1.0275, 54.02, 0.02)
    squares["X05000004"] = square(0.975, 53.99, 0.03)
    features = [
        {
            "type": "Feature",
            "properties": {"ward17_code": code, "boundary_source": f"of {code}"},
            "geometry": polygon(ring),
        }
        for code, ring in squares.items()
    ]
    text = json.dumps(collection(*features)).encode()
    rows = read_boundaries(given(text), source, REGISTRY.profile).to_pylist()
    assert [row["boundary_source"] for row in rows] == [f"of {code}" for code in squares]
    assert [row["overlap_codes"] for row in rows] == [["X05000004", "X05000002"], [], [], []]
    assert rows[0]["overlap_percents"] == [pytest.approx(50, abs=1e-6), pytest.approx(25, abs=1e-6)]
    assert [row["overlap_percents"] for row in rows[1:]] == [[], [], []]


def test_a_file_that_does_not_say_where_shapes_are_from_is_of_one_origin(read: Read) -> None:
    names = ("boundary_source", "overlap_percents", "overlap_codes")
    for row in read(collection(GOOD, feature(polygon(square()), "X01000002"))):
        assert [row[name] for name in names] == [None, None, None]


def test_wkb_is_the_shape_of_the_file(read: Read) -> None:
    hole = square(1.002, 54.002, 0.001)
    two = {"type": "MultiPolygon", "coordinates": [[square(1)], [square(2)]]}
    shapes = [polygon(square(), hole), two]
    rows = read(collection(*(feature(shape, f"X{n}") for n, shape in enumerate(shapes))))
    for row, shape in zip(rows, shapes, strict=True):
        expected = shapely.from_geojson(json.dumps(shape))
        assert shapely.equals_exact(shapely.from_wkb(row["geometry_wkb"]), expected)


def test_area_is_that_on_the_ground_and_the_centroid_is_in_the_middle(read: Read) -> None:
    (row,) = read(collection(GOOD))
    ground, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.Polygon(square()))
    assert row["area_ha"] == pytest.approx(ground / 10_000, rel=0.001)
    assert row["centroid_longitude"] == pytest.approx(1.005, abs=1e-5)
    assert row["centroid_latitude"] == pytest.approx(54.005, abs=1e-5)
    to_grid = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
    easting, northing = to_grid.transform(1.005, 54.005)
    assert row["centroid_easting"] == pytest.approx(easting, abs=1)
    assert row["centroid_northing"] == pytest.approx(northing, abs=1)


def test_a_hole_is_no_part_of_the_area(read: Read) -> None:
    whole, holed = read(
        collection(GOOD, feature(polygon(square(), square(1.0025, 54.0025, 0.005)), "X2"))
    )
    assert holed["area_ha"] == pytest.approx(0.75 * whole["area_ha"], rel=0.001)


@pytest.mark.parametrize(
    "crs", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326"]
)
def test_wgs84_may_be_declared_in_each_usual_way(read: Read, crs: str) -> None:
    assert read(collection(GOOD, crs=crs)) == read(collection(GOOD))


def test_heights_are_dropped(read: Read) -> None:
    high = [(*corner, 30.0) for corner in square()]
    (row,) = read(collection(feature(polygon(high))))
    assert row == read(collection(GOOD))[0]
    assert not shapely.from_wkb(row["geometry_wkb"]).has_z


def test_other_properties_and_the_case_of_the_code_property_make_no_difference(read: Read) -> None:
    other = {**GOOD, "properties": {"OBJECTID": 7, "LSOA21CD": "X01000001", "name": "Ŵ"}}
    assert read(collection(other)) == read(collection(GOOD))
    small = {**GOOD, "properties": {"lsoa21cd": "X01000001"}}
    assert read(collection(small)) == read(collection(GOOD))


def test_a_shape_out_of_bounds_among_others_is_passed_on_and_marked(read: Read) -> None:
    rows = read(collection(GOOD, feature(polygon(square(-5, 40)), "X2")))
    assert [row["in_bounds"] for row in rows] == [True, False]


def test_a_shape_that_only_reaches_out_of_bounds_is_marked(read: Read) -> None:
    edge = REGISTRY.profile.bounds[2]
    rows = read(collection(GOOD, feature(polygon(square(edge - 0.005)), "X2")))
    assert [row["in_bounds"] for row in rows] == [True, False]


# --- Repairs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ring", "reason"), [(TOUCHING, "Ring Self-intersection"), (SPIKE, "Self-intersection")]
)
def test_a_sure_repair_is_made_and_recorded_and_keeps_the_area(
    read: Read, ring: Ring, reason: str
) -> None:
    broken, sound = read(collection(feature(polygon(ring)), feature(polygon(square(2)), "X2")))
    assert broken["repair"].startswith(reason)
    assert sound["repair"] is None
    shape = shapely.from_wkb(broken["geometry_wkb"])
    assert shape.is_valid
    assert shape.geom_type in ("Polygon", "MultiPolygon")
    assert shape.area == pytest.approx(shapely.Polygon(ring).area, rel=1e-9)
    ground, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(shape))
    assert broken["area_ha"] == pytest.approx(ground / 10_000, rel=0.001)


def test_a_shape_that_could_mean_two_things_is_refused_with_its_code_and_place(
    refused: Refusal,
) -> None:
    (problem,) = refused(collection(GOOD, feature(polygon(BOW_TIE), "X01000009")))
    assert problem.found.startswith("invalid shapes with no sure repair: 1, the first: X01000009")
    assert "feature 2: Self-intersection" in problem.found
    assert "1%" in problem.expected
    assert "GIS" in problem.remedy


def test_a_shape_that_covers_nothing_is_refused(refused: Refusal) -> None:
    flat: Ring = [(1, 54), (1.1, 54), (1, 54), (1, 54)]
    (problem,) = refused(collection(GOOD, feature(polygon(flat), "X01000009")))
    assert "X01000009 (feature 2" in problem.found


def test_the_first_five_of_many_doubtful_shapes_are_named(refused: Refusal) -> None:
    (problem,) = refused(collection(*(feature(polygon(BOW_TIE), f"X{n}") for n in range(8))))
    assert "8, the first: X0 (feature 1" in problem.found
    assert "X4 (feature 5" in problem.found
    assert "X5" not in problem.found


# --- Another CRS ----------------------------------------------------------------------------------

METRIC = feature(polygon(square(600_000, 400_000, 1000)))


def test_another_crs_that_is_declared_is_refused(refused: Refusal) -> None:
    (problem,) = refused(collection(METRIC, crs="urn:ogc:def:crs:EPSG::27700"))
    assert problem.found == "CRS EPSG:27700"
    assert problem.expected == "CRS EPSG:4326"
    assert problem.remedy == "export the boundaries in EPSG:4326"


def test_metres_that_are_not_declared_are_refused(refused: Refusal) -> None:
    (problem,) = refused(collection(METRIC))
    assert problem.found == "coordinates such as 600000.0, 400000.0"
    assert problem.expected == "degrees (EPSG:4326) within 0.5, 53.0, 4.5, 56.5"


def test_latitude_before_longitude_is_refused(refused: Refusal) -> None:
    (problem,) = refused(collection(feature(polygon(square(54, 1)))))
    assert problem.found == "coordinates such as 54.0, 1.0"


# --- No usable shapes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "geometry", [None, polygon(), polygon(square()[:-1])], ids=["null", "empty", "ring not closed"]
)
@pytest.mark.filterwarnings("ignore:Non closed ring:RuntimeWarning")
def test_a_feature_without_a_shape_is_refused(refused: Refusal, geometry: Geometry | None) -> None:
    (problem,) = refused(collection(GOOD, feature(geometry, "X01000002")))
    assert problem.found == "no shape: 1, the first: X01000002 (feature 2)"


@pytest.mark.parametrize("code", [None, "", "  "])
def test_a_feature_without_a_code_is_refused(refused: Refusal, code: str | None) -> None:
    (problem,) = refused(collection(GOOD, feature(polygon(square(2)), code)))
    assert problem.found.startswith("no code: 1, the first: ")
    assert "(feature 2)" in problem.found


def test_a_line_is_no_area(refused: Refusal) -> None:
    line = {"type": "LineString", "coordinates": square()}
    (problem,) = refused(collection(GOOD, feature(line, "X01000002")))
    assert problem.found == "no polygon: 1, the first: X01000002 (feature 2)"


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_a_coordinate_that_is_no_number_is_refused(refused: Refusal) -> None:
    hollow = polygon([(1, 54), (1.1, 54), (1.1, float("nan")), (1, 54)])
    (problem,) = refused(collection(GOOD, feature(hollow, "X01000002")))
    assert problem.found == "no number: 1, the first: X01000002 (feature 2)"


def test_the_problems_of_all_features_come_in_one_error_each_counted_once(
    refused: Refusal,
) -> None:
    line = {"type": "LineString", "coordinates": square()}
    problems = refused(
        collection(feature(None, "X1"), feature(polygon(square()), None), feature(line, "X3"))
    )
    assert [problem.found.split(", the first")[0] for problem in problems] == [
        "no shape: 1",
        "no code: 1",
        "no polygon: 1",
    ]


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"name": "a", "lsoa11_code": "X01000001"}, "name, lsoa11_code"),
        ({}, "properties "),
        ({"lsoa21_code": "X1", "LSOA21CD": "X1"}, "lsoa21_code, LSOA21CD"),
    ],
    ids=["another vintage", "none", "two"],
)
def test_not_exactly_one_code_property_is_refused_and_those_there_are_named(
    refused: Refusal, properties: dict[str, str], found: str
) -> None:
    (problem,) = refused(collection({**GOOD, "properties": properties}))
    assert found in problem.found
    assert "lsoa21_code|LSOA21CD" in problem.expected


def test_a_file_without_features_is_refused(refused: Refusal) -> None:
    (problem,) = refused(collection())
    assert problem.found == "no features"


@pytest.mark.parametrize(
    "content",
    ["hello", "", "{}", "[]", json.dumps(collection(GOOD, GOOD))[:-2]],
    ids=["text", "nothing", "an object", "an array", "broken off"],
)
def test_what_is_no_geojson_is_refused(refused: Refusal, content: str) -> None:
    (problem,) = refused(content)
    assert problem.found.startswith("no readable GeoJSON")
    assert SOURCE.again in problem.remedy


def test_a_large_file_that_breaks_off_is_refused(refused: Refusal, sample_inbox: Path) -> None:
    whole = (sample_inbox / "boundaries/lsoa21_doggerland.geojson").read_text("utf-8")
    (problem,) = refused(whole[: len(whole) // 2])
    assert problem.found.startswith("no readable GeoJSON")


# --- Other kinds of file, and what only calls itself one ------------------------------------------


def frame(crs: str = "EPSG:27700", column: str = "LSOA21CD") -> gpd.GeoDataFrame:
    shapes = [shapely.Polygon(square(west)) for west in (1.0, 1.02)]
    codes = {column: ["X01000001", "X01000002"]}
    return gpd.GeoDataFrame(codes, geometry=shapes, crs="EPSG:4326").to_crs(crs)


def written(data: gpd.GeoDataFrame, path: Path, **options: str) -> Path:
    data.to_file(path, engine="pyogrio", **options)
    return path


def zipped(folder: Path, *, without: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for file in sorted(folder.iterdir()):
            if file.suffix != without:
                archive.write(file, f"Boundaries/{file.name}")
    return held.getvalue()


def problem_of(data: bytes, suffix: str) -> Problem:
    with pytest.raises(RefreshError) as failure:
        read_boundaries(given(data, suffix), SOURCE, REGISTRY.profile)
    (problem,) = failure.value.problems
    assert problem.where == f"source boundary_lsoa21, file b{suffix}"
    assert problem.expected
    assert problem.remedy
    return problem


@pytest.mark.parametrize("crs", ["EPSG:27700", "EPSG:4326"])
@pytest.mark.parametrize("kind", [".gpkg", ".zip"])
def test_a_geopackage_and_a_zipped_shapefile_are_read_in_degrees_or_metres(
    tmp_path: Path, kind: str, crs: str
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    file = written(frame(crs), folder / f"made{'.shp' if kind == '.zip' else kind}")
    data = zipped(folder) if kind == ".zip" else file.read_bytes()
    rows = read_boundaries(given(data, kind), SOURCE, REGISTRY.profile).to_pylist()
    assert [(row["area_code"], row["crs"], row["in_bounds"]) for row in rows] == [
        ("X01000001", "EPSG:4326", True),
        ("X01000002", "EPSG:4326", True),
    ]
    for row, west in zip(rows, (1.0, 1.02), strict=True):
        shape = shapely.from_wkb(row["geometry_wkb"])
        assert shape.equals_exact(shapely.Polygon(square(west)), 1e-6, normalize=True)


def test_of_several_layers_that_with_the_codes_is_read(tmp_path: Path) -> None:
    file = written(frame(column="note"), tmp_path / "made.gpkg", layer="notes")
    written(frame(), file, layer="areas")
    rows = read_boundaries(given(file.read_bytes(), ".gpkg"), SOURCE, REGISTRY.profile)
    assert rows.num_rows == 2


def test_another_crs_than_degrees_or_the_countrys_metres_is_refused(tmp_path: Path) -> None:
    file = written(frame("EPSG:3857"), tmp_path / "made.gpkg")
    assert problem_of(file.read_bytes(), ".gpkg").found == "CRS EPSG:3857"


@pytest.mark.parametrize("part", [".shx", ".dbf", ".prj"])
def test_a_shapefile_with_a_part_missing_is_refused(tmp_path: Path, part: str) -> None:
    written(frame(), tmp_path / "made.shp")
    assert problem_of(zipped(tmp_path, without=part), ".zip").found == f"a shapefile without {part}"


def test_blanks_around_a_code_are_trimmed(read: Read) -> None:
    rows = read(collection(feature(polygon(square()), "X01000001 \u00a0\t")))
    assert [row["area_code"] for row in rows] == ["X01000001"]


@pytest.mark.parametrize(
    "content",
    [
        '<OGRVRTDataSource><OGRVRTLayer name="b"><SrcDataSource>{path}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
        '{{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read {path} ! '
        'write --output-format=MEM streamed"}}',
        '{{"geometryType": "esriGeometryPolygon", "features": [{{"attributes": '
        '{{"lsoa21_code": "X01000001"}}, "geometry": {{"rings": [[[1, 54], [1.01, 54], '
        "[1.01, 54.01], [1, 54]]]}}}}]}}",
        "{path}",
        "/vsicurl/http://127.0.0.1:9/b.geojson",
        '"GeoJSON:{path}"',
    ],
    ids=["a virtual layer", "a pipeline", "another json", "a path", "an address", "a string"],
)
@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".zip"])
def test_nothing_but_the_bytes_of_the_file_is_read(
    tmp_path: Path, content: str, suffix: str
) -> None:
    elsewhere = tmp_path / "elsewhere.geojson"
    elsewhere.write_text(json.dumps(collection(GOOD)), encoding="utf-8")
    problem = problem_of(content.format(path=elsewhere).encode(), suffix)
    assert "readable" in problem.found or "only calls itself" in problem.found


def test_a_geopackage_with_a_table_that_stands_for_something_elsewhere_is_refused(
    tmp_path: Path,
) -> None:
    file = written(frame(), tmp_path / "made.gpkg")
    with closing(sqlite3.connect(file)) as db:
        db.execute("create virtual table outside using fts5(a)")
        db.commit()
    assert problem_of(file.read_bytes(), ".gpkg").found.endswith("virtual tables: outside")


@pytest.mark.parametrize("crs", ["EPSG:999999", "urn:ogc:def:crs:NONE::1", ""])
def test_a_crs_that_is_not_known_is_not_taken_for_degrees(refused: Refusal, crs: str) -> None:
    stated = {"crs": {"type": "name", "properties": {"name": crs}}}
    (problem,) = refused({**collection(GOOD), **stated})
    assert problem.found == f"CRS {crs!r}, which is not known"


@pytest.mark.parametrize(
    "crs",
    [{"type": "link", "properties": {"href": "http://127.0.0.1:9"}}, None, "EPSG:4326"],
    ids=["a link", "none", "a text"],
)
def test_a_crs_that_is_stated_in_another_way_is_refused(refused: Refusal, crs: object) -> None:
    (problem,) = refused({**collection(GOOD), "crs": crs})
    assert problem.found == "CRS None, which is not known"


@pytest.mark.parametrize("crs", ["EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84"])
def test_degrees_may_be_stated(read: Read, crs: str) -> None:
    assert len(read(collection(GOOD, crs=crs))) == 1


@pytest.mark.parametrize("code", ["X01000001\0", "X01\0" + "000001"])
def test_a_zero_byte_is_refused(refused: Refusal, code: str) -> None:
    (problem,) = refused(collection(feature(polygon(square()), code)))
    assert "a zero byte" in problem.found


def test_a_property_that_is_not_utf8_is_refused() -> None:
    text = json.dumps(collection(GOOD)).replace('"X01', '"X\u00e901').encode()
    latin = text.replace(b"\\u00e9", b"\xe9").replace("\u00e9".encode(), b"\xe9")
    assert problem_of(latin, ".geojson").found.startswith("no readable GeoJSON (UnicodeDecode")


def test_more_vertices_than_can_be_measured_are_refused(
    refused: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boundaries, "MOST_VERTICES", 4)
    assert refused(collection(GOOD))[0].found == "5 vertices"
