"""The hidden state of Doggerland: how many people live where, and how deprived they are.

Everything is a field over the 2021 LSOAs, standardised to mean 0 and deviation 1, high = worse.
Deprivation gathers in post-industrial and seaside towns; community need follows it only in part
and peaks on peripheral estates, so that the two overlap without being the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample.country.geography import Country, Floats, Towns

# How strongly each domain or sub-domain follows general deprivation; the rest is its own.
LOADINGS = {
    "income": 0.96,
    "employment": 0.95,
    "children": 0.84,
    "adult_skills": 0.88,
    "health": 0.86,
    "crime": 0.68,
    "geographical": -0.15,
    "wider": 0.45,
    "indoors": 0.38,
    "outdoors": 0.30,
    "idaci": 0.93,
    "idaopi": 0.84,
}
CNI_DOMAINS = ("civic", "connectedness", "engaged")
_CNI_ON_NEED = {"civic": 0.62, "connectedness": 0.72, "engaged": 0.82}


@dataclass(frozen=True)
class Society:
    """Per LSOA 2021: people, age structure, deprivation and need."""

    population: Floats
    child_share: Floats
    older_share: Floats
    deprivation: Floats
    own: dict[str, Floats]  # what a domain does not share with general deprivation
    cni: dict[str, Floats]
    trend: Floats  # where deprivation rises over the years


def populate(rng: np.random.Generator, country: Country) -> Society:
    """Draw the state of every LSOA from its place."""
    xy, towns = country.xy, country.towns
    size = len(xy)
    near = _town_nearness(xy, towns)
    coastal = near @ towns.coastal
    industrial = rng.permutation(len(towns.spread)) % 3 == 0
    fortune = rng.normal(-0.2, 0.35, len(towns.spread))
    fortune += 1.25 * industrial + 0.75 * towns.coastal
    estate = _estates(rng, xy, towns, fortune)
    remote = standardise(np.log(300 + _distances(xy, towns.centre).min(axis=1)))

    deprivation = standardise(
        0.95 * near @ fortune
        + 0.75 * estate
        + 0.45 * smooth(rng, xy, 9_000)
        + 0.30 * smooth(rng, xy, 2_000)
        + 0.40 * rng.normal(size=size)
    )
    need = standardise(
        0.28 * deprivation
        + 0.55 * estate
        + 0.30 * coastal
        + 0.60 * smooth(rng, xy, 8_000)
        + 0.45 * rng.normal(size=size)
    )
    own = {
        domain: standardise(0.6 * smooth(rng, xy, 7_000) + 0.8 * rng.normal(size=size))
        for domain in LOADINGS
    }
    own["geographical"] = standardise(remote + 0.4 * own["geographical"])
    own["outdoors"] = standardise(0.5 * own["outdoors"] - remote)
    cni = {
        domain: _blend(need, weight, 0.5 * smooth(rng, xy, 6_000) + 0.7 * rng.normal(size=size))
        for domain, weight in _CNI_ON_NEED.items()
    }
    cni["connectedness"] = standardise(cni["connectedness"] + 0.30 * remote)
    return Society(
        population=np.round(rng.gamma(28, 58, size).clip(1_000, 3_600)).astype(np.float64),
        child_share=np.clip(0.185 + 0.02 * deprivation + rng.normal(0, 0.03, size), 0.06, 0.35),
        older_share=np.clip(
            0.235 + 0.05 * coastal - 0.02 * deprivation + rng.normal(0, 0.05, size), 0.06, 0.5
        ),
        deprivation=deprivation,
        own=own,
        cni=cni,
        trend=smooth(rng, xy, 11_000),
    )


def standardise(values: Floats) -> Floats:
    """Mean 0, deviation 1, cut to nine decimals so that no machine's last bit decides a rank."""
    return np.asarray(np.round((values - values.mean()) / values.std(), 9))


def smooth(rng: np.random.Generator, xy: Floats, length: float, waves: int = 60) -> Floats:
    """A random field that changes over about `length` metres (random Fourier features)."""
    direction = rng.normal(0, 1 / length, (2, waves))
    phase = rng.uniform(0, 2 * np.pi, waves)
    return standardise(np.cos(xy @ direction + phase).sum(axis=1))


def _blend(common: Floats, weight: float, own: Floats) -> Floats:
    return np.asarray(weight * common + np.sqrt(1 - weight**2) * standardise(own))


def _distances(xy: Floats, centres: Floats) -> Floats:
    offset = xy[:, None, :] - centres[None, :, :]
    return np.asarray(np.hypot(offset[..., 0], offset[..., 1]))


def _town_nearness(xy: Floats, towns: Towns) -> Floats:
    """How much each place belongs to each town: 1 in its middle, 0 far away."""
    scaled = _distances(xy, towns.centre) / (2.0 * towns.spread)
    return np.asarray(np.exp(-0.5 * scaled**2))


def _estates(rng: np.random.Generator, xy: Floats, towns: Towns, fortune: Floats) -> Floats:
    """Peripheral estates: up to three on the edge of each town, more where it does badly."""
    count = np.clip(np.round(1.2 * fortune + rng.uniform(0, 1.4, len(fortune))), 0, 3)
    effect = np.zeros(len(xy))
    for town in range(len(fortune)):
        for angle in rng.uniform(0, 2 * np.pi, 3)[: int(count[town])]:
            reach = 1.6 * towns.spread[town]
            middle = towns.centre[town] + reach * np.array([np.cos(angle), np.sin(angle)])
            distance = _distances(xy, middle[None, :])[:, 0]
            effect += 1.7 * np.exp(-0.5 * (distance / (0.5 * towns.spread[town])) ** 2)
    return np.minimum(effect, 2.2)
