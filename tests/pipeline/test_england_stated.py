"""Every figure of England that a page states is the rounding of what the release has.

The figures are read from the page, so that none stands here a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.test_england_figures import one, rows
from tests.pipeline.test_england_summary import DOMAINS, PRISONS
from tests.support.site import REALDATA, Site
from tests.support.stated import METHODOLOGY, as_stated, prose, table

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("england")

WARDS = "ward17_imd2019_cni2019"
NEWEST = "lsoa21_imd2025_cni2023"
DISTANCE = "if(deciding_index = 'imd', imd_ranks_to_threshold, cni_ranks_to_threshold)"
# How far a rate may be off by a numerator to 5 and by its own third decimal.
BY_ROUNDING = "2.5 / denominator + 0.0005 + 1e-9"
# Tables of the methodology by the beginning of their header: the rows, by their first column.
TABLES = {
    "| release | areas | greatest score difference": """
        select index_release, count(*), max(abs(score_difference)), max(abs(rank_difference)),
            count(*) filter (rank_difference <> 0)
        from marts.fct_index_score where computed_score is not null group by all
    """,
    "| edition | IMD: N, last rank within 10%": """
        select
            case when edition_id like 'ward%' then 'wards, both' else edition_id end,
            format('{:,}, {:,}', max(imd_areas_ranked), max(imd_rank - imd_ranks_to_threshold)),
            format('{:,}, {:,}', max(cni_areas_ranked), max(cni_rank - cni_ranks_to_threshold))
        from marts.double_disadvantage group by 1
    """,
    "| edition | wards or LSOAs rated": """
        select edition_id, format('{:,} of {:,}', areas_rated, areas), areas_listed
        from marts.dim_edition
    """,
    "| region | published 225": f"""
        select
            region_name,
            count(*) filter (edition_id = '{WARDS}' and published_flag),
            count(*) filter (edition_id = '{WARDS}' and is_doubly_disadvantaged),
            count(*) filter (edition_id = 'ward17_imd2015_cni2019' and is_doubly_disadvantaged),
            count(*) filter (edition_id = 'lsoa21_imd2019_cni2023' and is_doubly_disadvantaged),
            count(*) filter (edition_id = '{NEWEST}' and is_doubly_disadvantaged)
        from marts.double_disadvantage group by all
    """,
    "| ward | authority | on the list of": f"""
        select
            area_code || ' ' || area_name,
            lad_name,
            if(agreement = 'only_published', 'the publisher', 'ours'),
            imd_rank,
            cni_rank,
            upper(deciding_index) || ', ' || abs({DISTANCE})
            || if({DISTANCE} > 0, ' beyond', ' inside')
        from marts.reconciliation where edition_id = '{WARDS}' and agreement <> 'agreed'
    """,
    "| edition | solid, .95 and above": """
        pivot (
            select edition_id, stability_class,
                format('{:,}, {:,}', count(*), count(*) filter (is_doubly_disadvantaged)) as told
            from marts.flag_stability group by all
        ) on stability_class in ('solid', 'likely', 'borderline', 'unlikely') using any_value(told)
    """,
    "| from | to | joined": """
        select edition_from, edition_to, areas_joined, areas_left, areas_stayed
        from marts.dim_edition_pair where is_comparable
    """,
}
# A sentence with places for figures, in the form in which they are printed, and their query.
SENTENCES = {
    "England has {:,} output areas of 2011, with {:,.0f} usual residents": (
        "select count(*), sum(population) from marts.carry_small_area"
    ),
    "{:,} of them lie in none, since eight wards have no shape": (
        "select sum(small_areas_by_best_fit)::bigint from marts.carry_weight "
        f"where weighting = 'small_areas' and edition_id = '{WARDS}'"
    ),
    "of the {:,} wards have none, and {:,} are approximate": (
        "select (select areas from marts.dim_edition "
        f"where edition_id = '{WARDS}'), count(*) from marts.area_boundary where is_approximate"
    ),
    "{:,} LSOAs are on both LSOA lists. {:,} wards are on both ward lists.": (
        "select max(areas_stayed) filter (edition_to like 'lsoa21%'), "
        "max(areas_stayed) filter (edition_to like 'ward17%') from marts.dim_edition_pair"
    ),
    "LSOAs that changed, {:,} had their boundary changed too": (
        "select count(*) from marts.edition_change "
        f"where is_boundary_changed and change <> 'stayed' and edition_to = '{NEWEST}'"
    ),
    "`lsoa21_imd2025_cni2023`: {:,} left behind, {:,} other deprived, {:,} others.": (
        "select any_value(areas) filter (area_group = 'left_behind'), "
        "any_value(areas) filter (area_group = 'other_deprived'), "
        "any_value(areas) filter (area_group = 'rest') "
        f"from marts.outcome_comparison where edition_id = '{NEWEST}' and method = 'pooled'"
    ),
    "{:.1f}% of England in 2019, {:.1f}% in 2025": (
        "select 100 * max(rate) filter (outcome = 'income_deprived_2019'), "
        "100 * max(rate) filter (outcome = 'income_deprived_2025') from marts.outcome_comparison "
        f"where edition_id = '{NEWEST}' and method = 'pooled' and area_group = 'nation'"
    ),
    "civic assets {:.1f} to {:.2f}, connectedness {:.2f} to {:.2f}, engaged community {:.2f} to "
    "{:.2f}": (
        "select "
        + ", ".join(
            f"{end}(published_score) filter (domain = '{domain}')"
            for domain in ("civic_assets", "connectedness", "engaged_community")
            for end in ("min", "max")
        )
        + " from marts.fct_domain_score where index_release = 'cni2023'"
    ),
    "the three domain scores of CNI 2019, whose greatest difference is {:.6f}": (
        "select max(abs(score_difference)) from marts.fct_domain_score "
        "where index_release = 'cni2019'"
    ),
    "ranks differ by up to {:.0f} (IDACI) and {:.0f} (IDAOPI)": (
        "select max(abs(average_rank_difference)) filter (measure = 'idaci'), "
        "max(abs(average_rank_difference)) filter (measure = 'idaopi') "
        "from marts.summary_index where index_release = 'imd2019' and area_type = 'lad19'"
    ),
    "The average score of IDAOPI is off in Rushmoor alone ({:.4f})": (
        "select max(abs(average_score_difference)) from marts.summary_index "
        "where index_release = 'imd2019' and measure = 'idaopi' and area_type = 'lad19'"
    ),
    "Income 2019, {:,} of {:,} areas differ by more than the rounding of the numerator (to 5) and "
    "of the rate allows. Shrunk to the authority, {:,} do": (
        f"""
        select
            count(*) filter (
                abs(published_value / denominator - published_score) > {BY_ROUNDING}
            ),
            count(*),
            count(*) filter (
                status = 'given' and abs(value - published_score) > {BY_ROUNDING}
            )
        from marts.fct_indicator
        inner join marts.fct_domain_score using (index_release, area_code)
        where index_release = 'imd2019' and indicator = 'income_deprived'
            and fct_domain_score.domain = 'income'
        """
    ),
    "{:,} numerators of IDACI are above their denominators": (
        "select count(*) from marts.fct_indicator where index_release = 'imd2025' "
        "and indicator = 'children_income_deprived' and published_value > denominator"
    ),
    "off by 2.5 at most: {:.1f} percentage points in an area of middle size": (
        "select 100 * max(rate_error_at_most) from marts.dim_outcome "
        "where outcome like 'claimants%'"
    ),
}


def scored(place: str) -> str:
    """In double precision, with tied areas at this place: how far scores and ranks are off."""
    return f"""
        with scored as (
            select
                index_release,
                area_code,
                any_value(areas.published_score) as published_score,
                any_value(areas.published_rank) as published_rank,
                sum(weight * method.transform({place}, domains.areas_ranked, 'double')) as score
            from marts.fct_domain_score as domains
            inner join marts.fct_index_score as areas using (index_release, area_code)
            where areas.published_score is not null
            group by index_release, area_code
        ),
        ranked as (
            select
                *,
                rank() over (partition by index_release order by round(score, 9) desc) as score_rank
            from scored
        )
        select index_release, max(abs(score - published_score)),
            count(*) filter (score_rank <> published_rank)
        from ranked group by all
    """


@pytest.mark.parametrize("header", TABLES)
def test_a_table_has_the_figures_of_the_release(england: Site, header: str) -> None:
    printed = {row[0]: row for row in table(METHODOLOGY, header)}
    found = {row[0]: row for row in rows(england, TABLES[header])}
    assert {*printed} == {*found}
    for key, row in found.items():
        stated = printed[key][: len(row)]
        assert stated == [as_stated(*pair) for pair in zip(row, stated, strict=True)]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_has_the_figures_of_the_release(england: Site, sentence: str) -> None:
    said = sentence.format(*one(england, SENTENCES[sentence])).replace(" -", " −")
    assert said in prose(METHODOLOGY)


def test_the_readmes_editions_are_those_of_the_release(england: Site) -> None:
    printed = table("README.md", "| edition | areas | index releases")
    found = rows(england, "select edition_id, areas, areas_listed from marts.dim_edition")
    assert {(edition, areas.split()[0], listed) for edition, areas, _, listed, _ in printed} == {
        (edition, f"{areas:,}", f"{listed:,}") for edition, areas, listed in found
    }


def test_a_list_at_other_thresholds_is_as_stated(england: Site) -> None:
    (printed,) = table(METHODOLOGY, "| 5% | 9% |")
    found = rows(
        england,
        f"""
        select areas_listed from marts.threshold_sensitivity
        where edition_id = '{NEWEST}' and varied_index = 'both'
            and threshold_percent in (5, 9, 10, 11, 15, 20)
        order by threshold_percent
        """,
    )
    assert printed == [f"{listed:,}" for (listed,) in found]


def each_release(cell: str) -> Iterator[str]:
    """What a cell says of each release of its row; one figure is of all of them."""
    parts = cell.split(", ")
    return iter(parts) if len(parts) > 1 else repeat(cell)


def test_what_comes_out_of_indicators_is_as_stated(england: Site) -> None:
    found = {
        (measure, release): {"score": by_score, "ranks": by_ranks}
        for measure, release, by_score, by_ranks in rows(
            england,
            """
            select measure, index_release,
                [score_correlation, greatest_score_difference, share_in_same_decile],
                [rank_correlation, greatest_rank_difference]
            from marts.indicator_reconciliation where route = 'indicators'
            """,
        )
    }
    for label, releases, _, *cells in table(METHODOLOGY, "| sub-domain | release | method | cor"):
        for release, *parts in zip(releases.split(", "), *map(each_release, cells), strict=False):
            known = found[label.lower().replace(" ", "_"), f"imd{release}"]
            for place, part in enumerate(parts):
                value = known["ranks" if part.startswith("ranks ") else "score"][place]
                shown = part.removeprefix("ranks ")
                assert shown == as_stated(value, shown), (label, release)


def test_what_comes_out_of_sub_domains_is_as_stated(england: Site) -> None:
    found = {
        (route, measure, release): values
        for route, measure, release, *values in rows(
            england,
            """
            select route, measure, index_release, greatest_score_difference, score_correlation
            from marts.indicator_reconciliation where measure_level = 'domain'
            """,
        )
    }
    seen = 0
    for label, differences, correlations in table(METHODOLOGY, "| domain | from published"):
        told = re.match(r"(\D+) (\d{4}(?:, \d{4})*)", label)
        assert told
        measure = told[1].lower().replace(" ", "_")
        for release, difference, correlation in zip(
            told[2].split(", "), each_release(differences), each_release(correlations), strict=False
        ):
            by_ranks = found["sub_domain_ranks", measure, f"imd{release}"][0]
            by_indicators = found["indicators", measure, f"imd{release}"][1]
            assert difference == as_stated(by_ranks, difference), label
            assert correlation == as_stated(by_indicators, correlation), label
            seen += 1
    assert seen == len(found) / 2


def test_how_near_authorities_come_is_as_stated(england: Site) -> None:
    groups = [
        (release, area_type, measures)
        for measures in (("overall",), DOMAINS)
        for release, area_type in (("imd2019", "lad19"), ("imd2025", "lad24"))
    ]
    for label, *cells in table(METHODOLOGY, "| measure | 2019, index"):
        statistic = label.partition(",")[0].replace(" ", "_")
        for cell, (release, area_type, measures) in zip(cells, groups, strict=True):
            (value,) = one(
                england,
                f"""
                select max(abs({statistic}_difference)) from marts.summary_index
                where index_release = '{release}' and area_type = '{area_type}'
                    and measure in {measures if len(measures) > 1 else "('overall')"}
                """,
            )
            assert cell == ("" if value is None else as_stated(value, cell)), label


def test_authorities_with_prisons_are_counted_as_stated() -> None:
    assert f"In {len(PRISONS)} authorities the published figure counts" in prose(METHODOLOGY)


def test_what_ties_do_to_a_score_is_as_stated(england: Site) -> None:
    smallest = {release: (most, off) for release, most, off in rows(england, scored("domain_rank"))}
    mean = {release: (most, off) for release, most, off in rows(england, scored("place"))}
    found = prose(METHODOLOGY)
    # 'Two' is a word on the page, and so is the 'three' of CNI 2019 in double precision.
    assert (mean["imd2025"][1], smallest["imd2025"][1], mean["cni2019"][1]) == (0, 2, 3)
    assert (
        f"the greatest difference is {mean['imd2025'][0]:.4f} and every rank is exact. At the "
        f"smallest place it is {smallest['imd2025'][0]:.4f} and two ranks are off."
    ) in found
    assert (
        f"IMD 2019 comes to {mean['imd2019'][0]:.4f} in place of {smallest['imd2019'][0]:.4f}, "
        f"CNI 2023 to {mean['cni2023'][0]:.4f} in place of {smallest['cni2023'][0]:.4f}."
    ) in found


def test_how_lsoas_changed_is_as_stated() -> None:
    (path,) = Path(REALDATA).rglob("lsoa11_lsoa21_lad22*.csv")
    links = pd.read_csv(path, encoding="utf-8-sig", dtype=str)
    links = links[links["LSOA21CD"].str.startswith("E")]
    of = {code: links[links["CHGIND"] == code] for code in "USMX"}

    def old(code: str) -> int:
        return of[code]["LSOA11CD"].nunique()

    def new(code: str) -> int:
        return of[code]["LSOA21CD"].nunique()

    assert (
        f"For England: {new('U'):,} unchanged, {old('S'):,} split into {new('S'):,}, {old('M'):,} "
        f"merged into {new('M'):,}, and {len(of['X']):,} rows ({old('X'):,} LSOAs 2011, "
        f"{new('X'):,} LSOAs 2021) that fit no rule."
    ) in prose(METHODOLOGY)


def test_the_guide_has_the_wards_that_differ(england: Site) -> None:
    published, missed, alone = one(
        england,
        f"""
        select count(*) filter (agreement <> 'only_computed'),
            count(*) filter (agreement = 'only_published'),
            count(*) filter (agreement = 'only_computed')
        from marts.reconciliation where edition_id = '{WARDS}'
        """,
    )
    said = (
        f"Of the {published} wards that were published {missed} are not on our list, and {alone} "
        "are on ours alone"
    )
    assert said in prose("docs/analyst-guide.md")


def test_the_glossary_has_the_size_of_an_area(england: Site) -> None:
    (lsoa,) = one(england, "select avg(population) from marts.dim_area where area_type = 'lsoa21'")
    (msoa,) = one(england, "select avg(population) from marts.dim_area where area_type = 'msoa21'")
    said = f"{round(lsoa, -2):,.0f} and {round(msoa, -2):,.0f} residents on average"
    assert said in prose("docs/glossary.md")


def test_a_build_and_a_release_are_no_larger_than_stated(england: Site) -> None:
    def size(folder: Path) -> float:
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6

    told = re.search(
        r"at most (\d+) MB for the build, (\d+) MB for the vault and (\d+) MB for each release",
        prose("docs/runbook.md"),
    )
    assert told
    build, vault, release = map(int, told.groups())
    assert size(england.root / "build") <= build
    assert size(england.root / "vault") <= vault
    assert size(england.current.resolve()) <= release
