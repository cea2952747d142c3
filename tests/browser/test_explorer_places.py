"""People look a place up: by the names that they know, and by what they point at on the map."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
import shapely

from tests.support.packed import Unpacked, carried, names_of
from tests.support.pages import PROFILES, Explorer, Opened

Open = Callable[..., Opened]
NEWEST = "lsoa21_imd2025_cni2023"
WARDS = "ward17_imd2019_cni2019"
BOTH, IMD_ONLY, CNI_ONLY = 0, 1, 2
# What people write, and a suggestion that they must get: its name and its kind.
EVERYDAY = {
    "england": {
        "Jaywick": ("Jaywick & St Osyth", "place"),
        "clacton": ("Clacton", "constituency"),
        "Grimsby": ("Great Grimsby and Cleethorpes", "constituency"),
        "grimsby east marsh": ("Grimsby East Marsh & Port", "place"),
        "Birkenhead": ("Birkenhead", "constituency"),
        "Birkinhead": ("Birkenhead", "constituency"),
        "Easington": ("Easington", "constituency"),
        "Middlesborough": ("Middlesbrough", "council"),
        "Middlesbrough": ("Middlesbrough", "council"),
        "Hull": ("Kingston upon Hull, City of", "council"),
        "Durham": ("County Durham", "council"),
        "Stoke on Trent": ("Stoke-on-Trent", "council"),
        "stoke": ("Stoke-on-Trent", "council"),
        "Kings Lynn": ("King's Lynn and West Norfolk", "council"),
        "St Helens": ("St. Helens", "council"),
        "saint helens": ("St. Helens", "council"),
        "Bristol": ("Bristol, City of", "council"),
        "Herefordshire": ("Herefordshire, County of", "council"),
        "Skegness": ("Boston and Skegness", "constituency"),
        "Great Yarmouth": ("Great Yarmouth", "council"),
        "Yarmouth": ("Great Yarmouth", "council"),
        "Hartlepool": ("Hartlepool", "council"),
        "hartlepol": ("Hartlepool", "council"),
        "Blackpool South": ("Blackpool South", "constituency"),
        "Burnley": ("Burnley", "council"),
        "Knowsley": ("Knowsley", "council"),
        "Kirkby": ("Kirkby Central", "place"),
        "Bootle": ("Bootle", "constituency"),
        "Toxteth": ("Toxteth Park", "place"),
        "Ashington": ("Ashington Hirst", "place"),
        "Blyth": ("Blyth and Ashington", "constituency"),
        "Peterlee": ("Peterlee East", "place"),
        "Redcar": ("Redcar", "constituency"),
        "Scunthorpe": ("Scunthorpe", "constituency"),
        "Mansfield": ("Mansfield", "council"),
        "Bolsover": ("Bolsover", "council"),
        "Rotherham": ("Rotherham", "council"),
        "Barnsley": ("Barnsley", "council"),
        "Wakefield": ("Wakefield", "council"),
        "Orchard Park": ("Orchard Park", "place"),
        "Bransholme": ("Bransholme Central", "place"),
        "Canvey": ("Canvey Island East", "ward"),
        "Basildon": ("Basildon", "council"),
        "Harlow": ("Harlow", "council"),
        "Thanet": ("Thanet", "council"),
        "Margate": ("Margate Central", "ward"),
        "Hastings": ("Hastings", "council"),
        "Plymouth": ("Plymouth", "council"),
        "Torbay": ("Torbay", "council"),
        "Penzance": ("Penzance Quay", "place"),
        "Newcastle": ("Newcastle upon Tyne", "council"),
        "newcastle under lyme": ("Newcastle-under-Lyme", "council"),
        "Sunderland": ("Sunderland", "council"),
        "South Shields": ("South Shields", "constituency"),
        "Wythenshawe": ("Wythenshawe and Sale East", "constituency"),
        "Tower Hamlets": ("Tower Hamlets", "council"),
        "Black Country": ("NHS Black Country Integrated Care Board", "care board"),
        "North East": ("North East", "region"),
        "Yorkshire and Humber": ("Yorkshire and The Humber", "region"),
        "E14001172": ("Cities of London and Westminster", "constituency"),
    },
    "sample": {
        "thornhaven": ("Thornhaven", "council"),
        "Thornhavn": ("Thornhaven", "council"),
        "thornhaven north": ("Thornhaven North", "constituency"),
        "sandholme": ("Sandholme, Isle of", "council"),
        "Kings Reach": ("King's Reach", "council"),
        "northern bank": ("Northern Bank", "region"),
        "Wulfric": ("St Wulfric's", "ward"),
        "saint wulfrics": ("St Wulfric's", "ward"),
        "docks and quayside": ("Docks & Quayside", "ward"),
    },
}


def suggestions(here: Opened) -> list[tuple[str, str]]:
    options = here.page.locator("#search-options li").all()
    return [tuple(option.locator("span:not(.badge)").all_inner_texts()[:2]) for option in options]


def test_everyday_names_lead_to_what_is_meant(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    lost = {}
    for text, wanted in EVERYDAY[explorer.profile].items():
        here.page.fill("#search", text)
        found = suggestions(here)
        if wanted not in found:
            lost[text] = found
    assert lost == {}
    here.page.fill("#search", next(iter(EVERYDAY[explorer.profile])))
    here.shot("everyday")


def test_a_larger_area_has_its_list_and_a_sentence(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    for kind, order in (("pcon24", "desc"), ("ward25", "desc"), ("icb24", "desc"), ("pcon24", "")):
        (row,) = explorer.rows(
            "select * from marts.summary_geography where edition_id = $1 "
            f"and geography_type = $2 order by areas_listed {order}, geography_code limit 1",
            NEWEST,
            kind,
        )
        here.go(NEWEST, f"place={row['geography_code']}")
        here.page.reload()
        here.page.wait_for_selector("html[data-ready=all]")
        said = here.text("#place-sentence")
        assert row["geography_name"] in here.text("#place-title")
        if row["areas_listed"]:
            assert said.startswith(f"{row['areas_listed']:,} of ")
            assert f"{row['population_listed']:,} people" in said
            assert here.text("#areas caption").startswith(f"{row['areas_listed']:,} ")
        else:
            assert "one neighbourhood is not" in said or said.startswith("None of ")
            assert said.endswith("on the list.")


def test_an_area_says_where_it_lies_and_leads_there(opened: Open, explorer: Explorer) -> None:
    (row,) = explorer.rows(
        "select * from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged order by imd_rank, area_code limit 1",
        NEWEST,
    )
    here = opened().go(NEWEST, f"area={row['area_code']}")
    assert here.text("#area-title") == f"{row['place_name']} ({row['area_name']})"
    lies_in = here.text("#lies-in")
    for name in (row["pcon24_name"], row["ward25_name"]):
        assert name in lies_in
    share = math.ceil(100 * row["cni_rank"] / row["cni_areas_ranked"])
    assert f"in the worst {share}% for community need" in here.text("#verdict")
    assert here.text(f"#go-{row['lad_code']}") == row["lad_name"]
    here.page.click(f"#go-{row['pcon24_code']}")
    assert row["pcon24_name"] in here.text("#place-title")
    assert row["area_code"] in here.text("#areas")


def test_what_there_is_no_more_is_said(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    (merged,) = explorer.rows(
        "select * from marts.area_succession where how_matched = 'successor' "
        "and area_code <> became_code order by area_type desc, area_code limit 1"
    )
    here.page.fill("#search", merged["area_name"])
    said = here.text("#search-nothing")
    assert f"became part of {merged['became_name']}" in said
    assert f"in {merged['since_year']}" in said
    (split,) = explorer.rows(
        "select area_code, list(became_code) as became from marts.area_succession "
        "where area_type = 'lsoa11' group by all having count(*) = 2 order by all limit 1"
    )
    here.page.fill("#search", split["area_code"])
    assert all(code in here.text("#search-nothing") for code in split["became"])


class Drawn:
    """What a page's map draws and where, by what the page carries and the view that it is in."""

    def __init__(self, here: Opened, edition: str) -> None:
        self.box = here.page.locator("#map").bounding_box()
        # A map that was moved writes its view into the address.
        for key in ("ArrowRight", "ArrowLeft"):
            here.page.locator("#map").press(key)
        here.page.wait_for_timeout(300)
        view = here.page.url.split("view=")[1].split("&")[0].split("%2C")
        self.east, self.north, self.scale = map(float, view)
        page = (here.explorer.folder / f"{edition}.html").read_text("utf-8")
        core, shapes = carried(page, "core"), carried(page, "shapes")
        places, known = core.document["places"], core.column("known")
        self.titles = [
            f"{places[at - 1]} ({name})" if at else name
            for name, at in zip(names_of(core.document["names"]), known, strict=True)
        ]
        self.kinds = self._kinds(core)
        x, y = shapes.column("area_x"), shapes.column("area_y")
        lengths = shapes.column("area_lengths")
        # The rings of an area; what lies within an odd number of them is in it, as the page fills.
        self.shapes: dict[int, shapely.MultiLineString] = {}
        point = ring = 0
        for area, count in enumerate(shapes.column("area_rings")):
            rings = []
            for length in lengths[ring : ring + count]:
                rings.append(list(zip(x[point:][:length], y[point:][:length], strict=True)))
                point += length
            ring += count
            if rings:
                self.shapes[area] = shapely.MultiLineString([[*one, one[0]] for one in rings])
        widths = sorted(shape.bounds[2] - shape.bounds[0] for shape in self.shapes.values())
        self.as_shapes = widths[len(widths) // 2] * self.scale >= 4
        self.dots = {
            area: self.on_screen(area)
            for area in self.shapes
            if area in self.kinds and self._is_dot(area)
        }

    @staticmethod
    def _kinds(core: Unpacked) -> dict[int, int]:
        last = {
            name: index["ranked"] * index["percent"] // 100
            for name, index in core.document["indices"].items()
        }
        classes = {(True, True): BOTH, (True, False): IMD_ONLY, (False, True): CNI_ONLY}
        pairs = enumerate(zip(core.column("imd"), core.column("cni"), strict=True))
        return {
            area: classes[imd <= last["imd"], cni <= last["cni"]]
            for area, (imd, cni) in pairs
            if imd and cni and (imd <= last["imd"] or cni <= last["cni"])
        }

    def _is_dot(self, area: int) -> bool:
        west, south, east, north = self.shapes[area].bounds
        least = 3.4 if self.kinds[area] == BOTH else 2
        return not self.as_shapes or max(east - west, north - south) * self.scale < 2 * least

    def on_screen(self, area: int) -> tuple[float, float]:
        west, south, east, north = self.shapes[area].bounds
        return (
            self.box["width"] / 2 + ((west + east) / 2 - self.east) * self.scale,
            self.box["height"] / 2 - ((south + north) / 2 - self.north) * self.scale,
        )

    def is_free(self, x: float, y: float) -> bool:
        """Within the map, and not beneath its buttons."""
        return bool(130 < x < self.box["width"] - 9 and 130 < y < self.box["height"] - 9)

    def at(self, x: float, y: float) -> str | None:
        """What is drawn there; None where the view's five digits leave it open."""
        near = sorted((math.dist((x, y), place), area) for area, place in self.dots.items())
        near = near[:2]
        if near and near[0][0] <= 11:
            unsure = near[0][0] > 9 or near[1][0] - near[0][0] < 0.8
            return None if unsure else self.titles[near[0][1]]
        if not self.as_shapes:
            return None
        point = shapely.Point(
            self.east + (x - self.box["width"] / 2) / self.scale,
            self.north - (y - self.box["height"] / 2) / self.scale,
        )
        inside = [
            area
            for area, shape in self.shapes.items()
            if shapely.box(*shape.bounds).contains(point)
            and sum(shapely.Polygon(ring).contains(point) for ring in shape.geoms) % 2
        ]
        if len(inside) != 1:
            return None
        edge = shapely.distance(self.shapes[inside[0]], point) * self.scale
        return None if edge < 0.8 else self.titles[inside[0]]


@pytest.mark.parametrize("edition", [NEWEST, WARDS])
def test_what_is_pointed_at_on_the_national_map_is_what_is_told(opened: Open, edition: str) -> None:
    """200 seeded points on or beside what is drawn: the tip names the nearest dot, or the shape."""
    here = opened().go(edition)
    drawn = Drawn(here, edition)
    chance = random.Random(17)  # noqa: S311
    there = [area for area in drawn.shapes if area in drawn.kinds]
    wrong: list[tuple[str, str]] = []
    tried = 0
    while tried < 200:
        place = drawn.on_screen(chance.choice(there))
        x, y = (round(at + chance.uniform(-4, 4)) for at in place)
        if not drawn.is_free(x, y) or (expected := drawn.at(x, y)) is None:
            continue
        tried += 1
        here.page.mouse.move(drawn.box["x"] + x, drawn.box["y"] + y)
        told = here.page.locator("#map-tip b").text_content()
        if told != expected:
            wrong.append((told, expected))
    assert wrong == []
    # The tip is of what is pointed at, and that moves away with the map.
    assert here.page.locator("#map-tip").is_visible()
    here.page.click("#map-buttons button[value='+']")
    assert here.page.locator("#map-tip").is_hidden()


# The sample is so small a country that it has no dots.
@pytest.mark.parametrize("explorer", PROFILES[1:], indirect=True)
@pytest.mark.parametrize("is_stacked", [False, True], ids=["apart", "on each other"])
def test_a_click_opens_a_dot_or_looks_nearer_where_dots_lie_on_each_other(
    opened: Open, is_stacked: bool
) -> None:
    here = opened().go(NEWEST)
    drawn = Drawn(here, NEWEST)
    places = np.array(list(drawn.dots.values()))
    for place in drawn.dots.values():
        nearest = np.partition(np.hypot(*(places - place).T), 1)[1]
        if drawn.is_free(*place) and (nearest < 1.5 if is_stacked else nearest > 14):
            break
    here.page.mouse.click(drawn.box["x"] + place[0], drawn.box["y"] + place[1])
    here.page.wait_for_timeout(300)
    if is_stacked:
        assert "area=" not in here.page.url
        assert float(here.page.url.split("%2C")[-1].split("&")[0]) > 2 * drawn.scale
    else:
        assert here.text("#area-title") == drawn.at(*place)
