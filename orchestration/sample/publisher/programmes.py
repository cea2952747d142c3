"""The places that a programme of Doggerland chose, after the notes of the Pride in Place Programme.

Phase 1 has towns. Phase 2 takes, of each constituency without one, the MSOA that is worst off by
IMD 2019 and CNI 2023 together, and of those the worst off. Nothing is drawn here: all follows from
the indices as printed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.sample.country.geography import Floats
from orchestration.sample.publisher.world import World

FIRST_TOWN, EVERY = 2, 5  # the authorities of 2025, by code, whose towns are in phase 1
# In how many constituencies each of the towns lies, as the list says: of one it was not sure.
TOLD = (1, 2, 1, 1, 0)
CHOSEN = 2 / 3  # of the constituencies without a place of phase 1
LEFT = 3  # at least so many of them are not chosen
MOST_CHANGED = 2  # MSOAs that are in the list and not by the rule


@dataclass(frozen=True)
class Town:
    """A place of phase 1: its local authority of 2025, and the names of its constituencies."""

    name: str
    authority: str
    constituencies: tuple[str, ...]


@dataclass(frozen=True)
class PrideInPlace:
    """Both phases. `by_rule` and `published` are numbers of MSOAs, the worst off first.

    They differ by one that lies in two constituencies, `moved`: in the list it counts for the one
    where fewer of its residents live.
    """

    towns: list[Town]
    by_rule: list[int]
    published: list[int]
    moved: int | None
    authority: list[str]  # of 2025, of each MSOA


def choose(world: World) -> PrideInPlace:
    """The towns of phase 1 and the MSOAs of phase 2, by the rule and as published."""
    homes = _homes(world)
    composite = _composite(world)
    towns = _towns(world)
    taken = {name for town in towns for name in town.constituencies}
    first = homes[homes["place"] == 0].set_index("msoa")["constituency"].sort_index()
    by_rule = _worst(world, composite, first, taken)
    published, moved = _as_published(world, composite, first, homes, taken, by_rule)
    authority = pd.Series([name for _, name in world.geographies.district25])
    of_msoa = authority.groupby(world.country.msoa).first()
    return PrideInPlace(towns, by_rule, published, moved, of_msoa.tolist())


def score_of_2019(world: World) -> Floats:
    """IMD 2019 of each LSOA 2021: the plain mean of the printed scores of its parents of 2011."""
    parents = pd.Series(world.imd_2019.score["imd"].round(3)[world.lineage.lsoa11])
    mean = parents.groupby(world.lineage.lsoa21).mean()
    return np.asarray(mean, dtype=np.float64)


def _composite(world: World) -> Floats:
    """Of each MSOA, standard scores of both indices added up: higher = worse off."""
    people = world.imd_2025.people.total.astype(np.float64)
    total = np.zeros(len(world.areas.msoa21))
    for score in (score_of_2019(world), world.needs_2023.score.round(2)):
        summed = np.bincount(world.country.msoa, score * people)
        mean = pd.Series(summed / np.bincount(world.country.msoa, people))
        total += ((mean - mean.mean()) / mean.std(ddof=1)).to_numpy()
    return total.round(9)


def _homes(world: World) -> pd.DataFrame:
    """The constituencies of each MSOA; `place` 0 is where most of its residents live."""
    areas = pd.DataFrame(
        {
            "msoa": world.country.msoa,
            "code": [code for code, _ in world.geographies.constituency],
            "constituency": [name for _, name in world.geographies.constituency],
            "people": world.imd_2025.people.total,
        }
    )
    found = pd.DataFrame(areas.groupby(["msoa", "code", "constituency"]).sum().reset_index())
    found = found.sort_values(["msoa", "people", "code"], ascending=[True, False, True])
    return found.assign(place=found.groupby("msoa").cumcount())


def _towns(world: World) -> list[Town]:
    """Of some authorities the town, in the constituencies where most of its residents live."""
    authorities = sorted(set(world.geographies.district25))[FIRST_TOWN::EVERY]
    residents = pd.DataFrame(
        {
            "authority": [name for _, name in world.geographies.district25],
            "constituency": [name for _, name in world.geographies.constituency],
            "people": world.imd_2025.people.total,
        }
    )
    inside = residents.groupby(["authority", "constituency"])["people"].sum()
    towns = []
    for (_, authority), told in zip(authorities, TOLD, strict=False):
        most = inside.loc[authority].sort_values(ascending=False, kind="stable")
        # 'Sandholme, Isle of' is where the town Sandholme lies.
        name = authority.partition(",")[0]
        towns.append(Town(name, authority, tuple(map(str, most.index[:told]))))
    return towns


def _worst(
    world: World, composite: Floats, constituency: pd.Series[str], taken: set[str]
) -> list[int]:
    """Of each constituency that is not taken the worst off MSOA, and of those the worst off."""
    codes = [code for code, _ in world.areas.msoa21]
    order = sorted(range(len(codes)), key=lambda msoa: (-composite[msoa], codes[msoa]))
    best: dict[str, int] = {}
    for msoa in order:
        name = str(constituency.iloc[msoa])
        if name not in taken:
            best.setdefault(name, msoa)
    return list(best.values())[: min(round(len(best) * CHOSEN), len(best) - LEFT)]


def _as_published(
    world: World,
    composite: Floats,
    first: pd.Series[str],
    homes: pd.DataFrame,
    taken: set[str],
    by_rule: list[int],
) -> tuple[list[int], int | None]:
    """The list with one MSOA counted for its other constituency, the first that changes little."""
    second = homes[homes["place"] == 1].set_index("msoa")["constituency"]
    for msoa in sorted(map(int, second.index), key=lambda msoa: (-composite[msoa], msoa)):
        otherwise = first.copy()
        otherwise[msoa] = second[msoa]
        found = _worst(world, composite, otherwise, taken)
        if 0 < len(set(found) - set(by_rule)) <= MOST_CHANGED and len(found) == len(by_rule):
            return found, msoa
    return by_rule, None
