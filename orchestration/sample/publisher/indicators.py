"""From printed indicators to the score of a domain, in the publisher's own order of steps.

What belongs here: what an indicator is, how it is drawn from the hidden state of the country and
printed, and the arithmetic that leads from the *printed* figures to a score. What does not: which
indicators a file prints (`iod_indicators`, `cni_indicators`), and what is done with each, which the
warehouse's seeds say (`declared`, `sub_domain`). What is done by them is written here anew, so that
the two check each other.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri
from scipy.stats import rankdata

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.publisher.one_factor import factor_weights

# What is done with an indicator is data: read, where code of the warehouse is not imported.
_SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
# What a numerator over its denominator is multiplied by; in other units, 1.
_PER = {"percent": 100.0, "per_1000": 1000.0, "assets_per_1000": 1000.0}


@dataclass(frozen=True)
class Scale:
    """How a hidden standing (mean 0, deviation 1) reads in the indicator's unit.

    `log` suits distances, times and densities, `share` what lies between 0 and `whole`, `plain`
    what is itself a score.
    """

    kind: Literal["log", "share", "plain"]
    centre: float
    spread: float
    decimals: int
    whole: float = 1.0

    def read(self, standing: Floats) -> Floats:
        """The values, unrounded."""
        if self.kind == "log":
            return np.asarray(self.centre * np.exp(self.spread * standing))
        if self.kind == "share":
            start = logit(self.centre / self.whole)
            return np.asarray(self.whole * expit(start + self.spread * standing))
        return np.asarray(self.centre + self.spread * standing)


@dataclass(frozen=True)
class SampleIndicator:
    """One indicator: what it is called, how it is drawn, and what the publisher does with it.

    `loading` is how much of the domain's standing it shows; the rest is its own. With an `out_of`
    the file prints a numerator and, under that heading, its denominator. A `part_of` a composite
    enters the score only through the mean of the composite's parts, which is standardised anew.
    """

    name: str
    title: str
    scale: Scale
    loading: float = 0.82
    out_of: str = ""
    missing_share: float = 0.0
    unit: str = "score"
    higher_is_better: bool = False
    best: float = 0.0  # where higher is better, what worse is counted down from
    part_of: str = ""
    shrunk: bool = False
    standardisation: str = "rank_normal"
    weight: float = 1.0
    missing: str = "exclude"
    marker: str = ""

    @property
    def per(self) -> float:
        """How many the unit counts for one of numerator over denominator."""
        return _PER.get(self.unit, 1.0)


@dataclass(frozen=True)
class Printed:
    """An indicator as it stands in the file; what is not printed (or marked) is NaN here."""

    indicator: SampleIndicator
    value: Floats
    denominator: Floats | None = None

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Where the file has a marker or nothing."""
        return np.isnan(self.value)


@dataclass(frozen=True)
class SampleSubDomain:
    """Indicators and how they are put together."""

    name: str
    indicators: tuple[SampleIndicator, ...]
    weighting: str
    combination: str


@cache
def _seed(name: str) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of a seed by release or framework, and by their own name."""
    key = {"indicators": ("index_release", "indicator"), "sub_domains": ("framework", "sub_domain")}
    with (_SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {(row[key[name][0]], row[key[name][1]]): row for row in csv.DictReader(file)}


def declared(
    release: str,
    name: str,
    scale: Scale,
    title: str = "",
    *,
    loading: float = 0.82,
    out_of: str = "",
    missing_share: float = 0.0,
) -> SampleIndicator:
    """An indicator with what the seed `indicators` says of it; its title, where none is given."""
    row = _seed("indicators")[release, name]
    return SampleIndicator(
        name,
        title or row["indicator_label"].removeprefix("Stand-in: "),
        scale,
        loading,
        out_of,
        missing_share,
        unit=row["unit"],
        higher_is_better=row["direction"] == "higher_is_better",
        best=float(row["best_value"] or 0),
        part_of=row["part_of"],
        shrunk=row["shrinkage"] == "true",
        standardisation=row["standardisation"],
        weight=float(row["weight"] or 1),
        missing=row["missing_rule"],
        marker=row["suppressed_as"],
    )


def sub_domain(framework: str, name: str, indicators: Sequence[SampleIndicator]) -> SampleSubDomain:
    """Indicators, put together as the seed `sub_domains` says."""
    row = _seed("sub_domains")[framework, name]
    return SampleSubDomain(name, tuple(indicators), row["weighting"], row["combination"])


def draw(
    rng: np.random.Generator,
    indicator: SampleIndicator,
    standing: Floats,
    out_of: dict[str, Floats] | None = None,
) -> Printed:
    """Print an indicator of areas that stand at `standing` in its domain, high = worse."""
    size = len(standing)
    own = np.sqrt(1 - indicator.loading**2) * rng.normal(size=size)
    sign = -1.0 if indicator.higher_is_better else 1.0
    value = indicator.scale.read(sign * (indicator.loading * standing + own))
    denominator = out_of[indicator.out_of] if out_of and indicator.out_of else None
    if denominator is None:
        value = np.round(value, indicator.scale.decimals)
    else:
        value = np.minimum(np.round(value / indicator.per * denominator), denominator)
    if indicator.missing_share:
        value = np.where(rng.random(size) < indicator.missing_share, np.nan, value)
    return Printed(indicator, value, denominator)


def alike(printed: Printed, pairs: Sequence[tuple[int, int]]) -> Printed:
    """The second area of each pair gets the figures of the first."""
    first, second = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    value, denominator = printed.value.copy(), printed.denominator
    value[second] = value[first]
    if denominator is not None:
        denominator = denominator.copy()
        denominator[second] = denominator[first]
    return replace(printed, value=value, denominator=denominator)


def score(recipe: SampleSubDomain, columns: Sequence[Printed], district: Ints) -> Floats:
    """The unrounded score of a sub-domain: high = worse, nine decimals."""
    shown: dict[str, Floats] = {}
    parts: dict[str, list[Floats]] = {}
    for printed in sorted(columns, key=lambda each: each.indicator.name):
        indicator = printed.indicator
        values = _standardised(indicator, _value(printed, district))
        if indicator.part_of:
            parts.setdefault(indicator.part_of, []).append(values)
        else:
            shown[indicator.name] = values
    for composite, each in parts.items():
        shown[composite] = _rank_normal(np.asarray(np.round(np.mean(each, axis=0), 12)))
    shown = dict(sorted(shown.items()))
    weight = _weights(recipe, shown)
    total = np.zeros(len(district))
    for share, values in zip(weight, shown.values(), strict=True):
        total = total + share * values
    if recipe.combination == "mean":
        total = total / weight.sum()
    return np.asarray(np.round(total, 9))


def _weights(recipe: SampleSubDomain, shown: dict[str, Floats]) -> Floats:
    if recipe.weighting == "ml_one_factor":
        return factor_weights(np.column_stack(list(shown.values())))
    if recipe.weighting == "given":
        given = {indicator.name: indicator.weight for indicator in recipe.indicators}
        return np.array([given[name] for name in shown])
    return np.ones(len(shown))


def _value(printed: Printed, district: Ints) -> Floats:
    """In the indicator's unit, shrunk, and filled where the file has no figure."""
    indicator, count = printed.indicator, printed.denominator
    if count is None:
        value = printed.value
    elif indicator.shrunk:
        value = indicator.per * shrink(printed.value, count, district)
    else:
        value = indicator.per * printed.value / count
    if not printed.missing.any():
        return value
    if indicator.missing == "exclude":
        raise ValueError(f"{indicator.name} has gaps and no rule to fill them")
    fill = np.zeros(len(value))
    if indicator.missing == "lad_value":
        fill = _district_values(printed, district)
    return np.where(printed.missing, fill, value)


def shrink(part: Floats, whole: Floats, district: Ints, periods: int = 1) -> Floats:
    """Rates drawn towards that of the district, the more so the less sure an area's own one is.

    As the technical report of the IoD 2019 has it (appendix D.2), on logits. A district with one
    area has no spread to go by; that area stays where it is. Counts that are the mean of several
    `periods` are as sure as the counts of all of them.
    """
    part, whole = part * periods, whole * periods
    own = np.log((part + 0.5) / (whole - part + 0.5))
    variance = (whole + 1) * (whole + 2) / (whole * (part + 1) * (whole - part + 1))
    result = own.copy()
    for code in np.unique(district):
        members = np.flatnonzero((district == code) & ~np.isnan(part))
        if len(members) < 2:
            continue
        r, n = part[members].sum(), whole[members].sum()
        centre = np.log((r + 0.5) / (n - r + 0.5))
        spread = np.sum((own[members] - centre) ** 2) / (len(members) - 1)
        trust = spread / (spread + variance[members])
        result[members] = trust * own[members] + (1 - trust) * centre
    return np.asarray(np.exp(result) / (1 + np.exp(result)))


def _district_values(printed: Printed, district: Ints) -> Floats:
    """What an area without a figure takes over: the pooled rate, or the mean, of its district."""
    result = np.full(len(district), np.nan)
    for code in np.unique(district):
        members = district == code
        known = members & ~printed.missing
        if printed.denominator is None:
            result[members] = printed.value[known].mean()
        else:
            pooled = printed.value[known].sum() / printed.denominator[known].sum()
            result[members] = printed.indicator.per * pooled
    return result


def _standardised(indicator: SampleIndicator, value: Floats) -> Floats:
    """High = worse. Cut to twelve decimals first, so that no last bit breaks a tie."""
    worse = np.round(indicator.best - value if indicator.higher_is_better else value, 12)
    if indicator.standardisation == "rank_normal":
        return _rank_normal(worse)
    if indicator.standardisation == "z_score":
        return np.asarray((worse - worse.mean()) / worse.std())
    return worse


def _rank_normal(worse: Floats) -> Floats:
    place = rankdata(-worse, method="average")
    return np.asarray(ndtri((len(worse) - place + 1) / (len(worse) + 1)))
