"""The synthetic country: its files keep the promises that the rest of the tests lean on.

Read back with csv and json only, not with the warehouse's readers, so that a mistake cannot hide
by being made twice.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import struct
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from python_calamine import CalamineWorkbook
from scipy.special import ndtri
from scipy.stats import rankdata
from shapely.geometry import shape

from orchestration.sample import write_sample

Rows = list[dict[str, str]]

IMD_SCORE = "Index of Multiple Deprivation (IMD) Score"
IMD_RANK = "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)"
IMD_DECILE = "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)"
RANK = "Rank (where 1 is most deprived)"
SKILLS, GEOGRAPHICAL, WIDER = "Adult Skills", "Geographical Barriers", "Wider Barriers"
WEIGHTS = {
    "Income": 0.225,
    "Employment": 0.225,
    "Education, Skills and Training": 0.135,
    "Health Deprivation and Disability": 0.135,
    "Crime": 0.093,
    "Barriers to Housing and Services": 0.093,
    "Living Environment": 0.093,
}
CNI_2019_DOMAINS = ("Civic Assets", "Connectedness", "Engaged community")
CNI_2023_DOMAINS = ("Civic Assets", "Connectedness", "Active and Engaged Community")


FILE_8_2019 = {
    "IoD2019 Income Domain": (
        "income_domain_numerator",
        "income_deprivation_affecting_children_index_idaci_numerator",
        "income_deprivation_affecting_older_people_index_idaopi_numerator",
    ),
    "IoD2019 Employment Domain": ("employment_domain_numerator",),
    "IoD2019 Education Domain": (
        "staying_on_in_education_post_16_indicator",
        "entry_to_higher_education_indicator",
        "adult_skills_and_english_language_proficiency_indicator",
    ),
    "IoD2019 Health Domain": (
        "years_of_potential_life_lost_indicator",
        "comparative_illness_and_disability_ratio_indicator",
        "acute_morbidity_indicator",
        "mood_and_anxiety_disorders_indicator",
    ),
    "IoD2019 Barriers Domain": (
        "road_distance_to_a_post_office_indicator_km",
        "road_distance_to_a_primary_school_indicator_km",
        "road_distance_to_general_store_or_supermarket_indicator_km",
        "road_distance_to_a_gp_surgery_indicator_km",
        "household_overcrowding_indicator",
        "homelessness_indicator_rate_per_1000_households",
        "owner_occupation_affordability_component_of_housing_affordability_indicator",
        "private_rental_affordability_component_of_housing_affordability_indicator",
        "housing_affordability_indicator",
    ),
    "IoD2019 Living Env Domain": (
        "housing_in_poor_condition_indicator",
        "houses_without_central_heating_indicator",
        "road_traffic_accidents_indicator",
        "nitrogen_dioxide_component_of_air_quality_indicator",
        "benzene_component_of_air_quality_indicator",
        "sulphur_dioxide_component_of_air_quality_indicator",
        "particulates_component_of_air_quality_indicator",
        "air_quality_indicator",
    ),
}
FILE_8_2025 = (
    "lsoa21_code",
    "income_domain_numerator",
    "income_deprivation_affecting_children_index_idaci_numerator",
    "income_deprivation_affecting_older_people_index_idaopi_numerator",
    "employment_domain_numerator",
    "adult_skills_and_english_language_proficiency_indicator",
    "entry_to_higher_education_indicator",
    "acute_morbidity_indicator",
    "comparative_illness_and_disability_ratio_indicator",
    "mental_health_indicator",
    "years_of_potential_life_lost_indicator",
    "violence_with_injury_rate_per_1_000_at_risk_population",
    "violence_without_injury_rate_per_1_000_at_risk_population",
    "stalking_and_harassment_rate_per_1_000_at_risk_population",
    "burglary_rate_per_1_000_at_risk_properties",
    "theft_rate_per_1_000_at_risk_population",
    "criminal_damage_rate_per_1_000_at_risk_population",
    "public_order_and_possession_of_weapons_rate_per_1_000_at_risk_population",
    "anti_social_behaviour_rate_per_1_000_at_risk_population",
    "connectivity_score",
    "owner_occupation_affordability_component_of_housing_affordability_indicator",
    "private_rental_affordability_component_of_housing_affordability_indicator",
    "housing_affordability_indicator",
    "digital_connectivity_broadband_download_and_upload_speeds",
    "core_homelessness_rate_percent_of_households",
    "patient_to_gp_ratio",
    "homelessness_indicator_rate_per_1_000_households",
    "household_overcrowding_indicator_rooms",
    "household_overcrowding_indicator_bedrooms",
)
AREA_2019 = (
    "lsoa_code_2011",
    "lsoa_name_2011",
    "local_authority_district_code_2019",
    "local_authority_district_name_2019",
)
FILE_8 = "iod2019/File_8*.xlsx"
CNI_2023_LONG = "cni2023/cni2023_indicators*.xlsx"
SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


@dataclass(frozen=True)
class Inbox:
    """The files of one run."""

    root: Path

    def path(self, pattern: str) -> Path:
        (found,) = self.root.glob(pattern)
        return found

    def rows(self, pattern: str) -> Rows:
        text = self.path(pattern).read_bytes().decode("utf-8-sig")
        return [
            {key.strip(): value for key, value in row.items()}
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]

    def ours(self, pattern: str, column: str) -> Rows:
        """Rows of Doggerland, without the neighbouring nation."""
        return [row for row in self.rows(pattern) if row[column].startswith("X")]

    def sheets(self, pattern: str) -> dict[str, list[list[Any]]]:
        """Every sheet of a workbook, by name, with its header as first row."""
        book = CalamineWorkbook.from_path(str(self.path(pattern)))
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}

    def features(self, pattern: str) -> list[dict[str, Any]]:
        collection: dict[str, Any] = json.loads(self.path(pattern).read_text("utf-8"))
        return list(collection["features"])


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    root = tmp_path_factory.mktemp("inbox")
    write_sample(root)
    return Inbox(root)


def transform(place: float, count: int) -> float:
    return -23 * math.log(1 - (count - place + 1) / count * (1 - math.exp(-100 / 23)))


def mean_places(ranks: list[int]) -> list[float]:
    """Published ranks to the mean of the places that tied areas take up."""
    tied = Counter(ranks)
    return [rank + (tied[rank] - 1) / 2 for rank in ranks]


def transformed(rows: Rows, column: str) -> list[float]:
    return [transform(place, len(rows)) for place in mean_places([int(r[column]) for r in rows])]


def single(value: float) -> float:
    """The value as a float32 column keeps it."""
    kept: float = struct.unpack("f", struct.pack("f", value))[0]
    return kept


def worst_decile(ranks: dict[str, int]) -> set[str]:
    return {code for code, rank in ranks.items() if math.ceil(10 * rank / len(ranks)) == 1}


def competition_ranks(values: dict[str, float]) -> dict[str, int]:
    first: dict[float, int] = {}
    for position, value in enumerate(sorted(values.values(), reverse=True), start=1):
        first.setdefault(value, position)
    return {code: first[value] for code, value in values.items()}


def imd(inbox: Inbox, year: int) -> dict[str, int]:
    code = f"LSOA code ({2021 if year == 2025 else 2011})"
    return {row[code]: int(row[IMD_RANK]) for row in inbox.rows(f"iod{year}/File_7*.csv")}


def cni_2023(inbox: Inbox) -> dict[str, int]:
    rank = "Community Needs Index 2023 Rank"
    return {
        row["lsoa21_code"]: int(row[rank]) for row in inbox.rows("cni2023/cni2023_doggerland*.csv")
    }


def any_parent_worst(inbox: Inbox) -> set[str]:
    worst = worst_decile(imd(inbox, 2019))
    links = inbox.ours("lookups/lsoa11_lsoa21*.csv", "LSOA11CD")
    return {row["LSOA21CD"] for row in links if row["LSOA11CD"] in worst}


# --- the run itself ---------------------------------------------------------------------------


def test_two_runs_give_the_same_bytes(inbox: Inbox, tmp_path: Path) -> None:
    again = write_sample(tmp_path)
    assert len(again) == 40
    assert {p.relative_to(tmp_path) for p in again} == {
        p.relative_to(inbox.root) for p in inbox.root.rglob("*") if p.is_file()
    }
    for path in again:
        assert path.read_bytes() == (inbox.root / path.relative_to(tmp_path)).read_bytes(), path


def test_hash_order_does_not_matter(inbox: Inbox, tmp_path: Path) -> None:
    program = "import sys, pathlib; from orchestration.sample import write_sample; "
    program += "write_sample(pathlib.Path(sys.argv[1]))"
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": str(root)},
        check=True,
    )
    for path in tmp_path.rglob("*.*"):
        assert path.read_bytes() == (inbox.root / path.relative_to(tmp_path)).read_bytes(), path


def test_another_seed_gives_another_country(inbox: Inbox, tmp_path: Path) -> None:
    write_sample(tmp_path, seed=7)
    assert Inbox(tmp_path).rows("cni2019/cni2019_doggerland*.csv") != inbox.rows(
        "cni2019/cni2019_doggerland*.csv"
    )


def test_the_package_is_cheap_to_import() -> None:
    program = "import sys, orchestration.sample; "
    program += "sys.exit(any(m in sys.modules for m in ('numpy', 'shapely', 'pyproj', 'scipy')))"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0


def test_it_says_that_it_is_synthetic(inbox: Inbox) -> None:
    assert "SYNTHETIC" in (inbox.root / "README.txt").read_text("utf-8")


# --- counts, codes and file quirks ------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("iod2015/File_7*.csv", 2933),
        ("iod2019/File_7*.csv", 2933),
        ("iod2025/File_7*.csv", 3007),
        ("cni2019/cni2019_doggerland*.csv", 600),
        ("cni2023/cni2023_doggerland*.csv", 3007),
        ("iod2025/file8*.csv", 3007),
        ("cni2019/cni2019_indicators*.csv", 600),
        ("lookups/lsoa11_ward17*.csv", 2933 + 40),
        ("lookups/lsoa11_lsoa21*.csv", 3016 + 40),
        ("lookups/lsoa21_ward24*.csv", 3007 + 40),
        ("lookups/lsoa21_msoa21*.csv", 3007 + 40),
        ("lookups/lad19_rgn19.csv", 26),
        ("lookups/lad24_rgn24.csv", 24),
        ("lookups/lad_changes*.csv", 27 + 2),
        ("lookups/oa11_lsoa11.csv", 14_656 + 40),
        ("lookups/oa11_ward17*.csv", 14_656 - 25),
        ("population/population_2011_oa11.csv", 14_656),
        ("population/population_mid2019*.csv", 2933 + 40 + 1),
        ("iod2025/file10*.csv", 24),
        ("outcomes/disability*.csv", 2 * (3007 + 40)),
        ("outcomes/claimants_2019*.csv", 2933),
        ("outcomes/claimants_2022*.csv", 2933),
    ],
)
def test_row_counts(inbox: Inbox, pattern: str, expected: int) -> None:
    assert len(inbox.rows(pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "column", "shape_of_code"),
    [
        ("iod2019/File_7*.csv", "LSOA code (2011)", r"X01\d{6}"),
        ("iod2025/File_7*.csv", "LSOA code (2021)", r"X01\d{6}"),
        ("iod2025/File_7*.csv", "Local Authority District code (2024)", r"X0[678]\d{6}"),
        ("cni2019/cni2019_doggerland*.csv", "ward17_code", r"X05\d{6}"),
        ("cni2023/cni2023_doggerland*.csv", "lsoa21_code", r"X01\d{6}"),
        ("lookups/lsoa21_msoa21*.csv", "MSOA21CD", r"[XY]02\d{6}"),
        ("lookups/lsoa21_msoa21*.csv", "RGN22CD", r"X12\d{6}|Y92000004"),
        ("lookups/lsoa21_ward24*.csv", "WD24CD", r"[XY]05\d{6}"),
        ("lookups/lsoa11_ward17*.csv", "LAD17CD", r"X0[678]\d{6}|Y06\d{6}"),
        ("lookups/oa11_lsoa11.csv", "OA11CD", r"[XY]00\d{6}"),
        ("population/population_2011_oa11.csv", "OA11CD", r"X00\d{6}"),
    ],
)
def test_codes_have_the_real_shape(
    inbox: Inbox, pattern: str, column: str, shape_of_code: str
) -> None:
    values = [row[column] for row in inbox.rows(pattern)]
    assert all(re.fullmatch(shape_of_code, value) for value in values)


def test_codes_and_names_of_areas_are_unique(inbox: Inbox) -> None:
    for pattern, column in (
        ("iod2015/File_7*.csv", "LSOA name (2011)"),
        ("iod2025/File_7*.csv", "LSOA code (2021)"),
        ("iod2025/File_7*.csv", "LSOA name (2021)"),
        ("cni2019/cni2019_doggerland*.csv", "ward17_code"),
    ):
        values = [row[column] for row in inbox.rows(pattern)]
        assert len(set(values)) == len(values), column
    wards = {
        (r["lad19_code"], r["ward17_name"]) for r in inbox.rows("cni2019/cni2019_doggerland*.csv")
    }
    assert len(wards) == 600
    assert re.fullmatch(r".+ \d{3}[A-Z]", inbox.rows("iod2025/File_7*.csv")[0]["LSOA name (2021)"])


def test_quirks_of_the_real_files_are_there(inbox: Inbox) -> None:
    raw = {year: inbox.path(f"iod{year}/File_7*.csv").read_bytes() for year in (2015, 2019, 2025)}
    assert all(content.startswith(b"\xef\xbb\xbf") for content in raw.values())
    assert all(line.endswith(b",,") for line in raw[2015].splitlines())
    assert b"\r\n" in raw[2019]
    assert b"\r\n" not in raw[2025]
    assert b"Total population: mid 2015 (excluding prisoners) ," in raw[2019].splitlines()[0]
    cut = b"Children and Young People Sub-domain Decile (where 1 is most deprived 10% of LSO,"
    assert cut in raw[2025].splitlines()[0]
    assert b'"Sandholme, Isle of' in raw[2025]
    population = inbox.rows("population/population_mid2019*.csv")
    assert "," in population[0]["pop"]
    assert population[-1]["lsoa"] == "Grand Total"
    names = [row["LSOA11CD"] for row in inbox.rows("lookups/lsoa11_ward17*.csv")]
    assert names != sorted(names)


# --- indices ----------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2015, 2019, 2025])
def test_ranks_and_deciles_follow_the_published_rules(inbox: Inbox, year: int) -> None:
    rows = inbox.rows(f"iod{year}/File_7*.csv")
    titles = [c for c in rows[0] if " Rank (where" in c]
    assert len(titles) == (1 if year == 2015 else 14 if year == 2019 else 16)
    for title in titles:
        ranks = [int(row[title]) for row in rows]
        assert sorted(ranks) == sorted(
            competition_ranks({str(i): -float(r) for i, r in enumerate(ranks)}).values()
        )
        stem = title.split(" Rank (")[0]
        (decile,) = (c for c in rows[0] if c.startswith(f"{stem} Decile"))
        assert all(
            int(row[decile]) == math.ceil(10 * rank / len(rows))
            for row, rank in zip(rows, ranks, strict=True)
        )
        score = next((c for c in rows[0] if c.startswith(f"{stem} Score")), None)
        if score:
            in_order = sorted(rows, key=lambda row: int(row[title]))
            assert all(float(a[score]) >= float(b[score]) for a, b in pairwise(in_order))


@pytest.mark.parametrize("year", [2019, 2025])
def test_the_index_is_the_weighted_sum_of_transformed_mean_ranks(inbox: Inbox, year: int) -> None:
    rows = inbox.rows(f"iod{year}/File_7*.csv")
    domains = [
        [weight * score for score in transformed(rows, f"{domain} {RANK}")]
        for domain, weight in WEIGHTS.items()
    ]
    for row, *scores in zip(rows, *domains, strict=True):
        assert float(row[IMD_SCORE]) == pytest.approx(sum(scores), abs=0.00050001)


@pytest.mark.parametrize(
    ("year", "domain", "parts"),
    [
        (2019, "Education, Skills and Training", {"Children and Young People": 1, SKILLS: 1}),
        (2025, "Education, Skills and Training", {"Children and Young People": 1, SKILLS: 1}),
        (2019, "Barriers to Housing and Services", {GEOGRAPHICAL: 1, WIDER: 1}),
        (2025, "Barriers to Housing and Services", {GEOGRAPHICAL: 1, WIDER: 1}),
        (2019, "Living Environment", {"Indoors": 2, "Outdoors": 1}),
        (2025, "Living Environment", {"Indoors": 7, "Outdoors": 3}),
    ],
)
def test_domains_are_sums_of_transformed_mean_sub_domain_ranks(
    inbox: Inbox, year: int, domain: str, parts: dict[str, int]
) -> None:
    rows = inbox.rows(f"iod{year}/File_7*.csv")
    columns = [
        [
            weight * score / sum(parts.values())
            for score in transformed(rows, f"{part} Sub-domain {RANK}")
        ]
        for part, weight in parts.items()
    ]
    for row, *scores in zip(rows, *columns, strict=True):
        assert float(row[f"{domain} Score"]) == pytest.approx(sum(scores), abs=0.00050001)


@pytest.mark.parametrize("year", [2015, 2019, 2025])
def test_age_groups_add_up_to_the_total(inbox: Inbox, year: int) -> None:
    for row in inbox.rows(f"iod{year}/File_7*.csv"):
        total, children, middle, older = (
            next(int(v) for k, v in row.items() if k and k.startswith(start))
            for start in ("Total pop", "Dependent", "Population aged", "Older")
        )
        assert total == children + middle + older


def test_some_sub_domain_ranks_are_tied(inbox: Inbox) -> None:
    title = "Outdoors Sub-domain Rank (where 1 is most deprived)"
    ranks = [row[title] for row in inbox.rows("iod2019/File_7*.csv")]
    assert 0 < len(ranks) - len(set(ranks)) < 50


def test_cni_2019_was_computed_in_single_precision(inbox: Inbox) -> None:
    rows = inbox.rows("cni2019/cni2019_doggerland*.csv")
    totals = [0.0] * len(rows)
    for domain in CNI_2019_DOMAINS:
        places = mean_places([int(row[f"{domain} rank"]) for row in rows])
        for number, (row, place) in enumerate(zip(rows, places, strict=True)):
            printed = row[f"{domain} score"]
            position = single((len(rows) - place + 1) / len(rows))
            score = single(-23 * math.log(1 - position * (1 - math.exp(-100 / 23))))
            # Where a float64 lies at the edge of two float32, either may have been kept.
            assert single(float(printed)) == pytest.approx(score, abs=7.7e-6)
            assert printed == format(single(float(printed)), ".15g")
            totals[number] += single(float(printed))
    for row, total in zip(rows, totals, strict=True):
        assert single(float(row["Community Needs Index score"])) == single(total)
    overall = {r["ward17_code"]: float(r["Community Needs Index score"]) for r in rows}
    assert competition_ranks(overall) == {
        r["ward17_code"]: int(r["Community Needs Index rank"]) for r in rows
    }


def test_cni_2019_has_one_tied_pair_scored_at_its_mean_rank(inbox: Inbox) -> None:
    rows = inbox.rows("cni2019/cni2019_doggerland*.csv")
    tied = []
    for domain in CNI_2019_DOMAINS:
        count = Counter(int(row[f"{domain} rank"]) for row in rows)
        tied += [(domain, rank, areas) for rank, areas in count.items() if areas > 1]
    ((domain, rank, areas),) = tied
    assert (domain, areas) == ("Engaged community", 2)
    scores = {row[f"{domain} score"] for row in rows if int(row[f"{domain} rank"]) == rank}
    (score,) = map(float, scores)
    assert score == pytest.approx(transform(rank + 0.5, len(rows)), abs=5e-5)
    assert score != pytest.approx(transform(rank, len(rows)), abs=1e-3)


def test_a_handful_of_cni_2023_domain_ranks_are_tied(inbox: Inbox) -> None:
    rows = inbox.rows("cni2023/cni2023_doggerland*.csv")
    for domain in CNI_2023_DOMAINS:
        ranks = [row[f"{domain} Domain Rank"] for row in rows]
        assert len(ranks) - len(set(ranks)) == 3


def test_cni_2023_is_rebuilt_from_ranks_and_not_from_its_scores(inbox: Inbox) -> None:
    rows = inbox.rows("cni2023/cni2023_doggerland*.csv")
    domains = [transformed(rows, f"{domain} Domain Rank") for domain in CNI_2023_DOMAINS]
    for row, *scores in zip(rows, *domains, strict=True):
        printed = float(row["Community Needs Index 2023 Score"])
        assert printed == pytest.approx(sum(scores), abs=0.0050001)
    assert min(float(r["Civic Assets Domain Score"]) for r in rows) < -2
    assert max(float(r["Connectedness Domain Score"]) for r in rows) > 120
    assert max(float(r["Active and Engaged Community Domain Score"]) for r in rows) > 120


# --- indicators -------------------------------------------------------------------------------
#
# The publisher's steps once more, from the printed files and the seeds alone.


def cleaned(title: str) -> str:
    return re.sub("[^a-z0-9]+", "_", title.lower().replace("%", " percent ")).strip("_")


@dataclass(frozen=True)
class Figures:
    """What a release prints: column -> area -> cell, the denominators, the districts."""

    areas: list[str]
    cells: dict[str, dict[str, Any]]
    denominators: dict[str, dict[str, float]]
    district: dict[str, str]
    rank: dict[str, dict[str, int]]
    score: dict[str, dict[str, float]]


def file_8_2019(inbox: Inbox) -> dict[str, dict[str, Any]]:
    cells: dict[str, dict[str, Any]] = {}
    for name, (header, *rows) in inbox.sheets(FILE_8).items():
        if name != "Notes":
            for number, title in enumerate(header):
                cells[cleaned(title)] = {row[0]: row[number] for row in rows}
    return cells


def by_area(rows: Rows) -> dict[str, dict[str, Any]]:
    first = next(iter(rows[0]))
    return {cleaned(title): {row[first]: row[title] for row in rows} for title in rows[0]}


def iod_figures(inbox: Inbox, year: int) -> Figures:
    file_7 = inbox.rows(f"iod{year}/File_7*.csv")
    code = f"LSOA code ({2021 if year == 2025 else 2011})"
    titles = {
        "income": "Income",
        "employment": "Employment",
        "health": "Health Deprivation and Disability",
        "crime": "Crime",
        "adult_skills": "Adult Skills Sub-domain",
        "geographical_barriers": "Geographical Barriers Sub-domain",
        "wider_barriers": "Wider Barriers Sub-domain",
        "indoors": "Indoors Sub-domain",
        "outdoors": "Outdoors Sub-domain",
        "idaci": "Income Deprivation Affecting Children Index (IDACI)",
        "idaopi": "Income Deprivation Affecting Older People (IDAOPI)",
    }

    def column(start: str) -> dict[str, float]:
        (title,) = (c for c in file_7[0] if c and c.startswith(start))
        return {row[code]: float(row[title]) for row in file_7}

    def columns(kind: str) -> dict[str, dict[str, float]]:
        found = {name: f"{title} {kind}" for name, title in titles.items()}
        return {
            name: column(start)
            for name, start in found.items()
            if any(c and c.startswith(start) for c in file_7[0])
        }

    district = f"Local Authority District code ({2024 if year == 2025 else 2019})"
    cells = file_8_2019(inbox) if year == 2019 else by_area(inbox.rows("iod2025/file8*.csv"))
    return Figures(
        areas=[row[code] for row in file_7],
        cells=cells,
        denominators={
            "total_population": column("Total population"),
            "children": column("Dependent Children"),
            "working_age": column("Working age"),
            "older_people": column("Older population"),
        },
        district={row[code]: row[district] for row in file_7},
        rank={
            name: {area: int(rank) for area, rank in ranks.items()}
            for name, ranks in columns("Rank").items()
        },
        score=columns("Score"),
    )


def cni_2019_figures(inbox: Inbox) -> Figures:
    """A ward's district of 2019 is the successor of the 2017 one that the CNI file prints."""
    cni = inbox.rows("cni2019/cni2019_doggerland*.csv")
    chain = inbox.ours("lookups/lad_changes*.csv", "ltla16_code")
    successor = {row["ltla17_code"]: row["ltla19_code"] for row in chain}
    cells = by_area(inbox.rows("cni2019/cni2019_indicators*.csv"))
    names = ("civic_assets", "connectedness", "engaged_community")
    return Figures(
        areas=[row["ward17_code"] for row in cni],
        cells=cells,
        denominators={
            name: {area: float(cell) for area, cell in cells[name].items()}
            for name in ("residents", "households", "registered_electors", "survey_respondents")
        },
        district={row["ward17_code"]: successor[row["lad19_code"]] for row in cni},
        rank={
            name: {row["ward17_code"]: int(row[f"{domain} rank"]) for row in cni}
            for name, domain in zip(names, CNI_2019_DOMAINS, strict=True)
        },
        score={},
    )


def cni_2023_figures(inbox: Inbox) -> Figures:
    cni = inbox.rows("cni2023/cni2023_doggerland*.csv")
    index = inbox.rows("iod2025/File_7*.csv")
    cells: dict[str, dict[str, Any]] = defaultdict(dict)
    denominators: dict[str, dict[str, float]] = defaultdict(dict)
    for name, (_, *rows) in inbox.sheets(CNI_2023_LONG).items():
        if name != "Notes":
            for area, indicator, value, denominator in rows:
                cells[cleaned(indicator)][area] = value
                if denominator != "":
                    denominators[cleaned(indicator)][area] = float(denominator)
    names = ("civic_assets", "connectedness", "engaged_community")
    return Figures(
        areas=[row["lsoa21_code"] for row in cni],
        cells=cells,
        denominators=denominators,
        district={
            row["LSOA code (2021)"]: row["Local Authority District code (2024)"] for row in index
        },
        rank={
            name: {row["lsoa21_code"]: int(row[f"{domain} Domain Rank"]) for row in cni}
            for name, domain in zip(names, CNI_2023_DOMAINS, strict=True)
        },
        score={},
    )


@cache
def release_figures(inbox: Inbox, release: str) -> Figures:
    if release.startswith("imd"):
        return iod_figures(inbox, int(release.removeprefix("imd")))
    return cni_2019_figures(inbox) if release == "cni2019" else cni_2023_figures(inbox)


@cache
def seed(name: str) -> tuple[dict[str, str], ...]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def recipes() -> list[dict[str, str]]:
    """The sub-domains of each release that can be computed, by its framework."""
    return [
        row | {"index_release": release["index_release"]}
        for release in seed("index_releases")
        for row in seed("sub_domains")
        if row["framework"] == release["framework"] and not row["not_rebuilt_because"]
    ]


def ingredients(recipe: dict[str, str]) -> list[dict[str, str]]:
    key = ("index_release", "sub_domain")
    return [row for row in seed("indicators") if all(row[k] == recipe[k] for k in key)]


def place_to_normal(worse: Any) -> Any:
    place = rankdata(-worse)
    return ndtri((len(worse) - place + 1) / (len(worse) + 1))


def pooled_logit(part: float, whole: float) -> float:
    return math.log((part + 0.5) / (whole - part + 0.5))


def shrunk(part: float, whole: float, centre: float, spread: float) -> float:
    certain = whole * (part + 1) * (whole - part + 1) / ((whole + 1) * (whole + 2))
    own, other = certain, math.inf if spread == 0 else 1 / spread
    trust = 0.0 if other == math.inf else own / (own + other)
    logit = trust * pooled_logit(part, whole) + (1 - trust) * centre
    return 1 / (1 + math.exp(-logit))


def values(indicator: dict[str, str], figures: Figures) -> Any:
    """Steps 1 to 3 of an indicator, in its unit."""
    (unit,) = (u for u in seed("indicator_units") if u["unit"] == indicator["unit"])
    scale = float(unit["scale"]) if indicator["denominator"] else 1.0
    column = figures.cells[indicator["column_name"]]
    known = {
        area: float(column[area])
        for area in figures.areas
        if column[area] not in ("", indicator["suppressed_as"])
    }
    missing = [area for area in figures.areas if area not in known]
    assert 100 * len(missing) <= float(indicator["max_missing_percent"]) * len(figures.areas)
    if indicator["missing_rule"] == "value":
        known |= dict.fromkeys(missing, float(indicator["missing_value"]))
    source = indicator["denominator"]
    whole: dict[str, float] = {}
    if source:
        long = source == "denominator"
        whole = figures.denominators[indicator["column_name"] if long else source]
    districts: dict[str, list[str]] = defaultdict(list)
    for area in known:
        districts[figures.district[area]].append(area)
    result: dict[str, float] = {}
    pooled: dict[str, float] = {}
    for district, areas in districts.items():
        part = {area: known[area] for area in areas}
        if not source:
            result |= part
            pooled[district] = sum(part.values()) / len(part)
            continue
        times = int(indicator["count_periods"] or 1)
        r = {area: times * min(part[area], whole[area]) for area in areas}
        n = {area: times * whole[area] for area in areas}
        pooled[district] = scale * sum(r.values()) / sum(n.values())
        if indicator["shrinkage"] == "true" and len(areas) > 1:
            centre = pooled_logit(sum(r.values()), sum(n.values()))
            off = [(pooled_logit(r[area], n[area]) - centre) ** 2 for area in areas]
            spread = sum(off) / (len(areas) - 1)
            result |= {a: scale * shrunk(r[a], n[a], centre, spread) for a in areas}
        else:
            result |= {area: scale * r[area] / n[area] for area in areas}
    for area in missing:
        if indicator["missing_rule"] == "zero":
            result[area] = 0.0
        elif indicator["missing_rule"] == "lad_value":
            result[area] = pooled[figures.district[area]]
    return np.array([result[area] for area in figures.areas])


def standardised(indicator: dict[str, str], value: Any) -> Any:
    if indicator["direction"] == "higher_is_better":
        value = float(indicator["best_value"] or 0) - value
    worse = np.round(value, 12)
    if indicator["standardisation"] == "rank_normal":
        return place_to_normal(worse)
    if indicator["standardisation"] == "z_score":
        return (worse - np.mean(worse)) / np.std(worse)
    return worse


def one_factor(table: Any) -> Any:
    """Loadings by expectation and maximisation: slow, sure, and unlike the generator's way."""
    observed = np.corrcoef(table)
    loading, unique = np.full(len(observed), 0.7), np.full(len(observed), 0.5)
    for _ in range(20_000):
        inverse = np.linalg.inv(np.outer(loading, loading) + np.diag(unique))
        beta = inverse @ loading
        second = 1 - beta @ loading + beta @ observed @ beta
        better = observed @ beta / second
        unique = 1 - better * (observed @ beta)
        if np.abs(better - loading).max() < 1e-15:
            break
        loading = better
    assert (unique > 0.05).all(), "a Heywood case"
    return loading / loading.sum()


def rebuilt(recipe: dict[str, str], figures: Figures) -> Any:
    shown, parts = {}, defaultdict(list)
    for indicator in ingredients(recipe):
        if indicator["column_name"]:
            z = standardised(indicator, values(indicator, figures))
            if indicator["part_of"]:
                parts[indicator["part_of"]].append(z)
            else:
                shown[indicator["indicator"]] = z
    for composite, each in parts.items():
        shown[composite] = place_to_normal(np.round(np.mean(each, axis=0), 12))
    weight = np.ones(len(shown))
    if recipe["weighting"] == "given":
        given = {row["indicator"]: float(row["weight"]) for row in ingredients(recipe)}
        weight = np.array([given[name] for name in shown])
        assert weight.sum() == pytest.approx(float(recipe["weight_total"]))
    if recipe["weighting"] == "ml_one_factor":
        weight = one_factor(list(shown.values()))
    total = weight @ np.array(list(shown.values()))
    return np.round(total / (weight.sum() if recipe["combination"] == "mean" else 1), 9)


def named(recipe: dict[str, str]) -> str:
    return f"{recipe['index_release']}-{recipe['sub_domain']}"


COUNTED = ("income", "employment", "idaci", "idaopi")


@pytest.mark.parametrize(
    "recipe", [r for r in recipes() if r["sub_domain"] not in COUNTED], ids=named
)
def test_published_ranks_and_scores_follow_from_the_printed_indicators(
    inbox: Inbox, recipe: dict[str, str]
) -> None:
    figures = release_figures(inbox, recipe["index_release"])
    score = rebuilt(recipe, figures)
    ranks = competition_ranks(dict(zip(figures.areas, score.tolist(), strict=True)))
    assert ranks == figures.rank[recipe["sub_domain"]]
    published = figures.score.get(recipe["sub_domain"])
    if published:
        printed = [published[area] for area in figures.areas]
        assert np.abs(np.array(printed) - score).max() < 0.00050001


@pytest.mark.parametrize("recipe", [r for r in recipes() if r["sub_domain"] in COUNTED], ids=named)
def test_published_rates_are_shrunk_and_of_counts_before_rounding(
    inbox: Inbox, recipe: dict[str, str]
) -> None:
    figures = release_figures(inbox, recipe["index_release"])
    (indicator,) = ingredients(recipe)
    cells = figures.cells[indicator["column_name"]].values()
    counts = [float(cell) for cell in cells if cell != ""]
    assert all(count >= 10 and count % 5 == 0 for count in counts)
    assert "" in cells or recipe["sub_domain"] in ("income", "employment")
    near = rebuilt(recipe, figures)
    people = np.array(
        [figures.denominators[indicator["denominator"]][area] for area in figures.areas]
    )
    published = figures.score.get(recipe["sub_domain"])
    if published:
        off = np.abs(np.array([published[area] for area in figures.areas]) - near) * people
        assert off.max() < 6
        assert np.median(off) > 0.2
    ranks = figures.rank.get(recipe["sub_domain"])
    if ranks:
        rank = [ranks[area] for area in figures.areas]
        assert np.corrcoef(rank, rankdata(-near))[0, 1] > 0.99


def test_file_8_of_2019_has_the_real_sheets_and_headers(inbox: Inbox) -> None:
    sheets = inbox.sheets(FILE_8)
    assert list(sheets) == ["Notes", *FILE_8_2019]
    assert "SYNTHETIC" in sheets["Notes"][0][0]
    areas = [row["LSOA code (2011)"] for row in inbox.rows("iod2019/File_7*.csv")]
    for name, headers in FILE_8_2019.items():
        header, *rows = sheets[name]
        assert tuple(cleaned(title) for title in header) == (*AREA_2019, *headers)
        assert [row[0] for row in rows] == areas


def test_file_8_of_2025_has_the_real_header_and_quotes(inbox: Inbox) -> None:
    raw = inbox.path("iod2025/file8*.csv").read_bytes()
    head, first = raw.split(b"\n")[:2]
    assert head.decode() == ",".join(f'"{title}"' for title in FILE_8_2025)
    assert re.fullmatch(rb'"X01\d{6}"(,[-\d.]*){28}', first)
    assert b"\r" not in raw


def test_cni_2019_indicators_are_wide_and_marked(inbox: Inbox) -> None:
    rows = inbox.rows("cni2019/cni2019_indicators*.csv")
    assert [r["ward17_code"] for r in rows] == [
        r["ward17_code"] for r in inbox.rows("cni2019/cni2019_doggerland*.csv")
    ]
    used = [r for r in seed("indicators") if r["index_release"] == "cni2019"]
    columns = {r["column_name"] for r in used} | {r["denominator"] for r in used} - {""}
    assert len(used) == 19
    assert {cleaned(title) for title in rows[0]} == columns | {"ward17_code", "ward17_name"}
    for marker in ("*", ""):
        share = sum(marker in row.values() for row in rows) / len(rows)
        assert 0.01 < share < 0.10


def test_cni_2023_indicators_are_long_and_marked(inbox: Inbox) -> None:
    sheets = inbox.sheets(CNI_2023_LONG)
    domains = ["Civic Assets", "Connectedness", "Active and Engaged Community"]
    assert list(sheets) == ["Notes", *domains]
    assert "SYNTHETIC" in sheets["Notes"][0][0]
    areas = {row["lsoa21_code"] for row in inbox.rows("cni2023/cni2023_doggerland*.csv")}
    found = set()
    markers: Counter[str] = Counter()
    for name in domains:
        header, *rows = sheets[name]
        assert header == ["LSOA code (2021)", "Indicator", "Value", "Denominator"]
        indicators = {row[1] for row in rows}
        assert len(rows) == len(areas) * len(indicators) == len({(r[0], r[1]) for r in rows})
        assert {row[0] for row in rows} == areas
        found |= {cleaned(title) for title in indicators}
        markers.update(row[2] for row in rows if isinstance(row[2], str))
    used = [r for r in seed("indicators") if r["index_release"] == "cni2023"]
    assert found == {r["column_name"] for r in used}
    assert len(found) == len(used) == 28
    assert set(markers) == {"*", ""}


def test_the_two_cni_sets_use_every_rule() -> None:
    used = [r for r in seed("indicators") if r["index_release"].startswith("cni")]
    assert {r["missing_rule"] for r in used} == {"exclude", "lad_value", "zero"}
    assert {r["direction"] for r in used} == {"higher_is_worse", "higher_is_better"}
    assert {r["standardisation"] for r in used} == {"rank_normal", "z_score"}
    assert {r["shrinkage"] for r in used} == {"true", "false"}
    assert {r["larger_area"] for r in used} == {"", "lad19", "lad24"}
    named_by_publisher = [r for r in used if r["stand_in"] == "false"]
    assert [r["index_release"] + r["sub_domain"] for r in named_by_publisher] == [
        "cni2019civic_assets"
    ] * 5
    for row in used:
        assert row["indicator_label"].startswith("Stand-in: ") == (row["stand_in"] == "true")


def test_no_printed_code_is_a_real_one(inbox: Inbox) -> None:
    for pattern in (FILE_8, CNI_2023_LONG):
        for name, rows in inbox.sheets(pattern).items():
            if name != "Notes":
                cells = [cell for row in rows for cell in row if isinstance(cell, str)]
                assert not any(re.fullmatch(r"[EWSN]\d{8}", cell) for cell in cells)
    for path in inbox.root.rglob("*indicators*.csv"):
        assert not re.search(rb"\b[EWSN]\d{8}\b", path.read_bytes())


# --- lookups ----------------------------------------------------------------------------------


def test_change_indicators_agree_with_the_links(inbox: Inbox) -> None:
    links = inbox.ours("lookups/lsoa11_lsoa21*.csv", "LSOA11CD")
    children, parents = defaultdict(set), defaultdict(set)
    for row in links:
        children[row["LSOA11CD"]].add(row["LSOA21CD"])
        parents[row["LSOA21CD"]].add(row["LSOA11CD"])
    assert set(children) == set(imd(inbox, 2019)) == set(imd(inbox, 2015))
    assert set(parents) == set(imd(inbox, 2025)) == set(cni_2023(inbox))
    for row in links:
        old, new = row["LSOA11CD"], row["LSOA21CD"]
        out, into = len(children[old]), len(parents[new])
        assert {
            "U": (out, into) == (1, 1) and old == new,
            "S": out in (2, 3) and into == 1 and old != new,
            "M": out == 1 and into == 2 and old != new,
            "X": old != new,
        }[row["CHGIND"]], row
    assert Counter(r["CHGIND"] for r in links) == {"U": 2839, "S": 158, "M": 16, "X": 3}


def test_ward_universes_differ_as_in_england(inbox: Inbox) -> None:
    lookup = {r["WD17CD"] for r in inbox.ours("lookups/lsoa11_ward17*.csv", "LSOA11CD")}
    cni = {r["ward17_code"] for r in inbox.rows("cni2019/cni2019_doggerland*.csv")}
    assert (len(lookup), len(cni - lookup), len(lookup - cni)) == (599, 3, 2)


def test_every_lsoa_is_in_every_lookup_of_its_vintage(inbox: Inbox) -> None:
    lsoa11 = {r["LSOA11CD"] for r in inbox.ours("lookups/lsoa11_ward17*.csv", "LSOA11CD")}
    population = {r["lsoa"] for r in inbox.ours("population/population_mid2019*.csv", "lsoa")}
    assert lsoa11 == population == set(imd(inbox, 2019))
    for pattern in ("lookups/lsoa21_ward24*.csv", "lookups/lsoa21_msoa21*.csv"):
        assert {r["LSOA21CD"] for r in inbox.ours(pattern, "LSOA21CD")} == set(imd(inbox, 2025))


def test_district_chain_leads_from_each_vintage_to_the_next(inbox: Inbox) -> None:
    chain = inbox.ours("lookups/lad_changes*.csv", "ltla16_code")
    count = {y: len({r[f"ltla{y}_code"] for r in chain}) for y in range(16, 25)}
    assert count == {16: 27, 17: 27, 18: 27, 19: 26, 20: 25, 21: 25, 22: 25, 23: 24, 24: 24}
    for year in (19, 24):
        listed = {r[f"ltla{year}_code"] for r in inbox.rows(f"lookups/lad{year}_rgn{year}.csv")}
        assert listed == {r[f"ltla{year}_code"] for r in chain}
    cni = {r["lad19_code"] for r in inbox.rows("cni2019/cni2019_doggerland*.csv")}
    assert cni == {r["ltla17_code"] for r in chain} != {r["ltla19_code"] for r in chain}
    regions = inbox.rows("lookups/lad24_rgn24.csv")
    assert len({r["region24_code"] for r in regions}) == 4


# --- boundaries -------------------------------------------------------------------------------


def test_every_shape_belongs_to_a_known_area(inbox: Inbox) -> None:
    lsoa21 = {f["properties"]["lsoa21_code"] for f in inbox.features("boundaries/lsoa21*")}
    lad24 = {f["properties"]["ltla24_code"] for f in inbox.features("boundaries/lad24*")}
    ward17 = {f["properties"]["ward17_code"] for f in inbox.features("boundaries/ward17*")}
    assert lsoa21 == set(imd(inbox, 2025))
    assert lad24 == {r["ltla24_code"] for r in inbox.rows("lookups/lad24_rgn24.csv")}
    wards = {r["WD17CD"] for r in inbox.ours("lookups/lsoa11_ward17*.csv", "LSOA11CD")}
    wards |= {r["ward17_code"] for r in inbox.rows("cni2019/cni2019_doggerland*.csv")}
    assert len(wards) == 602
    assert ward17 < wards
    assert len(wards - ward17) == 2


def test_one_lsoa_shape_is_invalid_and_mends_to_the_same_area(inbox: Inbox) -> None:
    shapes = [shape(f["geometry"]) for f in inbox.features("boundaries/lsoa21*")]
    (broken,) = (s for s in shapes if not s.is_valid)
    mended = shapely.make_valid(broken)
    assert mended.geom_type == "Polygon"
    assert mended.is_valid
    assert mended.area == pytest.approx(broken.convex_hull.area, rel=0.01)
    for pattern in ("boundaries/ward17*", "boundaries/lad24*"):
        assert all(shape(f["geometry"]).is_valid for f in inbox.features(pattern))


def test_shapes_lie_in_the_north_sea_and_tile_the_country(inbox: Inbox) -> None:
    lsoa = [shape(f["geometry"]) for f in inbox.features("boundaries/lsoa21*")]
    lads = [shape(f["geometry"]) for f in inbox.features("boundaries/lad24*")]
    west, south, east, north = shapely.total_bounds(lsoa)
    assert 1 < west < east < 3.5
    assert 53.5 < south < north < 55
    assert {s.geom_type for s in lads} == {"Polygon", "MultiPolygon"}
    country = shapely.union_all(lads)
    assert sum(s.area for s in lads) == pytest.approx(country.area, rel=1e-9)
    assert sum(shapely.make_valid(s).area for s in lsoa) == pytest.approx(country.area, rel=1e-6)
    coordinates = shapely.get_coordinates(lsoa)
    assert (coordinates == np.round(coordinates, 5)).all()


def test_some_ward_shapes_are_approximate_and_overlap_a_neighbour(inbox: Inbox) -> None:
    features = inbox.features("boundaries/ward17*")
    shapes = np.array([shape(f["geometry"]) for f in features])
    approximate = np.array(
        [f["properties"]["boundary_source"].startswith("APPROX") for f in features]
    )
    assert 0.02 <= approximate.mean() <= 0.03
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    ahead = one < other
    one, other = one[ahead], other[ahead]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    overlap = shared > 1e-9
    # Each of them overlaps another, and others do not overlap one another.
    assert {*one[overlap], *other[overlap]} >= {*np.flatnonzero(approximate)}
    assert (approximate[one[overlap]] | approximate[other[overlap]]).all()


# --- lists ------------------------------------------------------------------------------------


def test_some_output_areas_lie_across_a_ward_boundary_and_some_nowhere(inbox: Inbox) -> None:
    fits = {
        r["LSOA11CD"]: r["WD17CD"] for r in inbox.ours("lookups/lsoa11_ward17*.csv", "LSOA11CD")
    }
    lies_in = {r["OA11CD"]: r["WD17CD"] for r in inbox.rows("lookups/oa11_ward17*.csv")}
    lsoa = {r["OA11CD"]: r["LSOA11CD"] for r in inbox.ours("lookups/oa11_lsoa11.csv", "OA11CD")}
    assert lies_in.keys() < lsoa.keys()
    across = sum(ward != fits[lsoa[code]] for code, ward in lies_in.items())
    assert 0.01 <= across / len(lies_in) <= 0.05
    # Two of the wards that are no LSOA's best fit, and not the one that has no shape.
    assert len(set(lies_in.values()) - set(fits.values())) == 2
    assert {len(list(codes)) for _, codes in groupby(sorted(lsoa.values()))} == {4, 5, 6}


def test_published_wards_differ_from_the_rule_by_two_swaps(inbox: Inbox) -> None:
    score = {r["LSOA code (2011)"]: float(r[IMD_SCORE]) for r in inbox.rows("iod2019/File_7*.csv")}
    fits = {
        r["LSOA11CD"]: r["WD17CD"] for r in inbox.ours("lookups/lsoa11_ward17*.csv", "LSOA11CD")
    }
    lies_in = {r["OA11CD"]: r["WD17CD"] for r in inbox.rows("lookups/oa11_ward17*.csv")}
    residents = {
        r["OA11CD"]: int(r["usual_residents_2011"])
        for r in inbox.rows("population/population_2011_oa11.csv")
    }
    people: dict[str, float] = defaultdict(float)
    weighted: dict[str, float] = defaultdict(float)
    for row in inbox.ours("lookups/oa11_lsoa11.csv", "OA11CD"):
        ward = lies_in.get(row["OA11CD"], fits[row["LSOA11CD"]])
        people[ward] += residents[row["OA11CD"]]
        weighted[ward] += residents[row["OA11CD"]] * score[row["LSOA11CD"]]
    imd_worst = worst_decile(competition_ranks({w: weighted[w] / people[w] for w in people}))
    cni = inbox.rows("cni2019/cni2019_doggerland*.csv")
    need = {r["ward17_code"]: int(r["Community Needs Index rank"]) for r in cni}
    rule = imd_worst & worst_decile(need)
    published = {r["ward17_code"] for r in cni if r["Left Behind Area?"] == "TRUE"}
    assert 0.03 <= len(rule) / len(cni) <= 0.05
    assert len(rule - published) == len(published - rule) == 2


def test_the_2023_flag_is_the_any_parent_rule(inbox: Inbox) -> None:
    flagged = {
        r["lsoa21_code"]
        for r in inbox.rows("cni2023/cni2023_doggerland*.csv")
        if r["Left Behind Area?"] == "TRUE"
    }
    assert flagged == worst_decile(cni_2023(inbox)) & any_parent_worst(inbox)


def test_the_two_lsoa_editions_overlap_but_some_leave_and_some_join(inbox: Inbox) -> None:
    need = worst_decile(cni_2023(inbox))
    before = need & any_parent_worst(inbox)
    after = need & worst_decile(imd(inbox, 2025))
    assert 0.03 <= len(before) / 3007 <= 0.04
    assert 0.03 <= len(after) / 3007 <= 0.04
    assert len(before - after) >= 5
    assert len(after - before) >= 5
    assert len(before & after) > len(before) / 2


def test_deprivation_and_need_cluster_in_space(inbox: Inbox) -> None:
    features = inbox.features("boundaries/lsoa21*")
    codes = [f["properties"]["lsoa21_code"] for f in features]
    centres = shapely.centroid([shape(f["geometry"]) for f in features])
    tree = shapely.STRtree(centres)
    left, right = tree.query(centres, predicate="dwithin", distance=0.02)
    apart = left != right
    for ranks in (imd(inbox, 2025), cni_2023(inbox)):
        values = np.array([ranks[code] for code in codes])
        assert np.corrcoef(values[left[apart]], values[right[apart]])[0, 1] > 0.3
