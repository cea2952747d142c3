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
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from orchestration.sample import write_sample

Rows = list[dict[str, str]]

IMD_SCORE = "Index of Multiple Deprivation (IMD) Score"
IMD_RANK = "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)"
IMD_DECILE = "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)"
RANK = "Rank (where 1 is most deprived)"
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
    return {row[code]: int(row[IMD_RANK]) for row in inbox.rows(f"iod{year}/*.csv")}


def cni_2023(inbox: Inbox) -> dict[str, int]:
    rank = "Community Needs Index 2023 Rank"
    return {row["lsoa21_code"]: int(row[rank]) for row in inbox.rows("cni2023/*.csv")}


def any_parent_worst(inbox: Inbox) -> set[str]:
    worst = worst_decile(imd(inbox, 2019))
    links = inbox.ours("lookups/lsoa11_lsoa21*.csv", "LSOA11CD")
    return {row["LSOA21CD"] for row in links if row["LSOA11CD"] in worst}


# --- the run itself ---------------------------------------------------------------------------


def test_two_runs_give_the_same_bytes(inbox: Inbox, tmp_path: Path) -> None:
    again = write_sample(tmp_path)
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
    assert Inbox(tmp_path).rows("cni2019/*.csv") != inbox.rows("cni2019/*.csv")


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
        ("iod2015/*.csv", 2933),
        ("iod2019/*.csv", 2933),
        ("iod2025/*.csv", 3007),
        ("cni2019/*.csv", 600),
        ("cni2023/*.csv", 3007),
        ("lookups/lsoa11_ward17*.csv", 2933 + 40),
        ("lookups/lsoa11_lsoa21*.csv", 3016 + 40),
        ("lookups/lsoa21_ward24*.csv", 3007 + 40),
        ("lookups/lsoa21_msoa21*.csv", 3007 + 40),
        ("lookups/lad19_rgn19.csv", 26),
        ("lookups/lad24_rgn24.csv", 24),
        ("lookups/lad_changes*.csv", 27 + 2),
        ("population/*.csv", 2933 + 40 + 1),
    ],
)
def test_row_counts(inbox: Inbox, pattern: str, expected: int) -> None:
    assert len(inbox.rows(pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "column", "shape_of_code"),
    [
        ("iod2019/*.csv", "LSOA code (2011)", r"X01\d{6}"),
        ("iod2025/*.csv", "LSOA code (2021)", r"X01\d{6}"),
        ("iod2025/*.csv", "Local Authority District code (2024)", r"X0[678]\d{6}"),
        ("cni2019/*.csv", "ward17_code", r"X05\d{6}"),
        ("cni2023/*.csv", "lsoa21_code", r"X01\d{6}"),
        ("lookups/lsoa21_msoa21*.csv", "MSOA21CD", r"[XY]02\d{6}"),
        ("lookups/lsoa21_msoa21*.csv", "RGN22CD", r"X12\d{6}|Y92000004"),
        ("lookups/lsoa21_ward24*.csv", "WD24CD", r"[XY]05\d{6}"),
        ("lookups/lsoa11_ward17*.csv", "LAD17CD", r"X0[678]\d{6}|Y06\d{6}"),
    ],
)
def test_codes_have_the_real_shape(
    inbox: Inbox, pattern: str, column: str, shape_of_code: str
) -> None:
    values = [row[column] for row in inbox.rows(pattern)]
    assert all(re.fullmatch(shape_of_code, value) for value in values)


def test_codes_and_names_of_areas_are_unique(inbox: Inbox) -> None:
    for pattern, column in (
        ("iod2015/*.csv", "LSOA name (2011)"),
        ("iod2025/*.csv", "LSOA code (2021)"),
        ("iod2025/*.csv", "LSOA name (2021)"),
        ("cni2019/*.csv", "ward17_code"),
    ):
        values = [row[column] for row in inbox.rows(pattern)]
        assert len(set(values)) == len(values), column
    wards = {(r["lad19_code"], r["ward17_name"]) for r in inbox.rows("cni2019/*.csv")}
    assert len(wards) == 600
    assert re.fullmatch(r".+ \d{3}[A-Z]", inbox.rows("iod2025/*.csv")[0]["LSOA name (2021)"])


def test_quirks_of_the_real_files_are_there(inbox: Inbox) -> None:
    raw = {year: inbox.path(f"iod{year}/*.csv").read_bytes() for year in (2015, 2019, 2025)}
    assert all(content.startswith(b"\xef\xbb\xbf") for content in raw.values())
    assert all(line.endswith(b",,") for line in raw[2015].splitlines())
    assert b"\r\n" in raw[2019]
    assert b"\r\n" not in raw[2025]
    assert b"Total population: mid 2015 (excluding prisoners) ," in raw[2019].splitlines()[0]
    cut = b"Children and Young People Sub-domain Decile (where 1 is most deprived 10% of LSO,"
    assert cut in raw[2025].splitlines()[0]
    assert b'"Sandholme, Isle of' in raw[2025]
    population = inbox.rows("population/*.csv")
    assert "," in population[0]["pop"]
    assert population[-1]["lsoa"] == "Grand Total"
    names = [row["LSOA11CD"] for row in inbox.rows("lookups/lsoa11_ward17*.csv")]
    assert names != sorted(names)


# --- indices ----------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2015, 2019, 2025])
def test_ranks_and_deciles_follow_the_published_rules(inbox: Inbox, year: int) -> None:
    rows = inbox.rows(f"iod{year}/*.csv")
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
    rows = inbox.rows(f"iod{year}/*.csv")
    domains = [
        [weight * score for score in transformed(rows, f"{domain} {RANK}")]
        for domain, weight in WEIGHTS.items()
    ]
    for row, *scores in zip(rows, *domains, strict=True):
        assert float(row[IMD_SCORE]) == pytest.approx(sum(scores), abs=0.00050001)


@pytest.mark.parametrize("year", [2019, 2025])
@pytest.mark.parametrize(
    ("domain", "parts", "divisor"),
    [
        (
            "Education, Skills and Training",
            {"Children and Young People": 1, "Adult Skills": 1},
            2,
        ),
        (
            "Barriers to Housing and Services",
            {"Geographical Barriers": 1, "Wider Barriers": 1},
            2,
        ),
        ("Living Environment", {"Indoors": 2, "Outdoors": 1}, 3),
    ],
)
def test_domains_are_sums_of_transformed_mean_sub_domain_ranks(
    inbox: Inbox, year: int, domain: str, parts: dict[str, int], divisor: int
) -> None:
    rows = inbox.rows(f"iod{year}/*.csv")
    columns = [
        [weight * score / divisor for score in transformed(rows, f"{part} Sub-domain {RANK}")]
        for part, weight in parts.items()
    ]
    for row, *scores in zip(rows, *columns, strict=True):
        assert float(row[f"{domain} Score"]) == pytest.approx(sum(scores), abs=0.00050001)


@pytest.mark.parametrize("year", [2015, 2019, 2025])
def test_age_groups_add_up_to_the_total(inbox: Inbox, year: int) -> None:
    for row in inbox.rows(f"iod{year}/*.csv"):
        total, children, middle, older = (
            next(int(v) for k, v in row.items() if k and k.startswith(start))
            for start in ("Total pop", "Dependent", "Population aged", "Older")
        )
        assert total == children + middle + older


def test_some_sub_domain_ranks_are_tied(inbox: Inbox) -> None:
    title = "Outdoors Sub-domain Rank (where 1 is most deprived)"
    ranks = [row[title] for row in inbox.rows("iod2019/*.csv")]
    assert 0 < len(ranks) - len(set(ranks)) < 50


def test_cni_2019_was_computed_in_single_precision(inbox: Inbox) -> None:
    rows = inbox.rows("cni2019/*.csv")
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
    rows = inbox.rows("cni2019/*.csv")
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


def test_cni_2023_is_rebuilt_from_ranks_and_not_from_its_scores(inbox: Inbox) -> None:
    rows = inbox.rows("cni2023/*.csv")
    domains = [transformed(rows, f"{domain} Domain Rank") for domain in CNI_2023_DOMAINS]
    for row, *scores in zip(rows, *domains, strict=True):
        printed = float(row["Community Needs Index 2023 Score"])
        assert printed == pytest.approx(sum(scores), abs=0.0050001)
    assert min(float(r["Civic Assets Domain Score"]) for r in rows) < -2
    assert max(float(r["Connectedness Domain Score"]) for r in rows) > 120
    assert max(float(r["Active and Engaged Community Domain Score"]) for r in rows) > 120


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
    cni = {r["ward17_code"] for r in inbox.rows("cni2019/*.csv")}
    assert (len(lookup), len(cni - lookup), len(lookup - cni)) == (599, 3, 2)


def test_every_lsoa_is_in_every_lookup_of_its_vintage(inbox: Inbox) -> None:
    lsoa11 = {r["LSOA11CD"] for r in inbox.ours("lookups/lsoa11_ward17*.csv", "LSOA11CD")}
    population = {r["lsoa"] for r in inbox.ours("population/*.csv", "lsoa")}
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
    cni = {r["lad19_code"] for r in inbox.rows("cni2019/*.csv")}
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
    wards |= {r["ward17_code"] for r in inbox.rows("cni2019/*.csv")}
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


# --- lists ------------------------------------------------------------------------------------


def test_published_wards_differ_from_the_rule_by_two_swaps(inbox: Inbox) -> None:
    iod = {row["LSOA code (2011)"]: row for row in inbox.rows("iod2019/*.csv")}
    people: dict[str, float] = defaultdict(float)
    weighted: dict[str, float] = defaultdict(float)
    for row in inbox.ours("lookups/lsoa11_ward17*.csv", "LSOA11CD"):
        lsoa = iod[row["LSOA11CD"]]
        total = int(lsoa["Total population: mid 2015 (excluding prisoners)"])
        people[row["WD17CD"]] += total
        weighted[row["WD17CD"]] += total * float(lsoa[IMD_SCORE])
    imd_worst = worst_decile(competition_ranks({w: weighted[w] / people[w] for w in people}))
    cni = inbox.rows("cni2019/*.csv")
    need = {r["ward17_code"]: int(r["Community Needs Index rank"]) for r in cni}
    rule = imd_worst & worst_decile(need)
    published = {r["ward17_code"] for r in cni if r["Left Behind Area?"] == "TRUE"}
    assert 0.03 <= len(rule) / len(cni) <= 0.05
    assert len(rule - published) == len(published - rule) == 2


def test_the_2023_flag_is_the_any_parent_rule(inbox: Inbox) -> None:
    flagged = {
        r["lsoa21_code"] for r in inbox.rows("cni2023/*.csv") if r["Left Behind Area?"] == "TRUE"
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
