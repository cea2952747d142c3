"""What the map says on itself, and how it is moved by keys and fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.pages import PHONE, Explorer, Opened

Open = Callable[..., Opened]
NEWEST = "lsoa21_imd2025_cni2023"
# Keeps what is written on a canvas, which nothing else can read.
WRITTEN = """
    window.written = [];
    const fillText = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        window.written.push(text);
        return fillText.call(this, text, ...place);
    };
"""


def council(explorer: Explorer) -> dict[str, Any]:
    return explorer.rows(
        "select * from marts.summary_geography where edition_id = $1 "
        "and geography_type = 'lad24' order by areas_listed desc, geography_code limit 1",
        NEWEST,
    )[0]


def view(here: Opened) -> list[float]:
    here.page.wait_for_timeout(300)
    found = re.search(r"view=([^&]+)", here.page.url)
    return [float(part) for part in found[1].split("%2C")] if found else []


def written(here: Opened) -> list[str]:
    here.page.evaluate("window.written = []")
    here.page.locator("#map").focus()
    here.page.keyboard.press("ArrowRight")
    here.page.wait_for_timeout(200)
    return list(here.page.evaluate("window.written"))


def test_councils_places_and_a_scale_are_written(opened: Open, explorer: Explorer) -> None:
    row = council(explorer)
    here = opened()
    here.page.add_init_script(WRITTEN)
    here.go(NEWEST)
    lengths = [re.fullmatch(r"([\d,]+) (k?m)", text) for text in written(here)]
    assert any(lengths)
    here.go(NEWEST, f"place={row['geography_code']}")
    here.page.reload()
    here.page.wait_for_selector("html[data-ready=all]")
    texts = written(here)
    assert row["geography_name"] in texts
    places = explorer.rows(
        "select distinct place_name from marts.double_disadvantage "
        "where edition_id = $1 and lad_code = $2",
        NEWEST,
        row["geography_code"],
    )
    assert {place["place_name"] for place in places} & set(texts)
    # The scale is that of the view: a round number of metres, at most 110 pixels long.
    (scale,) = [found for text in texts if (found := re.fullmatch(r"([\d,]+) (k?m)", text))][-1:]
    metres = int(scale[1].replace(",", "")) * (1000 if scale[2] == "km" else 1)
    assert re.fullmatch("[125]0*", str(metres))
    assert 40 < metres / 10 * view(here)[2] <= 110


def test_where_one_is_stands_in_the_corner_once_the_map_is_near(
    opened: Open, explorer: Explorer
) -> None:
    def marked(here: Opened) -> int:
        here.page.wait_for_timeout(200)
        return int(
            here.page.evaluate(
                """() => {
                    const canvas = document.getElementById("map");
                    const [x, y] = [canvas.width - 110, canvas.height - 110];
                    const { data } = canvas.getContext("2d").getImageData(x, y, 110, 110);
                    const style = getComputedStyle(document.documentElement);
                    const hex = style.getPropertyValue("--authority").trim();
                    const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
                    let found = 0;
                    for (let at = 0; at < data.length; at += 4)
                        found += wanted.every((part, of) => data[at + of] === part);
                    return found;
                }"""
            )
        )

    assert marked(opened().go(NEWEST)) < 500
    here = opened().go(NEWEST)
    for _ in range(6):
        here.page.get_by_role("button", name="Zoom in").click()
    assert marked(here) > 500


def test_no_nearer_than_the_shapes_bear(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    assert here.page.locator("#nearest").is_hidden()
    for _ in range(25):
        here.page.get_by_role("button", name="Zoom in").click()
    here.page.wait_for_timeout(200)
    assert here.page.locator("#nearest").is_visible()
    assert "rounded to 10 metres" in here.text("#nearest")


def test_the_keyboard_chooses_what_is_in_the_middle(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST, f"place={council(explorer)['geography_code']}")
    here.page.focus("#map")
    for key in ("ArrowUp", "ArrowDown"):
        here.page.keyboard.press(key)
    told = here.page.locator("#map-status").text_content()
    assert told.endswith("Enter opens it.")
    here.page.keyboard.press("Enter")
    assert told.startswith(here.text("#area-title"))
    assert here.page.evaluate("document.activeElement.id") == "area-title"


def touch(session: Any, kind: str, points: list[tuple[float, float]]) -> None:
    touches = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_one_finger_scrolls_the_page_and_two_move_the_map(opened: Open, explorer: Explorer) -> None:
    here = opened(PHONE, has_touch=True, is_mobile=True).go(NEWEST)
    here.page.locator("#map").scroll_into_view_if_needed()
    box = here.page.locator("#map").bounding_box()
    x, y = box["x"] + box["width"] / 2, min(box["y"] + 200, PHONE["height"] - 20)
    session = here.page.context.new_cdp_session(here.page)
    before = here.page.evaluate("scrollY")
    touch(session, "touchStart", [(x, y)])
    for step in range(1, 11):
        touch(session, "touchMove", [(x, y - 12 * step)])
    touch(session, "touchEnd", [])
    here.page.wait_for_timeout(300)
    assert here.page.evaluate("scrollY") > before
    assert view(here) == []
    box = here.page.locator("#map").bounding_box()
    y = max(box["y"], 0) + 150
    touch(session, "touchStart", [(x - 40, y), (x + 40, y)])
    for step in range(1, 11):
        touch(session, "touchMove", [(x - 40 - 4 * step, y), (x + 40 + 4 * step, y)])
    touch(session, "touchEnd", [])
    assert view(here) != []
