"""`lbn explain` of composite editions on the sample: figures follow, and lines are the files'."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.support.site import Site

OWN, OTHER = "msoa21_pride_imd2019", "msoa21_pride_imd2025"


def explained(site: Site, area: str, *more: str) -> dict[str, Any]:
    ran = site.lbn("explain", area, "--format", "json", *more)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def line(file: Path, number: int) -> list[str]:
    """The values of a line of a file."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened))[number - 1]


def areas(site: Site) -> list[str]:
    """One of each reason, one that a list of the programme has otherwise, one of split parts."""
    with site.warehouse() as warehouse:
        rows = warehouse.execute(
            """
            select min(area_code) from marts.composite_selection
            where edition_id = $1 group by selection_reason
            union
            select min(area_code) from marts.composite_reconciliation
            where edition_id = $1 group by agreement
            union
            select min(member.geography_code) from marts.imd_carry
            inner join marts.geography_membership as member using (area_code)
            where
                edition_id = 'lsoa21_imd2019_cni2023' and member.geography_type = 'msoa21'
                and area_code in (
                    select area_code from marts.imd_carry
                    where edition_id = 'lsoa21_imd2019_cni2023' group by 1 having count(*) > 1
                )
            """,
            [OWN],
        ).fetchall()
    assert len(rows) > 5
    return [code for (code,) in rows]


def test_every_figure_of_a_choice_follows_from_its_parts(sample: Site) -> None:
    parents = set()
    for area in areas(sample):
        found = explained(sample, area)
        assert [each["edition"]["edition_id"] for each in found["editions"]] == [OWN, OTHER]
        for each in found["editions"]:
            row, moments, parts = each["selection"], each["moments"], each["parts"]
            assert row["parts"] == len(parts)
            people = math.fsum(part["population"] for part in parts)
            assert people == found["area"]["population"]
            for index in ("imd", "cni"):
                for part in parts:
                    scores = [at["index_score"] for at in part[index]]
                    parents.add(len(scores))
                    assert math.fsum(scores) / len(scores) == pytest.approx(part[f"{index}_score"])
                total = math.fsum(part["population"] * part[f"{index}_score"] for part in parts)
                assert total / people == pytest.approx(row[f"{index}_score"], rel=1e-12)
                z = (row[f"{index}_score"] - moments[f"{index}_mean"]) / moments[
                    f"{index}_deviation"
                ]
                assert z == pytest.approx(row[f"{index}_standardised"], abs=1e-9)
            both = row["imd_standardised"] + row["cni_standardised"]
            assert both == pytest.approx(row["composite"], abs=1e-9)
            assert any(group["is_main"] for group in each["groups"])
            assert row["group_code"] == each["groups"][0]["geography_code"]
            assert bool(each["published"]) == row["published_flag"]
    assert parents == {1, 2}


def test_the_lines_named_hold_the_area_and_the_score(sample: Site) -> None:
    inbox = {path.name: path for path in (sample.root / "inbox").rglob("*") if path.is_file()}
    found = explained(sample, areas(sample)[0])
    looked_at = 0
    for each in found["editions"]:
        for part in each["parts"]:
            for at in (*part["imd"], *part["cni"]):
                file = inbox[found["files"][at["source_id"]]["file_name"]]
                if file.suffix != ".csv":
                    continue
                values = line(file, at["line_number"])
                assert values[0] == at["area_code"]
                looked_at += 1
                if lookup := at.get("lookup_source_id"):
                    file = inbox[found["files"][lookup]["file_name"]]
                    values = line(file, at["lookup_line_number"])
                    assert {at["area_code"], part["part_code"]} <= set(values)
    assert looked_at > 10


def test_the_text_says_why_and_whose_list_has_it(sample: Site) -> None:
    for area in areas(sample):
        found = explained(sample, area)
        short, full = sample.lbn("explain", area), sample.lbn("explain", area, "--full")
        told = " ".join(short.out.split())
        for each in found["editions"]:
            row = each["selection"]
            assert row["reason_text"] in told
            assert row["group_name"] in told
            for part in each["parts"]:
                assert part["part_code"] in full.out
                assert part["part_code"] not in short.out
            if each["reconciled"] and each["reconciled"]["likely_reason_text"]:
                assert each["reconciled"]["likely_reason_text"] in told
            if stability := each["stability"]:
                assert f"How sure: {stability['stability_class']}, chosen in" in told
            for near in each["near_misses"]:
                assert f"Near miss: {near['near_miss']}" in told
            for place in each["published"]:
                assert f"'{place['published_name']}'" in told
        assert "not the programme's own data" in short.err
        assert full.out.count("sha256") > 2


def test_a_small_area_says_which_area_it_is_part_of_and_whether_that_is_chosen(
    sample: Site,
) -> None:
    chosen = areas(sample)[0]
    part = explained(sample, chosen)["editions"][0]["parts"][0]["part_code"]
    found = explained(sample, part)
    assert [row["edition_id"] for row in found["composites"]] == [OWN, OTHER]
    assert {row["area_code"] for row in found["composites"]} == {chosen}
    ran = sample.lbn("explain", part)
    told = " ".join(ran.out.split())
    assert f"Part of {chosen}" in told
    for row in found["composites"]:
        said = "chosen" if row["is_selected"] else "not chosen"
        assert f"{said} in {row['edition_id']} ({row['reason_text'].removesuffix('.')})" in told
    assert "not the programme's own data" in ran.err
    refused = sample.lbn("explain", part, "--edition", OWN)
    assert (refused.code, f"a part of {chosen}" in refused.err) == (2, True)
    # A ward is part of none.
    with sample.warehouse() as warehouse:
        (ward,) = warehouse.execute(
            "select min(area_code) from marts.double_disadvantage "
            "where edition_id = 'ward17_imd2019_cni2019'"
        ).fetchall()[0]
    assert explained(sample, ward)["composites"] == []


def test_an_area_is_found_by_its_name_and_that_of_its_place(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        code, name, place = warehouse.execute(
            """
            select area_code, area_name, place_name from marts.composite_selection
            where edition_id = $1
            qualify count(*) over (partition by place_name) = 1
            order by area_code limit 1
            """,
            [OWN],
        ).fetchall()[0]
    for text in (code.lower(), name, place):
        assert explained(sample, text)["area"]["area_code"] == code
        one = explained(sample, text, "--edition", OTHER)
        assert [each["edition"]["edition_id"] for each in one["editions"]] == [OTHER]
    # Part of a name that several small areas have leads to the one that they are all parts of.
    assert explained(sample, place[:-1])["area"]["area_code"] == code
    nowhere = sample.lbn("explain", "Atlantis", "--edition", OWN)
    assert (nowhere.code, "No area 'Atlantis'" in nowhere.err) == (2, True)
    assert "Several areas match" in sample.lbn("explain", "00", "--edition", OWN).err
    refused = sample.lbn("explain", code, "--part", "X01000001")
    assert (refused.code, "--part is for areas of lists" in refused.err) == (2, True)


def test_find_says_of_an_area_which_editions_choose_it(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        code, editions = warehouse.execute(
            "select area_code, list(edition_id order by edition_id) "
            "from marts.composite_selection where is_selected group by 1 order by 1 limit 1"
        ).fetchall()[0]
    assert f"; chosen in {', '.join(editions)}" in " ".join(sample.lbn("find", code).out.split())
    (group,) = json.loads(sample.lbn("find", code, "--format", "json").out)["groups"]
    assert [row["chosen"] for row in group["rows"]] == [editions]
