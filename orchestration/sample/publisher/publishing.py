"""The publishers' arithmetic: ranks, deciles, the exponential transform, the domain weights.

Written from the technical reports and independent of the warehouse's SQL on purpose, so that
the sample can catch a formula that is wrong there.

Tied areas share the minimum rank in print, but their score comes from the mean of the places that
they take up: two areas at published rank 5 both enter the transform at 5.5. The English releases
do so throughout, from sub-domains to the index.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from orchestration.sample.country.geography import Floats, Ints

# They add up to 0.999 and are used as they are.
IMD_WEIGHTS = {
    "income": 0.225,
    "employment": 0.225,
    "education": 0.135,
    "health": 0.135,
    "crime": 0.093,
    "barriers": 0.093,
    "living": 0.093,
}


def rank_worst_first(values: Floats) -> Ints:
    """Competition rank, 1 for the highest value: tied areas share the minimum rank."""
    return np.asarray(rankdata(-values, method="min"), dtype=np.int64)


def decile(rank: Ints) -> Ints:
    """ceil(10 * rank / N), in whole numbers."""
    return -(-10 * rank // len(rank))


def exponential(rank: Ints, stored_as: npt.DTypeLike = np.float64) -> Floats:
    """The transform of the IMD and the CNI: 100 for the worst area, about 0 for the best.

    `rank` is the published one; tied areas enter at the mean of the places that they take up.
    A publisher who works in single precision keeps the position and the score as float32.
    """
    count = len(rank)
    place = rankdata(rank, method="average")
    position = kept_as((count - place + 1) / count, stored_as)
    return kept_as(-23 * np.log(1 - position * (1 - np.exp(-100 / 23))), stored_as)


def add_up(parts: Iterable[Floats]) -> Floats:
    """Sum, cut to nine decimals so that no machine's last bit decides a rank."""
    return np.asarray(np.round(np.sum(list(parts), axis=0), 9))


def kept_as(values: Floats, stored_as: npt.DTypeLike) -> Floats:
    """The values as they come back from a column of type `stored_as`."""
    return np.asarray(values.astype(stored_as), dtype=np.float64)
