"""The page of a council, constituency, care board or region says what the warehouse does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import shapely

from tests.support.pages import DESKTOP, PHONE, Explorer, Opened, violations

Open = Callable[..., Opened]
NEWEST = "lsoa21_imd2025_cni2023"
WARDS = "ward17_imd2019_cni2019"
KINDS = ("lad24", "pcon24", "icb24", "rgn")
# How a key of the page is made of the row: a region goes by its name.
KEY = "if(geography_type = 'rgn', geography_name, geography_code)"


def summary(explorer: Explorer, kind: str, where: str = "areas_listed > 0") -> dict[str, Any]:
    (row,) = explorer.rows(
        f"select *, {KEY} as key from marts.summary_geography where edition_id = $1 "
        f"and geography_type = $2 and {where} "
        "order by areas_listed desc, geography_code limit 1",
        NEWEST,
        kind,
    )
    return row


def ordinal(place: int) -> str:
    tail = (
        "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    )
    return f"{place:,}{tail}"


def standing(explorer: Explorer, row: dict[str, Any], measure: str) -> str:
    """'the ', 'the 3rd ' or 'the joint 3rd ' by the warehouse's own rank among its kind."""
    rank = row[f"rank_of_{measure}"]
    alike = explorer.one(
        f"select count(*) from marts.summary_geography where edition_id = $1 "
        f"and geography_type = $2 and rank_of_{measure} = $3",
        NEWEST,
        row["geography_type"],
        rank,
    )
    joint = "joint " if alike > 1 else ""
    return f"the {joint}{ordinal(rank)} " if joint or rank > 1 else "the "


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_is_summed_up_as_the_warehouse_does(
    opened: Open, explorer: Explorer, kind: str
) -> None:
    row = summary(explorer, kind)
    here = opened().go(NEWEST, f"place={row['key']}")
    said = here.text("#place-sentence")
    listed, areas = row["areas_listed"], row["areas_rated"]
    assert said.startswith(f"{listed:,} of ")
    assert f" {areas:,} " in said
    assert f"({round(100 * listed / areas)}%)" in said
    assert f"{row['population_listed']:,} people live there." in said
    rank = here.text("#place-rank")
    assert f"{row['geographies_ranked']:,} " in rank
    assert f"has {standing(explorer, row, 'areas_listed')}most " in rank
    assert f"and {standing(explorer, row, 'share_of_areas')}highest share" in rank
    assert here.text("#areas caption").startswith(f"{listed:,} ")
    assert here.page.title().startswith(row["geography_name"])
    assert here.page.locator("#tabs").is_hidden()
    here.shot(f"place-{kind}")


def test_where_none_is_listed_it_says_so_and_what_is_nearest(
    opened: Open, explorer: Explorer
) -> None:
    row = summary(explorer, "pcon24", "areas_listed = 0 and areas_rated > 1")
    here = opened().go(NEWEST, f"place={row['key']}")
    said = here.text("#place-sentence")
    assert re.fullmatch(rf"None of .*{row['areas_rated']:,} neighbourhoods is on the list\.", said)
    assert "LSOA here" not in here.text("#place")
    none = explorer.one(
        "select count(*) from marts.summary_geography "
        "where edition_id = $1 and geography_type = 'pcon24' and areas_listed = 0",
        NEWEST,
    )
    assert here.text("#place-rank").startswith(f"{none:,} of ")
    assert here.page.locator("#near-misses li").count() == min(5, row["areas_rated"])


def test_near_misses_are_the_next_to_join(opened: Open, explorer: Explorer) -> None:
    row = summary(explorer, "lad24")
    here = opened().go(NEWEST, f"place={row['key']}")
    wanted = explorer.rows(
        "select area_code, "
        "greatest(imd_rank / imd_areas_ranked, cni_rank / cni_areas_ranked) as needed "
        "from marts.double_disadvantage where edition_id = $1 and lad_code = $2 "
        "and not is_doubly_disadvantaged and not_rated_reason is null "
        "order by needed, area_code limit 5",
        NEWEST,
        row["key"],
    )
    links = here.page.locator("#near-misses a").all()
    assert [link.get_attribute("id") for link in links] == [
        f"open-{area['area_code']}-near" for area in wanted
    ]
    # What a wider threshold brings in is on the list then, and no near miss.
    here.slide(int(200 * wanted[0]["needed"]) + 1)
    assert int(here.text("#areas caption").split()[0]) > row["areas_listed"]
    assert here.page.locator(f"#open-{wanted[0]['area_code']}-near").count() == 0


def test_what_changed_and_how_people_fare_in_a_place(opened: Open, explorer: Explorer) -> None:
    row = summary(explorer, "lad24")
    here = opened().go(NEWEST, f"place={row['key']}")
    changes = dict(
        tuple(found.values())
        for found in explorer.rows(
            "select change, count(*) from marts.edition_change "
            "inner join marts.double_disadvantage as lists "
            "on edition_to = lists.edition_id and edition_change.area_code = lists.area_code "
            "where edition_to = $1 and lists.lad_code = $2 group by change",
            NEWEST,
            row["key"],
        )
    )
    told = [changes.get(change, 0) for change in ("joined", "left", "stayed")]
    assert "{:,} joined, {:,} left and {:,} stayed".format(*told) in here.text("#place-changes")
    rates = explorer.rows(
        "select outcome_label, sum(numerator) / sum(denominator) as rate from marts.outcome_area "
        "inner join marts.dim_outcome using (outcome) "
        "inner join marts.double_disadvantage using (area_code) "
        "where edition_id = $1 and lad_code = $2 and area_type = 'lsoa21' "
        "and not is_part_of_imd and direction <> 'neither' group by all",
        NEWEST,
        row["key"],
    )
    lines = here.page.locator("#place-fares tbody tr").all()
    assert len(lines) == len(rates) > 0
    wanted = {rate["outcome_label"]: rate["rate"] for rate in rates}
    for line in lines:
        label = line.locator("th").inner_text().split("\n")[0]
        shown = float(line.locator("td").first.inner_text().rstrip("%"))
        assert abs(shown - 100 * wanted[label]) <= 0.051, label


def test_a_region_leads_to_its_councils_and_back(opened: Open, explorer: Explorer) -> None:
    row = summary(explorer, "rgn")
    here = opened().go(NEWEST, f"place={row['key']}")
    inside = explorer.rows(
        "select geography_code from marts.summary_geography where edition_id = $1 "
        "and geography_type = 'lad24' and region_name = $2",
        NEWEST,
        row["key"],
    )
    assert here.page.locator("#councils tbody tr").count() == min(50, len(inside))
    here.page.locator("#councils tbody button").first.click()
    assert here.page.evaluate("document.activeElement.id") == "place-title"
    here.page.locator(f"[id='go-{row['key']}']").click()
    assert here.text("#place-title").endswith(row["geography_name"])
    here.page.go_back()
    assert not here.text("#place-title").endswith(row["geography_name"])
    here.page.click("#close-place")
    assert here.page.locator("#tabs").is_visible()
    assert "place=" not in here.page.url


def test_the_map_is_framed_to_the_place_and_the_rest_fades(
    opened: Open, explorer: Explorer
) -> None:
    """The same ink less often, and less colour beyond, than where no place is chosen."""
    row = summary(explorer, "lad24")
    here = opened().go(NEWEST, f"place={row['key']}")
    here.page.wait_for_timeout(400)
    view = re.search(r"view=([^&]+)", here.page.url)
    assert view is not None

    def pixels() -> list[int]:
        here.page.wait_for_timeout(200)
        return list(
            here.page.evaluate(
                """() => {
                    const canvas = document.getElementById("map");
                    const { width, height } = canvas;
                    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                    const style = getComputedStyle(document.documentElement);
                    const count = (name) => {
                        const hex = style.getPropertyValue(name).trim();
                        const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
                        let found = 0;
                        for (let at = 0; at < data.length; at += 4)
                            found += wanted.every((part, of) => data[at + of] === part);
                        return found;
                    };
                    return [count("--both"), count("--ink")];
                }"""
            )
        )

    chosen = pixels()
    here.page.goto("about:blank")
    here.go(NEWEST, f"view={view[1]}")
    plain = pixels()
    assert 0 < chosen[0] <= plain[0]
    assert chosen[1] > plain[1]


@pytest.mark.parametrize("edition", [NEWEST, WARDS])
def test_a_place_of_another_edition_is_told(opened: Open, explorer: Explorer, edition: str) -> None:
    here = opened().go(edition, "place=E99000001")
    assert "no place of the code or name E99000001" in here.text("#place-sentence")
    here.page.click("#close-place")
    assert here.page.locator("#areas").is_visible()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_places_have_nothing_for_axe(
    opened: Open, explorer: Explorer, viewport: dict[str, int]
) -> None:
    for kind in KINDS:
        row = summary(explorer, kind)
        here = opened(viewport).go(NEWEST, f"place={row['key']}")
        assert violations(here.page) == []
        assert here.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    here.shot("place-phone" if viewport is PHONE else "place-desktop")


# ---- an area -------------------------------------------------------------------------------------


def listed_area(explorer: Explorer, order: str = "imd_rank, area_code") -> dict[str, Any]:
    (row,) = explorer.rows(
        "select lists.*, probability from marts.double_disadvantage as lists "
        "inner join marts.flag_stability using (edition_id, area_code) "
        f"where edition_id = $1 and lists.is_doubly_disadvantaged order by {order} limit 1",
        NEWEST,
    )
    return row


def test_why_an_area_is_listed_is_said_in_words(opened: Open, explorer: Explorer) -> None:
    area = listed_area(explorer)
    here = opened().go(NEWEST, f"area={area['area_code']}")
    said = here.page.locator("#domains > p").all_inner_texts()
    for index, text in zip(("imd", "cni"), said, strict=True):
        worst = explorer.rows(
            "select domain_label, ceil(100 * domain_rank / areas_ranked)::int as share "
            "from marts.edition_domain where edition_id = $1 and area_code = $2 "
            "and index_name = $3 and domain_rank <= 0.1 * areas_ranked",
            NEWEST,
            area["area_code"],
            index,
        )
        assert worst or "in no domain among the worst tenth" in text
        assert text.count("(worst") == max(1, len(worst))
        for row in worst:
            assert f"{row['domain_label']} (worst {row['share']}%)" in text


def test_a_listed_area_is_not_called_unlikely(opened: Open, explorer: Explorer) -> None:
    area = listed_area(explorer, "probability, area_code")
    here = opened().go(NEWEST, f"area={area['area_code']}")
    said = here.text("#stability strong")
    assert (said == "A close call:") == (area["probability"] < 0.5)
    assert "nlikely" not in said
    # Beside another threshold it is told of which list it is said.
    here.slide(60)
    assert "not of the chosen threshold" in here.text("#stability")


def test_an_area_has_those_beside_it_and_those_most_like_it(
    opened: Open, explorer: Explorer
) -> None:
    area = listed_area(explorer)
    here = opened().go(NEWEST, f"area={area['area_code']}")
    codes = [
        link.get_attribute("id").split("-")[1] for link in here.page.locator("#beside a").all()
    ]
    vertices = {
        row["area_code"]: set(map(tuple, shapely.get_coordinates(shape).tolist()))
        for row in explorer.rows("select * from marts.area_boundary where area_type = 'lsoa21'")
        if (shape := shapely.from_wkb(bytes(row["geometry_wkb"])))
    }
    own = vertices.pop(area["area_code"])
    assert set(codes) == {code for code, other in vertices.items() if own & other} != set()
    alike = explorer.rows(
        """
        with ranks as (
            select area_code, index_name || domain as domain, domain_rank / areas_ranked as place
            from marts.edition_domain where edition_id = $1
        )
        select other.area_code
        from ranks as own inner join ranks as other using (domain)
        where own.area_code = $2 and other.area_code <> $2
        group by other.area_code
        order by sum((own.place - other.place) ** 2)
        limit 5
        """,
        NEWEST,
        area["area_code"],
    )
    links = here.page.locator("#alike a")
    assert [link.get_attribute("id") for link in links.all()] == [
        f"open-{row['area_code']}-alike" for row in alike
    ]
    links.first.click()
    assert f"area={alike[0]['area_code']}" in here.page.url
    assert here.page.evaluate("document.activeElement.id") == "area-title"
