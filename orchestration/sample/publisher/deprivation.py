"""The Indices of Deprivation of Doggerland: 2015 and 2019 on LSOA 2011, 2025 on LSOA 2021."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.lineage import Lineage
from orchestration.sample.country.society import LOADINGS, Society, standardise
from orchestration.sample.publisher.indicators import Printed, shrink
from orchestration.sample.publisher.iod_indicators import IOD_2019, IOD_2025
from orchestration.sample.publisher.publishing import (
    IMD_WEIGHTS,
    add_up,
    decile,
    exponential,
    rank_worst_first,
)

NUMERATOR_STEP = 5  # numerators are printed to the nearest five
LEAST_PRINTED = 10  # and not at all where that gives less


@dataclass(frozen=True)
class Denominators:
    """Population of a release; the first three age groups add up to the total."""

    children: Ints
    middle: Ints
    older: Ints
    working_age: Floats

    @property
    def total(self) -> Ints:
        """Everyone."""
        return self.children + self.middle + self.older


@dataclass(frozen=True)
class Indices:
    """One edition: unrounded scores and published ranks by domain and sub-domain.

    `numerator` holds true counts; `printed` the indicators of the other domains.
    """

    score: dict[str, Floats]
    rank: dict[str, Ints]
    people: Denominators
    numerator: dict[str, Floats]
    printed: dict[str, Printed]

    def decile(self, name: str) -> Ints:
        """Published decile."""
        return decile(self.rank[name])

    def printed_numerator(self, name: str) -> Floats:
        """To the nearest five; NaN where the count is suppressed."""
        nearest = NUMERATOR_STEP * np.round(self.numerator[name] / NUMERATOR_STEP)
        return np.where(nearest < LEAST_PRINTED, np.nan, nearest)


def indices_2015(
    rng: np.random.Generator, society: Society, lineage: Lineage, district: Ints
) -> Indices:
    """ID 2015, on 2011 areas, seven years before 2022 and mostly as in 2019."""
    return _edition(
        rng, society, lineage, district, growth=0.96, trend=-0.22, change=0.20, oldest_worker=64
    )


def indices_2019(
    rng: np.random.Generator, society: Society, lineage: Lineage, district: Ints
) -> Indices:
    """IoD 2019, on 2011 areas: the base year of the country's hidden state."""
    return _edition(
        rng, society, lineage, district, growth=0.98, trend=0.0, change=0.05, oldest_worker=64
    )


def indices_2025(rng: np.random.Generator, society: Society, district: Ints) -> Indices:
    """IoD 2025, on 2021 areas."""
    return _edition(
        rng, society, None, district, growth=1.02, trend=0.10, change=0.26, oldest_worker=66
    )


def population(
    rng: np.random.Generator, society: Society, lineage: Lineage | None, growth: float
) -> Floats:
    """People per area: the country's total times `growth`, with local ups and downs."""
    base = lineage.total(society.population) if lineage else society.population
    return np.asarray(np.round(base * rng.normal(growth, 0.03, len(base))))


def _edition(
    rng: np.random.Generator,
    society: Society,
    lineage: Lineage | None,
    district: Ints,
    *,
    growth: float,
    trend: float,
    change: float,
    oldest_worker: int,
) -> Indices:
    """Draw an edition: without a lineage on 2021 areas, with one on their 2011 parents."""

    def per_area(values21: Floats) -> Floats:
        return lineage.mean(values21, society.population) if lineage else values21

    total = population(rng, society, lineage, growth)
    people = _denominators(
        rng, total, per_area(society.child_share), per_area(society.older_share), oldest_worker
    )
    drifted = society.deprivation + trend * society.trend
    deprivation = standardise(per_area(drifted) + change * rng.normal(size=len(total)))
    latent = {
        domain: standardise(
            weight * deprivation
            + np.sqrt(1 - weight**2) * per_area(society.own[domain])
            + 0.10 * rng.normal(size=len(total))
        )
        for domain, weight in LOADINGS.items()
    }
    modern = lineage is None
    edition = IOD_2025 if modern else IOD_2019
    numerator = _numerators(latent, people, modern)
    printed = edition.draw(rng, latent, district)
    score = {
        **_unexplained_scores(latent),
        **_rates(numerator, people, district, modern),
        **edition.scores(printed, district),
    }
    rank = {domain: rank_worst_first(values) for domain, values in score.items()}
    _combine(score, rank, modern)
    return Indices(score, rank, people, numerator, printed)


def _denominators(
    rng: np.random.Generator,
    total: Floats,
    child_share: Floats,
    older_share: Floats,
    oldest_worker: int,
) -> Denominators:
    """Age groups; to 2019 working age was 18-59/64 and carried quarters from an average."""
    children = np.round(total * child_share)
    older = np.round(total * older_share)
    middle = total - children - older
    if oldest_worker == 64:
        working_age = np.round((middle * 0.97 + older * 0.12) * 4) / 4
    else:
        working_age = np.round(middle * 0.96 + older * rng.uniform(0.24, 0.30, len(total)))
    return Denominators(
        children.astype(np.int64), middle.astype(np.int64), older.astype(np.int64), working_age
    )


def _at_risk(people: Denominators) -> dict[str, Floats]:
    """Whom each count is taken over."""
    return {
        "income": people.total.astype(np.float64),
        "employment": people.working_age,
        "idaci": people.children.astype(np.float64),
        "idaopi": people.older.astype(np.float64),
    }


def _periods(modern: bool) -> dict[str, int]:
    """How many counts each numerator is the mean of: to 2019 four quarters of employment."""
    return {"income": 1, "employment": 1 if modern else 4, "idaci": 1, "idaopi": 1}


def _numerators(
    latent: Mapping[str, Floats], people: Denominators, modern: bool
) -> dict[str, Floats]:
    """People in want: whole ones, or quarters where four counts were averaged."""
    income_level = -1.5 if modern else -2.2
    rate = {
        "income": expit(income_level + 0.80 * latent["income"]),
        "employment": expit(income_level - 0.35 + 0.72 * latent["employment"]),
        "idaci": expit(-1.9 + 0.90 * latent["idaci"]),
        "idaopi": expit(-1.9 + 0.75 * latent["idaopi"]),
    }
    at_risk, periods = _at_risk(people), _periods(modern)
    return {
        name: np.asarray(np.round(rate[name] * at_risk[name] * times) / times)
        for name, times in periods.items()
    }


def _rates(
    numerator: Mapping[str, Floats], people: Denominators, district: Ints, modern: bool
) -> dict[str, Floats]:
    """The published rates, shrunk to the district, from counts that are not yet rounded."""
    at_risk, periods = _at_risk(people), _periods(modern)
    return {
        name: np.asarray(np.round(shrink(count, at_risk[name], district, periods[name]), 9))
        for name, count in numerator.items()
    }


def _unexplained_scores(latent: Mapping[str, Floats]) -> dict[str, Floats]:
    """Published scales of what the printed indicators do not suffice for, in some edition.

    One of them is known to a few decimals only, which ties a handful of ranks, as in England.
    """
    return {
        "crime": 0.85 * latent["crime"],
        "children": 0.86 * latent["children"],
        "indoors": 0.75 * latent["indoors"],
        "outdoors": np.round(0.80 * latent["outdoors"], 5),
    }


def _combine(score: dict[str, Floats], rank: dict[str, Ints], modern: bool) -> None:
    """Sub-domains to domains and domains to the index, always from ranks through the transform.

    Unrounded and with tied ranks at the mean of their places, so that the printed scores agree
    with the printed ranks to the last decimal. In 2025 the indoors had a little more weight.
    """
    indoors, outdoors = (7, 3) if modern else (2, 1)
    step = {name: exponential(values) for name, values in rank.items()}
    combined = {
        "education": add_up([step["children"], step["adult_skills"]]) / 2,
        "barriers": add_up([step["geographical"], step["wider"]]) / 2,
        "living": add_up([indoors * step["indoors"], outdoors * step["outdoors"]])
        / (indoors + outdoors),
    }
    for domain, values in combined.items():
        score[domain] = values
        rank[domain] = rank_worst_first(values)
    score["imd"] = add_up(
        weight * exponential(rank[domain]) for domain, weight in IMD_WEIGHTS.items()
    )
    rank["imd"] = rank_worst_first(score["imd"])
