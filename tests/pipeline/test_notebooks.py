"""The notebooks, run from top to bottom on a release, and their figures against the warehouse."""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.patience import SECONDS
from tests.support.site import PROJECT, Site

NOTEBOOKS = PROJECT / "notebooks"
LIST = "lsoa21_imd2025_cni2023"
PAIR = ("lsoa21_imd2019_cni2023", LIST)
# Plots as SVG with their text as text, so that a test can read them.
READABLE = """\
%matplotlib inline
%config InlineBackend.figure_formats = ["svg"]
import matplotlib
matplotlib.rcParams["svg.fonttype"] = "none"
"""


class Ran:
    """What a notebook printed and drew."""

    def __init__(self, name: str, site: Site, folder: Path) -> None:
        path = NOTEBOOKS / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        first = nbformat.v4.new_code_cell(READABLE)  # type: ignore[no-untyped-call]
        notebook.cells.insert(0, first)
        environment = {key: text for key, text in os.environ.items() if not key.startswith("LBN_")}
        environment |= {"LBN_DATA": str(site.data), "LBN_PROFILE": site.profile}
        environment |= {"IPYTHONDIR": str(folder), "PYTHONPATH": str(PROJECT)}
        client = NotebookClient(
            notebook, timeout=int(SECONDS), resources={"metadata": {"path": str(NOTEBOOKS)}}
        )
        client.execute(env=environment)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        self.printed = "".join(output.text for output in outputs if output.output_type == "stream")
        drawn = [output.data for output in outputs if "data" in output]
        self.plots = [
            self._text(data["image/svg+xml"]) for data in drawn if "image/svg+xml" in data
        ]

    @staticmethod
    def _text(svg: str) -> str:
        """The words of a plot in the order in which they were drawn, on one line."""
        found = re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", svg)
        return " ".join(" ".join(unescape(word).split()) for word in found)


def one(site: Site, query: str, *parameters: Any) -> tuple[Any, ...]:
    with site.warehouse() as warehouse:
        row = warehouse.execute(query, parameters).fetchone()
    assert row is not None
    return row


def check_the_list(site: Site, folder: Path) -> Ran:
    ran = Ran("01_find_and_map_the_list", site, folder)
    listed, people = one(
        site,
        "select count(*), sum(population) from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged",
        LIST,
    )
    authorities, reached = one(
        site,
        "select count(*), count(*) filter (areas_listed > 0) from marts.summary_geography "
        "where edition_id = $1 and geography_type = 'lad24'",
        LIST,
    )
    place, of_place = one(
        site,
        "select geography_name, areas_listed from marts.summary_geography "
        "where edition_id = $1 and geography_type = 'lad24' order by areas_listed desc limit 1",
        LIST,
    )
    (region,) = one(
        site,
        "select geography_name from marts.summary_geography "
        "where edition_id = $1 and geography = 'region' order by areas_listed desc limit 1",
        LIST,
    )
    (besides,) = one(
        site,
        "select what_changed from marts.dim_edition_pair "
        "where edition_from = $1 and edition_to = $2",
        *PAIR,
    )
    assert f"{PAIR[0]} to {PAIR[1]}. What changed besides: {besides}." in ran.printed
    assert f"{listed:,} areas are on the list {LIST}." in ran.printed
    assert f"{people:,} people live in them." in ran.printed
    assert f"{reached:,} of {authorities:,} authorities have an area on the list." in ran.printed
    assert f"{of_place:,} of the areas on the list are in {place}." in ran.printed
    regions, country, local = ran.plots
    assert f"{region} has the most areas on the list" in regions
    assert f"Half of the {people:,} people in listed areas live in" in country
    assert f"{place}: {of_place:,} of" in local
    return ran


def check_the_change(site: Site, folder: Path) -> Ran:
    ran = Ran("02_why_did_a_place_drop_off", site, folder)
    joined, left, stayed = one(
        site,
        "select areas_joined, areas_left, areas_stayed from marts.dim_edition_pair "
        "where edition_from = $1 and edition_to = $2",
        *PAIR,
    )
    code, reason = one(
        site,
        "select area_code, reason from marts.edition_change where edition_from = $1 "
        "and edition_to = $2 and change = 'left' and not is_boundary_changed "
        "order by nearest_miss_ranks desc, area_code limit 1",
        *PAIR,
    )
    (solid,) = one(
        site,
        "select avg((stability_class = 'solid')::int) from marts.flag_stability as flags "
        "inner join marts.edition_change as changes "
        "on flags.edition_id = changes.edition_from and flags.area_code = changes.area_code "
        "where edition_from = $1 and edition_to = $2 and change = 'left'",
        *PAIR,
    )
    (from_percent,) = one(
        site,
        "select listed_from_percent_both from marts.threshold_membership "
        "where edition_id = $1 and area_code = $2",
        LIST,
        code,
    )
    (at_15_percent,) = one(
        site,
        "select count(*) from marts.threshold_membership "
        "where edition_id = $1 and listed_from_percent_both <= 15",
        LIST,
    )
    (differences,) = one(
        site, "select count(*) from marts.reconciliation where agreement <> 'agreed'"
    )
    assert f"{joined:,} areas joined, {left:,} left and {stayed:,} stayed." in ran.printed
    assert reason in ran.printed
    # The first line of the explanation, and the verdict that it gives.
    assert f"{code} " in ran.printed
    assert "not on the list" in ran.printed
    assert f"Solid on the earlier list: {solid:.1%} of those that left" in ran.printed
    # The functions behind lbn diff and lbn whatif say the same.
    assert f"{{'joined': {joined}, 'left': {left}, 'stayed': {stayed}}}" in ran.printed
    assert f"would be on the list from a threshold of {from_percent}%." in ran.printed
    assert re.search(rf"'\w+': {at_15_percent}\b", ran.printed)
    assert f"{differences:,} differences from the published lists." in ran.printed
    places, domains, sure = ran.plots
    assert f"{left:,} areas left the list and {joined:,} joined" in places
    assert "of 7 domains, most in" in domains
    assert f"{solid:.0%} of the areas that left had been solid" in sure
    return ran


def check_the_outcomes(site: Site, folder: Path) -> Ran:
    ran = Ran("03_left_behind_and_other_deprived", site, folder)
    judged, worse, better = one(
        site,
        """
        select count(*), count(*) filter (worst_end > 0), count(*) filter (best_end < 0)
        from (
            select
                case compared.direction when 'higher_is_worse' then left_behind_gap_ci_low
                else -left_behind_gap_ci_high end as worst_end,
                case compared.direction when 'higher_is_worse' then left_behind_gap_ci_high
                else -left_behind_gap_ci_low end as best_end
            from marts.outcome_comparison as compared
            inner join marts.dim_outcome as outcomes on compared.outcome = outcomes.outcome
            where edition_id = $1 and method = 'pooled' and area_group = 'other_deprived'
            and compared.direction <> 'neither' and not is_part_of_imd
        )
        """,
        LIST,
    )
    (turned,) = one(
        site,
        "select count(*) from marts.outcome_comparison as pooled "
        "inner join marts.outcome_comparison as means using (edition_id, outcome, area_group) "
        "where edition_id = $1 and area_group = 'other_deprived' and pooled.method = 'pooled' "
        "and means.method = 'mean_of_areas' and pooled.left_behind_gap * means.left_behind_gap < 0",
        LIST,
    )
    assert (
        f"Of {judged} outcomes that are not part of the IMD, left behind areas fare worse than "
        f"other deprived areas on {worse}, better on {better}." in ran.printed
    )
    assert f"{turned} of " in ran.printed
    rates, gaps = ran.plots
    assert f"of {judged} outcomes left behind areas are nearer" in rates
    assert f"fare worse than other deprived areas on {worse} of {judged} outcomes" in gaps
    return ran


CHECKS = [check_the_list, check_the_change, check_the_outcomes]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_on_the_sample(check: Any, sample: Site, tmp_path: Path) -> None:
    ran = check(sample, tmp_path)
    assert "SYNTHETIC" in ran.printed
    for plot in ran.plots:
        assert "SYNTHETIC" in plot
        assert "Release sample-" in plot


@pytest.mark.xdist_group("england")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_on_england(check: Any, england: Site, tmp_path: Path) -> None:
    ran = check(england, tmp_path)
    for plot in ran.plots:
        assert "SYNTHETIC" not in plot
        assert "Release england-" in plot
