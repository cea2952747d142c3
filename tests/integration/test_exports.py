"""The exports of a release, read back by another library than the one that wrote them.

The sample, made hostile: some of its areas are named after formulas, tags and line breaks.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import sqlite3
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import geopandas
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import python_calamine
import shapely
from frictionless import Package

from orchestration.ask.export import export_edition
from orchestration.ask.places import Places, resolve
from orchestration.publish.exports import write_exports
from orchestration.publish.exports.about import about
from orchestration.publish.exports.csv_file import guarded
from orchestration.publish.exports.formats import ExportFormat
from orchestration.publish.exports.sheets import sheet_name
from orchestration.publish.exports.tables import MARTS, edition_table, mart_table
from orchestration.publish.limits import limits

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("release")

EDITIONS = (
    "lsoa21_imd2019_cni2023",
    "lsoa21_imd2025_cni2023",
    "ward17_imd2015_cni2019",
    "ward17_imd2019_cni2019",
)
COMPOSITES = ("msoa21_pride_imd2019", "msoa21_pride_imd2025")
each_edition = pytest.mark.parametrize("edition", EDITIONS)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+44 Acacia Avenue",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "'=quoted already",
    '<b>bold</b> & "quoted", with a comma',
    "https://example.org/",
    "two\nlines",
    "007",
    "Llanfair‑pwll ŵ ß 東",
    "1E5",
    "x'; drop table marts.double_disadvantage; --",
    "\u202eelbatsnoC\u202c שלום",
)


@dataclass(frozen=True)
class Exported:
    """A release and the folder of its exports."""

    warehouse: Path
    folder: Path
    files: list[Path]
    content_ids: dict[str, str]

    def read(self, query: str, *values: Any) -> list[Any]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query, values).fetchall()

    def frame(self, query: str, *values: Any) -> pd.DataFrame:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query, values).df()


@pytest.fixture(scope="module")
def exported(sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    root = tmp_path_factory.mktemp("exports")
    warehouse = root / "warehouse.duckdb"
    shutil.copy(sample_warehouse, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        for edition in EDITIONS:
            codes = connection.execute(
                "select area_code from marts.double_disadvantage "
                "where edition_id = ? and is_doubly_disadvantaged order by area_code limit ?",
                [edition, len(HOSTILE)],
            ).fetchall()
            for (code,), name in zip(codes, HOSTILE, strict=True):
                connection.execute(
                    "update marts.double_disadvantage set area_name = ? "
                    "where edition_id = ? and area_code = ?",
                    [name, edition, code],
                )
        # An area on a list whose boundary is not known.
        connection.execute(
            "delete from marts.area_boundary where area_type = 'lsoa21' and area_code = "
            "(select max(area_code) from marts.double_disadvantage "
            "where edition_id = ? and is_doubly_disadvantaged)",
            [EDITIONS[1]],
        )
    folder = root / "out"
    folder.mkdir()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        files = write_exports(connection, folder)
    said = {path.name: content for path, content in files.items()}
    return Exported(warehouse, folder, list(files), said)


def test_every_file_is_there_and_named(exported: Exported) -> None:
    names = [path.name for path in exported.files]
    assert sorted(names) == sorted(path.name for path in exported.folder.iterdir())
    for edition in EDITIONS:
        assert {f"{edition}.csv", f"{edition}.parquet", f"{edition}_boundaries.parquet"} <= {*names}
    assert {
        "left_behind.gpkg",
        "left_behind_all_areas.gpkg",
        "left_behind.xlsx",
        "listed_indicators.csv",
        "lookup_lsoa.csv",
        "summary_geography.csv",
        "edition_change.csv",
        "reconciliation.csv",
        "outcome_comparison.csv",
        "threshold_sensitivity.csv",
        "editions.csv",
        "data_dictionary.csv",
        "LICENCE-AND-CITATION.txt",
        "datapackage.json",
    } <= {*names}


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def unguarded(text: str) -> str:
    """The name again, as the documentation of the guard says."""
    return text[1:] if re.match(r"'+[=+\-@\t\r\n]", text) else text


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


@each_edition
def test_csv_holds_every_area_as_the_marts_have_it(exported: Exported, edition: str) -> None:
    rows = csv_rows(exported.folder / f"{edition}.csv")
    columns = (
        "area_code, area_name, lad_code, lad_name, region_name, population, imd_score, imd_rank, "
        "imd_areas_ranked, imd_decile, cni_score, cni_rank, cni_areas_ranked, cni_decile, "
        "is_within_imd_threshold, is_within_cni_threshold, is_doubly_disadvantaged, "
        "published_flag, not_rated_reason, imd_ranks_to_threshold, cni_ranks_to_threshold"
    )
    expected = exported.read(
        f"select {columns} from marts.double_disadvantage where edition_id = $1 order by area_code",
        edition,
    )
    names = columns.split(", ")
    assert [tuple(unguarded(row[name]) for name in names) for row in rows] == [
        tuple(as_text(value) for value in row) for row in expected
    ]
    assert {row["release_label"] for row in rows} == {"SYNTHETIC"}
    assert {row["content_id"] for row in rows} == {exported.content_ids[f"{edition}.csv"]}


@each_edition
def test_csv_has_the_parents_of_each_area(exported: Exported, edition: str) -> None:
    rows = csv_rows(exported.folder / f"{edition}.csv")
    parents = {
        code: tuple(as_text(value) for value in rest)
        for code, *rest in exported.read(
            """
            select areas.area_code, areas.lad_type, areas.lad_code, areas.region_code,
                areas.msoa21_code, msoas.area_name
            from marts.dim_area as areas
            left join marts.dim_area as msoas
                on msoas.area_type = 'msoa21' and areas.msoa21_code = msoas.area_code
            where areas.area_type = $1
            """,
            edition.split("_")[0],
        )
    }
    names = ("lad_type", "lad_code", "region_code", "msoa21_code", "msoa21_name")
    assert {row["area_code"]: tuple(row[name] for name in names) for row in rows} == parents
    assert all(row["msoa21_name"] for row in rows) == edition.startswith("lsoa21")
    # A region's name belongs to its code.
    assert len({(row["region_code"], row["region_name"]) for row in rows}) == 4


@each_edition
def test_csv_has_the_rank_of_each_area_in_each_domain(exported: Exported, edition: str) -> None:
    rows = csv_rows(exported.folder / f"{edition}.csv")
    expected = {
        (code, f"{index}_{domain}_rank"): rank
        for code, index, domain, rank in exported.read(
            "select area_code, index_name, domain, domain_rank from marts.edition_domain "
            "where edition_id = $1",
            edition,
        )
    }
    columns = {column for _, column in expected}
    # IMD 2015 came without its domains.
    assert len(columns) == (3 if edition == "ward17_imd2015_cni2019" else 10)
    assert {
        (row["area_code"], column): int(row[column])
        for row in rows
        for column in columns
        if row[column]
    } == expected


def test_indicators_of_the_areas_on_each_list_are_those_of_the_marts(exported: Exported) -> None:
    rows = csv_rows(exported.folder / "listed_indicators.csv")
    parts: dict[tuple[str, str], list[str]] = {}
    for edition, code, part in exported.read(
        "select edition_id, area_code, part_code from marts.imd_carry"
    ):
        parts.setdefault((edition, code), []).append(part)
    measured: dict[tuple[str, str], dict[str, Any]] = {}
    for release, code, indicator, rank in exported.read(
        "select index_release, area_code, indicator, indicator_rank from marts.fct_indicator"
    ):
        measured.setdefault((release, code), {})[indicator] = rank
    expected = {
        (edition, code, release, part, indicator): as_text(rank)
        for edition, code, imd, cni in exported.read(
            "select edition_id, area_code, imd_release, cni_release "
            "from marts.double_disadvantage inner join marts.dim_edition using (edition_id) "
            "where is_doubly_disadvantaged"
        )
        for release, part in [
            *((imd, each) for each in parts.get((edition, code), [code])),
            (cni, code),
        ]
        for indicator, rank in measured.get((release, part), {}).items()
    }
    key = ("edition_id", "area_code", "index_release", "measured_code", "indicator")
    assert len(rows) == len(expected)
    assert {tuple(row[name] for name in key): row["indicator_rank"] for row in rows} == expected


def test_the_lookup_has_each_lsoa_of_2011_whole_and_where_its_parts_lie(
    exported: Exported,
) -> None:
    rows = csv_rows(exported.folder / "lookup_lsoa.csv")
    shares: dict[str, float] = {}
    for row in rows:
        code = row["lsoa11_code"]
        shares[code] = shares.get(code, 0) + float(row["share_of_residents"])
    olds = exported.read(
        "select distinct area_code from marts.geography_membership where area_type = 'lsoa11'"
    )
    assert {(code,) for code in shares} == set(olds)
    assert all(share == pytest.approx(1) for share in shares.values())
    news = exported.read("select area_code from marts.dim_area where area_type = 'lsoa21'")
    assert {(row["lsoa21_code"],) for row in rows} == set(news)
    for kind in ("ward17", "ward25", "lad24"):
        main = dict(
            exported.read(
                "select area_code, geography_code from marts.geography_membership "
                "where area_type = 'lsoa21' and geography_type = $1 and is_main",
                kind,
            )
        )
        assert all(row[f"{kind}_code"] == main.get(row["lsoa21_code"], "") for row in rows)


def test_csv_is_rfc_4180_and_pandas_reads_it(exported: Exported) -> None:
    path = exported.folder / f"{EDITIONS[0]}.csv"
    content = path.read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8").split("\r\n")
    assert lines[-1] == ""
    # Line breaks within a cell are the only ones that are not CR LF.
    assert content.count(b"\n") - content.count(b"\r\n") == 1
    frame = pd.read_csv(path)
    assert len(frame) == 3007
    assert frame["is_doubly_disadvantaged"].dtype == bool
    assert frame["imd_rank"].dtype == "int64"


def test_no_cell_of_a_csv_can_be_run_as_a_formula(exported: Exported) -> None:
    for path in exported.folder.glob("*.csv"):
        text = {
            column for column, kind in types_of(exported, path.name).items() if kind == "string"
        }
        for row in csv_rows(path):
            for column in text:
                assert not row[column] or row[column][0] not in "=+-@\t\r\n"


def types_of(exported: Exported, file: str) -> dict[str, str]:
    rows = csv_rows(exported.folder / "data_dictionary.csv")
    return {row["column"]: row["type"] for row in rows if row["file"] == file}


@pytest.mark.parametrize("name", [*HOSTILE, "''=x", "'", "", "Oldersea 001A", "O'Hara", "a=b"])
def test_the_guard_can_be_taken_off_again(name: str) -> None:
    assert unguarded(guarded(name)) == name
    changed = guarded(name) != name
    assert changed == bool(re.match(r"'*[=+\-@\t\r\n]", name))


@each_edition
def test_parquet_holds_what_the_marts_have_and_describes_itself(
    exported: Exported, edition: str
) -> None:
    path = exported.folder / f"{edition}.parquet"
    found, expected = (
        exported.frame(
            f"select area_code, area_name, imd_score, imd_rank, cni_rank, population, "
            f"is_within_imd_threshold, published_flag, not_rated_reason from {source} "
            f"where edition_id = $1 order by area_code",
            edition,
        )
        for source in (f"read_parquet('{path}')", "marts.double_disadvantage")
    )
    pd.testing.assert_frame_equal(found, expected)
    schema = pq.read_schema(path)
    said = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert said["content_id"] == exported.content_ids[path.name]
    assert said["release_label"] == "SYNTHETIC"
    assert said["title"].startswith("SYNTHETIC")
    assert "Rank 1 = worst" in said["direction"]
    assert said["licence"] == "CC0 1.0"
    assert said["content_id"] in said["citation"]
    rank = {key.decode(): text.decode() for key, text in schema.field("imd_rank").metadata.items()}
    assert rank["direction"] == "1 = worst"
    assert "rank 1 = worst" in rank["description"]


@each_edition
def test_geoparquet_has_the_boundaries_and_their_crs(exported: Exported, edition: str) -> None:
    table = pq.read_table(exported.folder / f"{edition}_boundaries.parquet")
    geo = json.loads(table.schema.metadata[b"geo"])
    column = geo["columns"]["geometry"]
    assert geo["primary_column"] == "geometry"
    assert column["encoding"] == "WKB"
    assert column["crs"]["id"] == {"authority": "OGC", "code": "CRS84"} or column["crs"]["id"] == {
        "authority": "EPSG",
        "code": 4326,
    }
    assert b"SYNTHETIC" in table.schema.metadata[b"title"]
    assert b"EPSG:4326" in table.schema.field("geometry").metadata[b"description"]
    shapes = dict(
        zip(
            table.column("area_code").to_pylist(),
            shapely.from_wkb(table.column("geometry").to_pylist()),
            strict=True,
        )
    )
    assert_same_shapes(exported, edition, shapes, exactly=True)
    assert any(shape is None for shape in shapes.values())


def assert_same_shapes(
    exported: Exported, edition: str, shapes: dict[str, Any], *, exactly: bool
) -> None:
    """Every shape is that of area_boundary, and those that are missing there are null."""
    expected = {
        code: shapely.from_wkb(wkb)
        for code, wkb in exported.read(
            "select area_code, geometry_wkb from marts.area_boundary where area_type = $1",
            edition.split("_")[0],
        )
    }
    assert shapes
    for code, shape in shapes.items():
        if code not in expected:
            assert shape is None
        elif exactly:
            assert shapely.equals_exact(shape, expected[code], tolerance=0)
        else:
            # A polygon is written as a multipolygon of one.
            assert shape.geom_type == "MultiPolygon"
            assert shapely.equals_exact(
                shape.normalize(), shapely.multipolygons([*parts(expected[code])]).normalize()
            )


def parts(shape: Any) -> list[Any]:
    return list(shape.geoms) if shape.geom_type == "MultiPolygon" else [shape]


def listed(exported: Exported, edition: str) -> dict[str, str]:
    return dict(
        exported.read(
            "select area_code, area_name from marts.double_disadvantage "
            "where edition_id = $1 and is_doubly_disadvantaged",
            edition,
        )
    )


@each_edition
def test_geopackage_has_a_layer_of_the_areas_on_each_list(exported: Exported, edition: str) -> None:
    path = exported.folder / "left_behind.gpkg"
    frame = geopandas.read_file(path, layer=edition)
    assert frame.crs.to_epsg() == 4326
    assert dict(zip(frame["area_code"], frame["area_name"], strict=True)) == listed(
        exported, edition
    )
    assert set(frame["release_label"]) == {"SYNTHETIC"}
    assert frame["is_doubly_disadvantaged"].all()
    shapes = dict(zip(frame["area_code"], frame.geometry, strict=True))
    assert_same_shapes(exported, edition, shapes, exactly=False)
    said = pyogrio.read_info(path, layer=edition)["layer_metadata"]
    assert said["IDENTIFIER"].startswith("SYNTHETIC")
    assert said["DESCRIPTION"].startswith("SYNTHETIC")
    assert said["licence"] == "CC0 1.0"


@each_edition
def test_another_geopackage_has_every_area(exported: Exported, edition: str) -> None:
    frame = geopandas.read_file(exported.folder / "left_behind_all_areas.gpkg", layer=edition)
    ((areas,),) = exported.read(
        "select count(*) from marts.double_disadvantage where edition_id = $1", edition
    )
    assert len(frame) == areas
    on_list = frame[frame["is_doubly_disadvantaged"]]
    assert dict(zip(on_list["area_code"], on_list["area_name"], strict=True)) == listed(
        exported, edition
    )


def test_geopackage_is_one_by_the_standard(exported: Exported) -> None:
    """What QGIS looks at, read by SQLite alone."""
    with sqlite3.connect(exported.folder / "left_behind.gpkg") as geopackage:
        # 'GPKG' in ASCII.
        assert geopackage.execute("pragma application_id").fetchone() == (0x47504B47,)
        assert geopackage.execute("pragma user_version").fetchone() == (10200,)
        assert geopackage.execute("pragma integrity_check").fetchone() == ("ok",)
        contents = geopackage.execute(
            "select table_name, data_type, identifier, description, last_change, srs_id "
            "from gpkg_contents"
        ).fetchall()
        assert {(name, kind) for name, kind, *_ in contents} == {
            *((edition, "features") for edition in (*EDITIONS, *COMPOSITES)),
            ("data_dictionary", "attributes"),
        }
        assert all(identifier and description for _, _, identifier, description, *_ in contents)
        # No time: neither of the day nor of the release.
        assert {row[4] for row in contents} == {"1980-01-01T00:00:00.000Z"}
        columns = geopackage.execute(
            f"select name from pragma_table_info('{EDITIONS[0]}')"
        ).fetchall()
        described = geopackage.execute(
            'select "column" from data_dictionary where file = ?', [EDITIONS[0]]
        ).fetchall()
        assert {name for (name,) in columns} - {"fid"} == {name for (name,) in described}
        # Whole numbers and flags with gaps stay what they are.
        assert geopackage.execute(
            f"select distinct typeof(imd_rank), typeof(published_flag) from {EDITIONS[1]}"
        ).fetchall() == [("integer", "null")]


def sheets(exported: Exported) -> python_calamine.CalamineWorkbook:
    return python_calamine.CalamineWorkbook.from_path(str(exported.folder / "left_behind.xlsx"))


LISTS = {
    "lsoa21_imd2025_cni2023": "LSOA 2021, IMD 2025, CNI 2023",
    "lsoa21_imd2019_cni2023": "LSOA 2021, IMD 2019, CNI 2023",
    "ward17_imd2019_cni2019": "Wards 2017, IMD 2019, CNI 2019",
    "ward17_imd2015_cni2019": "Wards 2017, IMD 2015, CNI 2019",
}


def rows_of(exported: Exported, sheet: str) -> list[dict[str, Any]]:
    header, *rows = sheets(exported).get_sheet_by_name(sheet).to_python()
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_the_workbook_has_its_sheets_in_words_and_the_newest_list_first(exported: Exported) -> None:
    book = sheets(exported)
    assert book.sheet_names == [
        "By authority",
        *LISTS.values(),
        "Near misses",
        "Changes",
        "Authorities, every list",
        "Constituencies",
        "Regions",
        "Outcomes",
        "Other thresholds",
        "Against published lists",
        "Editions",
        "Chosen, IMD 2019",
        "Chosen, IMD 2025",
        "Next to be chosen",
        "Chosen, against published",
        "Notes",
        "Columns",
    ]
    notes = book.get_sheet_by_name("Notes").to_python()
    text = " ".join(str(cell) for row in notes for cell in row)
    assert str(notes[0][0]).startswith("SYNTHETIC")
    content = exported.content_ids["left_behind.xlsx"]
    for said in (content, "Rank 1 = worst", "CC0 1.0", "no figure is real", "comparable"):
        assert said in text
    pairs = [row[:2] for row in notes]
    assert all([limit.title, limit.text] in pairs for limit in limits())


def test_the_first_sheet_counts_the_newest_list_by_authority(exported: Exported) -> None:
    rows = sheets(exported).get_sheet_by_name("By authority").to_python()
    assert "SYNTHETIC" in str(rows[0][0])
    assert "No figure is evidence" in str(rows[1][0])
    top = next(line for line, row in enumerate(rows) if row[0] == "Authority")
    found = [
        (row[0], *(int(str(row[n]).removesuffix(".0")) for n in (2, 3, 5, 6)))
        for row in rows[top + 1 :]
        if row[0]
    ]
    counted = exported.read(
        "select geography_name, areas, areas_listed, population, population_listed "
        "from marts.summary_geography where edition_id = $1 and geography_type = 'lad24' "
        "order by areas_listed desc, geography_name",
        EDITIONS[1],
    )
    sums = tuple(sum(row[number] for row in counted) for number in range(1, 5))
    assert found == [*counted, ("All of them", *sums)]
    assert f"{sums[1]:,} of {sums[0]:,} areas are on the list" in str(rows[2][0])
    links = [row[10] for row in rows[top + 1 :] if row[10]]
    assert links == sheets(exported).sheet_names[1:]


@each_edition
def test_a_sheet_has_the_list_with_real_numbers_and_names_as_text(
    exported: Exported, edition: str
) -> None:
    found = rows_of(exported, LISTS[edition])
    assert {row["Area code"]: row["Area name"] for row in found} == listed(exported, edition)
    # The worst first.
    assert [row["IMD rank"] for row in found] == sorted(row["IMD rank"] for row in found)
    ranks = {
        code: rest
        for code, *rest in exported.read(
            "select area_code, imd_rank, place_name from marts.double_disadvantage "
            "where edition_id = $1",
            edition,
        )
    }
    civic = dict(
        exported.read(
            "select area_code, domain_rank from marts.edition_domain "
            "where edition_id = $1 and domain = 'civic_assets'",
            edition,
        )
    )
    for row in found:
        rank, place = ranks[row["Area code"]]
        assert isinstance(row["IMD rank"], float | int)
        assert row["IMD rank"] == rank
        assert row.get("Place name") == place
        assert row["CNI civic assets rank"] == civic[row["Area code"]]
        assert row["Release label"] == "SYNTHETIC"


@pytest.mark.parametrize("edition", COMPOSITES)
def test_a_composite_edition_is_exported_whole_and_the_chosen_are_drawn(
    exported: Exported, edition: str
) -> None:
    expected = exported.read(
        "select area_code, is_selected, reason_text from marts.composite_selection "
        "where edition_id = $1 order by area_code",
        edition,
    )
    found = csv_rows(exported.folder / f"{edition}.csv")
    assert [
        (row["area_code"], row["is_selected"] == "true", row["reason_text"]) for row in found
    ] == expected
    drawn = geopandas.read_file(exported.folder / "left_behind.gpkg", layer=edition)
    chosen = {code for code, is_selected, _ in expected if is_selected}
    assert set(drawn["area_code"]) == chosen
    assert drawn.geometry.notna().all()
    assert drawn.geometry.is_valid.all()
    whole = geopandas.read_file(exported.folder / "left_behind_all_areas.gpkg", layer=edition)
    assert len(whole) == len(expected)
    assert set(pq.read_table(exported.folder / f"{edition}.parquet")["content_id"].to_pylist()) == {
        exported.content_ids[f"{edition}.csv"]
    }


def test_near_misses_are_just_beyond_a_threshold(exported: Exported) -> None:
    found = [(row["Edition id"], row["Area code"]) for row in rows_of(exported, "Near misses")]
    expected = exported.read(
        "select edition_id, area_code from marts.double_disadvantage "
        "where not is_doubly_disadvantaged "
        "and imd_ranks_to_threshold <= imd_areas_ranked * 0.01 "
        "and cni_ranks_to_threshold <= cni_areas_ranked * 0.01"
    )
    assert len(found) == len(expected) > 0
    assert set(found) == set(expected)


def test_no_column_says_the_same_in_every_row_but_that_it_is_made_up(exported: Exported) -> None:
    in_every_row = {
        (str(row["Sheet"]), str(row["Heading"]))
        for row in rows_of(exported, "Columns")
        if row["In every row"]
    }
    for sheet in sheets(exported).sheet_names[1:-2]:
        rows = rows_of(exported, sheet)
        same = {name for name in rows[0] if len({row[name] for row in rows}) == 1}
        assert same == {"Release label"}
        # What is left out is told.
        assert not {(sheet, name) for name in rows[0]} & in_every_row
    assert (LISTS[EDITIONS[1]], "Content id") in in_every_row


@pytest.mark.parametrize(
    ("name", "mart"),
    [
        (
            "Authorities, every list",
            "summary_geography where geography_type in ('lad19', 'lad24') "
            "and (geography_type = 'lad19') = starts_with(edition_id, 'ward')",
        ),
        ("Constituencies", "summary_geography where geography_type = 'pcon24'"),
        ("Regions", "summary_geography where geography_type = 'rgn'"),
        ("Against published lists", "reconciliation"),
        ("Changes", "edition_change"),
        ("Outcomes", "outcome_comparison"),
        ("Other thresholds", "threshold_sensitivity"),
        ("Editions", "dim_edition"),
        (
            "Chosen, IMD 2019",
            "composite_selection where is_selected and edition_id = 'msoa21_pride_imd2019'",
        ),
        ("Next to be chosen", "composite_near_miss"),
        ("Chosen, against published", "composite_reconciliation"),
    ],
)
def test_other_sheets_have_every_row_of_their_mart(
    exported: Exported, name: str, mart: str
) -> None:
    header, *rows = sheets(exported).get_sheet_by_name(name).to_python()
    ((expected,),) = exported.read(f"select count(*) from marts.{mart}")
    assert len(rows) == expected > 0
    assert len(header) == len(rows[0])
    assert {row[-1] for row in rows} == {"SYNTHETIC"}


def test_what_changed_besides_stands_beside_every_change(exported: Exported) -> None:
    in_sheet = rows_of(exported, "Changes")
    in_file = csv_rows(exported.folder / "edition_change.csv")
    expected = exported.read(
        "select changes.area_code, pairs.what_changed from marts.edition_change as changes "
        "inner join marts.dim_edition_pair as pairs using (edition_from, edition_to) "
        "order by edition_from, edition_to, area_code"
    )
    assert all(besides for _, besides in expected)
    assert sorted((row["Area code"], row["What changed"]) for row in in_sheet) == sorted(expected)
    assert [(row["area_code"], row["what_changed"]) for row in in_file] == expected


def test_headers_are_frozen_and_nothing_is_a_formula_or_a_link(exported: Exported) -> None:
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(exported.folder / "left_behind.xlsx") as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(names) == 20
        for name in names:
            root = ElementTree.fromstring(archive.read(name))  # noqa: S314
            assert root.find(f".//{space}f") is None
            # From sheet to sheet, and nowhere else.
            links = root.findall(f".//{space}hyperlink")
            assert len(links) == (19 if name == "xl/worksheets/sheet1.xml" else 0)
            assert all(set(link.keys()) <= {"ref", "location", "display"} for link in links)
            page = root.find(f"{space}pageSetup")
            assert page is not None
            assert (page.get("paperSize"), page.get("orientation")) == ("9", "landscape")
            assert page.get("fitToHeight") == "0"
            header = root.find(f"{space}headerFooter/{space}oddHeader")
            assert header is not None
            assert "SYNTHETIC" in (header.text or "")
            if name != "xl/worksheets/sheet19.xml":
                pane = root.find(f".//{space}pane")
                assert pane is not None
                top = "4" if name == "xl/worksheets/sheet1.xml" else "1"
                assert (pane.get("state"), pane.get("ySplit")) == ("frozen", top)
                assert root.find(f"{space}autoFilter") is not None
        styles = archive.read("xl/styles.xml").decode()
    assert 'formatCode="#,##0"' in styles
    assert 'formatCode="@"' in styles
    assert 'formatCode="0.0%"' in styles


def test_the_data_package_is_valid_and_its_hashes_and_counts_are_true(
    exported: Exported,
) -> None:
    path = exported.folder / "datapackage.json"
    # Reads each file: bytes, sha256, number of rows, types, primary keys.
    report = Package.from_descriptor(str(path)).validate()
    assert report.valid, report.flatten(["name", "type", "message"])
    package = json.loads(path.read_text(encoding="utf-8"))
    described = {resource["path"]: resource for resource in package["resources"]}
    assert {*described, "datapackage.json"} == {file.name for file in exported.files}
    for name, resource in described.items():
        content = (exported.folder / name).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["bytes"] == len(content)
        if name.endswith(".csv"):
            assert resource["rows"] == len(csv_rows(exported.folder / name))
            assert resource["schema"]["primaryKey"]
        for field in resource.get("schema", {}).get("fields", []):
            assert field["description"], (name, field["name"])
    assert package["title"].startswith("SYNTHETIC")
    assert package["licenses"] == [
        {
            "name": "CC0-1.0",
            "path": "https://creativecommons.org/publicdomain/zero/1.0/",
            "title": "CC0 1.0",
        }
    ]
    sources = exported.read("select source_id, sha256, citation from marts.dim_source order by 1")
    assert [(s["name"], s["sha256"], s["citation"]) for s in package["sources"]] == sources


def test_the_validator_sees_a_changed_file(exported: Exported, tmp_path: Path) -> None:
    for file in exported.files:
        shutil.copy(file, tmp_path)
    spoilt = tmp_path / f"{EDITIONS[3]}.csv"
    spoilt.write_text(spoilt.read_text(encoding="utf-8").replace("false", "maybe", 1), "utf-8")
    package = Package.from_descriptor(str(tmp_path / "datapackage.json"))
    assert not package.validate().valid


def test_the_dictionary_says_what_every_column_is(exported: Exported) -> None:
    rows = csv_rows(exported.folder / "data_dictionary.csv")
    for file in exported.folder.glob("*.csv"):
        if file.name == "data_dictionary.csv":
            continue
        with file.open(encoding="utf-8", newline="") as opened:
            header = next(csv.reader(opened))
        assert [row["column"] for row in rows if row["file"] == file.name] == header
    for row in rows:
        assert row["description"], row
        if row["type"] in ("integer", "number"):
            assert row["unit"], row
    directions = {row["column"]: row["direction"] for row in rows}
    assert directions["imd_rank"] == "1 = worst"
    assert directions["cni_decile"] == "1 = worst 10%"
    assert directions["cni_score"] == "higher = greater need"
    assert directions["imd_ranks_to_threshold"] == "0 or less = within the threshold"


def test_every_figure_that_may_be_exported_has_a_unit(sample_warehouse: Path) -> None:
    with duckdb.connect(str(sample_warehouse), read_only=True) as warehouse:
        release = about(warehouse)
        tables = [edition_table(warehouse, release, edition) for edition in EDITIONS]
        tables += [mart_table(warehouse, release, mart) for mart in MARTS]
    lacking = {
        column.name
        for table in tables
        for column in table.columns
        if column.type in ("integer", "number") and not column.unit
    }
    assert lacking == set()


def test_the_licence_file_names_every_source(exported: Exported) -> None:
    text = (exported.folder / "LICENCE-AND-CITATION.txt").read_text(encoding="utf-8")
    assert text.startswith("SYNTHETIC")
    for source, citation, sha256 in exported.read(
        "select source_id, citation, sha256 from marts.dim_source"
    ):
        assert source in text
        assert citation in text
        assert sha256 in text


def changed(exported: Exported, tmp_path: Path, statement: str) -> set[str]:
    """The files that are written otherwise after a change of the warehouse.

    A file of another content has another id, and the other way round.
    """
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(exported.warehouse, warehouse)
    folder = tmp_path / "again"
    folder.mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(statement)
        again = write_exports(connection, folder)
    assert [path.name for path in again] == [path.name for path in exported.files]
    differing = {
        path.name
        for path in again
        if path.read_bytes() != (exported.folder / path.name).read_bytes()
    }
    others = {
        path.name for path, content in again.items() if content != exported.content_ids[path.name]
    }
    assert differing == others
    return others


def test_the_same_tables_give_the_same_bytes_in_whichever_release(
    exported: Exported, tmp_path: Path
) -> None:
    another = (
        "update meta.release set release_id = 'sample-ffffffffffff', "
        "built_at = '2027-01-01T00:00:00+00:00', code_version = 'ffffffffffff'; "
        "update marts.dim_source set retrieved_at = '2027-01-01T00:00:00+00:00'"
    )
    assert changed(exported, tmp_path, another) == set()


@pytest.mark.parametrize(
    ("statement", "files"),
    [
        (
            "update marts.double_disadvantage set imd_score = imd_score + 1 where edition_id = $e "
            "and area_code = (select max(area_code) from marts.double_disadvantage "
            "where edition_id = $e)",
            {"lsoa21_imd2025_cni2023"},
        ),
        (
            "update marts.area_boundary set geometry_wkb = (select any_value(geometry_wkb) "
            "from marts.area_boundary where area_type = 'lad24') where area_type = 'ward17' "
            "and area_code = (select min(area_code) from marts.area_boundary "
            "where area_type = 'ward17')",
            {"ward17_imd2015_cni2019", "ward17_imd2019_cni2019"},
        ),
    ],
    ids=["a score", "a boundary"],
)
def test_what_differs_has_another_content_id_and_nothing_else_has(
    exported: Exported, tmp_path: Path, statement: str, files: set[str]
) -> None:
    whole = {
        "left_behind.gpkg",
        "left_behind_all_areas.gpkg",
        "left_behind.xlsx",
        "datapackage.json",
        "LICENCE-AND-CITATION.txt",
    }
    expected = {
        f"{name}{ending}"
        for name in files
        for ending in (".csv", ".parquet", "_boundaries.parquet")
    }
    found = changed(exported, tmp_path, statement.replace("$e", "'lsoa21_imd2025_cni2023'"))
    assert found == expected | whole


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_part_of_an_edition_has_the_content_id_of_the_whole(
    exported: Exported, tmp_path: Path, format_: str
) -> None:
    ((lad,),) = exported.read(
        "select min(lad_code) from marts.double_disadvantage where edition_id = $1", EDITIONS[0]
    )
    file = tmp_path / f"part.{format_}"
    with duckdb.connect(str(exported.warehouse), read_only=True) as connection:
        within = resolve(connection, EDITIONS[0], Places(lad=lad))
        export_edition(connection, EDITIONS[0], ExportFormat(format_), file, within)
    rows = exported.read(f"select distinct content_id, lad_code from '{file}'")
    assert rows == [(exported.content_ids[f"{EDITIONS[0]}.csv"], lad)]


def test_a_licence_that_is_not_open_is_told_everywhere(
    sample_warehouse: Path, tmp_path: Path
) -> None:
    """As England's CNI has it."""
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(sample_warehouse, warehouse)
    folder = tmp_path / "out"
    folder.mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "update marts.dim_source set licence = 'no open licence stated', publisher = 'OCSI' "
            "where source_id in ('cni2019', 'cni2023')"
        )
        connection.execute(
            "update marts.dim_source set official_file = 'the workbook', differs = 'one table', "
            "provenance_status = 'republished', provenance = 'republished by somebody' "
            "where source_id = 'cni2023'"
        )
        connection.execute("update meta.release set label = 'REAL', country = 'England'")
        write_exports(connection, folder)
    note = "Do not pass on this file"
    text = (folder / "LICENCE-AND-CITATION.txt").read_text(encoding="utf-8")
    assert note in text
    assert "SYNTHETIC" not in text.split("How to cite")[0]
    told = text.split("  cni2023: ")[1].split("sha256")[0]
    for said_of_it in ("official file: the workbook", "republished by somebody", "one table"):
        assert said_of_it in told
    assert "the publisher's own" in text
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert note in package["description"]
    assert {"name": "other-closed", "title": "no open licence stated"} in package["licenses"]
    said = pq.read_schema(folder / f"{EDITIONS[0]}.parquet").metadata
    assert note in said[b"warning"].decode()
    info = pyogrio.read_info(folder / "left_behind.gpkg", layer=EDITIONS[0])
    assert note in info["layer_metadata"]["DESCRIPTION"]
    book = python_calamine.CalamineWorkbook.from_path(str(folder / "left_behind.xlsx"))
    for sheet in ("By authority", "Notes"):
        said_there = book.get_sheet_by_name(sheet).to_python()
        assert note in " ".join(str(cell) for row in said_there for cell in row)
    header, *_ = book.get_sheet_by_name(LISTS[EDITIONS[1]]).to_python()
    assert "Release label" not in header


def test_stability_is_beside_the_flag_where_the_release_has_it(
    sample_warehouse: Path, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(sample_warehouse, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table if exists marts.flag_stability")
        release = about(connection)
        names = [column.name for column in edition_table(connection, release, EDITIONS[0]).columns]
        assert "stability_class" not in names
        connection.execute(
            "create table marts.flag_stability as select edition_id, area_code, "
            "0.25 as probability, 'borderline' as stability_class "
            "from marts.double_disadvantage where not_rated_reason is null"
        )
        connection.execute(
            "comment on column marts.flag_stability.probability is 'Share of draws that list it.'"
        )
        table = edition_table(connection, release, EDITIONS[2])
    assert table.data.num_rows == 602
    assert table.data.column("stability_probability").null_count == 3
    columns = {column.name: column for column in table.columns}
    assert columns["stability_probability"].description == "Share of draws that list it."
    assert columns["stability_probability"].unit == "share of draws, 0 to 1"
    assert "stability_class" in columns


@pytest.mark.parametrize("format_", list(ExportFormat))
def test_a_list_with_nothing_on_it_is_a_file_with_no_rows(
    sample_warehouse: Path, tmp_path: Path, format_: ExportFormat
) -> None:
    with duckdb.connect(str(sample_warehouse), read_only=True) as connection:
        lads = connection.execute(
            "select geography_code from marts.summary_geography "
            "where edition_id = ? and geography_type = 'lad24' and areas_listed = 0",
            [EDITIONS[1]],
        ).fetchone()
        assert lads is not None
        files, rows = export_edition(
            connection,
            EDITIONS[1],
            format_,
            tmp_path / f"none.{format_}",
            resolve(connection, EDITIONS[1], Places(lad=lads[0])),
            listed=True,
        )
    assert rows == 0
    assert all(file.stat().st_size > 0 for file in files)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lsoa21_imd2025_cni2023", "lsoa21_imd2025_cni2023"),
        ("a" * 40, "a" * 31),
        ("a[b]:c*d?e/f\\g'", "a_b__c_d_e_f_g"),
        ("", "_"),
    ],
)
def test_sheet_names_are_those_that_excel_takes(name: str, expected: str) -> None:
    assert sheet_name(name) == expected
