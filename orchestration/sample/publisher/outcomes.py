"""How the people of Doggerland fare: census answers, disability and claimants, by LSOA.

They come from a generator of their own, so that they were added without moving any other figure.
Deprivation and need are read off the published ranks, as anybody could who has the files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtri
from scipy.stats import rankdata

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.neighbour import neighbour_lsoas
from orchestration.sample.country.society import standardise
from orchestration.sample.publisher.census import OCCUPATIONS, QUALIFICATIONS, TENURE, CensusTable
from orchestration.sample.publisher.deprivation import Denominators
from orchestration.sample.publisher.world import World

MONTHS = 12
STEP = 5  # claimants of a month are printed to the nearest five
_PER_HOUSEHOLD = 2.3
_CENSUS_TO_MID_2022 = 0.99  # the country has grown since
_STREAM = 4  # keeps this generator apart from that of the country


@dataclass(frozen=True)
class Claimants:
    """A year of LSOAs 2011: people aged 16 and over, and the sum of twelve monthly counts."""

    adults: Ints
    count: Ints


@dataclass(frozen=True)
class Outcomes:
    """Counts of LSOAs 2021, first Doggerland's in the order of the register, then the neighbour's.

    `answers` are people or households by census table, one row an area, one column a category;
    `claimants` are by year.
    """

    answers: dict[str, Ints]
    residents: Ints
    disabled: Ints
    claimants: dict[int, Claimants]


@dataclass(frozen=True)
class _Places:
    """Areas as the answers see them: three standings (deviations, high = worse, needier, older)."""

    deprivation: Floats
    need: Floats
    older: Floats
    residents: Ints
    adults: Ints


def draw_outcomes(world: World, seed: int) -> Outcomes:
    """Draw everything, in a fixed order."""
    rng = np.random.default_rng([seed, _STREAM])
    places = _places(rng, world)
    per_household = _PER_HOUSEHOLD * np.exp(
        -0.06 * places.older + 0.06 * rng.normal(size=len(places.residents))
    )
    # The publisher's own noise, which keeps people from being recognised, differs by table.
    noise = rng.integers(-1, 2, len(places.adults))
    counted = {
        QUALIFICATIONS.number: places.adults,
        OCCUPATIONS.number: places.adults + noise,
        TENURE.number: np.round(places.residents / per_household).astype(np.int64),
    }
    answers = {
        table.number: apportion(counted[table.number], _shares(rng, table, places))
        for table in (QUALIFICATIONS, OCCUPATIONS, TENURE)
    }
    standing = -1.60 + 0.20 * places.deprivation + 0.08 * places.need + 0.20 * places.older
    rate = expit(standing + 0.17 * rng.normal(size=len(standing)))
    disabled = np.round(places.residents * rate).astype(np.int64)
    claimants = {year: _claimants(rng, world, year) for year in (2019, 2022)}
    return Outcomes(answers, places.residents, disabled, claimants)


def apportion(total: Ints, shares: Floats) -> Ints:
    """Whole counts that add up to each total, by largest remainders.

    `total` is (areas,), `shares` is (areas, categories); a row adds up to 1, or to nearly so. The
    result has the shape of `shares`.
    """
    exact = total[:, None] * shares
    count = np.floor(exact)
    lacking = total - count.sum(axis=1)
    by_remainder = np.argsort(-(exact - count), axis=1, kind="stable")
    position = np.argsort(by_remainder, axis=1, kind="stable")
    return np.asarray(count + (position < lacking[:, None]), dtype=np.int64)


def standing_of(rank: Ints) -> Floats:
    """Normal scores of published ranks: deviations, high = worse."""
    count = len(rank)
    return np.asarray(ndtri((count - rankdata(rank) + 0.5) / count).round(9))


def _deprivation_21(world: World) -> Floats:
    """Halfway between the releases before and after the census."""
    lineage = world.lineage
    before = standing_of(world.imd_2019.rank["imd"])
    carried = np.bincount(lineage.lsoa21, before[lineage.lsoa11] * lineage.share)
    return np.asarray((carried + standing_of(world.imd_2025.rank["imd"])) / 2)


def _older(people: Denominators) -> Floats:
    return standardise(people.older / people.total)


def _places(rng: np.random.Generator, world: World) -> _Places:
    """The LSOAs 2021 of both nations; nothing sets the neighbour's apart but chance."""
    people, neighbours = world.imd_2025.people, neighbour_lsoas()
    unknown = rng.normal(size=(3, len(neighbours)))
    mid_2022 = np.append(people.total, [n.population for n in neighbours])
    children = np.append(people.children, [round(0.18 * n.population) for n in neighbours])
    growth = _CENSUS_TO_MID_2022 * (1 + 0.01 * rng.normal(size=len(mid_2022)))
    residents = np.round(mid_2022 * growth).astype(np.int64)
    return _Places(
        deprivation=np.append(_deprivation_21(world), unknown[0]),
        need=np.append(standing_of(world.needs_2023.rank), unknown[1]),
        older=np.append(_older(people), unknown[2]),
        residents=residents,
        adults=residents - np.round(children * growth).astype(np.int64),
    )


def _shares(rng: np.random.Generator, table: CensusTable, places: _Places) -> Floats:
    """(areas, categories): a row adds up to 1. To nine decimals, so that no last bit matters."""
    weight = np.column_stack(
        [
            pattern.share
            * np.exp(
                pattern.deprivation * places.deprivation
                + pattern.need * places.need
                + pattern.older * places.older
                + pattern.own * rng.normal(size=len(places.need))
            )
            for pattern in (category.pattern for category in table.categories)
        ]
    )
    return np.asarray(np.round(weight / weight.sum(axis=1, keepdims=True), 9))


def _claimants(rng: np.random.Generator, world: World, year: int) -> Claimants:
    """Twelve monthly counts (months, areas), each rounded to the nearest five and then added up."""
    lineage, before = world.lineage, world.imd_2019
    people = world.imd_2025.people
    mid_2022 = people.total.astype(np.float64)
    deprivation = standing_of(before.rank["imd"])
    adults = world.population_2019 * (1 - before.people.children / before.people.total)
    level = -4.15
    if year == 2022:
        later = lineage.mean(standing_of(world.imd_2025.rank["imd"]), mid_2022)
        deprivation = (deprivation + later) / 2
        adults = lineage.total(mid_2022 - people.children)
        level = -3.75
    adults = np.round(adults)
    need = lineage.mean(standing_of(world.needs_2023.rank), mid_2022)
    standing = level + 0.62 * deprivation + 0.05 * need + 0.33 * rng.normal(size=len(adults))
    monthly = expit(standing + 0.06 * rng.normal(size=(MONTHS, len(adults)))) * adults
    count = np.sum(STEP * np.round(monthly / STEP), axis=0)
    return Claimants(adults.astype(np.int64), count.astype(np.int64))
