"""The Community Needs Index of Doggerland (2019 on wards, 2023 on LSOA 2021) and its lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

from orchestration.sample.country.geography import Country, Floats, Ints
from orchestration.sample.country.lineage import Lineage
from orchestration.sample.country.society import CNI_DOMAINS, Society
from orchestration.sample.publisher.cni_indicators import CNI_2019, CNI_2023, counts, figures
from orchestration.sample.publisher.deprivation import Indices
from orchestration.sample.publisher.indicators import Printed
from orchestration.sample.publisher.publishing import (
    add_up,
    decile,
    exponential,
    kept_as,
    rank_worst_first,
)

TWINS_2023 = 3  # pairs of LSOAs, in each domain, that have every figure in common
SWAPPED = 2  # wards that are published beside the rule, and as many that are not

WARD_NOISE = 0.45  # what ward indicators measure that the LSOA ones do not

SMALL_WARD_SHARE = 0.3  # of the people of the LSOA that a small ward is cut out of

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CommunityNeeds:
    """One edition; domain scores on their published scales, rank 1 = highest need.

    `printed` are the indicators of each domain, from which its ranks follow.
    """

    domain_score: dict[str, Floats]
    domain_rank: dict[str, Ints]
    score: Floats
    rank: Ints
    printed: dict[str, list[Printed]]


def ward_needs(
    rng: np.random.Generator,
    society: Society,
    country: Country,
    wards: Ints,
    hosts: Ints,
    district: Ints,
) -> CommunityNeeds:
    """CNI 2019 for `wards`, followed by the small wards that lie inside the LSOAs `hosts`.

    The publisher worked in single precision: positions, domain scores and their sum are float32.
    One pair is tied in one domain: both print the minimum rank, and the score of the mean rank.
    """
    people = np.bincount(country.ward, society.population)
    out_of = counts(rng, np.append(people[wards], SMALL_WARD_SHARE * society.population[hosts]))
    score: dict[str, Floats] = {}
    rank: dict[str, Ints] = {}
    printed: dict[str, list[Printed]] = {}
    for domain in CNI_DOMAINS:
        values = society.cni[domain]
        means = np.bincount(country.ward, values * society.population) / people
        need = np.append(means[wards], values[hosts])
        need += rng.normal(0, WARD_NOISE, len(need))
        twins = _neighbours(district, [len(wards) // 5]) if domain == "engaged" else []
        found = figures(rng, CNI_2019[domain], need, district, out_of, twins)
        printed[domain] = found.printed
        rank[domain] = rank_worst_first(found.score)
        score[domain] = exponential(rank[domain], stored_as=np.float32)
    total = kept_as(np.sum(list(score.values()), axis=0), np.float32)
    return CommunityNeeds(score, rank, total, rank_worst_first(total), printed)


def lsoa_needs(rng: np.random.Generator, society: Society, district: Ints) -> CommunityNeeds:
    """CNI 2023: three domain scores on three scales, so only the ranks add up.

    A handful of ranks are tied in each domain, as in the published file.
    """
    size = len(society.population)
    out_of = counts(rng, society.population)
    rank: dict[str, Ints] = {}
    printed: dict[str, list[Printed]] = {}
    for number, domain in enumerate(CNI_DOMAINS, start=1):
        first = [size * (4 * pair + number) // (4 * TWINS_2023) for pair in range(TWINS_2023)]
        twins = _neighbours(district, first)
        found = figures(rng, CNI_2023[domain], society.cni[domain], district, out_of, twins)
        printed[domain] = found.printed
        rank[domain] = rank_worst_first(found.score)
    position = {domain: 1 - values / (size + 1) for domain, values in rank.items()}
    normal = ndtri(position["civic"])
    score = {
        "civic": 0.78 * normal - 0.05 * (normal**2 - 1),
        "connectedness": 18.5 * gammaincinv(2.4, position["connectedness"]),
        "engaged": 29.0 * gammaincinv(1.5, position["engaged"]),
    }
    total = add_up(exponential(values) for values in rank.values())
    return CommunityNeeds(score, rank, total, rank_worst_first(total), printed)


def _neighbours(district: Ints, places: Sequence[int]) -> list[tuple[int, int]]:
    """From each place on, the next two areas in a row that are of one district."""
    pairs: list[tuple[int, int]] = []
    for place in places:
        first = next(n for n in range(place, len(district)) if district[n] == district[n + 1])
        pairs.append((first, first + 1))
    return pairs


def published_wards(needs: CommunityNeeds, ward_imd: Floats, wards: Ints) -> Flags:
    """The left-behind wards as published, in the order of `needs`, which are for `wards`.

    The rule: worst decile of both indices, with the IMD that output areas carry to each ward
    (`ward_imd`; not a number where none lies in it) ranked over all wards that have one, whether or
    not the CNI covers them. The publication then differs a little, as in England: the two nearest
    misses are in, the two narrowest hits are out.
    """
    rated = np.flatnonzero(~np.isnan(ward_imd))
    imd_rank = rank_worst_first(np.round(ward_imd[rated], 9))
    last_in = int(imd_rank[decile(imd_rank) == 1].max())

    distances = np.full(len(ward_imd), len(ward_imd))  # wards without an IMD are never near
    distances[rated] = imd_rank - last_in
    distance = distances[wards]
    neediest = decile(needs.rank) == 1
    by_rule = neediest & (distance <= 0)
    published = by_rule.copy()
    misses = np.flatnonzero(neediest & ~by_rule)
    hits = np.flatnonzero(by_rule)
    published[misses[np.argsort(distance[misses], kind="stable")][:SWAPPED]] = True
    published[hits[np.argsort(-distance[hits], kind="stable")][:SWAPPED]] = False
    return np.asarray(published)


def lsoa_list(needs: CommunityNeeds, indices_2019: Indices, lineage: Lineage) -> Flags:
    """Left-behind LSOAs 2021: worst decile of the CNI and any 2011 parent in that of the IMD."""
    parent_worst = indices_2019.decile("imd")[lineage.lsoa11] == 1
    any_parent = np.bincount(lineage.lsoa21, parent_worst) > 0
    return np.asarray((decile(needs.rank) == 1) & any_parent)
