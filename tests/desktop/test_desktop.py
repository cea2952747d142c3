"""The exports in the programs that people open them with, of the versions that Debian 12 has."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.patience import SECONDS
from tests.support.site import Site

GEOPACKAGES = ("left_behind.gpkg", "left_behind_all_areas.gpkg")


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the machine; without it the test is skipped, and says how to get it."""
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine: make test-desktop installs it")
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=True, timeout=SECONDS
    )


@pytest.mark.parametrize("name", GEOPACKAGES)
def test_gdal_opens_a_geopackage_without_a_word_of_complaint(sample: Site, name: str) -> None:
    opened = run("ogrinfo", "-ro", "-so", "-al", str(sample.current / "exports" / name))
    assert opened.stderr == ""
    assert "using driver `GPKG' successful" in opened.stdout
    counts = dict(
        re.findall(r"^Layer name: (\S+)$.*?^Feature Count: (\d+)$", opened.stdout, re.M | re.S)
    )
    with sample.warehouse() as warehouse:
        editions = warehouse.execute(
            "select edition_id, areas_listed, areas from marts.dim_edition"
        ).fetchall()
    for edition, listed, areas in editions:
        assert int(counts[edition]) == (areas if "all_areas" in name else listed)


def test_gdal_reads_what_an_export_of_one_edition_holds(sample: Site, tmp_path: Path) -> None:
    edition = "lsoa21_imd2025_cni2023"
    made = sample.lbn("export", edition, "--format", "gpkg", "--output", str(tmp_path))
    assert made.code == 0, made.err
    query = f"select count(*) as n, min(imd_income_rank) as worst from {edition}"
    found = run("ogrinfo", "-ro", str(tmp_path / f"{edition}.gpkg"), "-sql", query)
    assert found.stderr == ""
    assert "n (Integer) = 3007" in found.stdout
    assert "worst (Integer) = 1" in found.stdout


def test_the_workbook_prints_on_a4_and_its_first_page_is_the_newest_list(
    sample: Site, tmp_path: Path
) -> None:
    workbook = sample.current / "exports" / "left_behind.xlsx"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    run(
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(workbook),
    )
    pdf = str(tmp_path / "left_behind.pdf")
    sizes = re.findall(r"size: +([\d.]+) x ([\d.]+)", run("pdfinfo", "-l", "999", pdf).stdout)
    assert {(round(float(wide)), round(float(high))) for wide, high in sizes} == {(842, 595)}
    first = run("pdftotext", "-layout", "-l", "1", pdf, "-").stdout
    for said in ("By authority", "SYNTHETIC", "All of them", "Rank by"):
        assert said in first
    # A sheet is as wide as a page: its first heading and its last stand on the same.
    second = run("pdftotext", "-layout", "-f", "2", "-l", "2", pdf, "-").stdout
    assert "Area code" in second
    assert "Stability" in second
