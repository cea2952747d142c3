"""File 10 of the synthetic country: what it says follows from Files 7 and 8, by the report's text.

The summaries are computed again in exact fractions, from the files alone.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from orchestration.sample.publisher import summaries

Table = dict[str, dict[str, Any]]  # by code of the authority, by header

NAMES = {
    "IMD": "Index of Multiple Deprivation (IMD)",
    "Income": "Income",
    "Employment": "Employment",
    "Education": "Education, Skills and Training",
    "Health": "Health Deprivation and Disability",
    "Crime": "Crime",
    "Barriers": "Barriers to Housing and Services",
    "Living": "Living Environment",
    "IDACI": "Income Deprivation Affecting Children Index (IDACI)",
    "IDAOPI": "Income Deprivation Affecting Older People (IDAOPI)",
}
WEIGHT = {"Employment": "Working age", "IDACI": "Dependent", "IDAOPI": "Older"}
CODE_2019 = ["Local Authority District code (2019)", "Local Authority District name (2019)"]
SHARE = "roportion of LSOAs in most deprived 10% nationally"
SHARE_2025 = "proportion_of_lso_as_in_most_deprived_10_percent_nationally"

# --- the arithmetic ---------------------------------------------------------------------------

ENGLAND = 32_844


def numbers(*values: float) -> Any:
    return np.array(values)


def test_average_rank_of_the_worked_example() -> None:
    people = numbers(1200, 1800, 1400, 1500, 1700)
    found = summaries.average_rank(numbers(3000, 10000, 500, 1000, 20000), people, ENGLAND)
    assert found == pytest.approx(25_240, abs=0.5)


def test_average_score_of_the_worked_example() -> None:
    people = numbers(1200, 1800, 1400, 1500, 1700)
    found = summaries.average_score(numbers(45.90, 26.51, 65.67, 59.14, 13.64), people)
    assert found == pytest.approx(40.35, abs=0.005)


def test_proportion_of_the_worked_example() -> None:
    worst = ENGLAND // 10
    rank = np.array([worst] * 18 + [worst + 1] * 47)
    assert summaries.proportion(rank, ENGLAND) == pytest.approx(0.277, abs=0.0005)


def test_extent_of_the_worked_example() -> None:
    """The last area has the people of the authority whom the example does not list."""
    people = numbers(1400, 1500, 1200, 1800, 64_100)
    found = summaries.extent(np.array([500, 1000, 3000, 9000, 30_000]), people, ENGLAND)
    # The report rounds the weight of percentile 28 on the way.
    assert found == pytest.approx(0.062292, abs=0.0000015)


@pytest.mark.parametrize(
    ("rank", "weight"), [(1, 1), (10, 1), (11, 0.95), (30, 0.05), (31, 0), (100, 0)]
)
def test_extent_fades_from_the_11th_to_the_30th_percentile(rank: int, weight: float) -> None:
    found = summaries.extent(np.array([rank]), numbers(1500), 100)
    assert found == pytest.approx(weight, abs=1e-12)


def test_local_concentration_of_the_worked_example() -> None:
    """Of the 1,700 people of the fifth area 1,100 make the tenth of 70,000 full."""
    people = numbers(62_400, 1700, 1200, 1500, 1400, 1800)
    place = numbers(30_000, 20_000, 3000, 1000, 500, 10_000)
    found = summaries.local_concentration(place, people, ENGLAND)
    assert found == pytest.approx(26_302.14, abs=0.005)


def test_ranks_of_authorities_run_from_the_worst_and_ties_share_the_best_place() -> None:
    assert summaries.ranked(numbers(0.2, 0.5, 0.0, 0.5, 0.0)).tolist() == [3, 1, 4, 1, 4]


# --- the files --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Release:
    """Small areas of File 7 as printed, and File 10 by sheet."""

    areas: list[dict[str, str]]
    file_10: dict[str, Table]

    def column(self, start: str, kind: str = "") -> str:
        """The header of File 7 that begins so."""
        return next(c for c in self.areas[0] if re.match(re.escape(start) + " ?" + kind, c))

    @property
    def authority(self) -> str:
        return self.column("Local Authority District code")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def workbook(inbox: Path, stem: str) -> dict[str, list[list[Any]]]:
    (path,) = (inbox / "iod2019").glob(f"{stem}*.xlsx")
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def by_code(rows: list[dict[str, Any]], code: str) -> Table:
    return {row[code]: row for row in rows}


@pytest.fixture(scope="module")
def releases(sample_inbox: Path) -> dict[int, Release]:
    areas = {
        year: read(next((sample_inbox / f"iod{year}").glob("File_7*.csv"))) for year in (2019, 2025)
    }
    sheets = {
        name: by_code([dict(zip(header, row, strict=True)) for row in rows], CODE_2019[0])
        for name, (header, *rows) in workbook(sample_inbox, "file10").items()
        if name != "Notes"
    }
    table = by_code(read(sample_inbox / "iod2025/file10_iod2025_lad_summaries.csv"), "ltla24_code")
    wide = {name: table for name in NAMES if not name.startswith("IDA")}
    return {2019: Release(areas[2019], sheets), 2025: Release(areas[2025], wide)}


LABELS_2025 = {
    "IMD": "imd",
    "Income": "income",
    "Employment": "employment",
    "Education": "education_skills_and_training",
    "Health": "health_deprivation_and_disability",
    "Crime": "crime",
    "Barriers": "barriers_to_housing_and_services",
    "Living": "living_environment",
}


def measures(sheet: str) -> list[str]:
    more = {"IMD": ["extent", "local concentration"], "Income": ["scale"], "Employment": ["scale"]}
    return ["average rank", "average score", "proportion", *more.get(sheet, [])]


def headers_2019(sheet: str) -> list[str]:
    """Of the measures, each followed by that of its rank; blanks at the end as in the real one."""
    label = sheet if sheet in ("IMD", "IDACI", "IDAOPI") else NAMES[sheet]
    blank = "" if sheet == "Education" else " "
    headers = [f"{label} - Average rank ", f"{label} - Rank of average rank "]
    headers += [f"{label} - Average score ", f"{label} - Rank of average score "]
    headers += [f"{label} - P{SHARE}{blank}", f"{label} - Rank of p{SHARE}{blank}"]
    if sheet == "IMD":
        headers += ["IMD 2019 - Extent ", "IMD 2019 - Rank of extent "]
        headers += ["IMD 2019 - Local concentration ", "IMD 2019 - Rank of local concentration "]
    if sheet == "Income":
        headers += ["Income scale", "Rank of Income Scale"]
    if sheet == "Employment":
        headers += ["Employment scale ", "Rank of Employment Scale"]
    return headers


def headers_2025(sheet: str) -> list[str]:
    label = LABELS_2025[sheet]
    headers: list[str] = []
    for measure in ("average_rank", "average_score", SHARE_2025):
        headers += [f"{label}_{measure}", f"{label}_rank_of_{measure}"]
    if sheet == "IMD":
        headers += ["imd25_extent", "imd25_rank_of_extent"]
        headers += ["imd25_local_concentration", "imd25_rank_of_local_concentration"]
    if sheet in ("Income", "Employment"):
        headers += [f"{label}_scale", f"rank_of_{label}_scale"]
    return headers


def test_the_workbook_has_the_sheets_and_headers_of_the_real_one(sample_inbox: Path) -> None:
    sheets = workbook(sample_inbox, "file10")
    assert list(sheets) == ["Notes", *NAMES]
    assert "SYNTHETIC" in sheets["Notes"][0][0]
    for name in NAMES:
        assert sheets[name][0] == CODE_2019 + headers_2019(name)


def test_the_table_has_the_headers_and_quotes_of_the_real_one(sample_inbox: Path) -> None:
    raw = (sample_inbox / "iod2025/file10_iod2025_lad_summaries.csv").read_bytes()
    head, *lines = raw.decode().splitlines()
    headers = ["ltla24_code", "ltla24_name"]
    for name in LABELS_2025:
        headers += headers_2025(name)
    assert head == ",".join(f'"{header}"' for header in headers)
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    for line in lines:
        assert re.fullmatch(r'"X0[678]\d{6}","[^"]+"(,-?\d+(\.\d+)?){56}', line), line
    assert any('"Sandholme, Isle of"' in line for line in lines)


@pytest.mark.parametrize(("year", "districts"), [(2019, 26), (2025, 24)])
def test_every_authority_has_a_row_in_the_order_of_codes(
    releases: dict[int, Release], year: int, districts: int
) -> None:
    release = releases[year]
    for table in release.file_10.values():
        assert list(table) == sorted({area[release.authority] for area in release.areas})
        assert len(table) == districts


def printed(release: Release, sheet: str, year: int) -> dict[str, list[tuple[Fraction, int]]]:
    """By measure: the figure and the rank of each authority, in the order of codes."""
    headers = headers_2019(sheet) if year == 2019 else headers_2025(sheet)
    rows = release.file_10[sheet].values()
    return {
        measure: [(Fraction(str(row[figure])), int(row[rank])) for row in rows]
        for measure, figure, rank in zip(measures(sheet), headers[::2], headers[1::2], strict=True)
    }


def sheets_by_year(without: tuple[str, ...] = ()) -> list[tuple[int, str]]:
    return [
        (year, sheet)
        for year, sheets in ((2019, NAMES), (2025, LABELS_2025))
        for sheet in sheets
        if sheet not in without
    ]


def extent_weight(percentile: int) -> Fraction:
    if percentile <= 10:
        return Fraction(1)
    if percentile > 30:
        return Fraction(0)
    return Fraction(95, 100) - (percentile - 11) * Fraction(90, 1900)


# File 7 of 2019 prints no ranks for them, only scores.
@pytest.mark.parametrize(("year", "sheet"), sheets_by_year(without=("IDACI", "IDAOPI")))
def test_the_figures_follow_from_file_7(
    releases: dict[int, Release], year: int, sheet: str
) -> None:
    release = releases[year]
    n = len(release.areas)
    rank, score = (release.column(NAMES[sheet], kind) for kind in ("Rank", "Score"))
    people = release.column(WEIGHT.get(sheet, "Total population"))
    tied = Counter(int(area[rank]) for area in release.areas)
    small: dict[str, list[tuple[int, Fraction, Fraction, Fraction]]] = defaultdict(list)
    for area in release.areas:
        first = int(area[rank])
        place = first + Fraction(tied[first] - 1, 2)
        figures = first, place, Fraction(area[score]), Fraction(area[people])
        small[area[release.authority]].append(figures)

    expected: dict[str, list[Fraction]] = defaultdict(list)
    for code in sorted(small):
        here = sorted(small[code])
        everybody = sum((count for *_, count in here), Fraction(0))
        mean_place = sum(place * count for _, place, _, count in here) / everybody
        expected["average rank"].append(n + 1 - mean_place)
        expected["average score"].append(
            sum((points * count for *_, points, count in here), Fraction(0)) / everybody
        )
        expected["proportion"].append(
            Fraction(sum(-(-10 * first // n) == 1 for first, *_ in here), len(here))
        )
        in_want = (extent_weight(-(-100 * first // n)) * count for first, *_, count in here)
        expected["extent"].append(sum(in_want, Fraction(0)) / everybody)
        wanted, worst = everybody / 10, Fraction(0)
        for _, place, _, count in here:
            worst += place * min(count, wanted)
            wanted -= min(count, wanted)
        expected["local concentration"].append(n + 1 - worst / (everybody / 10))

    decimals = {"average rank": 2, "average score": 3, "local concentration": 2}
    for measure, values in printed(release, sheet, year).items():
        if measure == "scale":
            continue
        step = Fraction(1, 10 ** decimals.get(measure, 4))
        for (figure, place_of_all), exact in zip(values, expected[measure], strict=True):
            assert abs(figure - exact) <= step / 2 + Fraction(1, 10**9)
            assert figure % step == 0
            assert place_of_all == 1 + sum(other > exact for other in expected[measure])


@pytest.mark.parametrize("sheet", ["IDACI", "IDAOPI"])
def test_children_and_older_people_are_those_of_file_7(
    releases: dict[int, Release], sheet: str
) -> None:
    release = releases[2019]
    score, people = release.column(NAMES[sheet], "Score"), release.column(WEIGHT[sheet])
    total: dict[str, Fraction] = defaultdict(Fraction)
    weighted: dict[str, Fraction] = defaultdict(Fraction)
    for area in release.areas:
        total[area[release.authority]] += Fraction(area[people])
        weighted[area[release.authority]] += Fraction(area[people]) * Fraction(area[score])
    figures = printed(release, sheet, 2019)
    for code, (figure, _) in zip(sorted(total), figures["average score"], strict=True):
        assert abs(figure - weighted[code] / total[code]) <= Fraction(1, 2000)
    by_rank, by_score = ([rank for _, rank in figures[f"average {m}"]] for m in ("rank", "score"))
    assert np.corrcoef(by_rank, by_score)[0, 1] > 0.95


@pytest.mark.parametrize("year", [2019, 2025])
@pytest.mark.parametrize("sheet", ["Income", "Employment"])
def test_the_scale_counts_people_before_rounding_and_suppression(
    releases: dict[int, Release], sample_inbox: Path, year: int, sheet: str
) -> None:
    release = releases[year]
    counts: dict[str, Any]
    if year == 2019:
        header, *rows = workbook(sample_inbox, "File_8")[f"IoD2019 {sheet} Domain"]
        counts = {row[0]: row[header.index(f"{sheet} Domain numerator")] for row in rows}
    else:
        table = read(sample_inbox / "iod2025/file8_iod2025_indicators.csv")
        numerator = f"{sheet.lower()}_domain_numerator"
        counts = {row["lsoa21_code"]: row[numerator] for row in table}
    rounded: dict[str, float] = defaultdict(float)
    most: dict[str, float] = defaultdict(float)  # by which rounding may move the sum
    for area in release.areas:
        count = counts[area[release.column("LSOA code")]]
        rounded[area[release.authority]] += float(count or 0)
        most[area[release.authority]] += 2.5 if count else 7.5
    values = printed(release, sheet, year)["scale"]
    for code, (figure, rank) in zip(sorted(rounded), values, strict=True):
        assert abs(float(figure) - rounded[code]) <= most[code]
        assert rank == 1 + sum(other > figure for other, _ in values)
        assert (figure * (4 if (year, sheet) == (2019, "Employment") else 1)).denominator == 1
    assert any(float(figure) % 5 for figure, _ in values)


def test_figures_are_numbers_in_the_workbook(releases: dict[int, Release]) -> None:
    for sheet, table in releases[2019].file_10.items():
        for row in table.values():
            assert all(isinstance(row[header], float) for header in headers_2019(sheet))
            assert re.fullmatch(r"X0[678]\d{6}", row[CODE_2019[0]])
