"""How often each area is listed when the choices of the method are drawn and not given.

A draw is one choice of everything that the seed stability_rules lets vary: domain weights, the
threshold, the carry rule and the tie rule. The areas within both thresholds are found for every
draw; the share of draws that list an area is how sure its flag is. One more list is computed with
nothing varied. It must be the edition's own, so that the draws are draws of the method in use.

Only a carry rule that averages ranks needs a ranking in each draw. Otherwise an area is within the
threshold if it is no better than the last area that is, and a partition finds that one, several
times faster than a sort. Sums are made in one order, so that the same inputs and seed give the same
figures on any number of threads.

Arrays run over the areas of an index, of an edition or of a carry, always in the order of
area_code. Values are higher = worse throughout; ranks are 1 = worst.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Codes = npt.NDArray[np.str_]

DIGITS = 9  # values that differ only after this decimal are ties, as in method.rank_worst_first
TIE_RULES = ("mean_rank", "min_rank")
DIRECT = "direct"  # the carry rule of an edition on the IMD's own areas
RULES = "dbt_project/seeds/stability_rules.csv"

COLUMNS = {
    "edition_id": "string",
    "area_code": "string",
    "draws": "int64",
    "probability": "float64",
    "probability_imd": "float64",
    "probability_cni": "float64",
    "is_listed_recomputed": "bool",
    "varied": "string",
    "seed": "int64",
    "input_sha256": "string",
}


class StabilityError(ValueError):
    """Flags cannot be drawn; the text names the edition or release, and what to do."""


def places(values: Floats) -> Floats:
    """Competition rank of each value, the highest first: ties share the smallest place.

    Args:
        values: Higher = worse; one an area.

    Returns:
        Ranks, 1 = worst, in the order of the values.
    """
    if not len(values):
        return np.empty(0)
    rounded = np.round(values, DIGITS)
    # How this orders ties depends on the processor; they get one rank, so that it does not matter.
    order = np.argsort(-rounded)
    ordered = rounded[order]
    begins = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    ranks = np.empty(len(values))
    ranks[order] = np.maximum.accumulate(np.where(begins, np.arange(len(values)), 0)) + 1.0
    return ranks


def within(values: Floats, areas_ranked: int, percent: float) -> Flags:
    """Which areas have a rank within the threshold: rank <= floor(N percent / 100).

    Args:
        values: Higher = worse; minus infinity where an area has no value.
        areas_ranked: N, the areas that have one.
        percent: The threshold, per cent.
    """
    # As method.threshold_rank, to which a test holds it; percent is drawn and may be a fraction. N
    # times percent first, so that for a whole percent nothing is rounded.
    last = int(areas_ranked * percent // 100)
    if last < 1:
        return np.zeros(len(values), dtype=np.bool_)
    position = len(values) - last
    last_within = np.partition(values, position)[position]
    return np.asarray(values >= np.round(last_within, DIGITS) - 0.5 * 10.0**-DIGITS)


@dataclass(frozen=True, eq=False)
class DrawnIndex:
    """An index release on its own areas.

    Attributes:
        release: Its id.
        area_codes: The areas that it ranks, in order.
        index_score: The score that the lists use; higher = worse.
        index_rank: The rank that the lists use; 1 = worst.
        weights: Published domain weights, in the order of the domains' names.
        domain_scores: Tie rule to transformed domain scores, domains x areas. Empty where an area
            lacks a domain: the index then stays as it is, whatever weights or tie rule are drawn.
        tie_rule: The release's own.
        arithmetic: 'single' where the publisher kept sums in 32 bits, else 'double'.
    """

    release: str
    area_codes: Codes
    index_score: Floats
    index_rank: Floats
    weights: Floats
    domain_scores: Mapping[str, Floats]
    tie_rule: str
    arithmetic: str

    @property
    def varies(self) -> bool:
        """Whether the index can be computed with other weights."""
        return bool(self.domain_scores)

    def scores(self, weights: Floats | None = None, tie_rule: str | None = None) -> Floats:
        """The index by these weights and this tie rule; the published ones where None is given."""
        if not self.varies:
            return self.index_score
        chosen = self.weights if weights is None else weights
        domains = self.domain_scores[tie_rule or self.tie_rule]
        # One domain after the other, as int_index_scores adds them. A matrix product is faster, but
        # its order of summing is the library's and the processor's.
        total: Floats = domains[0] * chosen[0]
        part = np.empty_like(total)
        for domain, weight in zip(domains[1:], chosen[1:], strict=True):
            np.multiply(domain, weight, out=part)
            total += part
        if self.arithmetic == "single":
            total[:] = total.astype(np.float32)
        return total

    def ranks(self, scores: Floats) -> Floats:
        """Ranks of these scores; those of the lists where the index does not vary."""
        return places(scores) if self.varies else self.index_rank

    def within(self, scores: Floats, percent: float) -> Flags:
        """Which of the index's areas are within the threshold by these scores."""
        order = scores if self.varies else -self.index_rank
        return within(order, len(order), percent)


@dataclass(frozen=True, eq=False)
class Carry:
    """The parts from which an index comes to other areas, and how.

    Attributes:
        statistic: worst_part, mean_score or mean_rank, as the seed carry_rules has it.
        area_codes: The areas that have a part, in order.
        parts: Position in the index of each part; parts in the order of area_code and part_code.
        starts: Position of each area's first part in ``parts``.
        population: Persons in each part; 0 where that is not known.
    """

    statistic: str
    area_codes: Codes
    parts: Positions
    starts: Positions
    population: Floats

    def within(self, index: DrawnIndex, scores: Floats, percent: float) -> Flags:
        """Which of the areas are within the threshold by these scores of the index."""
        if self.statistic == "worst_part":
            return self.any_part(index.within(scores, percent))
        means = self.mean(scores if self.statistic == "mean_score" else -index.ranks(scores))
        return within(means, int(np.isfinite(means).sum()), percent)

    def any_part(self, flags: Flags) -> Flags:
        """Whether an area has a part that is flagged; ``flags`` run over the index's areas."""
        return np.logical_or.reduceat(flags[self.parts], self.starts)

    def mean(self, values: Floats) -> Floats:
        """Mean over an area's parts by population; minus infinity where nobody lives in any."""
        totals = np.bincount(self._area, weights=values[self.parts] * self.population)
        means = np.full(len(totals), -np.inf)
        np.divide(totals, self._people, out=means, where=self._people > 0)
        means[np.isnan(means)] = -np.inf
        return means

    @cached_property
    def _area(self) -> Positions:
        counts = np.diff(np.append(self.starts, len(self.parts)))
        return np.repeat(np.arange(len(self.starts)), counts)

    @cached_property
    def _people(self) -> Floats:
        return np.bincount(self._area, weights=self.population).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Choices:
    """One draw. What is None is as published.

    Attributes:
        carry_rule: One that the edition has a carry for.
        tie_rule: One of ``TIE_RULES``, for both indices.
        points: Added to both thresholds, points of per cent.
        imd_weights: Domain weights of the IMD, in the order of the domains' names.
        cni_weights: Those of the CNI.
    """

    carry_rule: str
    tie_rule: str | None = None
    points: float = 0.0
    imd_weights: Floats | None = None
    cni_weights: Floats | None = None


@dataclass(frozen=True, eq=False)
class DrawnEdition:
    """An edition: two indices, how the IMD can come to its areas, and its thresholds in per cent.

    ``carries`` has its own carry rule among others, and is empty where the IMD is on the areas
    already.
    """

    edition_id: str
    imd: DrawnIndex
    cni: DrawnIndex
    carries: Mapping[str, Carry]
    carry_rule: str
    imd_percent: float
    cni_percent: float

    @cached_property
    def _own(self) -> Carry | None:
        return self.carries.get(self.carry_rule)

    @cached_property
    def _on_both(self) -> tuple[Codes, Positions]:
        """Codes of the rated areas, and where they stand among those of the CNI."""
        own = self._own
        codes = self.imd.area_codes if own is None else own.area_codes
        rated, in_imd, in_cni = np.intersect1d(
            codes, self.cni.area_codes, assume_unique=True, return_indices=True
        )
        if own is not None and own.statistic != "worst_part":
            has_value = np.isfinite(own.mean(self.imd.scores()))[in_imd]
            rated, in_cni = rated[has_value], in_cni[has_value]
        return rated, in_cni

    @cached_property
    def _of_rated(self) -> dict[str, tuple[Positions, Flags]]:
        """By carry rule, where each rated area stands among the rule's, and if it does at all.

        Kept for all draws: codes are text, and looking them up takes longer than a draw.
        """
        codes = {rule: carry.area_codes for rule, carry in self.carries.items()}
        found = {}
        for rule, areas in (codes or {DIRECT: self.imd.area_codes}).items():
            position = np.minimum(np.searchsorted(areas, self.rated), len(areas) - 1)
            found[rule] = position, np.asarray(areas[position] == self.rated)
        return found

    @property
    def rated(self) -> Codes:
        """Codes of the areas that both indices rate by the edition's own carry rule, in order."""
        return self._on_both[0]

    def check_carry_rule(self, carry_rule: str) -> None:
        """Refuse a carry rule that the edition has no weights for.

        Raises:
            StabilityError: it has none; says which rules it has weights for.
        """
        known = list(self.carries) or [DIRECT]
        if carry_rule not in known:
            raise StabilityError(
                f"{self.edition_id} cannot take the carry rule '{carry_rule}' (its own is "
                f"{self.carry_rule}; it has weights for: {', '.join(known)}). Correct "
                f"carry_rules_drawn in {RULES}, or the weights: int_carry_weights"
            )

    def flags(self, choices: Choices) -> tuple[Flags, Flags]:
        """Whether each rated area is within the threshold of the IMD, and of the CNI.

        Raises:
            StabilityError: the edition has no weights for the carry rule.
        """
        imd_percent = self.imd_percent + choices.points
        scores = self.imd.scores(choices.imd_weights, choices.tie_rule)
        self.check_carry_rule(choices.carry_rule)
        if not self.carries:
            imd = self.imd.within(scores, imd_percent)
        else:
            imd = self.carries[choices.carry_rule].within(self.imd, scores, imd_percent)
        cni = self.cni.within(
            self.cni.scores(choices.cni_weights, choices.tie_rule),
            self.cni_percent + choices.points,
        )
        position, is_there = self._of_rated[choices.carry_rule]
        # An area that the rule does not reach is not within.
        return imd[position] & is_there, cni[self._on_both[1]]


@dataclass(frozen=True)
class Rules:
    """What varies in the draws of an edition: a row of the seed stability_rules, checked.

    The fields are the seed's columns; their meaning is in dbt_project/seeds/stability_rules.yml.
    """

    carry_rules_drawn: tuple[str, ...]
    tie_rules_drawn: tuple[str, ...]
    threshold_points_below: float
    threshold_points_above: float
    weight_concentration: float
    draws: int
    seed: int


def read_rules(row: Mapping[Any, Any]) -> Rules:
    """The rules of an edition.

    Args:
        row: Of int_stability_editions.

    Raises:
        StabilityError: the edition's carry rule has no rules, or they make no sense; names all
            that is wrong.
    """
    edition, own = row["edition_id"], row["carry_rule"]
    names = ("threshold_points_below", "threshold_points_above", "weight_concentration")
    numbers = (*names, "draws", "seed")
    texts = ("carry_rules_drawn", "tie_rules_drawn")
    if blank := [name for name in (*texts, *numbers) if pd.isna(row[name])]:
        raise StabilityError(
            f"{edition}: nothing is declared to vary ({', '.join(blank)} missing for the carry "
            f"rule {own}). Add a row for it to {RULES}"
        )
    rules = Rules(
        carry_rules_drawn=tuple(row["carry_rules_drawn"].split()),
        tie_rules_drawn=tuple(row["tie_rules_drawn"].split()),
        threshold_points_below=float(row["threshold_points_below"]),
        threshold_points_above=float(row["threshold_points_above"]),
        weight_concentration=float(row["weight_concentration"]),
        draws=int(row["draws"]),
        seed=int(row["seed"]),
    )
    least = min(row["imd_threshold_percent"], row["cni_threshold_percent"])
    most = max(row["imd_threshold_percent"], row["cni_threshold_percent"])
    wrong = {
        "carry_rules_drawn must have the edition's own": own not in rules.carry_rules_drawn,
        f"tie_rules_drawn must be of {', '.join(TIE_RULES)}": not rules.tie_rules_drawn
        or bool(set(rules.tie_rules_drawn) - set(TIE_RULES)),
        "the band of the threshold must lie within 0 to 100%": min(
            rules.threshold_points_below, rules.threshold_points_above
        )
        < 0
        or least - rules.threshold_points_below < 0
        or most + rules.threshold_points_above > 100,
        "weight_concentration must be above 0": rules.weight_concentration <= 0,
        "draws must be 1 or more": rules.draws < 1,
        "seed must be 0 or more": rules.seed < 0,
    }
    if said := [text for text, is_wrong in wrong.items() if is_wrong]:
        raise StabilityError(f"{edition} ({own}): {'; '.join(said)}. Correct {RULES}")
    return rules


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers for one purpose, the same whatever else is drawn or left out."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def draw_weights(index: DrawnIndex, rules: Rules) -> Floats | None:
    """Weights around the published ones, draws x domains; each row has the published sum.

    Dirichlet, alpha = concentration x published share. None where the index does not vary.
    """
    if not index.varies:
        return None
    total = index.weights.sum()
    alpha = rules.weight_concentration * index.weights / total
    return np.asarray(stream(rules.seed, index.release).dirichlet(alpha, rules.draws) * total)


def draw_choices(edition: DrawnEdition, rules: Rules) -> Iterator[Choices]:
    """The edition's draws. Each choice has its own random numbers, so each is independent."""

    def picks(name: str, options: tuple[str, ...]) -> list[str]:
        drawn = stream(rules.seed, name).integers(len(options), size=rules.draws)
        return [options[number] for number in drawn]

    carry_rules = picks("carry_rule", rules.carry_rules_drawn)
    tie_rules = picks("tie_rule", rules.tie_rules_drawn)
    points = stream(rules.seed, "threshold").uniform(
        -rules.threshold_points_below, rules.threshold_points_above, rules.draws
    )
    imd_weights, cni_weights = draw_weights(edition.imd, rules), draw_weights(edition.cni, rules)
    for draw in range(rules.draws):
        yield Choices(
            carry_rule=carry_rules[draw],
            tie_rule=tie_rules[draw],
            points=float(points[draw]),
            imd_weights=None if imd_weights is None else imd_weights[draw],
            cni_weights=None if cni_weights is None else cni_weights[draw],
        )


def flags_drawn(edition: DrawnEdition, rules: Rules) -> pd.DataFrame:
    """A row a rated area, with the columns of ``COLUMNS`` but input_sha256.

    Raises:
        StabilityError: a carry rule is drawn that the edition has no weights for.
    """
    for carry_rule in {edition.carry_rule, *rules.carry_rules_drawn}:
        edition.check_carry_rule(carry_rule)
    counts = np.zeros((3, len(edition.rated)), dtype=np.int64)
    for choices in draw_choices(edition, rules):
        imd, cni = edition.flags(choices)
        counts[0] += imd & cni
        counts[1] += imd
        counts[2] += cni
    both, of_imd, of_cni = counts / rules.draws
    imd, cni = edition.flags(Choices(edition.carry_rule))
    return pd.DataFrame(
        {
            "edition_id": edition.edition_id,
            "area_code": edition.rated,
            "draws": rules.draws,
            "probability": both,
            "probability_imd": of_imd,
            "probability_cni": of_cni,
            "is_listed_recomputed": imd & cni,
            "varied": varied(edition, rules),
            "seed": rules.seed,
        }
    )


def varied(edition: DrawnEdition, rules: Rules) -> str:
    """What differs between the edition's draws, in words."""
    differs = {
        "IMD weights": edition.imd.varies,
        "CNI weights": edition.cni.varies,
        "threshold": rules.threshold_points_below + rules.threshold_points_above > 0,
        "carry rule": len(set(rules.carry_rules_drawn)) > 1,
        "tie rule": len(set(rules.tie_rules_drawn)) > 1
        and (edition.imd.varies or edition.cni.varies),
    }
    return ", ".join(name for name, does in differs.items() if does) or "nothing"


def input_hash(edition: DrawnEdition, rules: Rules) -> str:
    """SHA-256 of all that the edition's draws come from, in hexadecimal digits."""
    digest = hashlib.sha256()
    texts = [edition.edition_id, edition.carry_rule]
    digest.update(repr((*texts, edition.imd_percent, edition.cni_percent, rules)).encode())
    for index in (edition.imd, edition.cni):
        digest.update(repr((index.release, index.tie_rule, index.arithmetic)).encode())
        digest.update("\n".join(index.area_codes).encode())
        for array in (index.index_score, index.index_rank, index.weights):
            digest.update(array.tobytes())
        for tie_rule, scores in sorted(index.domain_scores.items()):
            digest.update(tie_rule.encode() + scores.tobytes())
    for rule, carry in edition.carries.items():
        digest.update("\n".join([rule, carry.statistic, *carry.area_codes]).encode())
        # Positions are as wide as the machine's addresses; the hash is not to depend on that.
        for positions in (carry.parts, carry.starts):
            digest.update(positions.astype(np.int64).tobytes())
        digest.update(carry.population.tobytes())
    return digest.hexdigest()


def read_indices(
    releases: pd.DataFrame, weights: pd.DataFrame, indices: pd.DataFrame
) -> dict[str, DrawnIndex]:
    """The index releases that have areas, by id.

    Args:
        releases: The seed index_releases.
        weights: The seed domain_weights.
        indices: int_stability_scores; scores_mean_rank and scores_min_rank are lists in the order
            of the domains' names, or missing for a whole release.

    Raises:
        StabilityError: a release has not as many domain scores as weights.
    """
    known = {}
    rules = releases.set_index("index_release").to_dict("index")
    for release, rows in indices.groupby("index_release", sort=True):
        ordered = rows.sort_values("area_code")
        published = weights[weights["index_release"] == release].sort_values("domain")
        domain_scores = {}
        if not ordered["scores_mean_rank"].isna().any():
            for rule in TIE_RULES:
                lists = ordered[f"scores_{rule}"].tolist()
                if {len(scores) for scores in lists} != {len(published)}:
                    raise StabilityError(
                        f"{release}: areas have domain scores in other numbers than the "
                        f"{len(published)} domains in dbt_project/seeds/domain_weights.csv. Look "
                        "at int_domain_scores"
                    )
                # Domains x areas, each domain in one piece: a draw goes over them one by one.
                domain_scores[rule] = np.ascontiguousarray(np.array(lists, dtype=np.float64).T)
        known[str(release)] = DrawnIndex(
            release=str(release),
            area_codes=ordered["area_code"].to_numpy(dtype=np.str_),
            index_score=ordered["index_score"].to_numpy(dtype=np.float64),
            index_rank=ordered["index_rank"].to_numpy(dtype=np.float64),
            weights=published["weight"].to_numpy(dtype=np.float64),
            domain_scores=domain_scores,
            tie_rule=str(rules[release]["score_tie_rule"]),
            arithmetic=str(rules[release]["arithmetic"]),
        )
    return known


def read_carry(rows: pd.DataFrame, imd: DrawnIndex, statistic: str) -> Carry:
    """The carry of one edition by one rule.

    Args:
        rows: area_code, part_code and part_population of the edition and of the rule's weighting.
        imd: The index whose areas the parts are.
        statistic: The rule's.

    Raises:
        StabilityError: a part is not an area of the index, or there are no parts.
    """
    ordered = rows.sort_values(["area_code", "part_code"])
    codes = ordered["part_code"].to_numpy(dtype=np.str_)
    parts = np.minimum(np.searchsorted(imd.area_codes, codes), len(imd.area_codes) - 1)
    lost = codes[imd.area_codes[parts] != codes]
    if len(lost) or not len(codes):
        raise StabilityError(
            f"{len(lost)} of {len(codes)} parts are not areas of {imd.release} "
            f"({', '.join(lost[:5])}). Look at int_imd_parts"
        )
    areas, starts = np.unique(ordered["area_code"].to_numpy(dtype=np.str_), return_index=True)
    return Carry(
        statistic=statistic,
        area_codes=areas,
        parts=parts,
        starts=starts,
        population=ordered["part_population"].fillna(0.0).to_numpy(dtype=np.float64),
    )


def read_carries(
    carry_rules: pd.DataFrame, rows: pd.DataFrame, imd: DrawnIndex
) -> dict[str, Carry]:
    """The carries of one edition by every rule that it has weights for.

    Args:
        carry_rules: The seed carry_rules.
        rows: weighting, area_code, part_code and part_population of the edition.
        imd: The index whose areas the parts are.

    Raises:
        StabilityError: a part is not an area of the index.
    """
    by_weighting = dict(iter(rows.groupby("weighting")))
    return {
        str(rule["carry_rule"]): read_carry(by_weighting[rule["weighting"]], imd, rule["statistic"])
        for rule in carry_rules.to_dict("records")
        if rule["weighting"] in by_weighting
    }


def draw_flags(
    editions: pd.DataFrame,
    releases: pd.DataFrame,
    weights: pd.DataFrame,
    indices: pd.DataFrame,
    carry_rules: pd.DataFrame,
    carry: pd.DataFrame,
) -> pd.DataFrame:
    """How often each rated area of each edition is listed.

    Args:
        editions: int_stability_editions.
        releases: The seed index_releases.
        weights: The seed domain_weights.
        indices: int_stability_scores.
        carry_rules: The seed carry_rules.
        carry: edition_id, weighting, area_code, part_code, part_population of int_imd_parts.

    Returns:
        A row an edition and rated area, in their order, with the columns of ``COLUMNS``.

    Raises:
        StabilityError: names the edition or release, what is wrong with it, and what to do.
    """
    known = read_indices(releases, weights, indices)
    drawn = []
    for row in editions.sort_values("edition_id").to_dict("records"):
        rules = read_rules(row)
        imd = known[row["imd_release"]]
        edition = DrawnEdition(
            edition_id=row["edition_id"],
            imd=imd,
            cni=known[row["cni_release"]],
            carries=read_carries(carry_rules, carry[carry["edition_id"] == row["edition_id"]], imd),
            carry_rule=row["carry_rule"],
            imd_percent=float(row["imd_threshold_percent"]),
            cni_percent=float(row["cni_threshold_percent"]),
        )
        drawn.append(flags_drawn(edition, rules).assign(input_sha256=input_hash(edition, rules)))
    if not drawn:
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    return pd.concat(drawn, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)
