"""People type a postcode: the page loads the small script of its area, and nothing before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.publish.explorer import write_explorer
from tests.support.pages import Explorer, Opened

pytestmark = pytest.mark.xdist_group("sample")

Open = Callable[..., Opened]
SMALL, WARDS = "lsoa21_imd2025_cni2023", "ward17_imd2019_cni2019"
OPTIONS = "#search-options li:visible"


@pytest.fixture(params=["sample"])
def explorer(explorers: Callable[[str], Explorer], request: pytest.FixtureRequest) -> Explorer:
    return explorers(request.param)


def postcodes(explorer: Explorer, *, ended: bool = False) -> dict[str, str]:
    """Some postcodes of each postcode area, with their small areas."""
    rows = explorer.rows(
        "select postcode, lsoa21_code from marts.dim_postcode where (ended is not null) = $1 "
        "qualify row_number() over (partition by postcode_area order by hash(postcode)) <= 3 "
        "order by postcode",
        ended,
    )
    return {row["postcode"]: row["lsoa21_code"] for row in rows}


def loaded(here: Opened) -> list[str]:
    found: list[str] = here.page.evaluate(
        "[...document.querySelectorAll('script[src]')].map((each) => each.getAttribute('src'))"
    )
    return found


def typed(here: Opened, text: str) -> None:
    here.page.fill("#search", "")
    here.page.fill("#search", text)


def test_a_postcode_opens_its_area(opened: Open, explorer: Explorer) -> None:
    here = opened().go(SMALL)
    assert loaded(here) == []
    for number, (postcode, code) in enumerate(postcodes(explorer).items()):
        written = (postcode, postcode.lower(), postcode.replace(" ", ""))[number % 3]
        typed(here, written)
        here.page.wait_for_selector(OPTIONS)
        assert here.text("#search-status") == f"1 neighbourhood with postcodes {postcode}"
        here.page.press("#search", "Enter")
        here.page.wait_for_selector("#area:not([hidden])")
        assert code in here.text("#area")
    # Each once, however often.
    areas = sorted({postcode[:2] for postcode in postcodes(explorer)})
    assert sorted(loaded(here)) == [f"postcodes/{area}.js" for area in areas]
    typed(here, next(iter(postcodes(explorer))))
    here.page.wait_for_selector(OPTIONS)
    here.shot("postcode")
    assert here.problems == []


def test_on_an_edition_of_wards_it_opens_the_ward(opened: Open, explorer: Explorer) -> None:
    here = opened().go(WARDS)
    for postcode, code in list(postcodes(explorer).items())[:4]:
        ward = explorer.one(
            "select geography_code from marts.geography_membership where area_code = $1 "
            "and area_type = 'lsoa21' and geography_type = 'ward17' and is_main",
            code,
        )
        typed(here, postcode)
        here.page.wait_for_selector(OPTIONS)
        assert ward in here.text(OPTIONS)
    assert here.problems == []


def test_a_beginning_shows_where_most_of_them_are_and_says_how_many(
    opened: Open, explorer: Explorer
) -> None:
    here = opened().go(SMALL)
    postcode = next(iter(postcodes(explorer)))
    first = postcode.split()[0]
    areas = explorer.rows(
        "select lsoa21_code, count(*) from marts.dim_postcode where postcode like $1 "
        "group by all order by 2 desc, 1",
        f"{first} %",
    )
    typed(here, first)
    here.page.wait_for_selector(OPTIONS)
    shown = here.page.locator(OPTIONS)
    assert (
        here.text("#search-nothing") == f"8 of {len(areas)} neighbourhoods with postcodes {first}:"
    )
    assert [row["lsoa21_code"] in shown.nth(n).inner_text() for n, row in enumerate(areas[:8])] == (
        [True] * 8
    )


def test_what_ended_is_found_and_what_never_was_is_told(opened: Open, explorer: Explorer) -> None:
    here = opened().go(SMALL)
    ended, code = next(iter(postcodes(explorer, ended=True).items()))
    typed(here, ended)
    here.page.wait_for_selector(OPTIONS)
    assert code in here.text(OPTIONS)
    assert here.text("#search-nothing") == f"{ended} is not in use any more."
    for never in ("XA1 9ZZ", "ZZ9 9ZZ"):
        typed(here, never)
        here.page.locator("#search-nothing", has_text=f"There is no postcode {never}").wait_for()
        assert here.text("#search-nothing") == f"There is no postcode {never} in the country."
        assert not here.page.locator(OPTIONS).count()
    # A code, which begins as a postcode may.
    typed(here, "X01000001")
    here.page.wait_for_selector(OPTIONS)
    assert "X01000001" in here.text(OPTIONS)
    assert here.problems == []


def test_without_its_folder_a_page_says_what_is_missing(
    opened: Open, explorer: Explorer, tmp_path: Path
) -> None:
    shutil.copyfile(explorer.folder / f"{SMALL}.html", tmp_path / f"{SMALL}.html")
    here = opened(explorer=Explorer(explorer.profile, tmp_path, explorer.warehouse)).go(SMALL)
    postcode = next(iter(postcodes(explorer)))
    with here.page.expect_console_message(lambda told: "ERR_FILE_NOT_FOUND" in told.text):
        typed(here, postcode)
    here.page.locator("#search-nothing", has_text="beside this page").wait_for()
    assert f"{postcode[:2]}.js is not there" in here.text("#search-nothing")
    # That the file is missing; nothing else.
    assert [problem for problem in here.problems if "ERR_FILE_NOT_FOUND" not in problem] == []
    here.problems.clear()


def test_a_release_without_postcodes_says_so_and_loads_nothing(
    opened: Open, explorer: Explorer, tmp_path: Path
) -> None:
    copy = tmp_path / "warehouse.duckdb"
    shutil.copyfile(explorer.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("delete from marts.dim_postcode")
        write_explorer(connection, tmp_path / "pages")
    assert not (tmp_path / "pages" / "postcodes").exists()
    here = opened(explorer=Explorer(explorer.profile, tmp_path / "pages", copy)).go(SMALL)
    assert "postcode" not in here.page.get_attribute("#search", "placeholder")
    typed(here, "XA1 0AA")
    here.page.wait_for_selector("#search-nothing:not([hidden])")
    assert here.text("#search-nothing") == (
        "XA1 0AA looks like a postcode, and this release was made without postcodes."
    )
    assert loaded(here) == []
    assert here.problems == []
