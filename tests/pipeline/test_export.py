"""`lbn export` and `lbn whatif` on the sample, as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import geopandas
import pytest
import python_calamine

from tests.support.site import Ran, Site

EDITION = "lsoa21_imd2025_cni2023"
WARDS = "ward17_imd2015_cni2019"


def listed(site: Site, edition: str = EDITION) -> set[str]:
    with site.warehouse() as warehouse:
        found = warehouse.execute(
            "select area_code from marts.double_disadvantage "
            "where edition_id = $1 and is_doubly_disadvantaged",
            [edition],
        ).fetchall()
    return {code for (code,) in found}


def export(site: Site, output: Path, *arguments: str, edition: str = EDITION) -> Ran:
    return site.lbn("export", edition, *arguments, "--output", str(output))


def said(ran: Ran) -> str:
    return " ".join(ran.err.split())


def codes_in(path: Path) -> list[str]:
    """Area codes of an export, by another library than the one that wrote it."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row["area_code"] for row in csv.DictReader(file)]
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            found = connection.execute(f"select area_code from read_parquet('{path}')").fetchall()
        return [code for (code,) in found]
    if path.suffix == ".gpkg":
        return list(geopandas.read_file(path, layer=EDITION)["area_code"])
    header, *rows = (
        python_calamine.CalamineWorkbook.from_path(str(path))
        .get_sheet_by_name("LSOA 2021, IMD 2025, CNI 2023")
        .to_python()
    )
    return [str(row[header.index("Area code")]) for row in rows]


@pytest.mark.parametrize("format_", ["csv", "parquet", "geoparquet", "gpkg", "xlsx"])
def test_each_format_holds_the_list_and_is_labelled(
    sample: Site, tmp_path: Path, format_: str
) -> None:
    ran = export(sample, tmp_path, "--format", format_, "--listed")
    assert ran.code == 0, ran.err
    files = [Path(line) for line in ran.out.splitlines()]
    assert sorted(files) == sorted(tmp_path.iterdir())
    assert files[0].name.startswith(f"{EDITION}_listed")
    codes = codes_in(files[0])
    assert len(codes) == len(set(codes))
    assert set(codes) == listed(sample)
    assert "SYNTHETIC" in ran.err
    assert f"{len(codes)} areas; rank 1 = worst" in ran.err


def test_a_composite_edition_is_exported_as_the_mart_has_it(sample: Site, tmp_path: Path) -> None:
    composite = "msoa21_pride_imd2019"
    with sample.warehouse() as warehouse:
        mart = warehouse.execute(
            "select area_code, is_selected, region_name, composite from marts.composite_selection "
            "where edition_id = $1 order by area_code",
            [composite],
        ).fetchall()
    ran = export(sample, tmp_path / "all.csv", "--format", "csv", edition=composite.upper())
    assert ran.code == 0, ran.err
    assert "not the programme's own data" in said(ran)
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["area_code"], row["is_selected"] == "true") for row in rows] == [
        (code, selected) for code, selected, *_ in mart
    ]
    assert [float(row["composite"]) for row in rows] == [composite for *_, composite in mart]
    assert {row["release_label"] for row in rows} == {"SYNTHETIC"}
    package = json.loads((tmp_path / "all.datapackage.json").read_text(encoding="utf-8"))
    (resource,) = package["resources"]
    assert "not the programme's own data" in resource["description"]
    described = {field["name"]: field["description"] for field in resource["schema"]["fields"]}
    assert all(described.values())
    region = mart[0][2]
    chosen = [code for code, selected, where, _ in mart if selected and where == region]
    more = ("--listed", "--region", region)
    for ending in ("csv", "parquet"):
        output = tmp_path / f"some.{ending}"
        ran = export(sample, output, "--format", ending, *more, edition=composite)
        assert ran.code == 0, ran.err
        assert codes_in(output) == chosen
    output = tmp_path / "some.xlsx"
    ran = export(sample, output, "--format", "xlsx", *more, edition=composite)
    assert ran.code == 0, ran.err
    book = python_calamine.CalamineWorkbook.from_path(str(output))
    header, *cells = book.get_sheet_by_name(composite).to_python()
    assert [row[header.index("Area code")] for row in cells] == chosen


@pytest.mark.parametrize(("format_", "ending"), [("geoparquet", "parquet"), ("gpkg", "gpkg")])
def test_a_composite_edition_is_exported_as_a_map(
    sample: Site, tmp_path: Path, format_: str, ending: str
) -> None:
    composite = "msoa21_pride_imd2019"
    output = tmp_path / f"map.{ending}"
    ran = export(sample, output, "--format", format_, "--listed", edition=composite)
    assert ran.code == 0, ran.err
    read = geopandas.read_parquet if ending == "parquet" else geopandas.read_file
    shapes = read(output)
    with sample.warehouse() as warehouse:
        chosen = warehouse.execute(
            "select area_code from marts.composite_selection where edition_id = $1 and is_selected "
            "order by area_code",
            [composite],
        ).fetchall()
    assert list(shapes["area_code"]) == [code for (code,) in chosen]
    assert shapes.geometry.notna().all()


def test_every_area_is_a_row_unless_it_is_narrowed(sample: Site, tmp_path: Path) -> None:
    output = tmp_path / "all.csv"
    assert export(sample, output, "--format", "csv").code == 0
    with output.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3007
    assert {row["area_code"] for row in rows if row["is_doubly_disadvantaged"] == "true"} == listed(
        sample
    )
    region, lad = rows[0]["region_name"], rows[0]["lad_code"]
    narrowed = tmp_path / "region.parquet"
    ran = export(sample, narrowed, "--format", "parquet", "--region", region.upper())
    assert ran.code == 0, ran.err
    assert codes_in(narrowed) == [row["area_code"] for row in rows if row["region_name"] == region]
    ran = export(sample, tmp_path / "lad.csv", "--format", "csv", "--lad", lad)
    assert ran.code == 0, ran.err
    assert codes_in(tmp_path / "lad.csv") == [
        row["area_code"] for row in rows if row["lad_code"] == lad
    ]


def test_a_csv_file_has_its_description_beside_it(sample: Site, tmp_path: Path) -> None:
    assert export(sample, tmp_path / "list.csv", "--format", "csv", "--bom").code == 0
    assert (tmp_path / "list.csv").read_bytes().startswith(b"\xef\xbb\xbfedition_id,")
    package = json.loads((tmp_path / "list.datapackage.json").read_text(encoding="utf-8"))
    (resource,) = package["resources"]
    assert resource["path"] == "list.csv"
    assert resource["rows"] == 3007
    assert resource["bytes"] == (tmp_path / "list.csv").stat().st_size
    assert package["release_label"] == "SYNTHETIC"


def test_nothing_is_overwritten_unless_told_to(sample: Site, tmp_path: Path) -> None:
    output = tmp_path / "list.xlsx"
    output.write_text("mine", encoding="utf-8")
    ran = export(sample, output, "--format", "xlsx", "--listed")
    assert ran.code == 1
    assert "is there already. Nothing was written" in said(ran)
    assert output.read_text(encoding="utf-8") == "mine"
    assert export(sample, output, "--format", "xlsx", "--listed", "--force").code == 0
    assert set(codes_in(output)) == listed(sample)
    # Nothing else is left behind.
    assert [path.name for path in tmp_path.iterdir()] == ["list.xlsx"]


def test_a_csv_does_not_overwrite_a_description(sample: Site, tmp_path: Path) -> None:
    there = tmp_path / "list.datapackage.json"
    there.write_text("mine", encoding="utf-8")
    ran = export(sample, tmp_path / "list.csv", "--format", "csv")
    assert ran.code == 1
    assert [path.name for path in tmp_path.iterdir()] == [there.name]
    assert there.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["lsoa21_imd2030_cni2023", "--format", "csv"], "No edition 'lsoa21_imd2030_cni2023'"),
        ([EDITION, "--format", "shapefile"], "'shapefile' is not one of"),
        ([EDITION], "Missing option '--format'"),
        ([EDITION, "--format", "xlsx", "--bom"], "--bom is for --format csv"),
        ([EDITION, "--format", "csv", "--region", "Atlantis"], "No region 'Atlantis'. There are:"),
        ([EDITION, "--format", "csv", "--lad", "Atlantis"], "No authority 'Atlantis'. There are:"),
        ([EDITION, "--format", "csv", "--output", "nowhere/list.csv"], "There is no folder"),
        ([EDITION, "--format", "csv", "--output", "x"], "Name it x.csv."),
        (
            [EDITION, "--format", "xlsx", "--output", "x.csv"],
            "Name it x.xlsx, or ask for --format csv.",
        ),
        ([EDITION, "--format", "geoparquet", "--output", "x.gpkg"], "or ask for --format gpkg."),
    ],
    ids=[
        "edition",
        "format",
        "no format",
        "bom",
        "region",
        "authority",
        "folder",
        "no suffix",
        "another suffix",
        "suffix of another format",
    ],
)
def test_wrong_usage_is_told_and_writes_nothing(
    sample: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = sample.lbn("export", *arguments)
    assert ran.code == 2
    # Typer draws a box around its own.
    assert expected in " ".join(ran.err.replace("│", " ").split())
    assert ran.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["export", EDITION, "--format", "csv"], ["whatif", EDITION]])
def test_with_nothing_published_there_is_nothing_to_show(
    tmp_path: Path, command: list[str]
) -> None:
    assert Site(tmp_path, "sample").lbn(*command).code == 3


def test_whatif_with_nothing_changed_is_the_list(sample: Site) -> None:
    ran = sample.lbn("whatif", EDITION, "--format", "json", "--change", "all")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert {row["area_code"] for row in found["areas"]} == listed(sample)
    assert found["counts"]["joined"] == found["counts"]["left"] == 0
    assert found["release_label"] == "SYNTHETIC"


def test_whatif_lists_who_joins_with_both_ranks(sample: Site) -> None:
    ran = sample.lbn("whatif", EDITION, "--threshold", "15%", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    with sample.warehouse() as warehouse:
        expected = {
            code: (str(imd), str(cni))
            for code, imd, cni in warehouse.execute(
                "select area_code, imd_rank, cni_rank from marts.double_disadvantage "
                "where edition_id = $1 and not is_doubly_disadvantaged "
                "and imd_rank <= floor(0.15 * imd_areas_ranked) "
                "and cni_rank <= floor(0.15 * cni_areas_ranked)",
                [EDITION],
            ).fetchall()
        }
    assert expected
    assert {
        row["area_code"]: (row["imd_rank_after"], row["cni_rank_after"]) for row in rows
    } == expected
    assert {row["change"] for row in rows} == {"joined"}
    assert f"{len(expected)} join, 0 leave" in said(ran)
    # One threshold may differ from the other.
    ran = sample.lbn("whatif", EDITION, "--threshold", "0.15", "--cni-threshold", "10%")
    assert "IMD worst 15%, CNI worst 10%" in " ".join(ran.out.split())


def test_whatif_says_how_other_weights_are_computed(sample: Site) -> None:
    ran = sample.lbn("whatif", EDITION, "--weights", "income=0.05,crime=0.4")
    assert ran.code == 0, ran.err
    out = " ".join(ran.out.split())
    assert "IMD worst 10% (other weights), CNI worst 10%" in out
    assert "crime 0.4, education 0.135" in out
    assert "ranked anew" in out
    assert "joined X" in out
    assert "left X" in out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["lsoa21_imd2030_cni2023"], "No edition"),
        ([EDITION, "--threshold", "15"], "Did you mean 15%?"),
        ([EDITION, "--weights", "income"], "'income' is no weight"),
        ([EDITION, "--weights", "housing=1"], "There are: barriers, crime"),
        ([WARDS, "--weights", "income=0.3"], "imd2015 has no domains in this warehouse"),
        ([EDITION, "--region", "Atlantis"], "No region 'Atlantis'"),
    ],
    ids=["edition", "threshold", "weight", "domain", "no domains", "region"],
)
def test_whatif_refuses_what_cannot_be(sample: Site, arguments: list[str], expected: str) -> None:
    ran = sample.lbn("whatif", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert expected in said(ran)
