"""What a reader does on the explorer's pages, and that the numbers there are the warehouse's."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shapely

from orchestration.publish.explorer import page, write_explorer
from tests.support.pages import DESKTOP, PHONE, PROFILES, Explorer, Opened, violations

Open = Callable[..., Opened]
EDITIONS = (
    "lsoa21_imd2019_cni2023",
    "lsoa21_imd2025_cni2023",
    "ward17_imd2015_cni2019",
    "ward17_imd2019_cni2019",
)
NEWEST = "lsoa21_imd2025_cni2023"
CARRIED = "lsoa21_imd2019_cni2023"
WARDS = "ward17_imd2019_cni2019"
VIEWS = ("list", "places", "compare", "outcomes", "about")


def n(number: int) -> str:
    return f"{number:,}"


def percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}%"


def title(area: Any) -> str:
    """What an area is called: where it is known, with its own name."""
    return (
        f"{area['place_name']} ({area['area_name']})" if area["place_name"] else area["area_name"]
    )


def number_in(text: str) -> int:
    return int(text.replace(",", ""))


def first_area(explorer: Explorer, edition: str, where: str, order: str = "area_code") -> Any:
    return explorer.rows(
        f"select * from marts.double_disadvantage where edition_id = '{edition}' and {where} "
        f"order by {order} limit 1"
    )[0]


def near(shown: str, exact: float, digits: int) -> bool:
    """The shown percentage is the exact share, rounded. Halves may be rounded either way."""
    return bool(abs(float(shown.rstrip("%")) - 100 * exact) <= 0.5 * 10**-digits + 1e-9)


# ---- opening -------------------------------------------------------------------------------------


def test_choose_an_edition(opened: Open, explorer: Explorer) -> None:
    here = opened().go("index", "imd=30&cni=30")
    rows = explorer.rows("select * from marts.dim_edition order by edition_id")
    assert [row["edition_id"] for row in rows] == list(EDITIONS)
    here.shot("index")
    # One list to begin with; the others are a step further.
    assert here.page.locator(".editions").is_hidden()
    here.page.click("text=Earlier and other lists")
    texts = here.page.locator(".editions li").all_inner_texts()
    others = [row for row in rows if row["edition_id"] != NEWEST]
    for text, row in zip(texts, others, strict=True):
        assert row["label"] in text
        assert f"{n(row['areas_listed'])} of {n(row['areas_rated'])} rated" in text
    here.page.click("text=Look a place up")
    here.page.wait_for_selector("html[data-ready=all]")
    assert here.page.url.endswith(f"{NEWEST}.html#imd=30&cni=30")
    assert here.text("#out-both") == "15%"


def test_the_first_page_says_what_the_newest_list_says(opened: Open, explorer: Explorer) -> None:
    told = opened().go("index").page.locator(".findings li").all_inner_texts()
    (edition,) = explorer.rows("select * from marts.dim_edition where edition_id = $1", NEWEST)
    people = explorer.one(
        "select sum(population) from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged",
        NEWEST,
    )
    assert told[0].startswith(f"{n(edition['areas_listed'])} of the {n(edition['areas_rated'])} ")
    assert f"{n(people)} people live there" in told[0]
    councils = explorer.rows(
        "select * from marts.summary_geography where edition_id = $1 "
        "and geography_type = $2 and areas > 0 order by areas_listed desc",
        NEWEST,
        edition["lad_type"],
    )
    few = number_in(told[1].split()[0])
    held = [sum(row["areas_listed"] for row in councils[:most]) for most in (few - 1, few)]
    assert 2 * held[0] < edition["areas_listed"] <= 2 * held[1]
    none = sum(row["areas_listed"] == 0 for row in councils)
    assert f"of {n(len(councils))} councils" in told[1]
    assert f"{n(none)} have none" in told[1]
    first = min(councils, key=lambda row: row["rank_of_share_of_areas"])
    assert first["geography_name"].split(",")[0] in told[1]
    assert f": {n(first['areas_listed'])} of {n(first['areas'])} " in told[1]
    (pair,) = explorer.rows(
        "select * from marts.dim_edition_pair where edition_to = $1 and is_comparable", NEWEST
    )
    for change in ("joined", "left", "stayed"):
        assert f"{n(pair[f'areas_{change}'])} {change}" in told[2]
    outcome = explorer.rows(
        "select outcome_label, deprived.rate - listed.rate as gap "
        "from marts.outcome_comparison as listed "
        "inner join marts.outcome_comparison as deprived using (edition_id, outcome_label, method) "
        "inner join marts.dim_outcome using (outcome_label) "
        "where edition_id = $1 and method = 'pooled' and listed.area_group = 'left_behind' "
        "and deprived.area_group = 'other_deprived' and not is_part_of_imd "
        "and dim_outcome.direction <> 'neither' order by abs(gap) desc limit 1",
        NEWEST,
    )[0]
    assert told[3].startswith(f"{outcome['outcome_label'].split(' (')[0]}: ")


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_edition_opens_with_the_warehouses_numbers(
    opened: Open, explorer: Explorer, edition: str
) -> None:
    here = opened().go(edition)
    (row,) = explorer.rows("select * from marts.dim_edition where edition_id = $1", edition)
    people = explorer.one(
        "select sum(population) from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged",
        edition,
    )
    assert here.text("h1") == row["label"]
    assert here.text(".headline").startswith(f"{n(row['areas_listed'])} of {n(row['areas_rated'])}")
    assert f"{n(people)} people" in here.text(".headline")
    (counts,) = explorer.rows(
        """
        select
            count(*) filter (is_doubly_disadvantaged) as listed,
            count(*) filter (
                not_rated_reason is null and is_within_imd_threshold and not is_within_cni_threshold
            ) as imd,
            count(*) filter (
                not_rated_reason is null and is_within_cni_threshold and not is_within_imd_threshold
            ) as cni,
            count(*) filter (not_rated_reason is not null) as unrated,
            count(*) as areas
        from marts.double_disadvantage where edition_id = $1
        """,
        edition,
    )
    shown = [
        number_in(text.split()[-1]) for text in here.page.locator("#legend li").all_inner_texts()
    ]
    rest = counts["areas"] - counts["listed"] - counts["imd"] - counts["cni"] - counts["unrated"]
    wanted = [counts["listed"], counts["imd"], counts["cni"], rest, counts["unrated"]]
    assert shown == [count for count in wanted if count]
    here.shot(f"{edition}-list")


def test_the_list_is_the_warehouses_in_its_order(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    rows = explorer.rows(
        "select * from marts.double_disadvantage where edition_id = $1 "
        "and is_doubly_disadvantaged order by imd_rank, area_code limit 50",
        NEWEST,
    )
    table = here.page.locator("#areas tbody tr")
    assert [table.nth(at).locator("a").inner_text() for at in range(50)] == [
        title(row) for row in rows
    ]
    assert [table.nth(at).locator("td").nth(0).inner_text() for at in range(50)] == [
        n(row["imd_rank"]) for row in rows
    ]
    here.page.click("#areas-cni")
    assert here.page.locator("#areas th[aria-sort]").inner_text().startswith("CNI")
    by_cni = [
        number_in(text) for text in here.page.locator("#areas td:nth-of-type(2)").all_inner_texts()
    ]
    assert by_cni == sorted(by_cni)
    here.page.click("#areas-cni")
    assert here.page.locator("#areas th[aria-sort=descending]").count() == 1
    here.page.click("#areas-next")
    assert here.text(".pager span").startswith("51 to")


# ---- searching -----------------------------------------------------------------------------------


def test_search_as_one_types(opened: Open, explorer: Explorer) -> None:
    area = first_area(explorer, NEWEST, "is_doubly_disadvantaged", "imd_rank")
    here = opened().go(NEWEST)
    page = here.page
    page.locator("#search").press_sequentially(area["area_name"].lower()[:-1])
    option = page.get_by_role("option").filter(has_text=area["area_code"])
    option.wait_for()
    here.shot("search")
    assert "On the list" in option.inner_text()
    option.click()
    assert here.text("#area-title") == title(area)
    assert page.evaluate("document.activeElement.id") == "area-title"
    assert f"area={area['area_code']}" in page.url

    # By the code, with the keyboard alone.
    page.fill("#search", area["area_code"].lower())
    page.press("#search", "ArrowDown")
    assert page.get_attribute("#search", "aria-activedescendant") == "option-0"
    page.press("#search", "Enter")
    assert here.text("#area-title") == title(area)

    # By authority, then by region: the list of that place.
    for name, column in ((area["lad_name"], "lad_name"), (area["region_name"], "region_name")):
        page.fill("#search", name)
        page.get_by_role("option").filter(has_text=re.compile(f"^{re.escape(name)}")).first.click()
        listed = explorer.one(
            f"select count(*) from marts.double_disadvantage where edition_id = $1 "
            f"and is_doubly_disadvantaged and {column} = $2",
            NEWEST,
            name,
        )
        assert here.text("#areas caption").startswith(f"{n(listed)} neighbourhood")

    page.fill("#search", area["lad_name"])
    page.get_by_role("option").filter(has_text="in the list").click()
    assert page.locator("#chip-q").is_visible()
    page.click("#chip-q")
    assert page.locator("#chip-q").count() == 0

    page.fill("#search", "zzzz nothing")
    assert page.locator("#search-nothing").is_visible()
    page.press("#search", "Escape")


# ---- an area's page ------------------------------------------------------------------------------

AREAS = {
    "listed": (NEWEST, "is_doubly_disadvantaged"),
    "near miss": (NEWEST, "is_within_imd_threshold and cni_ranks_to_threshold between 1 and 500"),
    "neither": (CARRIED, "not is_within_imd_threshold and not is_within_cni_threshold"),
    "of two parts": (
        CARRIED,
        "area_code in (select area_code from marts.imd_carry where edition_id = "
        f"'{CARRIED}' group by area_code having count(*) > 1)",
    ),
    "ward": (WARDS, "is_doubly_disadvantaged"),
    "unrated ward": (WARDS, "not_rated_reason is not null and cni_rank is not null"),
    "ward without shape": (
        WARDS,
        "area_code not in (select area_code from marts.area_boundary where area_type = 'ward17')",
    ),
    "differs from the published": (WARDS, "published_flag <> is_doubly_disadvantaged"),
}


@pytest.mark.parametrize("kind", AREAS)
def test_an_area_page_says_what_the_warehouse_says(
    opened: Open, explorer: Explorer, kind: str
) -> None:
    edition, where = AREAS[kind]
    area = first_area(explorer, edition, where, "imd_rank nulls first, area_code")
    code = area["area_code"]
    here = opened().go(edition, f"area={code}")
    assert here.text("#area-title") == title(area)
    assert here.page.title().startswith(f"{title(area)} · ")
    assert f"{code}, {area['lad_name']}, {area['region_name']}" in here.text("#area .lede")
    verdict = here.text("#verdict strong")
    if area["not_rated_reason"]:
        assert verdict == "Not rated:"
        assert area["not_rated_reason"] in here.text("#verdict")
    else:
        assert verdict == (
            "On the list:" if area["is_doubly_disadvantaged"] else "Not on the list:"
        )
    for index in ("imd", "cni"):
        if area[f"{index}_rank"] is not None:
            rank, ranked = area[f"{index}_rank"], area[f"{index}_areas_ranked"]
            assert f"rank {n(rank)} of {n(ranked)} (1 = worst)" in here.text(f"#rank-{index}")
    has_shape = explorer.rows(
        "select 1 from marts.area_boundary inner join marts.dim_edition using (area_type) "
        "where edition_id = $1 and area_code = $2",
        edition,
        code,
    )
    assert ("No boundary of this area" in here.text("#area")) == (not has_shape)
    check_domains(here, explorer, edition, code)
    check_stability(here, explorer, edition, code)
    check_change(here, explorer, edition, code)
    assert here.page.locator("#provenance").is_hidden()
    here.page.click("#sources > summary")
    check_provenance(here, explorer, edition, code)
    reasons = explorer.rows(
        "select likely_reason_text from marts.reconciliation where edition_id = $1 "
        "and area_code = $2 and agreement <> 'agreed'",
        edition,
        code,
    )
    for row in reasons:
        assert row["likely_reason_text"] in here.text("#published")
    assert f"lbn explain {code} --edition {edition}" in here.text("#provenance")
    here.shot(f"area-{kind.replace(' ', '-')}")


def check_domains(here: Opened, explorer: Explorer, edition: str, code: str) -> None:
    """Ranks of the area, or of the worst of its parts; of wards the mean and range of the parts."""
    (row,) = explorer.rows("select * from marts.dim_edition where edition_id = $1", edition)
    carried = row["carry_rule"] != "direct"
    parts = explorer.rows(
        "select * from marts.imd_carry where edition_id = $1 and area_code = $2 "
        "order by part_imd_rank, part_code",
        edition,
        code,
    )
    shown = {}
    for line in here.page.locator("#domains tbody tr").all():
        label, index = line.locator("th").inner_text().split("\n")
        shown[index, label] = " ".join(line.locator("td").nth(1).inner_text().split())
    domains = {
        (release, domain)
        for release in (row["imd_release"], row["cni_release"])
        for (domain,) in (
            tuple(found.values())
            for found in explorer.rows(
                "select distinct domain from marts.fct_domain_score where index_release = $1",
                release,
            )
        )
    }
    assert len(shown) == len(domains)

    def ranks(release: str, area: str) -> list[tuple[int, int]]:
        return [
            (found["domain_rank"], found["areas_ranked"])
            for found in explorer.rows(
                "select domain_rank, areas_ranked from marts.fct_domain_score "
                "where index_release = $1 and area_code = $2",
                release,
                area,
            )
        ]

    expected = [f"{n(rank)} of {n(ranked)}" for rank, ranked in ranks(row["cni_release"], code)]
    if not carried or row["carry_rule"] == "any_parent":
        worst = parts[0]["part_code"] if carried and parts else code
        expected += [
            f"{n(rank)} of {n(ranked)}" for rank, ranked in ranks(row["imd_release"], worst)
        ]
        assert sorted(text for text in shown.values() if text != "–") == sorted(expected)
        return
    by_domain = explorer.rows(
        """
        select
            domain,
            round(sum(domain_rank * part_population) / sum(part_population))::int as mean,
            min(domain_rank) as worst,
            max(domain_rank) as best,
            any_value(areas_ranked) as ranked
        from marts.imd_carry inner join marts.fct_domain_score as domains
            on part_code = domains.area_code and index_release = $3
        where edition_id = $1 and imd_carry.area_code = $2
        group by domain
        """,
        edition,
        code,
        row["imd_release"],
    )
    for found in by_domain:
        tail = f"{n(found['worst'])} to {n(found['best'])}"
        if found["worst"] == found["best"]:
            tail = f"of {n(found['ranked'])}"
        expected.append(f"{n(found['mean'])} {tail}")
    assert sorted(text for text in shown.values() if text != "–") == sorted(expected)


def check_stability(here: Opened, explorer: Explorer, edition: str, code: str) -> None:
    found = explorer.rows(
        "select * from marts.flag_stability where edition_id = $1 and area_code = $2", edition, code
    )
    if not found:
        assert here.page.locator("#stability").count() == 0
        return
    (row,) = found
    text = here.text("#stability")
    listed = round(row["probability"] * row["draws"])
    is_listed = explorer.one(
        "select is_doubly_disadvantaged from marts.double_disadvantage "
        "where edition_id = $1 and area_code = $2",
        edition,
        code,
    )
    # No area is called unlikely to be where it is.
    word = row["stability_class"] if is_listed == (row["probability"] >= 0.5) else "a close call"
    assert text.startswith(f"How sure {word.capitalize()}: on the list in {n(listed)}")
    assert f"of {n(row['draws'])} lists" in text
    assert row["varied"] in text
    within = re.findall(r"threshold in ([\d.]+%)|CNI's in ([\d.]+%)", text)
    imd, cni = ("".join(pair) for pair in within)
    assert near(imd, row["probability_imd"], 1)
    assert near(cni, row["probability_cni"], 1)


def check_change(here: Opened, explorer: Explorer, edition: str, code: str) -> None:
    """What became of it between the editions, and its ranks in both, in words."""
    text = here.text("#changes")
    rows = explorer.rows(
        "select change, imd_rank_from, imd_rank_to from marts.edition_change "
        "where area_code = $2 and $1 in (edition_from, edition_to)",
        edition,
        code,
    )
    said = {"joined": "It joined the list", "left": "It left the list", "stayed": "on both lists"}
    for row in rows:
        assert said[row["change"]] in text
        ranks = [row[f"imd_rank_{end}"] for end in ("from", "to")]
        shown = re.findall(r"rank ([\d,]+)", text.split("Community need")[0])
        assert shown == [n(rank) for rank in ranks if rank is not None]
    if not rows:
        assert "It is on neither list." in text
    assert "places inside" not in text


def check_provenance(here: Opened, explorer: Explorer, edition: str, code: str) -> None:
    """Every file with its sha256, and the line that the warehouse says."""
    (row,) = explorer.rows("select * from marts.dim_edition where edition_id = $1", edition)
    text = here.text("#provenance")
    wanted = explorer.rows(
        "select source_id, line_number from marts.fct_index_score "
        "where area_code = $1 and index_release in ($2, $3) and area_type = $4",
        code,
        row["cni_release"],
        row["imd_release"],
        row["area_type"],
    )
    for part in explorer.rows(
        "select * from marts.imd_carry where edition_id = $1 and area_code = $2", edition, code
    ):
        wanted.append({"source_id": part["source_id"], "line_number": part["line_number"]})
        wanted.append(
            {"source_id": part["lookup_source_id"], "line_number": part["lookup_line_number"]}
        )
        assert part["part_code"] in here.text("#carry")
    for figure in wanted:
        (file,) = explorer.rows(
            "select * from marts.dim_source where source_id = $1", figure["source_id"]
        )
        assert file["sha256"] in text
        entry = here.page.locator("#provenance dd").filter(has_text=file["sha256"])
        places = " ".join(entry.all_inner_texts())
        lines = re.findall(r"[\d,]*\d", re.search(r"lines? ([\d, ]+)", places)[1])  # type: ignore[index]
        assert n(figure["line_number"]) in lines


def test_back_from_an_area_returns_the_focus(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    link = here.page.locator("#areas tbody a").nth(3)
    name, opener = link.inner_text(), link.get_attribute("id")
    link.focus()
    here.page.keyboard.press("Enter")
    assert here.text("#area-title") == name
    here.page.click("#close-area")
    assert here.page.locator("#area").is_hidden()
    assert here.page.evaluate("document.activeElement.id") == opener
    here.page.go_back()
    assert here.text("#area-title") == name
    here.page.go_back()
    assert here.page.locator("#areas").is_visible()


# ---- the slider ----------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_list_at_every_threshold_is_the_warehouses(
    opened: Open, explorer: Explorer, edition: str
) -> None:
    """Areas and residents at all sixty half-percents, by the formula in the warehouse; and those
    that threshold_sensitivity has, for both indices together and each by itself."""
    formula = """
        select half, count(lists.area_code) as areas, coalesce(sum(population), 0) as people
        from generate_series(1, 60) as steps(half)
        left join marts.double_disadvantage as lists
            on edition_id = $1
            and method.is_within(imd_rank, imd_areas_ranked, half, 200)
            and method.is_within(cni_rank, cni_areas_ranked, half, 200)
        group by half order by half
    """
    here = opened().go(edition)
    for row in explorer.rows(formula, edition):
        here.slide(row["half"])
        shown = re.findall(r"[\d,]+(?= of| people)", here.text(".headline"))
        assert [number_in(text) for text in shown] == [row["areas"], row["people"]], row["half"]
    sensitivity = explorer.rows(
        "select * from marts.threshold_sensitivity where edition_id = $1 "
        "order by varied_index, threshold_percent",
        edition,
    )
    assert {row["varied_index"] for row in sensitivity} == {"both", "imd", "cni"}
    here.page.check("#split")
    for row in sensitivity:
        here.slide(2 * row["imd_threshold_percent"], "imd")
        here.slide(2 * row["cni_threshold_percent"], "cni")
        assert number_in(here.text("#listed")) == row["areas_listed"], row


def test_the_slider_counts_as_the_formulas_do(opened: Open, explorer: Explorer) -> None:
    """The script's two formulas over generated numbers, not only over those of a page."""
    script = (Path(page.__file__).parent / "script" / "model.js").read_text(encoding="utf-8")
    last_place, half_of = (
        re.findall(rf"const {name} = .*? => (.*);", script)[0].replace(
            "model.indices[index].ranked", "n"
        )
        for name in ("lastPlace", "halfOf")
    )
    numbers = [(n, n % 60 + 1, 7919 * (n // 3) % n + 1) for n in range(1, 40_000, 79)]
    found = (
        opened()
        .go(NEWEST)
        .page.evaluate(
            f"numbers => numbers.map(([n, half, rank]) => [{last_place}, {half_of}])", numbers
        )
    )
    rows = [(*number, *answers) for number, answers in zip(numbers, found, strict=True)]
    differing = explorer.rows(
        """
        select * from (
            select unnest($1) as n, unnest($2) as half, unnest($3) as rank,
                unnest($4) as last_place, unnest($5) as half_of
        )
        where
            last_place <> method.threshold_rank(n, half, 200)
            or not method.is_within(rank, n, half_of, 200)
            or method.is_within(rank, n, half_of - 1, 200)
        """,
        *map(list, zip(*rows, strict=True)),
    )
    assert len(rows) > 500
    assert differing == []


def test_the_slider_brings_in_the_same_areas(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    for half in (1, 13, 20, 33, 60):
        here.slide(half)
        wanted = explorer.rows(
            "select area_code from marts.double_disadvantage where edition_id = $1 "
            "and imd_rank <= (imd_areas_ranked * $2) // 200 "
            "and cni_rank <= (cni_areas_ranked * $2) // 200",
            NEWEST,
            half,
        )
        if not wanted:
            assert "No neighbourhood is of this class" in here.text("#tab-panel")
            continue
        codes = {record["area_code"] for record in downloaded_csv(here)}
        assert codes == {row["area_code"] for row in wanted}


def test_the_slider_by_keyboard_and_back_to_the_editions_own(
    opened: Open, explorer: Explorer
) -> None:
    here = opened().go(NEWEST)
    own = here.text("#listed")
    here.page.focus("#half-both")
    for _ in range(6):
        here.page.keyboard.press("ArrowRight")
    assert here.text("#out-both") == "13%"
    said = here.page.get_attribute("#half-both", "aria-valuetext")
    assert said == f"worst 13%; {here.text('#listed')} on the list"
    assert here.page.locator("#own-note").is_visible()
    here.shot("slider")
    code = downloaded_csv(here)[-1]["area_code"]
    here.page.click("#own")
    assert here.text("#listed") == own
    assert here.page.locator("#own-note").is_hidden()
    # From which threshold on, in whole percents: as threshold_membership has it.
    here.go(NEWEST, f"area={code}")
    found = re.search(r"from ([\d.]+)% up", here.text("#from-threshold"))
    assert found is not None
    listed_from = explorer.one(
        "select listed_from_percent_both from marts.threshold_membership "
        "where edition_id = $1 and area_code = $2",
        NEWEST,
        code,
    )
    assert listed_from - 1 < float(found[1]) <= listed_from


# ---- the other views -----------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_compare_two_editions(opened: Open, explorer: Explorer, edition: str) -> None:
    here = opened().go(edition, "tab=compare")
    (pair,) = explorer.rows(
        "select * from marts.dim_edition_pair "
        "where is_comparable and $1 in (edition_from, edition_to)",
        edition,
    )
    for change in ("joined", "left", "stayed"):
        assert number_in(here.text(f"#change-{change} b")) == pair[f"areas_{change}"]
        here.page.click(f"#change-{change}")
        assert here.page.get_attribute(f"#change-{change}", "aria-pressed") == "true"
        rows = explorer.rows(
            "select * from marts.edition_change "
            "where edition_from = $1 and edition_to = $2 and change = $3",
            pair["edition_from"],
            pair["edition_to"],
            change,
        )
        shown = here.page.locator("#changed tbody tr")
        assert shown.count() == min(len(rows), 50)
        reasons = {row["area_code"]: row["reason"] for row in rows}
        for at in range(min(len(rows), 10)):
            code = shown.nth(at).locator("a").get_attribute("id").removeprefix("open-")
            assert shown.nth(at).locator(".reason").inner_text() == reasons[code]
    assert pair["what_changed"] in here.text("#tab-panel .method")
    legend = here.page.locator("#legend li").all_inner_texts()
    counts = [pair["areas_joined"], pair["areas_left"], pair["areas_stayed"]]
    assert [number_in(text.split()[-1]) for text in legend] == [count for count in counts if count]
    for row in explorer.rows(
        "select distinct reason_not_comparable as reason from marts.dim_edition_pair "
        "where not is_comparable and $1 in (edition_from, edition_to)",
        edition,
    ):
        assert row["reason"] in here.text("#tab-panel")
    here.page.click("#change-joined")
    here.shot(f"{edition}-compare")


LARGER = """
    select summary.* from marts.summary_geography as summary
    inner join marts.dim_edition as edition using (edition_id)
    where edition_id = $1 and summary.geography_type
"""


@pytest.mark.parametrize("edition", [NEWEST, WARDS])
def test_regions_and_authorities(opened: Open, explorer: Explorer, edition: str) -> None:
    here = opened().go(edition, "tab=places")
    here.shot(f"{edition}-places")
    regions = explorer.rows(f"{LARGER} = 'rgn'", edition)
    check_summary(here, "regions", {row["geography_name"]: row for row in regions})
    here.page.check("#all-lads")
    lads = explorer.rows(f"{LARGER} = edition.lad_type", edition)
    check_summary(here, "lads", {row["geography_code"]: row for row in lads})
    here.page.click(f"[id='go-{regions[0]['geography_name']}']")
    assert here.text("#areas caption").startswith(n(regions[0]["areas_listed"]))


def check_summary(here: Opened, table: str, rows: dict[str, Any]) -> None:
    seen = set()
    while True:
        for line in here.page.locator(f"#{table} tbody tr").all():
            key = line.locator("button").get_attribute("id").removeprefix("go-")
            listed, areas, share, people, proportion, extent = line.locator("td").all_inner_texts()
            row = rows[key]
            assert number_in(listed) == row["areas_listed"], key
            assert number_in(areas) == row["areas"], key
            assert near(share, row["areas_listed"] / (row["areas_rated"] or 1), 1), key
            assert number_in(people) == (row["population_listed"] or 0), key
            for shown, exact in ((proportion, row["proportion"]), (extent, row["extent"])):
                assert shown == "–" if exact is None else near(shown, exact, 1), key
            seen.add(key)
        following = here.page.locator(f"#{table}-next")
        if not following.count() or following.get_attribute("aria-disabled"):
            break
        following.click()
    assert seen == set(rows)


@pytest.mark.parametrize("method", ["pooled", "mean_of_areas"])
def test_outcomes(opened: Open, explorer: Explorer, method: str) -> None:
    here = opened().go(NEWEST, "tab=outcomes")
    here.page.select_option("#method", method)
    here.shot(f"outcomes-{method}")
    rows = explorer.rows(
        "select * from marts.outcome_comparison where edition_id = $1 and method = $2",
        NEWEST,
        method,
    )
    rates: dict[str, dict[str, float]] = {}
    for row in rows:
        rates.setdefault(row["outcome_label"], {})[row["area_group"]] = row["rate"]
    lines = here.page.locator(".outcomes > li").all()
    assert len(lines) == len(rates)
    for line in lines:
        label = line.locator("b").inner_text()
        boxes = []
        for group in ("left_behind", "other_deprived", "rest", "nation"):
            value = line.locator(f".value.{group}")
            assert near(value.inner_text().split(":")[1].strip(), rates[label][group], 1), (
                label,
                group,
            )
            boxes.append(value.bounding_box())
        # Each value can be read: none lies on another.
        for at, one in enumerate(boxes):
            for other in boxes[at + 1 :]:
                apart = abs(one["x"] + one["width"] / 2 - other["x"] - other["width"] / 2)
                touch = (one["width"] + other["width"]) / 2
                assert apart >= touch - 1 or abs(one["y"] - other["y"]) > 10, label
    # The finding of a group is its title, and the map gives way.
    for group in here.page.locator(".outcome-group").all():
        found = re.search(r"Worse off .* in (\d+) of (\d+)", group.locator("h3").inner_text())
        if not found:
            continue
        better = "Higher is better" in group.inner_text()
        gaps = [
            rates[label]["left_behind"] - rates[label]["other_deprived"]
            for label in group.locator("li b").all_inner_texts()
        ]
        worse = sum(gap < 0 if better else gap > 0 for gap in gaps)
        assert [worse, len(gaps)] == [int(found[1]), int(found[2])]
    assert here.page.locator(".outcome-group h3").count() >= 3
    assert here.page.locator("#map-box").is_hidden()
    here.page.click("#tab-list")
    assert here.page.locator("#map-box").is_visible()


def test_about_names_every_file_and_shapeless_area(opened: Open, explorer: Explorer) -> None:
    here = opened().go(WARDS, "tab=about")
    text = here.text("#tab-panel")
    for row in explorer.rows(
        "select area_code from marts.double_disadvantage where edition_id = $1 "
        "and area_code not in "
        "(select area_code from marts.area_boundary where area_type = 'ward17')",
        WARDS,
    ):
        assert row["area_code"] in text
    for row in explorer.rows(
        "select sha256 from marts.dim_source where source_id in "
        "('imd2019', 'cni2019', 'oa11_lsoa11', 'oa11_ward17', 'population_2011_oa11', "
        "'lsoa11_ward17_lad17', 'boundary_ward17', 'boundary_lsoa21')"
    ):
        assert row["sha256"] in text
    here.shot("about")


def test_the_licence_and_the_synthetic_banner(opened: Open, explorer: Explorer) -> None:
    for name in ("index", *EDITIONS):
        here = opened().go(name)
        synthetic = explorer.profile == "sample"
        assert (here.page.locator(".banner strong").count() == 1) == synthetic
        assert ("Not for redistribution" in here.text("#licences")) == (not synthetic)
        content = here.page.locator('meta[name="content-id"]').get_attribute("content")
        assert f"Content {content}" in here.text("footer")


# ---- the map -------------------------------------------------------------------------------------


def test_the_map_shows_an_area_where_it_lies(opened: Open, explorer: Explorer) -> None:
    """In the middle of a listed area's box lies its colour, and a click there opens its page."""
    rows = explorer.rows(
        "select area_code, geometry_wkb from marts.double_disadvantage "
        "inner join marts.area_boundary using (area_code) "
        "where edition_id = $1 and area_type = 'lsoa21' and is_doubly_disadvantaged "
        "order by area_code",
        NEWEST,
    )
    for row in rows:
        shape = shapely.from_wkb(bytes(row["geometry_wkb"]))
        west, south, east, north = shape.bounds
        middle = shapely.Point((west + east) / 2, (south + north) / 2)
        if shapely.distance(middle, shape.boundary) > (east - west) / 6 and shape.contains(middle):
            break
    here = opened().go(NEWEST, f"area={row['area_code']}")
    wanted = here.page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--both').trim()"
    )
    here.page.wait_for_function(
        """wanted => {
            const canvas = document.getElementById("map");
            const context = canvas.getContext("2d");
            const pixel = context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data;
            const hex = (part) => part.toString(16).padStart(2, "0");
            return "#" + [...pixel].slice(0, 3).map(hex).join("") === wanted;
        }""",
        arg=wanted,
    )
    here.page.click("#close-area")
    here.page.locator("#map").hover()
    assert here.page.locator("#map-tip").is_visible()
    here.page.locator("#map").click()
    assert f"area={row['area_code']}" in here.page.url


@pytest.mark.parametrize("edition", EDITIONS)
def test_approximate_shapes_are_told(opened: Open, explorer: Explorer, edition: str) -> None:
    here = opened().go(edition)
    codes = explorer.rows(
        "select area_code, boundary_source from marts.area_boundary "
        "where area_type = $1 and is_approximate and area_code in "
        "(select area_code from marts.double_disadvantage) order by area_code",
        edition.split("_")[0],
    )
    assert here.page.locator("#approximate").is_visible() == bool(codes)
    if codes:
        assert number_in(here.text("#approximate").split()[-1]) == len(codes)
        here = opened().go(edition, f"area={codes[0]['area_code']}")
        assert "approximate" in here.text("#approximate-shape")
        here.page.click("#sources > summary")
        assert codes[0]["boundary_source"] in here.text("#provenance")
        here.shot(f"{edition}-approximate")


def test_the_map_moves_by_keys_and_buttons(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    shown = ""

    def moves() -> str:
        """The view that the address gives, once it is another than the last one."""
        here.page.wait_for_function(
            "last => (/view=([^&]*)/.exec(location.hash)?.[1] ?? '') !== last", arg=shown
        )
        found = re.search(r"view=([^&]*)", here.page.url)
        return found[1] if found else ""

    here.page.focus("#map")
    for key in ("+", "ArrowLeft", "ArrowUp", "-"):
        here.page.keyboard.press(key)
        shown = moves()
    for name in ("Zoom in", "Move right", "Move down", "Show the whole country"):
        here.page.get_by_role("button", name=name).click()
        shown = moves()
    here.page.mouse.move(900, 400)
    here.page.mouse.wheel(0, -400)
    shown = moves()
    here.page.mouse.down()
    here.page.mouse.move(800, 300, steps=4)
    here.page.mouse.up()
    assert here.page.locator("#area").is_hidden()


# ---- the link and the downloads ------------------------------------------------------------------


def test_a_link_keeps_the_state(opened: Open, explorer: Explorer) -> None:
    first = opened().go(NEWEST, "tab=list&show=imd")
    first.page.check("#split")
    first.slide(24, "imd")
    first.slide(16, "cni")
    first.page.click("#areas-name")
    first.page.get_by_role("button", name="Zoom in").click()
    first.page.click("#copy-link")
    address = first.page.url
    assert {"show=imd", "imd=24", "cni=16", "split=1", "sort=name"} <= set(
        address.partition("#")[2].split("&")
    )
    second = opened().go(NEWEST, address.partition("#")[2])
    assert second.text("#tab-panel") == first.text("#tab-panel")
    assert second.text(".headline") == first.text(".headline")
    # Another edition keeps the thresholds; the index does too.
    second.page.click(".choose summary")
    second.page.locator(".choose a").nth(2).click()
    second.page.wait_for_selector("html[data-ready=all]")
    assert "imd=24" in second.page.url
    assert second.text("#out-imd") == "12%"


@pytest.mark.parametrize("hash_", ["area=E99999999", "imd=x&cni=-4&tab=zz&show=zz&view=a,b", "%%%"])
def test_a_broken_link_opens_the_list(opened: Open, explorer: Explorer, hash_: str) -> None:
    here = opened().go(NEWEST, hash_)
    assert here.page.locator("#areas, .empty").first.is_visible()


def downloaded(here: Opened, button: str) -> str:
    with here.page.expect_download() as waiting:
        here.page.click(button)
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def downloaded_csv(here: Opened, name: str = "areas") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(downloaded(here, f"#save-{name}-csv"), newline="")))


def test_downloads_hold_the_warehouses_figures(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    rows = explorer.rows(
        "select lists.*, probability from marts.double_disadvantage as lists "
        "inner join marts.flag_stability using (edition_id, area_code) "
        "where edition_id = $1 and lists.is_doubly_disadvantaged order by area_code",
        NEWEST,
    )
    records = downloaded_csv(here)
    assert len(records) == len(rows)
    label = explorer.one("select label from meta.release")
    for record, row in zip(records, rows, strict=True):
        for column in ("area_code", "area_name", "lad_code", "lad_name", "region_name"):
            assert record[column] == row[column]
        for column in ("population", "imd_rank", "imd_areas_ranked", "cni_rank"):
            assert int(record[column]) == row[column]
        assert float(record["stability_probability"]) == pytest.approx(row["probability"])
        assert record["release_label"] == label
        assert record["edition_id"] == NEWEST
        assert (record["imd_release"], record["cni_release"]) == ("imd2025", "cni2023")
        assert record["content_id"] in here.text("footer")
        # What may not be passed on says so in each row.
        restricted = "Not for redistribution" in here.text("#licences")
        assert record["licence"].startswith("Not for redistribution") == restricted
    with here.page.expect_download() as waiting:
        here.page.click("#save-areas-csv")
    assert ("not-for-redistribution" in waiting.value.suggested_filename) == restricted
    assert here.text("#tab-panel .licence") == f"{records[0]['licence']}."
    # Where the list begins, not below its fifty rows.
    heights = [here.page.locator(one).bounding_box()["y"] for one in ("#save-areas-csv", "#areas")]
    assert heights[0] < heights[1]
    whole = json.loads(downloaded(here, "#save-areas-json"))
    assert [area["area_code"] for area in whole["rows"]] == [row["area_code"] for row in rows]
    assert whole["edition"]["edition_id"] == NEWEST

    here.page.click("#tab-compare")
    changes = explorer.rows("select * from marts.edition_change where edition_to = $1", NEWEST)
    told = ("area_code", "change", "reason", "what_changed")
    assert {tuple(row[column] for column in told) for row in changes} == {
        tuple(record[column] for column in told) for record in downloaded_csv(here, "changes")
    }
    here.page.click("#tab-places")
    regions = explorer.rows(f"{LARGER} = 'rgn'", NEWEST)
    records = [row for row in downloaded_csv(here, "places") if row["level"] == "region"]
    assert {row["geography_name"]: row["population_listed"] for row in regions} == {
        record["name"]: int(record["population_listed"]) for record in records
    }


# ---- hostile names -------------------------------------------------------------------------------


@pytest.mark.parametrize("explorer", PROFILES[:1], indirect=True)
def test_hostile_names_do_nothing(opened: Open, explorer: Explorer, tmp_path: Path) -> None:
    """Names with markup and formulas are shown, found and saved as text."""
    spoilt = tmp_path / "warehouse.duckdb"
    shutil.copy(explorer.warehouse, spoilt)
    spoilt.chmod(0o644)
    name = '=HYPERLINK("http://out.example/")<img src=http://out.example/x onerror=alert(1)>'
    with duckdb.connect(str(spoilt)) as connection:
        connection.execute(
            "update marts.double_disadvantage set area_name = $1, lad_name = $1, place_name = $1 "
            "where edition_id = $2 and lad_code = (select min(lad_code) "
            "from marts.double_disadvantage where edition_id = $2 and is_doubly_disadvantaged)",
            [name, NEWEST],
        )
        connection.execute("update marts.geography_membership set geography_name = $1", [name])
        connection.execute("update marts.area_succession set became_name = $1", [name])
        write_explorer(connection, tmp_path / "pages")
    here = opened(explorer=Explorer("hostile", tmp_path / "pages", spoilt)).go(NEWEST)
    here.page.fill("#search", "hyperlink")
    here.page.get_by_role("option").filter(has_text="X01").first.click()
    assert here.text("#area-title") == f"{name} ({name})"
    assert name in here.text("#lies-in")
    here.page.fill("#search", "Northscar")
    assert name in here.text("#search-nothing")
    here.page.press("#search", "Escape")
    for view in VIEWS:
        here.go(NEWEST, f"tab={view}")
    here.go(NEWEST)
    assert here.page.locator("img").count() == 0
    named = [record for record in downloaded_csv(here) if "HYPERLINK" in record["area_name"]]
    assert named
    assert all(record["area_name"] == f"'{name}" for record in named)


@pytest.mark.parametrize("explorer", PROFILES[:1], indirect=True)
def test_an_edition_without_boundaries_has_no_map(
    opened: Open, explorer: Explorer, tmp_path: Path
) -> None:
    shutil.copy(explorer.warehouse, tmp_path / "warehouse.duckdb")
    (tmp_path / "warehouse.duckdb").chmod(0o644)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("delete from marts.area_boundary where area_type = 'ward17'")
        write_explorer(connection, tmp_path / "pages")
    unmapped = Explorer("unmapped", tmp_path / "pages", tmp_path / "warehouse.duckdb")
    here = opened(explorer=unmapped).go(WARDS)
    assert here.page.locator("#map").is_hidden()
    here.page.locator("#areas tbody a").first.click()
    assert "No boundary of this area" in here.text("#area")


# ---- for everybody -------------------------------------------------------------------------------


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(opened: Open, explorer: Explorer, viewport: dict[str, int]) -> None:
    here = opened(viewport)
    size = "phone" if viewport is PHONE else "desktop"
    code = first_area(explorer, WARDS, "is_doubly_disadvantaged")["area_code"]
    places = [("index", ""), *((WARDS, f"tab={view}") for view in VIEWS)]
    places += [(WARDS, f"area={code}"), (NEWEST, "show=all&imd=26&cni=20"), (CARRIED, "q=zzzz")]
    for name, hash_ in places:
        here.page.goto("about:blank")
        here.go(name, hash_)
        assert violations(here.page) == [], (name, hash_)
        across = here.page.evaluate("document.documentElement.scrollWidth")
        assert across <= viewport["width"], (name, hash_)
        if viewport is PHONE:
            here.shot(f"{size}-{name}-{re.sub('[^a-z]+', '-', hash_.lower())}")
    here.page.fill("#search", "a")
    assert violations(here.page) == []


def test_by_keyboard_alone(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    here.page.keyboard.press("Tab")
    assert here.page.evaluate("document.activeElement.id") == "skip"
    here.page.keyboard.press("Enter")
    assert here.page.evaluate("document.activeElement.id") == "tab-panel"
    here.page.focus("#tab-list")
    for view in (*VIEWS[1:], VIEWS[0]):
        here.page.keyboard.press("ArrowRight")
        assert here.page.evaluate("document.activeElement.id") == f"tab-{view}"
        assert here.page.get_attribute(f"#tab-{view}", "aria-selected") == "true"
    # Everything that can be focused has a visible mark when it is.
    for selector in ("#search", "#half-both", "#map", "#tab-list", "#areas-imd", "#areas tbody a"):
        here.page.locator(selector).first.focus()
        here.page.keyboard.press("Shift+Tab")
        here.page.keyboard.press("Tab")
        outline = here.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", selector


def test_nothing_moves_by_itself(opened: Open, explorer: Explorer) -> None:
    here = opened(reduced_motion="reduce").go(NEWEST)
    moving = here.page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((one) => {
            const style = getComputedStyle(one);
            return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none";
        }).length"""
    )
    assert moving == 0
    assert here.page.evaluate("document.getAnimations().length") == 0


# ---- the checks themselves -----------------------------------------------------------------------


def test_a_request_to_the_outside_would_be_noticed_and_is_stopped(
    opened: Open, explorer: Explorer
) -> None:
    here = opened().go(NEWEST)
    here.page.evaluate(
        "document.body.append(Object.assign(new Image(), { src: 'https://out.example/x.png' }))"
    )
    here.page.wait_for_function("document.images[0].complete")
    for sign in ("out.example", "Content Security Policy"):
        if not any(sign in problem for problem in here.problems):
            here.page.wait_for_event("console", lambda message, sign=sign: sign in message.text)
    assert here.page.evaluate("document.images[0].naturalWidth") == 0
    here.problems.clear()


def test_without_its_policy_the_request_would_be_noticed_too(
    opened: Open, explorer: Explorer, tmp_path: Path
) -> None:
    page = (explorer.folder / f"{NEWEST}.html").read_text(encoding="utf-8")
    outside = page.replace("</body>", '<img src="https://out.example/x.png" alt=""></body>')
    outside = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", outside)
    (tmp_path / f"{NEWEST}.html").write_text(outside, encoding="utf-8")
    here = opened(explorer=Explorer(explorer.profile, tmp_path, explorer.warehouse)).go(NEWEST)
    assert any(problem.startswith("request: https://out.example") for problem in here.problems)
    here.problems.clear()


def test_a_missing_label_would_be_noticed(opened: Open, explorer: Explorer) -> None:
    here = opened().go(NEWEST)
    here.page.evaluate(
        "document.querySelector('label[for=search]').remove();"
        "document.getElementById('search').removeAttribute('placeholder')"
    )
    assert any("label" in violation or "name" in violation for violation in violations(here.page))


# ---- how much, how fast --------------------------------------------------------------------------


def test_pages_are_small_and_quick(
    opened: Open, explorer: Explorer, record_property: Callable[[str, object], None]
) -> None:
    """Under 4 MB and usable (list, search, slider, map) within a second: the best of three."""
    told = []
    for edition in EDITIONS:
        size = (explorer.folder / f"{edition}.html").stat().st_size
        assert size < 4_000_000
        times = []
        for _ in range(3):
            here = opened().go(edition)
            times.append(
                here.page.evaluate(
                    "[performance.getEntriesByName('usable')[0].startTime, "
                    "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0]"
                )
            )
        usable, paint = min(times)
        told.append(
            f"{explorer.profile} {edition}: {size / 1e6:.2f} MB, first paint {paint:.0f} ms, "
            f"usable {usable:.0f} ms"
        )
        record_property(edition, told[-1])
        assert usable < 1000
    print("\n".join(told))
