"""Whom a programme chose, as its page says, and the pages of the places around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.pages import DESKTOP, PHONE, Explorer, Opened, violations

Open = Callable[..., Opened]
RULE, VARIANT = "msoa21_pride_imd2019", "msoa21_pride_imd2025"
NEWEST = "lsoa21_imd2025_cni2023"


def test_the_landing_leads_to_whom_the_programme_chose(opened: Open, explorer: Explorer) -> None:
    here = opened().go("index")
    edition = explorer.rows(
        "select * from marts.dim_composite_edition where edition_id = $1", RULE
    )[0]
    link = here.page.get_by_role("link", name=edition["label"])
    link.click()
    assert here.page.get_by_role("heading", level=1).inner_text() == edition["label"]
    said = here.text(".lede")
    assert f"It chooses {edition['areas_selected']}, and {edition['areas_agreed']} of them" in said
    assert "Not the programme's own data" in here.text(".hint")
    here.shot("selection")


def test_the_chosen_stand_by_region_and_council_and_lead_to_their_place(
    opened: Open, explorer: Explorer
) -> None:
    here = opened().go(RULE)
    chosen = explorer.rows(
        "select place_name, lad_name, group_name, place_in_line from marts.composite_selection "
        "where edition_id = $1 and is_selected",
        RULE,
    )
    section = here.page.locator("section[aria-labelledby=chosen]")
    for summary in section.locator("summary").all():
        summary.click()
    listed = section.locator("li")
    assert listed.count() == len(chosen)
    text = here.text("section[aria-labelledby=chosen]")
    for area in chosen:
        assert f"{area['group_name']}; place {area['place_in_line']} of {len(chosen)}" in text
    # A name that comes twice leads nowhere, since the page of a place is by its name.
    linked = set(section.locator("li a").all_inner_texts())
    twice = explorer.rows(
        "select place_name from marts.dim_area where area_type = 'msoa21' group by 1 "
        "having count(*) > 1"
    )
    assert linked == {area["place_name"] for area in chosen} - {row["place_name"] for row in twice}
    name = section.locator("li a").first.inner_text()
    section.locator("li a").first.click()
    here.page.locator("#place-title").wait_for()
    assert here.text("#place-title") == name
    assert name in here.text("#place-chosen")


def test_differences_near_misses_and_the_other_index_are_told(
    opened: Open, explorer: Explorer
) -> None:
    here = opened().go(RULE)
    text = here.text("main")
    for row in explorer.rows(
        "select likely_reason_text from marts.composite_reconciliation where agreement <> 'agreed'"
    ):
        assert " ".join(row["likely_reason_text"].split()) in text
    nearest = explorer.one(
        "select reason_text from marts.composite_near_miss where edition_id = $1 "
        "and near_miss_place = 1 and near_miss = 'next in the country'",
        RULE,
    )
    assert nearest in text
    joined = explorer.one(
        "select count(*) from marts.composite_selection as a "
        "inner join marts.composite_selection as b using (area_code) where a.edition_id = $1 "
        "and b.edition_id = $2 and b.is_selected and not a.is_selected",
        RULE,
        VARIANT,
    )
    assert f"{joined} would be chosen there that are not here" in text
    assert "nobody's decision" in here.go(VARIANT).text(".hint")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("published", "was chosen by the programme"),
        ("excluded", "could not be chosen"),
        ("behind in its group", "was not chosen: by the rule that was inferred it is the "),
        ("beyond the number", "in line where"),
    ],
)
def test_an_area_says_what_became_of_its_neighbourhood(
    opened: Open, explorer: Explorer, reason: str, said: str
) -> None:
    area = explorer.rows(
        "select small.area_code, around.place_name, around.place_in_group, around.place_in_line "
        "from marts.dim_area as small inner join marts.composite_selection as around "
        "on small.msoa21_code = around.area_code where small.area_type = 'lsoa21' "
        "and around.edition_id = $1 and if($2 = 'published', around.published_flag, "
        "not around.published_flag and around.selection_reason = $2) order by 1 limit 1",
        RULE,
        reason,
    )[0]
    here = opened().go(NEWEST, f"area={area['area_code']}")
    text = here.text("#chosen")
    assert area["place_name"] in text
    assert said in text
    here.page.locator("#chosen a").click()
    here.page.get_by_role("heading", level=1).wait_for()
    assert here.page.url.split("#")[0].endswith(f"{RULE}.html")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, {"width": 320, "height": 640}])
def test_the_page_fits_and_has_nothing_for_axe(
    opened: Open, explorer: Explorer, viewport: dict[str, int]
) -> None:
    here = opened(viewport).go(RULE)
    for summary in here.page.locator("summary").all():
        summary.click()
    wide = here.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= viewport["width"]
    assert violations(here.page) == []


def test_the_page_in_the_dark_has_nothing_for_axe(opened: Open, explorer: Explorer) -> None:
    here = opened(color_scheme="dark").go(RULE)
    for summary in here.page.locator("summary").all():
        summary.click()
    assert violations(here.page) == []
    here.shot("selection-dark")
