"""What bad input gets: a message to act on, exit code 1, no model run, nothing published.

One case each, planted in a copy of the sample's inbox and given to the real command, against a
site that has a release.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.site import Site

IMD_2025 = "iod2025/File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
IMD_2019 = "iod2019/File_7_-_All_IoD2019_Scores__Ranks__Deciles_and_Population_Denominators_3.csv"
CNI_2019_INDICATORS = "cni2019/cni2019_indicators_doggerland_ward17.csv"
CNI_2023 = "cni2023/cni2023_doggerland_lsoa21.csv"
SUMMARY_2025 = "iod2025/file10_iod2025_lad_summaries.csv"
TENURE = "outcomes/census2021-ts054.zip"
LSOA_SHAPES = "boundaries/lsoa21_doggerland.geojson"
NEVER_BEGUN = "Building and testing the models"


@pytest.fixture(scope="module")
def site(sample: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of this module's own, with the sample published."""
    copy = Site(tmp_path_factory.mktemp("site"), "sample")
    shutil.copytree(sample.root, copy.root, symlinks=True)
    return copy


def lines(path: Path) -> list[str]:
    return path.read_bytes().decode("utf-8-sig").splitlines()


def rewrite(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    path.write_text("\n".join(change(lines(path))) + "\n", encoding="utf-8")


def edit(path: Path, header: str, change: Callable[[int, str], str]) -> None:
    """Rewrite a column; ``change`` is given the line (the header is line 1) and the value."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file))
    position = next(n for n, name in enumerate(table[0]) if name.startswith(header))
    for line, row in enumerate(table[1:], start=2):
        row[position] = change(line, row[position])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)


def cell(path: Path, line: int, header: str, change: Callable[[str], str]) -> None:
    """Change one value of a column."""
    edit(path, header, lambda number, value: change(value) if number == line else value)


def shape(path: Path, number: int, change: Callable[[dict[str, object]], None]) -> None:
    """Change one feature of a boundary file (from 1)."""
    collection = json.loads(path.read_text(encoding="utf-8"))
    change(collection["features"][number - 1])
    path.write_text(json.dumps(collection), encoding="utf-8")


def empty(inbox: Path) -> None:
    (inbox / IMD_2025).write_bytes(b"")


def web_page(inbox: Path) -> None:
    (inbox / IMD_2025).write_text("<!DOCTYPE html><html><body>Moved</body></html>")


def truncated(inbox: Path) -> None:
    content = (inbox / IMD_2025).read_bytes()
    (inbox / IMD_2025).write_bytes(content[: len(content) // 2])


def cut_at_a_line(inbox: Path) -> None:
    rewrite(inbox / IMD_2025, lambda all_lines: all_lines[:2000])


def wrong_vintage(inbox: Path) -> None:
    shutil.copyfile(inbox / IMD_2019, inbox / IMD_2025)


def renamed_column(inbox: Path) -> None:
    rewrite(
        inbox / CNI_2023,
        lambda rows: [rows[0].replace("Civic Assets Domain Rank", "Civic Assets Place"), *rows[1:]],
    )


def missing_column(inbox: Path) -> None:
    rewrite(inbox / CNI_2023, lambda rows: [row.partition(",")[2] for row in rows])


def text_in_a_number(inbox: Path) -> None:
    cell(inbox / IMD_2025, 7, "Income Score", lambda _: "n/a")


def duplicate_codes(inbox: Path) -> None:
    code = lines(inbox / CNI_2023)[1].split(",")[0]
    cell(inbox / CNI_2023, 3, "lsoa21_code", lambda _: code)


def reversed_ranks(inbox: Path) -> None:
    edit(inbox / CNI_2023, "Civic Assets Domain Rank", lambda _, rank: str(3008 - int(rank)))


def no_permutation(inbox: Path) -> None:
    cell(inbox / CNI_2023, 5, "Connectedness Domain Rank", lambda rank: str(int(rank) + 7))


def wrong_decile(inbox: Path) -> None:
    cell(
        inbox / IMD_2025,
        9,
        "Index of Multiple Deprivation (IMD) Decile",
        lambda decile: str(int(decile) % 10 + 1),
    )


def unknown_code(inbox: Path) -> None:
    cell(inbox / CNI_2023, 4, "lsoa21_code", lambda _: "X01999999")


def invalid_geometry(inbox: Path) -> None:
    def bow_tie(feature: dict[str, object]) -> None:
        ring = [[1.5, 54.0], [1.6, 54.1], [1.6, 54.0], [1.5, 54.1], [1.5, 54.0]]
        feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}

    shape(inbox / LSOA_SHAPES, 11, bow_tie)


def wrong_crs(inbox: Path) -> None:
    path = inbox / LSOA_SHAPES
    collection = json.loads(path.read_text(encoding="utf-8"))
    name = "urn:ogc:def:crs:EPSG::27700"
    collection["crs"] = {"type": "name", "properties": {"name": name}}
    path.write_text(json.dumps(collection), encoding="utf-8")


def ambiguous(inbox: Path) -> None:
    cell(inbox / CNI_2023, 2, "lsoa21_name", lambda name: name + " (again)")
    copy = inbox / "cni2023_doggerland_another.csv"
    copy.write_bytes((inbox / CNI_2023).read_bytes() + b"\n")


def renamed_authority(inbox: Path) -> None:
    """A lookup that gives an area two authorities."""
    path = inbox / "lookups" / "lad24_rgn24.csv"
    content = lines(path)
    other = next(row for row in content[2:] if row.split(",")[-1] != content[1].split(",")[-1])
    cells = content[1].rsplit(",", 2)
    doubled = ",".join([cells[0], *other.rsplit(",", 2)[1:]])
    path.write_text("\n".join([*content, doubled]) + "\n", encoding="utf-8")


def indicator_without_metadata(inbox: Path) -> None:
    rewrite(
        inbox / CNI_2019_INDICATORS,
        lambda rows: [rows[0] + ",Churches", *(row + ",1" for row in rows[1:])],
    )


def metadata_without_data(inbox: Path) -> None:
    path = inbox / CNI_2019_INDICATORS
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file))
    position = table[0].index("Jobs per resident of working age")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row[:position] + row[position + 1 :] for row in table)


def constant_column(inbox: Path) -> None:
    edit(inbox / CNI_2019_INDICATORS, "Green assets", lambda *_: "0.5")


def archive_of_other_areas(inbox: Path) -> None:
    """Nomis' archive without its file of LSOAs."""
    with zipfile.ZipFile(inbox / TENURE) as whole:
        members = {name: whole.read(name) for name in whole.namelist() if "-lsoa" not in name}
    with zipfile.ZipFile(inbox / TENURE, "w") as rest:
        for name, content in members.items():
            rest.writestr(name, content)


def summary_in_percent(inbox: Path) -> None:
    edit(
        inbox / SUMMARY_2025,
        "imd_proportion",
        lambda _, share: f"{100 * float(share):.2f}",
    )


@dataclass(frozen=True)
class Case:
    plant: Callable[[Path], None]
    # Regular expressions: what the message must say of place, value, expectation, remedy.
    says: tuple[str, ...]


CASES = [
    Case(empty, (r"source imd2025, file .*File_7_IoD2025", "an empty file", "get the file again")),
    Case(web_page, ("source imd2025", "a web page, beginning '<!doctype html>", r"as \.csv")),
    Case(
        truncated, ("source imd2025", r"line \d+ (has \d+ values|breaks off)", "truncated|complete")
    ),
    Case(cut_at_a_line, ("imd2025", "1,?999", "3,?007", "truncated|again")),
    Case(
        wrong_vintage,
        (
            "source imd2025.*column area_code",
            r"nearest: .*LSOA code \(2011\)",
            r"LSOA code \\\(2021\\\)",
            "another vintage",
        ),
    ),
    Case(
        renamed_column,
        (
            "source cni2023.*civic_assets:rank",
            "Civic Assets Place",
            "change the pattern in sources",
        ),
    ),
    Case(missing_column, ("source cni2023.*column area_code", "no such column", "lsoa21_")),
    Case(
        text_in_a_number,
        ("source imd2025.*column 'Income Score", "line 7: 'n/a'", "a number in every line"),
    ),
    Case(duplicate_codes, ("index_area", "cni2023", r"X01\d{6} \(line [23]\)")),
    Case(reversed_ranks, ("index_measure", "cni2023", "civic_assets", r"X01\d{6}")),
    Case(no_permutation, ("index_measure", "cni2023", "connectedness", r"X01\d{6}")),
    Case(wrong_decile, ("index_measure", "imd2025", "overall", r"\(line 9\)", "decile")),
    Case(unknown_code, ("index_area", "cni2023, X01999999", "misspelt")),
    Case(
        invalid_geometry,
        ("source boundary_lsoa21", r"X01\d{6} \(feature 11: Self-intersection", "repair"),
    ),
    Case(wrong_crs, ("source boundary_lsoa21", "CRS EPSG:27700", "CRS EPSG:4326", "export")),
    Case(ambiguous, ("source cni2023", "several different files", "leave the issue that you want")),
    Case(
        indicator_without_metadata,
        (
            "source cni2019_indicators, file .*cni2019_indicators_doggerland",
            r"1 indicator\(s\) without metadata: 'Churches'",
            r"a row in dbt_project/seeds/indicators\.csv",
            "ignored_columns",
        ),
    ),
    Case(
        metadata_without_data,
        (
            "source cni2019_indicators, file .*cni2019_indicators_doggerland",
            r"no data for 1 declared indicator\(s\): jobs_density \(column jobs_per_resident",
            r"take its\s+row out of dbt_project/seeds/indicators\.csv \(line \d+\)",
        ),
    ),
    Case(
        constant_column,
        (
            "raw_indicator",
            "cni2019_indicators, green_density: distinct_values 1",
            "at least two different values",
            "column is constant",
        ),
    ),
    Case(
        archive_of_other_areas,
        (
            "source census2021_tenure, file census2021-ts054.zip",
            r"0 file\(s\) that fit in the archive: census2021-ts054-ctry\.csv",
            r"one named like .*census2021-ts054-lsoa",
        ),
    ),
    Case(
        summary_in_percent,
        ("raw_summary", "imd2025_summary, overall, proportion, X0[67]", "percent in place of"),
    ),
    Case(renamed_authority, ("lookup", "lad24_rgn24", "X0[678]")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.plant.__name__)
def test_bad_input_is_refused_and_nothing_changes(site: Site, planted: Path, case: Case) -> None:
    before = site.release_bytes()
    case.plant(planted)
    ran = site.lbn("refresh", inbox=planted)
    assert ran.code == 1, ran.out + ran.err
    for pattern in case.says:
        assert re.search(pattern, ran.err), f"{pattern!r} is not in:\n{ran.err}"
    assert "to do:" in ran.err
    assert "Nothing was published" in ran.err
    assert NEVER_BEGUN not in ran.err
    assert "Traceback" not in ran.err
    assert site.release_bytes() == before
    leftovers = [
        path.name for path in (site.root / "releases").iterdir() if ".incoming" in path.name
    ]
    assert leftovers == []


def test_a_missing_file_with_nothing_published_is_told_with_the_way_to_get_it(
    planted: Path, tmp_path: Path
) -> None:
    (planted / CNI_2023).unlink()
    (planted / IMD_2019).unlink()
    site = Site(tmp_path / "data", "sample")
    ran = site.lbn("refresh", inbox=planted)
    assert ran.code == 1
    # Both at once, each with the name to look for.
    for pattern in (r"source cni2023 ", r"cni2023_england\*", r"source imd2019 ", r"IoD\*2019"):
        assert re.search(pattern, ran.err), ran.err
    assert not (site.root / "releases").exists()
    assert ran.err.count("Nothing was published") == 1


def test_a_refused_candidate_cannot_be_published_by_the_last_step_alone(
    site: Site, planted: Path
) -> None:
    """The UI can run the release step alone: it audits what lies in the build itself."""
    wrong_decile(planted)
    assert site.lbn("refresh", inbox=planted).code == 1
    before = site.release_bytes()
    environment = os.environ | {
        "LBN_DATA": str(site.data),
        "LBN_PROFILE": "sample",
        "LBN_INBOX": str(planted),
        "DAGSTER_HOME": str(site.data / "dagster"),
    }
    ran = subprocess.run(
        [
            str(Path(sys.executable).with_name("dagster")),
            "job",
            "execute",
            "-m",
            "orchestration.definitions",
            "-j",
            "publish",
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "Auditing the candidate" in ran.stderr
    assert site.release_bytes() == before
