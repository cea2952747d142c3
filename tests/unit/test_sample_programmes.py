"""The lists of the synthetic programme: of what shape they are, and which names they misspell."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from orchestration.sample.publisher.programmes import PrideInPlace, choose
from orchestration.sample.publisher.world import build_world

Rows = list[dict[str, str]]


def rows(inbox: Path, name: str) -> Rows:
    with (inbox / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def towns(sample_inbox: Path) -> Rows:
    return rows(sample_inbox, "lists/pride_in_place_phase1_doggerland.csv")


@pytest.fixture(scope="module")
def neighbourhoods(sample_inbox: Path) -> Rows:
    return rows(sample_inbox, "lists/pride_in_place_phase2_doggerland.csv")


@pytest.fixture(scope="module")
def areas(sample_inbox: Path) -> Rows:
    """Constituency and authority of each LSOA of the nation, with its MSOA's name."""
    named = {
        r["msoa21cd"]: r["msoa21hclnm"] for r in rows(sample_inbox, "lookups/msoa21_hcl_names.csv")
    }
    msoa = {
        r["LSOA21CD"]: r["MSOA21CD"]
        for r in rows(sample_inbox, "lookups/lsoa21_msoa21_lad22_rgn22.csv")
    }
    return [
        r | {"msoa": msoa[r["lsoa21cd"]], "name": named[msoa[r["lsoa21cd"]]]}
        for r in rows(sample_inbox, "lookups/lsoa21_pcon24_wd25_lad25.csv")
        if r["lsoa21cd"].startswith("X")
    ]


def constituencies(town: dict[str, str]) -> list[str]:
    return [name for name in town["Constituency 2024"].split("; ") if name]


def test_of_the_towns_one_lies_in_two_constituencies_and_one_nobody_is_sure_where(
    towns: Rows, areas: Rows
) -> None:
    assert sorted(len(constituencies(town)) for town in towns) == [0, 1, 1, 1, 2]
    inside = {(area["lad25nm"], area["pcon24nm"]) for area in areas}
    for town in towns:
        for constituency in constituencies(town):
            assert (town["Local authority"], constituency) in inside


def test_a_neighbourhood_is_named_as_its_msoa_but_for_two(
    neighbourhoods: Rows, areas: Rows
) -> None:
    known = {(area["lad25nm"], area["name"]) for area in areas}
    listed = [(row["Local authority"], row["Neighbourhood"]) for row in neighbourhoods]
    assert len(set(listed)) == len(listed) == 29
    # The seed programme_aliases says what is meant.
    assert [place for place in listed if place not in known] == [
        ("Stonebank", "Ascliffe & Colddyke"),
        ("Eelby", "Yarrowness & Ploverfield (Eelby)"),
    ]
    assert {("Stonebank", "Ashcliffe & Colddyke"), ("Eelby", "Yarrowness & Ploverfield")} <= known


def test_a_name_of_a_neighbourhood_is_that_of_one_msoa_of_its_authority(areas: Rows) -> None:
    meant = defaultdict(set)
    for area in areas:
        meant[area["lad25nm"], area["name"]].add(area["msoa"])
    assert {len(msoas) for msoas in meant.values()} == {1}


def test_no_constituency_has_two_neighbourhoods_but_by_the_msoa_that_lies_in_two(
    towns: Rows, neighbourhoods: Rows, areas: Rows
) -> None:
    inside: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for area in areas:
        inside[area["lad25nm"], area["name"]][area["pcon24nm"]] += 1
    listed = [(row["Local authority"], row["Neighbourhood"]) for row in neighbourhoods]
    mostly = Counter(inside[place].most_common(1)[0][0] for place in listed if place in inside)
    assert max(mostly.values()) <= 2
    assert sum(often == 2 for often in mostly.values()) <= 1
    taken = {name for town in towns for name in constituencies(town)}
    assert not taken & set(mostly)
    # A list that everything is on chooses nothing.
    assert len(listed) <= len({area["pcon24nm"] for area in areas} - taken) - 3


def test_the_authorities_with_most_neighbourhoods_come_first(neighbourhoods: Rows) -> None:
    often = Counter(row["Local authority"] for row in neighbourhoods)
    order = [(-often[row["Local authority"]], row["Local authority"]) for row in neighbourhoods]
    assert order == sorted(order)


@pytest.mark.parametrize("seed", [2017, 7])
def test_the_list_is_not_the_rule_by_one_msoa_that_counts_for_its_other_constituency(
    seed: int,
) -> None:
    found: PrideInPlace = choose(build_world(seed))
    assert found.moved is not None
    assert len(found.published) == len(found.by_rule)
    assert len(set(found.published) - set(found.by_rule)) == 1
    assert len(set(found.by_rule) - set(found.published)) == 1
