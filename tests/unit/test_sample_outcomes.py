"""How the synthetic country's people fare: figures add up, and follow deprivation and need."""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestration.sample.files.archive import write_archive
from orchestration.sample.publisher.outcomes import apportion, standing_of

Rows = list[dict[str, str]]

LSOAS, NEIGHBOURS = 3007, 40
TENURE, CLASS, QUALIFICATION = "ts054", "ts062", "ts067"
ISSUE = {TENURE: 2, CLASS: 1, QUALIFICATION: 1}
KINDS = ("ctry", "lsoa", "ltla", "msoa", "rgn")
AREA = ("date", "geography", "geography code")
PREFIX = {
    TENURE: "Tenure of household",
    CLASS: "National Statistics Socio-economic Classification (NS-SEC)",
    QUALIFICATION: "Highest level of qualification",
}
TITLES = {
    TENURE: (
        "Total: All households",
        "Owned",
        "Owned: Owns outright",
        "Owned: Owns with a mortgage or loan",
        "Shared ownership",
        "Shared ownership: Shared ownership",
        "Social rented",
        "Social rented: Rents from council or Local Authority",
        "Social rented: Other social rented",
        "Private rented",
        "Private rented: Private landlord or letting agency",
        "Private rented: Other private rented",
        "Lives rent free",
    ),
    CLASS: (
        "Total: All usual residents aged 16 years and over",
        "L1, L2 and L3 Higher managerial, administrative and professional occupations",
        "L4, L5 and L6 Lower managerial, administrative and professional occupations",
        "L7 Intermediate occupations",
        "L8 and L9 Small employers and own account workers",
        "L10 and L11 Lower supervisory and technical occupations",
        "L12 Semi-routine occupations",
        "L13 Routine occupations",
        "L14.1 and L14.2 Never worked and long-term unemployed",
        "L15 Full-time students",
    ),
    QUALIFICATION: (
        "Total: All usual residents aged 16 years and over",
        "No qualifications",
        "Level 1 and entry level qualifications",
        "Level 2 qualifications",
        "Apprenticeship",
        "Level 3 qualifications",
        "Level 4 qualifications and above",
        "Other qualifications",
    ),
}


@dataclass(frozen=True)
class Outcomes:
    """The folder of outcomes, and the whole inbox around it."""

    inbox: Path

    def archive(self, table: str) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.inbox / f"outcomes/census2021-{table}.zip")

    def census(self, table: str, kind: str) -> Rows:
        with self.archive(table) as archive:
            text = archive.read(f"census2021-{table}-{kind}.csv").decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def counts(self, table: str, kind: str) -> dict[str, dict[str, int]]:
        """By code and title, without the words that all titles of a table begin with."""
        return {
            row["geography code"]: {
                title: int(row[f"{PREFIX[table]}: {title}"]) for title in TITLES[table]
            }
            for row in self.census(table, kind)
        }

    def rows(self, pattern: str) -> Rows:
        (path,) = self.inbox.glob(pattern)
        with path.open(encoding="utf-8-sig", newline="") as text:
            return list(csv.DictReader(text))


@pytest.fixture(scope="module")
def outcomes(sample_inbox: Path) -> Outcomes:
    return Outcomes(sample_inbox)


# --- the arithmetic ---------------------------------------------------------------------------


def test_shares_become_whole_counts_that_add_up() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.34, 0.33, 0.33], [1.0, 0.0, 0.0], [0.4, 0.35, 0.25]])
    found = apportion(np.array([10, 100, 7, 3]), shares)
    assert found.tolist() == [[5, 3, 2], [34, 33, 33], [7, 0, 0], [1, 1, 1]]


def test_standings_come_from_ranks_and_the_worst_stands_highest() -> None:
    standing = standing_of(np.array([3, 1, 2, 4, 4]))
    assert np.argsort(-standing, kind="stable").tolist() == [1, 2, 0, 3, 4]
    assert standing[3] == standing[4]
    assert standing_of(np.arange(1, 100))[49] == 0


def test_an_archive_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    members = {"b.csv": "x\n" * 99, "metadata/ä.txt": "é\r\n"}
    one, two = (write_archive(tmp_path / name / "a.zip", members) for name in ("1", "2"))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == members


# --- census tables ----------------------------------------------------------------------------


@pytest.mark.parametrize("table", PREFIX)
def test_the_archive_has_the_members_of_the_real_one(outcomes: Outcomes, table: str) -> None:
    with outcomes.archive(table) as archive:
        members = archive.infolist()
        notes = archive.read(members[-1]).decode()
    names = [f"census2021-{table}-{kind}.csv" for kind in KINDS]
    assert [m.filename for m in members] == [*names, f"metadata/{table}-2021-{ISSUE[table]}.txt"]
    assert notes.startswith("Title: ")
    assert "SYNTHETIC" in notes
    assert "\n" not in notes.replace("\r\n", "")
    for member in members:
        assert member.compress_type == zipfile.ZIP_DEFLATED
        assert member.date_time == members[0].date_time
        assert (member.create_system, stat.S_IMODE(member.external_attr >> 16)) == (3, 0o644)


@pytest.mark.parametrize("table", PREFIX)
@pytest.mark.parametrize("kind", KINDS)
def test_headers_are_those_of_the_real_tables(outcomes: Outcomes, table: str, kind: str) -> None:
    rows = outcomes.census(table, kind)
    assert tuple(rows[0]) == (*AREA, *(f"{PREFIX[table]}: {title}" for title in TITLES[table]))
    assert {row["date"] for row in rows} == {"2021"}


@pytest.mark.parametrize("table", PREFIX)
def test_every_area_of_both_nations_has_a_row(outcomes: Outcomes, table: str) -> None:
    lookup = outcomes.rows("lookups/lsoa21_msoa21*.csv")
    for kind, area in (("lsoa", "LSOA21"), ("msoa", "MSOA21"), ("ltla", "LAD22"), ("rgn", "RGN22")):
        known = sorted({(row[f"{area}CD"], row[f"{area}NM"]) for row in lookup})
        rows = outcomes.census(table, kind)
        assert [(row["geography code"], row["geography"]) for row in rows] == known
    nations = [(row["geography code"], row["geography"]) for row in outcomes.census(table, "ctry")]
    assert nations == [
        ("X92000001", "Doggerland"),
        ("Z04000001", "Doggerland and Silverpit"),
        ("Y92000004", "Silverpit"),
    ]


@pytest.mark.parametrize("table", PREFIX)
@pytest.mark.parametrize("kind", KINDS)
def test_categories_add_up_to_their_headings_and_the_total(
    outcomes: Outcomes, table: str, kind: str
) -> None:
    total, *titles = TITLES[table]
    top = [title for title in titles if ": " not in title]
    for counts in outcomes.counts(table, kind).values():
        assert all(count >= 0 for count in counts.values())
        assert sum(counts[title] for title in top) == counts[total]
        for heading in top:
            below = [counts[title] for title in titles if title.startswith(f"{heading}: ")]
            assert not below or sum(below) == counts[heading]


@pytest.mark.parametrize("table", PREFIX)
def test_small_areas_add_up_to_larger_ones(outcomes: Outcomes, table: str) -> None:
    small = outcomes.counts(table, "lsoa")
    lookup = outcomes.rows("lookups/lsoa21_msoa21*.csv")
    for kind, area in (("msoa", "MSOA21"), ("ltla", "LAD22"), ("rgn", "RGN22")):
        total: dict[str, Counter[str]] = defaultdict(Counter)
        for row in lookup:
            total[row[f"{area}CD"]].update(small[row["LSOA21CD"]])
        assert outcomes.counts(table, kind) == total
    nations = outcomes.counts(table, "ctry")
    for title in TITLES[table]:
        by_prefix: Counter[str] = Counter()
        for code, counts in small.items():
            by_prefix[code[0]] += counts[title]
        assert nations["X92000001"][title] == by_prefix["X"]
        assert nations["Y92000004"][title] == by_prefix["Y"]
        assert nations["Z04000001"][title] == by_prefix["X"] + by_prefix["Y"]


def test_two_tables_of_the_same_people_differ_by_the_noise_only(outcomes: Outcomes) -> None:
    total = TITLES[CLASS][0]
    one, two = (outcomes.counts(table, "lsoa") for table in (CLASS, QUALIFICATION))
    assert Counter(abs(one[code][total] - two[code][total]) for code in one).keys() == {0, 1}


def test_totals_fit_the_population(outcomes: Outcomes) -> None:
    residents = {
        row["lsoa21_code"]: float(row["total_residents"])
        for row in outcomes.rows("outcomes/disability*.csv")
    }
    adults, households = (outcomes.counts(table, "lsoa") for table in (QUALIFICATION, TENURE))
    size = [residents[code] / counts[TITLES[TENURE][0]] for code, counts in households.items()]
    assert np.median(size) == pytest.approx(2.3, abs=0.05)
    assert 1.5 < min(size) < max(size) < 3.5
    for row in outcomes.rows("iod2025/File_7*.csv"):
        code = row["LSOA code (2021)"]
        people = int(row["Total population: mid 2022"])
        grown_up = people - int(row["Dependent Children aged 0-15: mid 2022"])
        assert 0.93 < residents[code] / people < 1.05
        aged_16 = adults[code][TITLES[QUALIFICATION][0]]
        assert 0.93 < aged_16 / grown_up < 1.05


# --- disability and claimants -----------------------------------------------------------------


def test_disability_has_two_rows_an_area_that_add_up(outcomes: Outcomes) -> None:
    rows = outcomes.rows("outcomes/disability_2021_lsoa21.csv")
    assert list(rows[0]) == ["lsoa21_code", "disability", "n", "total_residents", "prop"]
    assert len(rows) == 2 * (LSOAS + NEIGHBOURS)
    for disabled, others in zip(rows[::2], rows[1::2], strict=True):
        assert disabled["lsoa21_code"] == others["lsoa21_code"]
        assert disabled["disability"] == "Disabled under the Equality Act"
        assert others["disability"] == "Not disabled under the Equality Act"
        assert float(disabled["n"]) + float(others["n"]) == float(others["total_residents"])
        for row in (disabled, others):
            assert re.fullmatch(r"\d+\.0", row["n"])
            assert float(row["prop"]) == float(row["n"]) / float(row["total_residents"])
    codes = [row["lsoa21_code"] for row in rows]
    assert codes == sorted(codes)


@pytest.mark.parametrize("year", [2019, 2022])
def test_claimants_are_the_sum_of_twelve_rounded_months(outcomes: Outcomes, year: int) -> None:
    rows = outcomes.rows(f"outcomes/claimants_{year}_lsoa11.csv")
    assert list(rows[0]) == ["area_code", "area_name", "pop", "claimant_rate", "claimant_count"]
    for row in rows:
        assert int(row["claimant_count"]) % 5 == 0
        assert float(row["claimant_rate"]) == int(row["claimant_count"]) / int(row["pop"])
        assert 0 <= float(row["claimant_rate"]) / 12 < 0.4
    codes = [row["area_code"] for row in rows]
    iod = outcomes.rows("iod2019/File_7*.csv")
    assert codes != sorted(codes)
    assert sorted(codes) == sorted(row["LSOA code (2011)"] for row in iod)
    names = {row["LSOA code (2011)"]: row["LSOA name (2011)"] for row in iod}
    assert all(names[row["area_code"]] == row["area_name"] for row in rows)


def test_no_code_is_a_real_one(outcomes: Outcomes) -> None:
    texts = {path: path.read_bytes() for path in (outcomes.inbox / "outcomes").glob("*.csv")}
    texts |= {path: path.read_bytes() for path in outcomes.inbox.glob("iod2025/file10*")}
    for path in (outcomes.inbox / "outcomes").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            texts |= {path / name: archive.read(name) for name in archive.namelist()}
    assert len(texts) == 3 + 1 + 3 * 6
    for path, text in texts.items():
        assert not re.search(rb"\b[EWSNKLMJ]\d{8}\b", text), path


# --- what they say ----------------------------------------------------------------------------


def worst(ranks: dict[str, int]) -> set[str]:
    return {code for code, rank in ranks.items() if 10 * rank <= len(ranks)}


@pytest.fixture(scope="module")
def groups(outcomes: Outcomes) -> list[set[str]]:
    """Left behind, deprived but not left behind, and all others."""
    imd = {
        row["LSOA code (2021)"]: int(
            row["Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)"]
        )
        for row in outcomes.rows("iod2025/File_7*.csv")
    }
    cni = {
        row["lsoa21_code"]: int(row["Community Needs Index 2023 Rank"])
        for row in outcomes.rows("cni2023/cni2023_doggerland*.csv")
    }
    deprived = worst(imd)
    return [deprived & worst(cni), deprived - worst(cni), set(imd) - deprived]


def pooled(groups: list[set[str]], parts: dict[str, Any], wholes: dict[str, Any]) -> list[float]:
    return [sum(parts[c] for c in group) / sum(wholes[c] for c in group) for group in groups]


@pytest.mark.parametrize(
    ("table", "title", "country"),
    [
        (QUALIFICATION, "No qualifications", (0.15, 0.22)),
        (CLASS, "L13 Routine occupations", (0.10, 0.15)),
        (CLASS, "L12 Semi-routine occupations", (0.09, 0.14)),
        (TENURE, "Social rented", (0.15, 0.25)),
    ],
)
def test_left_behind_areas_fare_worse_than_other_deprived_ones(
    outcomes: Outcomes,
    groups: list[set[str]],
    table: str,
    title: str,
    country: tuple[float, float],
) -> None:
    counts = outcomes.counts(table, "lsoa")
    part = {code: row[title] for code, row in counts.items()}
    whole = {code: row[TITLES[table][0]] for code, row in counts.items()}
    left_behind, deprived, others = pooled(groups, part, whole)
    assert left_behind > 1.05 * deprived > 1.05 * 1.2 * others
    (share,) = pooled([set.union(*groups)], part, whole)
    assert country[0] < share < country[1]


def test_more_are_disabled_in_left_behind_areas(outcomes: Outcomes, groups: list[set[str]]) -> None:
    rows = outcomes.rows("outcomes/disability*.csv")[::2]
    disabled = {row["lsoa21_code"]: float(row["n"]) for row in rows}
    residents = {row["lsoa21_code"]: float(row["total_residents"]) for row in rows}
    left_behind, deprived, others = pooled(groups, disabled, residents)
    assert 0.35 > left_behind > 1.05 * deprived > 1.05 * 1.2 * others > 0.15


@pytest.mark.parametrize("year", [2019, 2022])
def test_more_claim_in_left_behind_areas(
    outcomes: Outcomes, groups: list[set[str]], year: int
) -> None:
    """In areas that have not changed since 2011."""
    rows = outcomes.rows(f"outcomes/claimants_{year}*.csv")
    count = {row["area_code"]: int(row["claimant_count"]) / 12 for row in rows}
    adults = {row["area_code"]: int(row["pop"]) for row in rows}
    unchanged = [group & set(count) for group in groups]
    left_behind, deprived, others = pooled(unchanged, count, adults)
    assert 0.15 > left_behind > deprived > 2 * others > 0.02


def test_claimants_rose_from_2019_to_2022(outcomes: Outcomes) -> None:
    rate = []
    for year in (2019, 2022):
        rows = outcomes.rows(f"outcomes/claimants_{year}*.csv")
        rate.append(
            sum(int(r["claimant_count"]) for r in rows) / 12 / sum(int(r["pop"]) for r in rows)
        )
    assert 0.015 < rate[0] < rate[1] < 0.04
