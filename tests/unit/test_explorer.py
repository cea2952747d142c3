"""The explorer's packing, shapes and pages: what can be told without a browser."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import shapely
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestration.publish.explorer import page, write_explorer
from orchestration.publish.explorer.encode import Numbers, Packer, names_text
from orchestration.publish.explorer.shapes import UNIT, Rings, dissolved, projected, rings_of
from orchestration.settings import PROJECT_ROOT
from tests.support.packed import Unpacked

MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"


# ---- packing -------------------------------------------------------------------------------------


def array(numbers: list[int]) -> Numbers:
    return np.array(numbers, dtype=np.int64)


@given(st.lists(st.integers(0, 2**31 - 1)), st.lists(st.integers(-(2**29), 2**29 - 1)))
def test_columns_come_back(plain: list[int], alike: list[int]) -> None:
    packer = Packer()
    packer.add("plain", array(plain))
    packer.add("alike", array(alike), alike=True)
    unpacked = Unpacked(packer.text({"said": "Å & </script>"}))
    assert unpacked.column("plain") == plain
    assert unpacked.column("alike") == alike
    assert unpacked.document == {"said": "Å & </script>"}


@pytest.mark.parametrize("number", [-1, 2**31])
def test_what_the_page_cannot_hold_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="column ranks"):
        Packer().add("ranks", array([number]))


def test_a_column_comes_once() -> None:
    packer = Packer()
    packer.add("ranks", array([1]))
    with pytest.raises(ValueError, match="there already"):
        packer.add("ranks", array([2]))


@given(st.lists(st.lists(st.sampled_from(["Hull", "St", "Mary's", "001A", "É"]), min_size=1)))
def test_names_come_back(words: list[list[str]]) -> None:
    names = [" ".join(name) for name in words]
    found, stem = [], ""
    for line in names_text(names).split("\n") if names else []:
        found.append(f"{stem} {line[1:]}" if line.startswith("\t") else line)
        stem = found[-1].rpartition(" ")[0]
    assert found == names


# ---- shapes --------------------------------------------------------------------------------------


def rebuilt(rings: Rings) -> list[Any]:
    """Shapes from their rings, by the even-odd rule."""
    shapes, ring, vertex = [], 0, 0
    for count in rings.counts:
        shape: Any = shapely.Polygon()
        for length in rings.lengths[ring : ring + count]:
            places = slice(vertex, vertex + length)
            drawn = shapely.Polygon(np.column_stack([rings.x[places], rings.y[places]]))
            shape = shapely.symmetric_difference(shape, drawn)
            vertex += length
        ring += count
        shapes.append(shape)
    return shapes


boxes = st.builds(
    lambda x, y, wide, high: shapely.box(x, y, x + wide, y + high),
    st.integers(-50, 50),
    st.integers(-50, 50),
    st.integers(1, 30),
    st.integers(1, 30),
)
polygons = st.lists(boxes, min_size=1, max_size=6).map(shapely.union_all) | st.builds(
    lambda outer, inner: outer.difference(inner), boxes, boxes
)


@given(st.lists(polygons, min_size=1, max_size=5))
def test_shapes_come_back_with_holes_and_parts(drawn: list[Any]) -> None:
    found = rebuilt(rings_of(np.array(drawn, dtype=object)))
    assert len(found) == len(drawn)
    for shape, back in zip(drawn, found, strict=True):
        assert shapely.symmetric_difference(shape, back).area == 0


def test_an_area_without_shape_has_no_ring() -> None:
    rings = rings_of(np.array([None, shapely.box(0, 0, 2, 2), None], dtype=object))
    assert rings.counts.tolist() == [0, 1, 0]
    assert rings.lengths.tolist() == [4]


def test_shapes_are_projected_to_units_and_keep_common_borders() -> None:
    # Two fields in the Midlands that share an edge of three vertices.
    shared = [(-1.5, 52.5), (-1.4996, 52.505), (-1.5, 52.51)]
    west = shapely.Polygon([*shared, (-1.51, 52.51), (-1.51, 52.5)])
    east = shapely.Polygon([*shared, (-1.49, 52.51), (-1.49, 52.5)])
    found = projected([shapely.to_wkb(west), shapely.to_wkb(east)], "EPSG:4326", "EPSG:27700")
    here, there = ({(x, y) for x, y in shapely.get_coordinates(shape).tolist()} for shape in found)
    assert len(here & there) == 3
    easting, northing = np.array(sorted(here)).mean(axis=0) * UNIT
    assert (easting, northing) == (
        pytest.approx(433_700, abs=1_500),
        pytest.approx(289_500, abs=1_500),
    )
    (whole,) = dissolved(found, ["A", "A"])
    assert whole.geom_type == "Polygon"


def test_areas_that_do_not_fit_are_dissolved_too() -> None:
    overlapping = np.array([shapely.box(0, 0, 10, 10), shapely.box(5, 5, 15, 15)], dtype=object)
    (whole,) = dissolved(overlapping, ["A", "A"])
    assert whole.area == 175


# ---- pages ---------------------------------------------------------------------------------------

HOSTILE = "=cmd()<img src=x onerror=alert(1)></script><script>alert('né')</script>"


def insert(connection: duckdb.DuckDBPyConnection, mart: str, **values: Any) -> None:
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into marts.{mart} ({names}) values ({marks})", [*values.values()])


@pytest.fixture(scope="module")
def warehouse(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Two areas with hostile names and one edition, in the marts as the contracts declare them."""
    connection.execute("create schema marts; create schema meta")
    for path in sorted(MARTS.rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
            connection.execute(f"create table marts.{model['name']} ({columns})")
    connection.execute(
        "create table meta.release as select 'sample-1' as release_id, 'sample' as profile, "
        "? as country, 'SYNTHETIC' as label, '2026-11-25' as built_at",
        [HOSTILE],
    )
    insert(
        connection,
        "dim_edition",
        edition_id="lsoa21_imd2025_cni2023",
        label=HOSTILE,
        area_type="lsoa21",
        imd_release="imd2025",
        cni_release="cni2023",
        carry_rule="direct",
        imd_threshold_percent=10,
        cni_threshold_percent=10,
        areas=2,
        areas_rated=1,
        areas_listed=1,
    )
    for number, rank in ((1, 1), (2, None)):
        code = f"X0100000{number}"
        insert(
            connection,
            "double_disadvantage",
            edition_id="lsoa21_imd2025_cni2023",
            area_code=code,
            area_name=HOSTILE,
            lad_code="X06000001",
            lad_name=HOSTILE,
            region_name=HOSTILE,
            population=1500 if rank else None,
            imd_rank=rank,
            imd_areas_ranked=10 if rank else None,
            cni_rank=rank,
            cni_areas_ranked=10 if rank else None,
            is_doubly_disadvantaged=rank == 1,
            not_rated_reason=None if rank else "not in the CNI release",
        )
        insert(
            connection,
            "area_boundary",
            area_type="lsoa21",
            area_code=code,
            geometry_wkb=shapely.to_wkb(
                shapely.box(2 + number / 100, 54, 2.01 + number / 100, 54.01)
            ),
            crs="EPSG:4326",
            source_id="boundary_lsoa21",
            feature_number=number,
        )
        insert(connection, "dim_area", area_type="lsoa21", area_code=code, lad_code="X06000001")
    return connection


@pytest.fixture(scope="module")
def pages(
    warehouse: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    return list(write_explorer(warehouse, tmp_path_factory.mktemp("explorer")))


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text of each script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.texts.append(data)


def read(path: Path) -> Elements:
    return Elements(path.read_text(encoding="utf-8"))


def test_a_page_each_and_one_to_choose(pages: list[Path]) -> None:
    assert [path.name for path in pages] == ["index.html", "lsoa21_imd2025_cni2023.html"]


def test_hostile_names_stay_text(pages: list[Path]) -> None:
    for path in pages:
        elements = read(path)
        assert [tag for tag, _ in elements.tags if tag in ("img", "iframe", "object")] == []
        assert all(
            not name.startswith("on") for _, attributes in elements.tags for name in attributes
        )
        assert "alert(" not in "".join(elements.texts)
        assert "&lt;img src=x" in path.read_text(encoding="utf-8")


def test_nothing_is_loaded_and_only_the_own_script_runs(pages: list[Path]) -> None:
    for path in pages:
        elements = read(path)
        assert {attributes["href"] for tag, attributes in elements.tags if tag == "link"} == {
            "data:,"
        }
        assert [attributes for _, attributes in elements.tags if "src" in attributes] == []
        (policy,) = [a["content"] for _, a in elements.tags if "http-equiv" in a]
        assert policy is not None
        assert policy.startswith("default-src 'none'; ")
        found = re.search(r"<script>(.*?)</script>", path.read_text(encoding="utf-8"), re.DOTALL)
        assert found is not None
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in policy


def test_the_page_carries_the_figures(pages: list[Path]) -> None:
    text = pages[1].read_text(encoding="utf-8")
    packed = dict(re.findall(r'<script type="text/plain" id="(\w+)">([^<]+)</script>', text))
    assert list(packed) == ["core", "shapes", "detail"]
    core = Unpacked(packed["core"])
    assert core.column("code") == [1_000_001, 1_000_002]
    assert core.column("imd") == [1, 0]
    assert core.column("residents") == [1501, 0]
    assert core.document["reasons"] == ["not in the CNI release"]
    assert core.document["indices"]["imd"]["ranked"] == 10
    assert Unpacked(packed["shapes"]).column("area_rings") == [1, 1]


def test_synthetic_pages_say_so(pages: list[Path]) -> None:
    for path in pages:
        assert "<strong>SYNTHETIC</strong>" in path.read_text(encoding="utf-8")


def test_written_twice_they_are_the_same_bytes(
    warehouse: duckdb.DuckDBPyConnection, pages: list[Path], tmp_path: Path
) -> None:
    again = write_explorer(warehouse, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in pages]


def test_a_page_has_another_content_id_where_what_it_shows_is_other(
    warehouse: duckdb.DuckDBPyConnection, pages: list[Path], tmp_path: Path
) -> None:
    def said(text: str) -> str:
        (content,) = [a["content"] for _, a in Elements(text).tags if a.get("name") == "content-id"]
        assert content is not None
        assert text.count(content) == 2
        return content

    first = [said(path.read_text(encoding="utf-8")) for path in pages]
    assert [content.rpartition("-")[0] for content in first] == [
        f"explorer_{path.stem}" for path in pages
    ]
    warehouse.execute("begin")
    try:
        warehouse.execute("update meta.release set release_id = 'sample-2', built_at = '2027'")
        assert list(write_explorer(warehouse, tmp_path).values()) == first
        warehouse.execute("update marts.double_disadvantage set cni_rank = 2 where cni_rank = 1")
        index, edition = write_explorer(warehouse, tmp_path).values()
    finally:
        warehouse.execute("rollback")
    assert index == first[0]
    assert edition != first[1]


def test_the_script_is_small_and_whole() -> None:
    # A thirtieth of a page of England. It was 90,000 before every larger area had a page and the
    # map labels, a scale and keys that choose areas.
    assert len(page.script().encode()) < 130_000
    scripts = {path.stem for path in (Path(page.__file__).parent / "script").glob("*.js")}
    assert scripts == {*page.SCRIPTS, "index"}


# Of one legend: the classes, the changes. All must be told apart, and from the land beneath.
LEGENDS = [("both", "imd", "cni", "neither", "none"), ("joined", "left", "stayed", "neither")]
# Machado, Oliveira and Fernandes (2009), severity 1: what is left of linear RGB.
EYES = {
    "most eyes": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> Any:
    part = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def cielab(rgb: Any) -> Any:
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("legend", LEGENDS, ids=["classes", "changes"])
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_are_told_apart(theme: int, legend: tuple[str, ...], eyes: str) -> None:
    style = (Path(page.__file__).parent / "style.css").read_text(encoding="utf-8")
    themes = style.split("@media (prefers-color-scheme: dark)")
    assert len(themes) == 2
    colours = {
        name: linear(value) for name, value in re.findall(r"--(\w+): (#\w{6});", themes[theme])
    }
    luminance = {name: rgb @ [0.2126, 0.7152, 0.0722] + 0.05 for name, rgb in colours.items()}
    for name, other in itertools.combinations(legend, 2):
        seen = [cielab(np.array(EYES[eyes]) @ colours[one]) for one in (name, other)]
        assert np.linalg.norm(seen[0] - seen[1]) > 20, (name, other)
        # In grey, as on a printer, lightness alone tells them apart. WCAG 1.4.11: what carries
        # meaning stands out from what is beside it.
        darker, lighter = sorted([luminance[name], luminance[other]])
        assert lighter / darker >= (3 if "neither" in (name, other) else 1.3), (name, other)


def test_what_would_end_its_element_early_is_refused() -> None:
    with pytest.raises(ValueError, match="</script"):
        page.inline("'</SCRIPT>'", "</script")


# --- Postcodes ------------------------------------------------------------------------------------


def test_each_postcode_area_has_a_script_that_carries_its_postcodes(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [
        ("XA1 1AA", "XA", "X01000001", None),
        ("XA12 9ZZ", "XA", "X01000002", "2016-06"),
        ("XA1 1AB", "XA", "X01000002", None),
        ("X2 0AA", "X", "X01000001", None),
    ]
    warehouse.execute("begin")
    try:
        for postcode, area, code, ended in rows:
            insert(
                warehouse,
                "dim_postcode",
                postcode=postcode,
                postcode_area=area,
                lsoa21_code=code,
                ended=ended,
            )
        written = write_explorer(warehouse, tmp_path)
        again = write_explorer(warehouse, tmp_path / "again")
    finally:
        warehouse.execute("rollback")
    scripts = [path for path in written if path.suffix == ".js"]
    assert [path.relative_to(tmp_path).as_posix() for path in scripts] == [
        "postcodes/X.js",
        "postcodes/XA.js",
    ]
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]
    assert list(written.values()) == list(again.values())
    found = re.fullmatch(r'lbnPostcodes\("XA", "([A-Za-z0-9+/=]+)"\);\n', scripts[1].read_text())
    assert found is not None
    packed = Unpacked(found[1])
    assert packed.document == {
        "first": ["XA1", "XA12"],
        "areas": {"lsoa21": ["X01000001", "X01000002"]},
    }
    assert packed.column("first") == [0, 0, 1]
    assert packed.column("last") == [26 * 26, 26 * 26 + 1, 9 * 26 * 26 + 25 * 26 + 25]
    assert packed.column("area") == [0, 1, 1]
    assert packed.column("is_ended") == [0, 0, 1]
    # Only such pages may load a script, and only from beside them.
    texts = [path.read_text(encoding="utf-8") for path in written if path.suffix == ".html"]
    assert [" &#39;self&#39; file:;" in text for text in texts] == [False, True]


def test_without_postcodes_a_page_may_load_no_script(pages: list[Path]) -> None:
    for path in pages:
        (allowed,) = re.findall(r'content="(default-src[^"]*)"', path.read_text(encoding="utf-8"))
        assert "self" not in allowed
        assert "file:" not in allowed
