"""On a phone: what is asked for is what is seen, fingers hit it, and links restore it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.pages import PHONE, Explorer, Opened

Open = Callable[..., Opened]
NEWEST = "lsoa21_imd2025_cni2023"


def council(explorer: Explorer) -> dict[str, Any]:
    return explorer.rows(
        "select * from marts.summary_geography where edition_id = $1 "
        "and geography_type = 'lad24' order by areas_listed desc, geography_code limit 1",
        NEWEST,
    )[0]


def phone(opened: Open) -> Opened:
    return opened(PHONE, has_touch=True, is_mobile=True)


def in_sight(here: Opened, selector: str) -> bool:
    here.page.wait_for_timeout(100)
    top = here.page.locator(selector).evaluate("one => one.getBoundingClientRect().top")
    # A fraction of a pixel above is not out of sight.
    return bool(-1 < top <= 0.6 * PHONE["height"])


def test_search_links_taps_and_next_land_on_what_was_asked_for(
    opened: Open, explorer: Explorer
) -> None:
    row = council(explorer)
    here = phone(opened).go(NEWEST, f"place={row['geography_code']}")
    assert in_sight(here, "#place-title")
    here.page.locator("#areas a").first.tap()
    assert in_sight(here, "#area-title")
    here.page.fill("#search", row["geography_code"])
    here.page.get_by_role("option").first.tap()
    assert in_sight(here, "#place-title")
    here.page.goto("about:blank")
    here.go(NEWEST)
    here.page.locator("#areas-next").tap()
    assert in_sight(here, "#areas")
    assert here.page.evaluate("document.activeElement.id") == "areas"


@pytest.mark.parametrize("view", ["list", "places", "compare", "about", "area", "place"])
def test_what_a_finger_must_hit_is_large_enough(
    opened: Open, explorer: Explorer, view: str
) -> None:
    area = explorer.one(
        "select min(area_code) from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged",
        NEWEST,
    )
    place = council(explorer)["geography_code"]
    here = phone(opened).go(
        NEWEST, {"area": f"area={area}", "place": f"place={place}"}.get(view, f"tab={view}")
    )
    small = here.page.evaluate(
        """() => [...document.querySelectorAll("a, button, select, summary, input, label")]
            .filter((one) => one.checkVisibility() && one.id !== "skip")
            .filter((one) => !one.matches("label") || one.querySelector("input"))
            .filter((one) => !one.matches("input") || !one.closest("label"))
            .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
            .filter(([, height]) => height < 43.5)"""
    )
    assert small == []
    across = here.page.evaluate("document.documentElement.scrollWidth")
    assert across <= PHONE["width"]


def test_back_forward_and_a_pasted_link_restore_text_and_map(
    opened: Open, explorer: Explorer
) -> None:
    row = council(explorer)
    here = opened().go(NEWEST)

    def seen() -> tuple[str, str]:
        here.page.wait_for_timeout(400)
        title = here.page.locator("h2:visible").first
        view = here.page.url.partition("view=")[2].partition("&")[0]
        return (title.inner_text() if title.count() else "", view)

    steps = [seen()]
    here.page.fill("#search", row["geography_code"])
    here.page.get_by_role("option").first.click()
    steps.append(seen())
    here.page.locator("#areas a").first.click()
    steps.append(seen())
    assert len({view for _, view in steps}) == 3
    here.page.go_back()
    assert seen() == steps[1]
    here.page.go_back()
    assert seen() == steps[0]
    here.page.go_forward()
    here.page.go_forward()
    assert seen() == steps[2]
    address = here.page.url.partition("#")[2]
    here = opened().go(NEWEST, address)
    assert seen() == steps[2]


def test_a_copied_link_says_that_the_file_must_go_along(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    here.page.click("#copy-link")
    here.page.wait_for_function("() => document.getElementById('copy-status').textContent")
    assert "only where this file lies" in here.text("#copy-status")
