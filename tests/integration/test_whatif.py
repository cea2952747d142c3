"""Lists under other rules: nothing changed is the list, and pandas gives the same."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from orchestration.ask.editions import UnknownEditionError
from orchestration.ask.lists import CHANGES
from orchestration.ask.places import Places, UnknownPlaceError, resolve
from orchestration.ask.whatif import AskedRules, RulesError, what_if

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("release")

EDITIONS = (
    "lsoa21_imd2019_cni2023",
    "lsoa21_imd2025_cni2023",
    "ward17_imd2015_cni2019",
    "ward17_imd2019_cni2019",
)
each_edition = pytest.mark.parametrize("edition", EDITIONS)
IMD_WEIGHTS = {"income": 0.05, "crime": 0.4, "barriers": 0.0}
CNI_WEIGHTS = {"civic_assets": 2.5, "engaged_community": 0.25}


@pytest.fixture(scope="module")
def release(sample_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_warehouse), read_only=True) as connection:
        yield connection


def frame(release: duckdb.DuckDBPyConnection, query: str, *values: str) -> Any:
    return release.execute(query, values).df()


def listed(release: duckdb.DuckDBPyConnection, edition: str) -> set[str]:
    found = frame(
        release,
        "select area_code from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged",
        edition,
    )
    return set(found["area_code"])


@each_edition
def test_nothing_changed_is_the_list(release: duckdb.DuckDBPyConnection, edition: str) -> None:
    found = what_if(release, edition, AskedRules(), changes=CHANGES)
    expected = listed(release, edition)
    assert expected
    assert {row["area_code"] for row in found.rows} == expected
    assert {row["change"] for row in found.rows} == {"stayed"}
    assert all(row["imd_rank_before"] == row["imd_rank_after"] for row in found.rows)
    assert all(row["cni_rank_before"] == row["cni_rank_after"] for row in found.rows)
    size = len(expected)
    assert found.counts == {
        "listed_before": size,
        "listed_after": size,
        "joined": 0,
        "left": 0,
        "stayed": size,
    }
    assert found.notes == []
    assert found.label == "SYNTHETIC"


@each_edition
def test_the_weights_that_are_published_are_no_change(
    release: duckdb.DuckDBPyConnection, edition: str
) -> None:
    published = frame(
        release,
        "select distinct domain, weight from marts.fct_domain_score inner join marts.dim_edition "
        "on index_release in (imd_release, cni_release) where edition_id = $1",
        edition,
    )
    weights = dict(zip(published["domain"], published["weight"], strict=True))
    found = what_if(release, edition, AskedRules(weights=weights))
    assert (found.rows, found.notes) == ([], [])


@each_edition
@pytest.mark.parametrize(
    ("imd", "cni"),
    [("0.15", "0.15"), ("0.05", "0.05"), ("0.1", "0.3"), ("1", "1"), ("0.0001", "0.1")],
)
def test_a_threshold_counts_the_last_rank_within(
    release: duckdb.DuckDBPyConnection, edition: str, imd: str, cni: str
) -> None:
    areas = frame(release, "from marts.double_disadvantage where edition_id = $1", edition)
    rated = areas.dropna(subset=["imd_rank", "cni_rank"])
    within = [
        row.area_code
        for row in rated.itertuples()
        if row.imd_rank <= int(row.imd_areas_ranked) * Fraction(imd) // 1
        and row.cni_rank <= int(row.cni_areas_ranked) * Fraction(cni) // 1
    ]
    rules = AskedRules(imd_threshold=Fraction(imd), cni_threshold=Fraction(cni))
    found = what_if(release, edition, rules, changes=CHANGES)
    after = {row["area_code"] for row in found.rows if row["change"] != "left"}
    assert after == set(within)
    assert found.counts["listed_after"] == len(within)
    assert found.counts["joined"] == len(set(within) - listed(release, edition))
    assert found.counts["left"] == len(listed(release, edition) - set(within))


def recomputed(
    release: duckdb.DuckDBPyConnection, index_release: str, changed: dict[str, float]
) -> pd.DataFrame:
    """Score and place of each area of an index, by pandas."""
    domains = frame(
        release,
        "select area_code, domain, weight, domain_score from marts.fct_domain_score "
        "where index_release = $1",
        index_release,
    )
    weights = domains.drop_duplicates("domain").set_index("domain")["weight"]
    weights = pd.Series({name: changed.get(name, weight) for name, weight in weights.items()})
    wide = domains.pivot_table(index="area_code", columns="domain", values="domain_score")
    wide = wide.dropna()
    score = (wide * weights).sum(axis="columns")
    place = score.round(9).rank(method="min", ascending=False)
    return pd.DataFrame({"score": score, "place": place, "n": len(score)})


def carried(release: duckdb.DuckDBPyConnection, edition: str, rule: str, imd: pd.DataFrame) -> Any:
    if rule == "direct":
        return imd
    weighting = "small_areas" if rule.startswith("output_area") else "whole"
    parts = frame(
        release,
        "from marts.carry_weight where edition_id = $1 and weighting = $2",
        edition,
        weighting,
    )
    parts = parts.join(imd, on="part_code", how="inner")
    if rule == "any_parent":
        return parts.groupby("area_code").agg(place=("place", "min"), n=("n", "first"))
    carried_by = -parts["place"] if rule.endswith("of_ranks") else parts["score"]
    parts["product"] = carried_by * parts["part_population"]
    sums = parts.groupby("area_code")[["product", "part_population"]].sum()
    sums = sums[sums["part_population"] > 0]
    score = sums["product"] / sums["part_population"]
    place = score.round(9).rank(method="min", ascending=False)
    return pd.DataFrame({"place": place, "n": len(score)})


@pytest.mark.parametrize(
    ("edition", "rule"),
    [
        *(
            (edition, rule)
            for edition in EDITIONS
            if edition.startswith("ward17")
            for rule in (
                "output_area_mean",
                "output_area_mean_of_ranks",
                "population_weighted_mean",
                "population_weighted_mean_of_ranks",
            )
        ),
        ("lsoa21_imd2019_cni2023", "any_parent"),
        ("lsoa21_imd2019_cni2023", "population_weighted_mean"),
        ("lsoa21_imd2025_cni2023", "direct"),
    ],
)
def test_another_carry_rule_gives_what_pandas_gives(
    release: duckdb.DuckDBPyConnection, edition: str, rule: str
) -> None:
    described = frame(release, "from marts.dim_edition where edition_id = $1", edition).iloc[0]
    published = frame(
        release,
        "select area_code, index_score as score, index_rank as place, areas_ranked as n "
        "from marts.fct_index_score where index_release = $1",
        described["imd_release"],
    ).set_index("area_code")
    areas = frame(
        release, "from marts.double_disadvantage where edition_id = $1", edition
    ).set_index("area_code")
    imd = carried(release, edition, rule, published)
    imd = imd[imd.index.isin(areas.index)]
    within = imd[imd["place"] * 10 <= imd["n"]].index
    expected = set(within) & set(areas[areas["is_within_cni_threshold"].eq(True)].index)
    found = what_if(release, edition, AskedRules(carry_rule=rule), changes=CHANGES)
    assert {row["area_code"] for row in found.rows if row["change"] != "left"} == expected
    assert found.carry_rule == rule
    is_own = rule == described["carry_rule"]
    assert len(found.notes) == (0 if is_own else 1)
    if is_own:
        assert expected == listed(release, edition)
    (told,) = frame(
        release,
        "select areas_listed from marts.edition_carry_rule where edition_id = $1 "
        "and carry_rule = $2",
        edition,
        rule,
    ).itertuples()
    assert told.areas_listed == len(expected)


def test_a_carry_rule_without_weights_is_wrong_usage(release: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(RulesError, match=r"no carry rule 'output_area_mean'\. There are: direct"):
        what_if(release, "lsoa21_imd2025_cni2023", AskedRules(carry_rule="output_area_mean"))


@pytest.mark.parametrize("weights", [IMD_WEIGHTS, CNI_WEIGHTS, IMD_WEIGHTS | CNI_WEIGHTS])
@pytest.mark.parametrize("edition", [name for name in EDITIONS if "imd2015" not in name])
def test_other_weights_give_what_pandas_gives(
    release: duckdb.DuckDBPyConnection, edition: str, weights: dict[str, float]
) -> None:
    described = frame(release, "from marts.dim_edition where edition_id = $1", edition).iloc[0]
    areas = frame(
        release, "from marts.double_disadvantage where edition_id = $1", edition
    ).set_index("area_code")
    imd = areas[["imd_rank", "imd_areas_ranked"]].set_axis(["place", "n"], axis="columns")
    cni = areas[["cni_rank", "cni_areas_ranked"]].set_axis(["place", "n"], axis="columns")
    if "income" in weights:
        own = recomputed(release, described["imd_release"], weights)
        imd = carried(release, edition, described["carry_rule"], own)
    if "civic_assets" in weights:
        cni = recomputed(release, described["cni_release"], weights)
    both = imd[["place", "n"]].add_suffix("_imd").join(cni[["place", "n"]].add_suffix("_cni"))
    both = both.dropna()
    within = both[
        (both["place_imd"] * 10 <= both["n_imd"]) & (both["place_cni"] * 10 <= both["n_cni"])
    ]
    found = what_if(release, edition, AskedRules(weights=weights), changes=CHANGES)
    after = [row for row in found.rows if row["change"] != "left"]
    assert {row["area_code"] for row in after} == set(within.index)
    assert found.counts["joined"] > 0
    assert found.counts["left"] > 0
    assert len(found.notes) == ("income" in weights) + ("civic_assets" in weights)
    for row in found.rows:
        place = both.loc[row["area_code"]]
        assert row["imd_rank_after"] == place["place_imd"]
        assert row["cni_rank_after"] == place["place_cni"]
        before = areas.loc[row["area_code"]]
        assert row["imd_rank_before"] == before["imd_rank"]
        assert row["cni_rank_before"] == before["cni_rank"]


def test_only_proportions_of_weights_count(release: duckdb.DuckDBPyConnection) -> None:
    twice = {"civic_assets": 2.0, "connectedness": 2.0, "engaged_community": 2.0}
    found = what_if(release, EDITIONS[1], AskedRules(weights=twice))
    assert found.counts["joined"] == found.counts["left"] == 0
    assert found.notes


def test_filters_narrow_what_is_told_and_not_the_ranks(
    release: duckdb.DuckDBPyConnection,
) -> None:
    rules = AskedRules(imd_threshold=Fraction(1, 5), weights=CNI_WEIGHTS)
    every = what_if(release, EDITIONS[0], rules, changes=CHANGES)
    region = every.rows[0]["region_name"]
    within = resolve(release, EDITIONS[0], Places(region=region.upper()))
    by_region = what_if(release, EDITIONS[0], rules, within, changes=CHANGES)
    assert by_region.rows == [row for row in every.rows if row["region_name"] == region]
    assert 0 < len(by_region.rows) < len(every.rows)
    assert sum(by_region.counts[change] for change in CHANGES) == len(by_region.rows)
    lad = every.rows[0]["lad_code"]
    within = resolve(release, EDITIONS[0], Places(lad=lad))
    by_lad = what_if(release, EDITIONS[0], rules, within, changes=CHANGES)
    assert by_lad.rows == [row for row in every.rows if row["lad_code"] == lad]


@pytest.mark.parametrize(
    ("edition", "weights", "said"),
    [
        ("ward17_imd2015_cni2019", {"income": 0.3}, "imd2015 has no domains"),
        ("lsoa21_imd2025_cni2023", {"housing": 0.3}, "There are: barriers, crime"),
        (
            "lsoa21_imd2025_cni2023",
            {"civic_assets": 0.0, "connectedness": 0.0, "engaged_community": 0.0},
            "All weights of cni2023 are 0",
        ),
    ],
    ids=["no domains", "unknown domain", "all zero"],
)
def test_what_cannot_be_is_refused_with_the_reason(
    release: duckdb.DuckDBPyConnection, edition: str, weights: dict[str, float], said: str
) -> None:
    with pytest.raises(RulesError, match=said):
        what_if(release, edition, AskedRules(weights=weights))


def test_imd_2015_takes_weights_of_its_cni(release: duckdb.DuckDBPyConnection) -> None:
    found = what_if(release, "ward17_imd2015_cni2019", AskedRules(weights=CNI_WEIGHTS))
    assert found.counts["left"] > 0


def test_unknown_editions_and_places(release: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UnknownEditionError):
        what_if(release, "lsoa21_imd2030_cni2023", AskedRules())
    with pytest.raises(UnknownPlaceError, match=r"No region 'Atlantis'\. There are: Eastern Sho"):
        resolve(release, EDITIONS[0], Places(region="Atlantis"))


@each_edition
def test_the_lists_at_other_thresholds_are_those_of_threshold_sensitivity(
    release: duckdb.DuckDBPyConnection, edition: str
) -> None:
    rows = frame(
        release,
        "select imd_threshold_percent, cni_threshold_percent, areas_listed, areas_joined, "
        "areas_departed from marts.threshold_sensitivity where edition_id = $1 order by all",
        edition,
    )
    assert len(rows) > 20
    for imd, cni, listed_after, joined, departed in rows.itertuples(index=False):
        rules = AskedRules(imd_threshold=Fraction(imd, 100), cni_threshold=Fraction(cni, 100))
        counts = what_if(release, edition, rules).counts
        assert (counts["listed_after"], counts["joined"], counts["left"]) == (
            listed_after,
            joined,
            departed,
        )
