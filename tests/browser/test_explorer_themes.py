"""The pages in the dark, in forced colours and on paper."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.pages import Explorer, Opened, violations

Open = Callable[..., Opened]
NEWEST = "lsoa21_imd2025_cni2023"
WARDS = "ward17_imd2019_cni2019"
VIEWS = ("", "tab=places", "tab=compare", "tab=outcomes", "tab=about")


def listed(explorer: Explorer, edition: str, order: str) -> str:
    return str(
        explorer.rows(
            "select area_code from marts.double_disadvantage where edition_id = $1 "
            f"and is_doubly_disadvantaged order by {order} limit 1",
            edition,
        )[0]["area_code"]
    )


def largest_council(explorer: Explorer) -> str:
    return str(
        explorer.rows(
            "select geography_code from marts.summary_geography where edition_id = $1 "
            "and geography_type = 'lad24' order by areas_listed desc, geography_code limit 1",
            NEWEST,
        )[0]["geography_code"]
    )


def test_the_dark_has_nothing_for_axe(opened: Open, explorer: Explorer) -> None:
    here = opened(color_scheme="dark").go("index")
    assert violations(here.page) == []
    for hash_ in (
        *VIEWS,
        f"area={listed(explorer, NEWEST, 'imd_rank')}",
        f"place={largest_council(explorer)}",
    ):
        here.page.goto("about:blank")
        here.go(NEWEST, hash_)
        assert violations(here.page) == [], hash_
    paper = here.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", paper)[:3])) < 200
    here.shot("dark")


def test_the_map_follows_when_the_theme_changes(opened: Open, explorer: Explorer) -> None:
    here = opened(color_scheme="light").go(NEWEST)
    other = opened(color_scheme="light").go(NEWEST)
    corner = """() => {
        const context = document.getElementById("map").getContext("2d");
        return [...context.getImageData(4, 4, 1, 1).data].slice(0, 3);
    }"""
    light = other.page.evaluate(corner)
    here.page.emulate_media(color_scheme="dark")
    here.page.wait_for_timeout(300)
    assert sum(light) > 600 > 200 > sum(here.page.evaluate(corner))


def test_what_is_chosen_is_told_in_forced_colours(opened: Open, explorer: Explorer) -> None:
    here = opened(forced_colors="active").go(NEWEST, "tab=compare")
    edges = [
        here.page.evaluate(f"getComputedStyle(document.querySelector('{one}')).borderBottomColor")
        for one in ("#tab-compare", "#tab-list")
    ]
    assert edges[0] != edges[1]
    pressed = here.page.locator(".cards [aria-pressed=true]")
    assert pressed.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    swatch = here.page.locator("#legend .swatch").first
    assert swatch.evaluate("one => getComputedStyle(one).forcedColorAdjust") == "none"


def sheets(here: Opened) -> int:
    printed = here.page.pdf(prefer_css_page_size=True)
    return len(re.findall(rb"/Type\s*/Page\b", printed))


@pytest.mark.parametrize(
    ("edition", "order"),
    [
        (NEWEST, "imd_rank, area_code"),
        (NEWEST, "cni_rank, area_code"),
        (NEWEST, "population desc, area_code"),
        (WARDS, "imd_rank"),
    ],
)
def test_an_area_is_one_sheet(opened: Open, explorer: Explorer, edition: str, order: str) -> None:
    here = opened().go(edition, f"area={listed(explorer, edition, order)}")
    assert sheets(here) == 1


def test_a_council_is_two_sheets_at_most(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST, f"place={largest_council(explorer)}")
    assert sheets(here) <= 2
