"""Boundary files, spoilt: GeoJSON, GeoPackage, zipped shapefile.

The last two are made of the first, so that all hold the same areas.
"""

from __future__ import annotations

import json
import math
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import geopandas

from tests.support.mutations import archives
from tests.support.mutations.archives import Members, packed, unpacked
from tests.support.mutations.kinds import Kinds, Spoil

GEOJSON, GEOPACKAGE, SHAPEFILE = Kinds("geojson"), Kinds("gpkg"), Kinds("shapefile")
Collection = dict[str, Any]
Feature = dict[str, Any]


def as_geopackage(geojson: bytes) -> bytes:
    return _written(geojson, "areas.gpkg", "GPKG")["areas.gpkg"]


def as_shapefile(geojson: bytes) -> bytes:
    return packed(_written(geojson, "areas.shp", "ESRI Shapefile"))


def _written(geojson: bytes, name: str, driver: str) -> Members:
    frame = geopandas.GeoDataFrame.from_features(json.loads(geojson)["features"], crs="EPSG:4326")
    with tempfile.TemporaryDirectory(prefix="lbn-") as folder:
        # A shapefile's names have ten characters.
        columns = {"ltla24_code": "LAD24CD", "ltla24_name": "LAD24NM"}
        frame.rename(columns=columns).to_file(Path(folder) / name, driver=driver)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


# --- GeoJSON --------------------------------------------------------------------------------------


def _of_collection(name: str, change: Callable[[Collection, Random], object]) -> None:
    """Register a mutation of the parsed collection, changed in place."""

    def spoil(data: bytes, random: Random) -> bytes:
        collection = json.loads(data)
        change(collection, random)
        return json.dumps(collection).encode()

    GEOJSON.add(name, spoil)


def _of_feature(name: str, change: Callable[[Feature], object]) -> None:
    """Register a mutation of one feature, changed in place."""
    _of_collection(name, lambda all_, random: change(random.choice(all_["features"])))


def _geometry(name: str, geometry: object) -> None:
    _of_feature(name, lambda feature: feature.update(geometry=geometry))


def _ring(feature: Feature) -> list[list[float]]:
    """The first ring of a feature."""
    rings = feature["geometry"]["coordinates"]
    found: list[list[float]] = rings[0] if feature["geometry"]["type"] == "Polygon" else rings[0][0]
    return found


def _of_points(name: str, change: Callable[[float, float], list[float]]) -> None:
    """Register a mutation of every point of every area."""

    def moved(part: list[Any]) -> list[Any]:
        if part and isinstance(part[0], float | int):
            return change(*part)
        return [moved(each) for each in part]

    def spoil(all_: Collection, _random: Random) -> None:
        for feature in all_["features"]:
            feature["geometry"]["coordinates"] = moved(feature["geometry"]["coordinates"])

    _of_collection(name, spoil)


_SQUARE = [[2.0, 54.0], [2.1, 54.0], [2.1, 54.1], [2.0, 54.1], [2.0, 54.0]]
_geometry("geometry null", None)
_geometry("geometry: point", {"type": "Point", "coordinates": [2.0, 54.0]})
_geometry("geometry: points", {"type": "MultiPoint", "coordinates": _SQUARE})
_geometry("geometry: line", {"type": "LineString", "coordinates": _SQUARE})
_geometry("geometry: lines", {"type": "MultiLineString", "coordinates": [_SQUARE]})
_geometry("geometry empty", {"type": "Polygon", "coordinates": []})
_geometry("geometry of an empty ring", {"type": "Polygon", "coordinates": [[]]})
_geometry("geometry of two points", {"type": "Polygon", "coordinates": [_SQUARE[:2]]})
_geometry("geometry of one place", {"type": "Polygon", "coordinates": [[_SQUARE[0]] * 5]})
_geometry("geometry without coordinates", {"type": "Polygon"})
_geometry("geometry of an unknown type", {"type": "Circle", "coordinates": _SQUARE[0]})
_geometry("geometry that is text", "POLYGON ((0 0, 1 1, 1 0, 0 0))")
_geometry("geometry that is a number", 7)
_geometry("coordinates too shallow", {"type": "Polygon", "coordinates": _SQUARE})
_geometry("coordinates too deep", {"type": "Polygon", "coordinates": [[[_SQUARE]]]})
_geometry("coordinates of text", {"type": "Polygon", "coordinates": [[["a", "b"]] * 5]})
_geometry("coordinates null", {"type": "Polygon", "coordinates": [[[None, None]] * 5]})
_geometry("coordinates of one number", {"type": "Polygon", "coordinates": [[[2.0]] * 5]})
_geometry(
    "a collection with a polygon",
    {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [_SQUARE]}]},
)
_geometry("a collection of nothing", {"type": "GeometryCollection", "geometries": []})


def _nested(depth: int) -> Feature:
    geometry: Feature = {"type": "Polygon", "coordinates": [_SQUARE]}
    for _ in range(depth):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    return geometry


_geometry("collections in collections", _nested(20))
_of_feature("ring unclosed", lambda feature: _ring(feature).pop())
_of_feature(
    "ring that crosses itself",
    lambda feature: _ring(feature).__setitem__(slice(None), [_SQUARE[n] for n in (0, 2, 1, 3, 0)]),
)
_of_feature(
    "ring with a spike",
    lambda feature: _ring(feature).insert(1, [_ring(feature)[0][0] + 0.2, 54.0]),
)
_of_feature(
    "hole outside of its area",
    lambda feature: feature.update(
        geometry={
            "type": "Polygon",
            "coordinates": [_SQUARE, [[x + 1, y] for x, y in _SQUARE]],
        }
    ),
)
_of_feature("coordinate NaN", lambda feature: _ring(feature).insert(1, [float("nan"), 54.0]))
_of_feature("coordinate infinite", lambda feature: _ring(feature).insert(1, [float("inf"), 54.0]))
_of_feature("coordinate of 1e308", lambda feature: _ring(feature).insert(1, [1e308, 54.0]))
_of_feature("area out of bounds", lambda feature: feature.update(geometry=_far()))
_of_feature("area round the world", lambda feature: feature.update(geometry=_world()))
_of_points("axes swapped", lambda x, y, *_: [y, x])
_of_points("heights", lambda x, y, *_: [x, y, 30.0])
_of_points("four numbers a point", lambda x, y, *_: [x, y, 1.0, 2.0])
_of_points("metres", lambda x, y, *_: [x * 70_000, y * 110_000])
_of_points("moved by a degree", lambda x, y, *_: [x + 1, y])
_of_points("moved by some metres", lambda x, y, *_: [x + 0.001, y])
_of_points("shrunk to a hundredth", lambda x, y, *_: [2 + (x - 2) / 100, 54 + (y - 54) / 100])
_of_points("rounded", lambda x, y, *_: [round(x, 2), round(y, 2)])
_of_points("mirrored", lambda x, y, *_: [4 - x, y])


def _far() -> Feature:
    return {"type": "Polygon", "coordinates": [[[x - 70, y] for x, y in _SQUARE]]}


def _world() -> Feature:
    ring = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    return {"type": "Polygon", "coordinates": [ring]}


def _crs(name: object) -> Feature:
    return {"type": "name", "properties": {"name": name}}


def _declared(what: str, crs: object) -> None:
    _of_collection(f"CRS {what}", lambda all_, _: all_.update(crs=crs))


_declared("another", _crs("urn:ogc:def:crs:EPSG::27700"))
_declared("unknown", _crs("EPSG:999999"))
_declared("of text", "EPSG:4326")
_declared("null", None)
_declared("without a name", {"type": "name", "properties": {}})
_declared("whose name is a list", _crs(["EPSG:4326"]))
_declared(
    "behind an address", {"type": "link", "properties": {"href": "http://127.11.7.25:8079/crs"}}
)
_declared("named by an address", _crs("http://127.11.7.25:8079/crs.wkt"))
_declared("named by a file", _crs("/etc/passwd"))
_declared("of 2,000,000 characters", _crs("x" * 2_000_000))


def _property(name: str, value: object) -> None:
    def change(feature: Feature) -> None:
        code = next(key for key in feature["properties"] if key.endswith("code"))
        feature["properties"][code] = value

    _of_feature(name, change)


_property("code null", None)
_property("code: a number", 7)
_property("code: an object", {"a": 1})
_property("code with NUL", "X06000001\0")
_property("code with a blank", "X06000001 ")
_property("code with a statement of SQL", "X'; drop table raw.boundary; --")
_property("code of 3,000,000 characters", "X" * 3_000_000)
_of_feature("properties null", lambda feature: feature.update(properties=None))
_of_feature("properties a list", lambda feature: feature.update(properties=[1]))
_of_feature("properties gone", lambda feature: feature.pop("properties"))
_of_feature("20,000 properties", lambda feature: feature["properties"].update(_many()))
_of_feature("type of feature unknown", lambda feature: feature.update(type="Thing"))
_of_collection("feature dropped", lambda all_, _: all_["features"].pop())
_of_collection("feature twice", lambda all_, _: all_["features"].append(all_["features"][0]))
_of_collection("features in another order", lambda all_, random: random.shuffle(all_["features"]))
_of_collection("features gone", lambda all_, _: all_.pop("features"))
_of_collection("features null", lambda all_, _: all_.update(features=None))
_of_collection("feature null", lambda all_, _: all_["features"].append(None))
_of_collection(
    "feature in features", lambda all_, _: all_["features"].append({**all_, "features": []})
)
_of_collection("as one feature", lambda all_, _: all_.update(all_["features"][0]))


def _many() -> Feature:
    return {f"p{n}": n for n in range(20_000)}


@GEOJSON("codes shifted by a feature")
def _(data: bytes, _random: Random) -> bytes:
    collection = json.loads(data)
    properties = [feature["properties"] for feature in collection["features"]]
    for feature, other in zip(collection["features"], properties[1:] + properties, strict=False):
        feature["properties"] = other
    return json.dumps(collection).encode()


@GEOJSON("shapes of two areas swapped")
def _(data: bytes, random: Random) -> bytes:
    collection = json.loads(data)
    one, other = random.sample(collection["features"], 2)
    one["geometry"], other["geometry"] = other["geometry"], one["geometry"]
    return json.dumps(collection).encode()


@GEOJSON("millions of vertices")
def _(data: bytes, _random: Random) -> bytes:
    """A circle of three million points in place of an area."""
    turn = 2 * math.pi / 3_000_000
    ring = ",".join(
        f"[{2 + 0.1 * math.cos(n * turn):.9f},{54 + 0.1 * math.sin(n * turn):.9f}]"
        for n in (*range(3_000_000), 0)
    )
    collection = json.loads(data)
    collection["features"][0]["geometry"] = {"type": "Polygon", "coordinates": ["vast"]}
    return json.dumps(collection).replace('"vast"', f"[{ring}]").encode()


@GEOJSON("a comb of 20,000 teeth that cross")
def _(data: bytes, _random: Random) -> bytes:
    ring = [[2 + n / 200_000, 54 + 0.1 * (n % 2)] for n in range(20_000)]
    ring += [[2.1 - n / 200_000, 54.05 + 0.1 * (n % 2)] for n in range(20_000)]
    collection = json.loads(data)
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    collection["features"][0]["geometry"] = geometry
    return json.dumps(collection).encode()


@GEOJSON("cut")
def _(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


@GEOJSON("NUL in the text")
def _(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + b"\0" + data[at:]


@GEOJSON("a name that is Latin-1")
def _(data: bytes, _random: Random) -> bytes:
    return data.replace(b"Great", b"Gr\xe9at")


for _name, _text in {
    "VRT": "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource>"
    "</OGRVRTLayer></OGRVRTDataSource>",
    "VRT of an address": "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/vsicurl/http://"
    "127.11.7.25:8079/a.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    "GDAL's pipeline": '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! '
    'read /vsicurl/http://127.11.7.25:8079/a.geojson"}',
    "ESRI JSON": '{"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4326}, '
    '"fields": [{"name": "ltla24_code", "type": "esriFieldTypeString"}], "features": '
    '[{"attributes": {"ltla24_code": "X06000001"}, "geometry": {"rings": [[[2, 54], [2, 55], '
    "[3, 55], [2, 54]]]}}]}",
    "TopoJSON": '{"type": "Topology", "objects": {"a": {"type": "GeometryCollection", '
    '"geometries": []}}, "arcs": []}',
    "STACTA": '{"stac_version": "1.0.0", "assets": {"a": {"href": "http://127.11.7.25:8079/a.tif"}}}',
    "an address": "/vsicurl/http://127.11.7.25:8079/a.geojson",
    "an address in quotes": '"http://127.11.7.25:8079/a.geojson"',
    "an error of a service": '{"error": {"code": 400, "message": "Cannot perform query"}}',
    "a list": "[[[[[[]]]]]]",
    "a text": '"hello"',
    "GML": '<gml:FeatureCollection xmlns:gml="http://127.11.7.25:8079/gml"/>',
    "lists 1,000,000 deep": "[" * 1_000_000,
    "features one a line": '{"type": "Feature", "properties": {"ltla24_code": "X1"}, '
    '"geometry": null}\n' * 9,
}.items():
    GEOJSON.add(f"in its place: {_name}", lambda *_, text=_text: text.encode())
GEOJSON.add("pretty", lambda data, _: json.dumps(json.loads(data), indent=2).encode())
GEOJSON.add("BOM", lambda data, _: b"\xef\xbb\xbf" + data)
GEOJSON.add("BOM twice", lambda data, _: b"\xef\xbb\xbf" * 2 + data)
GEOJSON.add("encoding utf-16", lambda data, _: data.decode().encode("utf-16"))
GEOJSON.add("as text sequence", lambda data, _: b"\x1e" + data)
GEOJSON.add("GeoPackage in its place", lambda data, _: as_geopackage(data))
GEOJSON.add("shapefile in its place", lambda data, _: as_shapefile(data))

# --- GeoPackage -----------------------------------------------------------------------------------


def _of_database(name: str, *statements: str) -> None:
    """Register a mutation by SQL; what the database then refuses is left as it was."""

    def spoil(data: bytes, _random: Random) -> bytes:
        with tempfile.TemporaryDirectory(prefix="lbn-") as folder:
            path = Path(folder) / "areas.gpkg"
            path.write_bytes(data)
            with closing(sqlite3.connect(path)) as database:
                # Its triggers call functions that only GDAL has.
                triggers = "select name from sqlite_master where type = 'trigger'"
                for (trigger,) in database.execute(triggers).fetchall():
                    database.execute(f'drop trigger "{trigger}"')
                database.execute("pragma writable_schema = on")
                for statement in statements:
                    database.execute(statement)
                database.commit()
            return path.read_bytes()

    GEOPACKAGE.add(name, spoil)


_of_database("triggers gone")
_of_database("virtual table", "create virtual table strange using fts5(a)")
_of_database(
    "virtual table of a file",
    "insert into sqlite_master values ('table', 'v', 'v', 0, "
    "'create virtual table v using VirtualOGR(''/vsicurl/http://127.11.7.25:8079/a.geojson'')')",
)
_of_database(
    "virtual table, said with a comment",
    "insert into sqlite_master values ('table', 'v', 'v', 0, "
    "'create/**/virtual table v using VirtualOGR(''/vsicurl/http://127.11.7.25:8079/a.geojson'')')",
)
_of_database(
    "virtual table named like an index",
    "insert into sqlite_master values ('table', 'rtree_x', 'rtree_x', 0, "
    "'create virtual table rtree_x using VirtualOGR(''/vsicurl/http://127.11.7.25:8079/a.geojson'')')",
)
_of_database(
    "view in place of the table",
    "alter table areas rename to hidden",
    "create view areas as select * from hidden",
    "update gpkg_contents set table_name = 'areas'",
    "update gpkg_geometry_columns set table_name = 'areas'",
)
_of_database(
    "view without end",
    "alter table areas rename to hidden",
    "create view areas as with recursive n(fid) as (select 1 union all select fid + 1 from n) "
    "select n.fid, geom, LAD24CD, LAD24NM from n, hidden",
    "update gpkg_contents set table_name = 'areas'",
    "update gpkg_geometry_columns set table_name = 'areas'",
)
_of_database("trigger", "create trigger t after insert on areas begin delete from areas; end")
_of_database("table empty", "delete from areas")
_of_database("row dropped", "delete from areas where fid = 3")
_of_database("codes missing", "update areas set LAD24CD = null where fid = 3")
_of_database("codes: bytes", "update areas set LAD24CD = x'ff00fe' where fid = 3")
_of_database("codes: numbers", "update areas set LAD24CD = 7 where fid = 3")
_of_database(
    "codes with NUL", "update areas set LAD24CD = 'X06000001' || char(0) || 'b' where fid = 3"
)
_of_database(
    "codes of two areas swapped",
    "update areas set LAD24CD = case fid when 1 then "
    "(select LAD24CD from areas where fid = 2) when 2 then "
    "(select LAD24CD from areas where fid = 1) else LAD24CD end",
)
_of_database("shapes missing", "update areas set geom = null where fid = 3")
_of_database("shapes empty", "update areas set geom = x'' where fid = 3")
_of_database("shapes that are none", "update areas set geom = x'0102030405' where fid = 3")
_of_database("shapes that are text", "update areas set geom = 'POLYGON' where fid = 3")
_of_database(
    "shapes that lie about their size",
    "update areas set geom = substr(geom, 1, 45) || x'ffffff7f' || substr(geom, 50) where fid = 3",
)
_of_database("shapes of others", "update areas set geom = (select geom from areas where fid = 1)")
_of_database("CRS another", "update gpkg_geometry_columns set srs_id = -1")
_of_database("CRS not there", "update gpkg_geometry_columns set srs_id = 27700")
_of_database(
    "CRS that is no CRS",
    "update gpkg_spatial_ref_sys set definition = 'x', "
    "organization_coordsys_id = 999999 where srs_id = 4326",
)
_of_database("contents empty", "delete from gpkg_contents")
_of_database("contents gone", "drop table gpkg_contents")
_of_database("geometry columns gone", "drop table gpkg_geometry_columns")
_of_database("table gone", "drop table areas")
_of_database("column of another name", "alter table areas rename column LAD24CD to code")
_of_database(
    "two layers with codes",
    "create table more as select * from areas",
    "insert into gpkg_contents (table_name, data_type, identifier, srs_id) "
    "values ('more', 'attributes', 'more', 0)",
)
_of_database(
    "extension that is required",
    "create table if not exists gpkg_extensions ("
    "table_name text, column_name text, extension_name text, definition text, scope text)",
    "insert into gpkg_extensions values ('areas', null, 'com_example', 'x', 'read-write')",
)
_of_database(
    "names of tables with quotes",
    "alter table areas rename to 'a\"; drop table x; --'",
    "update gpkg_contents set table_name = 'a\"; drop table x; --'",
    "update gpkg_geometry_columns set table_name = 'a\"; drop table x; --'",
)


@GEOPACKAGE("cut")
def _(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


@GEOPACKAGE("pages changed")
def _(data: bytes, random: Random) -> bytes:
    at = random.randrange(200, len(data) - 100)
    return data[:at] + random.randbytes(60) + data[at + 60 :]


GEOPACKAGE.add("pages of zeros", lambda data, _: data[:4096] + bytes(len(data) - 4096))
GEOPACKAGE.add("size of pages that is none", lambda data, _: data[:16] + b"\0\3" + data[18:])
GEOPACKAGE.add("write-ahead log that is not there", lambda data, _: data[:18] + b"\2\2" + data[20:])
GEOPACKAGE.add("database of another", lambda data, _: data[:68] + bytes(4) + data[72:])
GEOPACKAGE.add("encoding utf-16", lambda data, _: data[:56] + b"\0\0\0\2" + data[60:])
GEOPACKAGE.add("text in its place", lambda *_: b"GPKG:/vsicurl/http://127.11.7.25:8079/a.gpkg")

# --- Zipped shapefile -----------------------------------------------------------------------------

for _name, _spoil in archives.KINDS.spoils.items():
    SHAPEFILE.add(f"archive: {_name}", _spoil)


def _part(name: str, suffix: str, change: Callable[[bytes, Random], bytes]) -> None:
    """Register a mutation of the part of a shapefile with this ending."""

    def spoil(data: bytes, random: Random) -> bytes:
        members = unpacked(data)
        return packed(
            {
                each: change(content, random) if each.endswith(suffix) else content
                for each, content in members.items()
            }
        )

    SHAPEFILE.add(name, spoil)


def _without(suffix: str) -> Spoil:
    return lambda data, _: packed(
        {name: held for name, held in unpacked(data).items() if not name.endswith(suffix)}
    )


for _suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
    SHAPEFILE.add(f"{_suffix} gone", _without(_suffix))
    _part(f"{_suffix} empty", _suffix, lambda *_: b"")
    _part(f"{_suffix} cut", _suffix, lambda content, _: content[: len(content) // 2])
    _part(f"{_suffix} of zeros", _suffix, lambda content, _: bytes(len(content)))
    _part(
        f"{_suffix} changed",
        _suffix,
        lambda content, random: content[:4] + random.randbytes(30) + content[34:],
    )
_part("types of shapes: points", ".shp", lambda content, _: content[:32] + b"\1" + content[33:])
_part("types of shapes: unknown", ".shp", lambda content, _: content[:32] + b"\x63" + content[33:])
_part(
    "points without number", ".shp", lambda content, _: content[:152] + b"\xff" * 8 + content[160:]
)
_part(
    "numbers of points that lie",
    ".shp",
    lambda content, _: content[:148] + b"\xff\xff\xff\x7f" + content[152:],
)
_part(
    "lengths that lie",
    ".shx",
    lambda content, _: content[:104] + b"\x7f\xff\xff\xff" + content[108:],
)
_part(
    "places that lie",
    ".shx",
    lambda content, _: content[:100] + b"\x7f\xff\xff\xff" + content[104:],
)
_part(
    "records that lie about their number",
    ".dbf",
    lambda content, _: content[:4] + b"\xff\xff\xff\x7f" + content[8:],
)
_part("records that are deleted", ".dbf", lambda content, _: content.replace(b" X06", b"*X06"))
_part(
    "CRS another", ".prj", lambda *_: b'PROJCS["OSGB36",GEOGCS["x",DATUM["x",SPHEROID["x",1,1]]]]'
)
_part("CRS of text", ".prj", lambda *_: b"EPSG:4326")
_part("CRS behind an address", ".prj", lambda *_: b"http://127.11.7.25:8079/crs.wkt")
_part("encoding unknown", ".cpg", lambda *_: b"EBCDIC-XX")
_part("encoding utf-16", ".cpg", lambda *_: b"UTF-16")
_part(
    "a VRT for shapes",
    ".shp",
    lambda *_: (
        b"<OGRVRTDataSource><OGRVRTLayer name='areas'>"
        b"<SrcDataSource>/vsicurl/http://127.11.7.25:8079/a.shp</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    ),
)


@SHAPEFILE("two shapefiles")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    return packed(members | {f"more{name[-4:]}": held for name, held in members.items()})


@SHAPEFILE("names in capitals")
def _(data: bytes, _random: Random) -> bytes:
    return packed({name.upper(): held for name, held in unpacked(data).items()})


@SHAPEFILE("names of two kinds of letters")
def _(data: bytes, _random: Random) -> bytes:
    members = unpacked(data)
    return packed({n.upper() if n.endswith("dbf") else n: held for n, held in members.items()})


@SHAPEFILE("an index beside it that is none")
def _(data: bytes, _random: Random) -> bytes:
    beside = {"areas.qix": b"SQT\1" + bytes(9), "areas.sbn": bytes(200), "areas.shp.xml": b"<x/>"}
    return packed(unpacked(data) | beside)
