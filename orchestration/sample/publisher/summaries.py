"""The higher-level measures of the Indices of Deprivation: one figure for an authority.

Written from the technical report of the IoD 2019 (table 3.2 and appendix N), for one authority at
a time. Every measure runs the same way: higher = worse.

`rank`, `place`, `score` and `people` have one figure for each small area of the authority. Ranks
are counted over the whole country: 1 is the worst of `nation` areas, tied areas share the minimum.
A `place` is a rank too, but tied areas stand at the mean of the places that they take up.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.publisher.deprivation import Indices
from orchestration.sample.publisher.publishing import rank_worst_first

# Who each measure is weighted by; all the others go by everyone.
_WEIGHTED_BY = {"employment": "working_age", "idaci": "children", "idaopi": "older"}
SCALES = ("income", "employment")


def average_rank(place: Floats, people: Floats, nation: int) -> float:
    """Mean rank by people, turned round: `nation` for an authority that has the worst area only."""
    return float(nation + 1 - np.sum(place * people) / np.sum(people))


def average_score(score: Floats, people: Floats) -> float:
    """Mean score by people, in the unit of the score: points, or a rate from 0 to 1."""
    return float(np.sum(score * people) / np.sum(people))


def proportion(rank: Ints, nation: int) -> float:
    """Small areas in the most deprived 10% of the country, as a share (0 to 1) of all areas."""
    return float(np.mean(10 * rank <= nation))


def extent(rank: Ints, people: Floats, nation: int) -> float:
    """Share (0 to 1) of people in deprived areas: the worst 10% in full, the next 20% in part."""
    percentile = -(-100 * rank // nation)
    fading = 0.95 - (percentile - 11) * 0.9 / 19
    weight = np.where(percentile <= 10, 1.0, np.where(percentile <= 30, fading, 0.0))
    return float(np.sum(weight * people) / np.sum(people))


def local_concentration(place: Floats, people: Floats, nation: int) -> float:
    """Average rank of the most deprived tenth of the people; of the last area only a part.

    That is the tenth of the authority's own people, wherever its areas stand in the country.
    """
    order = np.argsort(place, kind="stable")
    place, people = place[order], people[order]
    before = np.cumsum(people) - people
    counted = np.clip(np.sum(people) / 10 - before, 0, people)
    return average_rank(place, counted, nation)


def summarise(indices: Indices, name: str, authority: Ints) -> dict[str, Floats]:
    """Every measure of an index or domain, by the title that it has in the files, in their order.

    `authority` is the number, from 0 on, of the authority that each small area of the country is
    in. Each measure has one figure an authority, in the order of these numbers, not yet rounded.
    They follow from the ranks and scores in print, except for the scale: it counts people (or, to
    2019, quarters of them) before numerators are rounded and suppressed for print.
    """
    rank, nation = indices.rank[name], len(authority)
    place = np.asarray(rankdata(rank, method="average"), dtype=np.float64)
    score = indices.score[name].round(3)
    people = np.asarray(getattr(indices.people, _WEIGHTED_BY.get(name, "total")), dtype=np.float64)
    members = [np.flatnonzero(authority == number) for number in range(int(authority.max()) + 1)]
    found = {
        "average rank": [average_rank(place[m], people[m], nation) for m in members],
        "average score": [average_score(score[m], people[m]) for m in members],
        "proportion": [proportion(rank[m], nation) for m in members],
    }
    if name == "imd":
        found["extent"] = [extent(rank[m], people[m], nation) for m in members]
        found["local concentration"] = [
            local_concentration(place[m], people[m], nation) for m in members
        ]
    if name in SCALES:
        found["scale"] = [float(np.sum(indices.numerator[name][m])) for m in members]
    return {measure: np.array(values) for measure, values in found.items()}


def ranked(values: Floats) -> Ints:
    """Rank of each authority, 1 for the worst, which is the highest figure of every measure."""
    return rank_worst_first(np.asarray(np.round(values, 9)))
