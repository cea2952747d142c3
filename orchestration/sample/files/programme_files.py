"""The lists of places of the programme: a line a place, by name and authority, without a code."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from orchestration.sample.files.csv_files import OCSI, Row, write_table
from orchestration.sample.publisher.programmes import PrideInPlace, choose
from orchestration.sample.publisher.world import World

# Of the places that are in the list by the rule too, in the order of the list.
MISSPELT, WITH_AUTHORITY = 3, 7


def write_programmes(world: World, folder: Path) -> list[Path]:
    """Write the lists of both phases."""
    programme = choose(world)
    towns: list[Row] = [
        (town.name, town.authority, "; ".join(town.constituencies)) for town in programme.towns
    ]
    header = ("Place", "Local authority", "Constituency 2024")
    return [
        write_table(folder / "pride_in_place_phase1_doggerland.csv", header, towns, OCSI),
        write_table(
            folder / "pride_in_place_phase2_doggerland.csv",
            ("Local authority", "Neighbourhood"),
            _neighbourhoods(world, programme),
            OCSI,
        ),
    ]


def _neighbourhoods(world: World, programme: PrideInPlace) -> list[Row]:
    """By authority, that with most of them first; two names are not written as MSOAs are named."""
    often = Counter(programme.authority[msoa] for msoa in programme.published)
    names = world.geographies.msoa_name
    listed = sorted(
        ((programme.authority[msoa], names[msoa], msoa) for msoa in programme.published),
        key=lambda place: (-often[place[0]], place[:2]),
    )
    agreed = [msoa for *_, msoa in listed if msoa in programme.by_rule]
    rows: list[Row] = []
    for authority, name, msoa in listed:
        if msoa == agreed[MISSPELT]:
            name = misspelt(name)
        elif msoa == agreed[WITH_AUTHORITY]:
            name = f"{name} ({authority})"
        rows.append((authority, name))
    return rows


def misspelt(name: str) -> str:
    """The name without its third letter, as by a slip of whoever typed it."""
    return name[:2] + name[3:]
