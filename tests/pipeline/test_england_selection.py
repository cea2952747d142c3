"""Whom Pride in Place chose, rebuilt: against the published list, and against pandas.

The second computation reads the files and shares nothing with the models.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.test_england_carry import real
from tests.pipeline.test_england_figures import one, rows
from tests.support.site import Site
from tests.support.stated import METHODOLOGY, as_stated, prose, table

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("england")

RULE = "msoa21_pride_imd2019"
NEWEST = "msoa21_pride_imd2025"
Standardised = Callable[["pd.Series[float]"], "pd.Series[float]"]


def z_score(score: pd.Series[float]) -> pd.Series[float]:
    return (score - score.mean()) / score.std(ddof=1)


def min_max(score: pd.Series[float]) -> pd.Series[float]:
    return (score - score.min()) / (score.max() - score.min())


def exponential(score: pd.Series[float]) -> pd.Series[float]:
    share = score.rank() / len(score)
    return pd.Series(-23 * np.log(1 - share * (1 - np.exp(-100 / 23))))


def ranks(score: pd.Series[float]) -> pd.Series[float]:
    return score.rank()


@cache
def parts() -> pd.DataFrame:
    """A row an LSOA 2021: its MSOA, constituency, residents and scores, from the files."""
    lookup = real("lsoa21_msoa21*.csv").set_index("LSOA21CD")
    constituency = real("lsoa21_pcon24*.csv").set_index("lsoa21cd")
    newest = real("file7_iod2025*.csv").set_index("LSOA code (2021)")
    older = real("file7_iod2019*.csv").set_index("LSOA code (2011)")
    fits = real("lsoa11_lsoa21*.csv")
    need = real("cni2023*.csv").set_index("lsoa21_code")
    (population,) = (name for name in newest if str(name).startswith("Total population"))
    imd = "Index of Multiple Deprivation (IMD) Score"
    scores_2019 = older[imd].astype(float)
    fits = fits[fits["LSOA11CD"].isin(scores_2019.index)]
    of_parents = fits.assign(score=fits["LSOA11CD"].map(scores_2019)).groupby("LSOA21CD")["score"]
    found = pd.DataFrame(
        {
            "msoa": lookup["MSOA21CD"],
            "constituency": constituency["pcon24cd"],
            "people": newest[population].astype(float),
            "imd2019": of_parents.mean(),
            "imd2025": newest[imd].astype(float),
            "cni": need["Community Needs Index 2023 Score"].astype(float),
        }
    )
    return found[found.index.str.startswith("E")].dropna(subset=["msoa"])


def excluded() -> set[str]:
    """The constituencies that hold a place of phase 1."""
    named = real("pride_in_place_phase1*.csv")["Constituency 2024"].dropna()
    codes = real("lsoa21_pcon24*.csv").drop_duplicates("pcon24cd").set_index("pcon24nm")["pcon24cd"]
    return {codes[name.strip()] for names in named for name in names.split(";")}


def by_pandas(
    imd: str = "imd2019",
    *,
    equal: bool = False,
    standardised: Standardised = z_score,
    leave_out: bool = True,
) -> pd.DataFrame:
    """Every MSOA with its composite, rank, constituency, and whether it is chosen."""
    lsoas = parts()
    weight = lsoas["people"] * 0 + 1 if equal else lsoas["people"]
    total = weight.groupby(lsoas["msoa"]).sum()
    areas = pd.DataFrame(
        {name: (lsoas[name] * weight).groupby(lsoas["msoa"]).sum() / total for name in (imd, "cni")}
    )
    areas["composite"] = standardised(areas[imd]) + standardised(areas["cni"])
    areas["rank"] = areas["composite"].round(9).rank(ascending=False, method="min").astype(int)
    living = lsoas.groupby(["msoa", "constituency"])["people"].sum().reset_index()
    most = living.sort_values(["people", "constituency"], ascending=[False, True])
    areas["constituency"] = most.drop_duplicates("msoa").set_index("msoa")["constituency"]
    open_to_it = areas[~areas["constituency"].isin(excluded() if leave_out else set())]
    ordered = open_to_it.assign(code=open_to_it.index).sort_values(
        ["composite", "code"], ascending=[False, True]
    )
    chosen = ordered.drop_duplicates("constituency").head(len(real("pride_in_place_phase2*.csv")))
    areas["chosen"] = areas.index.isin(chosen.index)
    return areas


@pytest.mark.parametrize(("edition", "imd"), [(RULE, "imd2019"), (NEWEST, "imd2025")])
def test_every_msoa_is_as_pandas_has_it(england: Site, edition: str, imd: str) -> None:
    expected = by_pandas(imd)
    found = pd.DataFrame(
        rows(
            england,
            "select area_code, composite, composite_rank, group_code, is_selected, imd_score, "
            f"cni_score from marts.composite_selection where edition_id = '{edition}'",
        ),
        columns=["msoa", "composite", "rank", "constituency", "chosen", imd, "cni"],
    ).set_index("msoa")
    assert len(found) == len(expected) == 6_856
    together = found.join(expected.add_suffix("_again"))
    for number in ("composite", imd, "cni"):
        assert (together[number] - together[f"{number}_again"]).abs().max() < 1e-8
    for fact in ("rank", "constituency", "chosen"):
        assert (together[fact] == together[f"{fact}_again"]).all(), fact


def test_the_rule_finds_what_the_programme_chose(england: Site) -> None:
    found = one(
        england,
        "select areas_selected, places_published, areas_agreed, groups_excluded, "
        f"last_rank_selected from marts.dim_composite_edition where edition_id = '{RULE}'",
    )
    assert found[:4] == (146, 146, 144, 56)
    assert f"The last that is chosen has composite rank {found[4]} of 6,856." in prose(METHODOLOGY)
    told = table(METHODOLOGY, "| MSOA | neighbourhood | on the list of")
    differing = rows(
        england,
        "select area_code, place_name, "
        "if(agreement = 'only_published', 'the programme', 'the rule'), likely_reason "
        "from marts.composite_reconciliation where agreement <> 'agreed' order by area_code",
    )
    assert told == [list(row) for row in differing]
    split = rows(
        england,
        "select area_code from marts.composite_selection "
        f"where edition_id = '{RULE}' and share_in_group < 1 "
        "and area_code in ('E02002505', 'E02002502', 'E02001897')",
    )
    assert len(split) == 3


def test_names_that_the_list_spells_otherwise_are_three(england: Site) -> None:
    found = rows(
        england,
        "select published_name from marts.programme_place where how_matched = 'alias' order by 1",
    )
    assert [name for (name,) in found] == [
        "Hapurhey South & Monsall",
        "Queensway (North Northamptonshire)",
        "Weston (Southampton)",
    ]


def test_the_methodology_states_what_each_variant_finds(england: Site) -> None:
    published = {
        code
        for (code,) in rows(
            england,
            "select area_code from marts.programme_place where place_role = 'neighbourhood'",
        )
    }
    variants = {
        "the rule": by_pandas(),
        "min-max in place of standard deviations": by_pandas(standardised=min_max),
        "each LSOA weighs as much": by_pandas(equal=True),
        "the exponential transforms of both ranks are added up": by_pandas(
            standardised=exponential
        ),
        "IMD 2025 in place of IMD 2019": by_pandas("imd2025"),
        "the ranks of both scores are added up": by_pandas(standardised=ranks),
        "no constituency is left out": by_pandas(leave_out=False),
    }
    told = table(METHODOLOGY, "| what is done | of the published 146")
    assert told == [
        [words, str(len(published & set(areas.index[areas["chosen"]])))]
        for words, areas in variants.items()
    ]


def test_the_methodology_states_who_would_join_and_leave(england: Site) -> None:
    found = rows(
        england,
        f"""
        with area as (
            select area_code, region_name,
                bool_or(is_selected) filter (edition_id = '{RULE}') as before,
                bool_or(is_selected) filter (edition_id = '{NEWEST}') as after
            from marts.composite_selection group by all
        )
        select region_name, count(*) filter (before), count(*) filter (after),
            count(*) filter (after and not before), count(*) filter (before and not after)
        from area group by 1 order by 1
        """,
    )
    told = table(METHODOLOGY, "| region | by IMD 2019 | by IMD 2025")
    assert told == [[as_stated(cell, "") for cell in row] for row in found]
    joined, left = (sum(row[place] for row in found) for place in (3, 4))
    assert f"{joined} neighbourhoods join and {left} leave" in prose(METHODOLOGY)


def test_the_methodology_states_how_much_of_the_newest_list_is_chosen(england: Site) -> None:
    listed, inside, share = one(
        england,
        "select areas_listed, areas_in_selected, share_in_selected from marts.composite_coverage "
        f"where edition_id = '{RULE}' and list_edition_id = 'lsoa21_imd2025_cni2023' "
        "and geography_level = 'country'",
    )
    assert (
        f"Of the {listed:,} LSOAs of the newest list {inside} lie in a chosen neighbourhood, "
        f"with {share:.1%} of the people" in prose(METHODOLOGY)
    )
