"""How indices are put together: the seeds of dbt_project, as Python needs and checks them.

dbt computes from these seeds; the readers take from them which columns an indicator file must have.
They are data that people edit, so what is wrong in them is told like a wrong source file: by file,
line and column, all of it at once, before anything is read or any model runs.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.problems import Problem, RefreshError
from orchestration.settings import DBT_PROJECT
from orchestration.sources.registry import Registry, area_types

SEEDS = DBT_PROJECT / "seeds"
# Denominators that an index file brings; any other is a column of the indicator file itself.
INDEX_DENOMINATORS = ("total_population", "children", "working_age", "older_people")
_STAGE = "Reading the methodology"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    line: int = Field(exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _blank_is_missing(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value != ""}


class Indicator(_Row):
    """One indicator of an index release: where it stands in its file and how it is scored.

    Without a ``column_name`` it is a composite of the indicators that name it in ``part_of``. The
    meaning of every field is in dbt_project/seeds/seeds.yml.
    """

    index_release: str
    sub_domain: str
    indicator: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    part_of: str | None = None
    indicator_label: str
    column_name: str | None = Field(default=None, pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")
    unit: str
    direction: Literal["higher_is_worse", "higher_is_better"]
    best_value: float | None = None
    denominator: str | None = Field(default=None, pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")
    rounded_to: float | None = Field(default=None, gt=0)
    count_periods: int | None = Field(default=None, gt=0)
    max_over_denominator: int | None = Field(default=None, gt=0)
    larger_area: str | None = None
    shrinkage: bool
    standardisation: Literal["rank_normal", "z_score", "none"]
    weight: float | None = Field(default=None, gt=0)
    missing_rule: Literal["exclude", "lad_value", "zero", "value"]
    missing_value: float | None = None
    suppressed_as: str | None = None
    max_missing_percent: float = Field(ge=0, le=100)
    stand_in: bool

    @model_validator(mode="after")
    def _has_what_its_methods_need(self) -> Indicator:
        if self.shrinkage and not (self.denominator and self.larger_area):
            raise ValueError("shrinkage needs a denominator and a larger_area")
        if self.missing_rule == "lad_value" and not self.larger_area:
            raise ValueError("missing_rule lad_value needs a larger_area")
        if (self.missing_rule == "value") != (self.missing_value is not None):
            raise ValueError("missing_rule value and missing_value need one another")
        if self.best_value is not None and self.direction != "higher_is_better":
            raise ValueError("best_value is for direction higher_is_better")
        if self.column_name is None and (self.denominator or self.part_of):
            raise ValueError("a composite (no column_name) has no denominator and is no part")
        if self.part_of and self.weight is not None:
            raise ValueError("a part has no weight in the sub-domain; its composite may have one")
        return self

    @property
    def own_denominator(self) -> str | None:
        """The column of the indicator file that holds the denominator, if it is not the index's."""
        return None if self.denominator in INDEX_DENOMINATORS else self.denominator


class SubDomain(_Row):
    """A sub-domain, or a domain that has none: how its indicators become its score."""

    framework: str
    domain: str
    sub_domain: str
    sub_domain_label: str
    weight: float | None = Field(default=None, gt=0)
    weighting: Literal["equal", "given", "ml_one_factor"]
    weight_total: float | None = Field(default=None, gt=0)
    combination: Literal["sum", "mean"]
    not_rebuilt_because: str | None = None

    @model_validator(mode="after")
    def _has_the_total_of_given_weights(self) -> SubDomain:
        if (self.weighting == "given") != (self.weight_total is not None):
            raise ValueError("weighting given and weight_total need one another")
        return self


class Domain(_Row):
    """A domain of a framework and its weight there."""

    framework: str
    domain: str
    domain_label: str
    weight: float = Field(gt=0)
    sub_domain_weight_total: float = Field(gt=0)


class Release(_Row):
    """What the checks below need of an index release."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    index_release: str
    framework: str | None = None
    domain_weight_total: float | None = Field(default=None, gt=0)


class Unit(_Row):
    """What an indicator is measured in; a rate from a denominator is multiplied by the scale."""

    unit: str
    unit_label: str
    scale: float = Field(gt=0)
    is_share: bool


class Outcome(_Row):
    """An outcome that the lists are compared by: of an outcome file, or of an index release.

    ``source_measure`` is what the file calls it: an outcome of the registry, or an indicator of
    ``index_release``. The meaning of every field is in dbt_project/seeds/seeds.yml.
    """

    outcome: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    outcome_label: str
    source_measure: str
    index_release: str | None = None
    numerator_label: str
    denominator_label: str
    direction: Literal["higher_is_worse", "higher_is_better", "neither"]
    count_periods: int | None = Field(default=None, gt=0)
    reference_period: str
    is_part_of_imd: bool
    rounded_to: int | None = Field(default=None, gt=0)
    rounding: str
    caveat: str | None = None


RowType = TypeVar("RowType", bound=_Row)


@dataclass(frozen=True)
class Methodology:
    """The checked seeds."""

    releases: tuple[Release, ...]
    domains: tuple[Domain, ...]
    sub_domains: tuple[SubDomain, ...]
    indicators: tuple[Indicator, ...]
    units: tuple[Unit, ...]
    outcomes: tuple[Outcome, ...]

    def domains_of(self, index_release: str) -> list[str]:
        """The domains of a release, in the order of the seed."""
        (framework,) = (
            row.framework for row in self.releases if row.index_release == index_release
        )
        return [row.domain for row in self.domains if row.framework == framework]

    def in_files_of(self, index_release: str) -> dict[str, Indicator]:
        """The indicators that a file of the release must have, by column; composites have none."""
        return {
            row.column_name: row
            for row in self.indicators
            if row.index_release == index_release and row.column_name
        }

    def outcome_of_file(self, measure: str) -> Outcome | None:
        """The outcome that is made of what an outcome file holds under a name."""
        named = {row.source_measure: row for row in self.outcomes if not row.index_release}
        return named.get(measure)

    def is_share(self, indicator: Indicator) -> bool:
        """Whether a numerator may not be more than its denominator."""
        units = {unit.unit: unit for unit in self.units}
        return indicator.shrinkage or units[indicator.unit].is_share


def load_methodology(seeds: Path = SEEDS) -> Methodology:
    """The seeds, each row and what must hold between them checked.

    Raises:
        RefreshError: with every row that is wrong and every sum that does not add up.
    """
    problems: list[Problem] = []
    methodology = Methodology(
        releases=_read(seeds, "index_releases", Release, problems),
        domains=_read(seeds, "domain_weights", Domain, problems),
        sub_domains=_read(seeds, "sub_domains", SubDomain, problems),
        indicators=_read(seeds, "indicators", Indicator, problems),
        units=_read(seeds, "indicator_units", Unit, problems),
        outcomes=_read(seeds, "outcomes", Outcome, problems),
    )
    # A row that is wrong is not there to be referred to or added up: first things first.
    if not problems:
        problems = [
            *_repeated(methodology),
            *_dangling(methodology),
            *_partless(methodology),
            *_unequal(methodology),
        ]
    if problems:
        raise RefreshError(_STAGE, problems)
    return methodology


def refuse_stand_ins(methodology: Methodology, registry: Registry) -> None:
    """Refuse to read real indicators by rows of the seed that only stand in for the publisher's.

    Raises:
        RefreshError: with every stand-in that is left, release by release.
    """
    if registry.profile.synthetic:
        return
    problems = []
    for source in registry.of_kind("indicators"):
        left = [
            row
            for row in methodology.indicators
            if row.index_release == source.index_release and row.stand_in
        ]
        if left:
            lines = ", ".join(str(row.line) for row in left)
            problems.append(
                Problem(
                    where=f"{_seed('indicators')}, lines {lines}",
                    found=f"{len(left)} stand-ins for indicators of {source.index_release}: "
                    + ", ".join(row.indicator for row in left),
                    expected="the publisher's indicators, with stand_in false",
                    remedy="replace these rows from the publisher's paper: "
                    "docs/runbook.md, 'Adding indicators'",
                )
            )
    if problems:
        raise RefreshError(_STAGE, problems)


def _read(
    seeds: Path, name: str, model: type[RowType], problems: list[Problem]
) -> tuple[RowType, ...]:
    """Rows of a seed; what does not fit the model becomes a problem with its line."""
    rows = []
    with (seeds / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, restkey="beyond the last column")
        for values in reader:
            try:
                rows.append(model.model_validate({**values, "line": reader.line_num}))
            except ValidationError as error:
                problems += [
                    Problem(
                        where=f"{_seed(name)}, line {reader.line_num}"
                        + "".join(f", column {column}" for column in wrong["loc"]),
                        found=_found(wrong, values),
                        expected=wrong["msg"],
                        remedy="correct the row of the seed",
                    )
                    for wrong in error.errors()
                ]
    return tuple(rows)


def _seed(name: str) -> str:
    return f"dbt_project/seeds/{name}.csv"


def _found(wrong: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """The value that is wrong; the row's name where it is the row as a whole."""
    if wrong["type"] == "missing":
        return "nothing"
    return repr(wrong["input"]) if wrong["loc"] else _row_name(values)


def _row_name(values: Mapping[str, Any]) -> str:
    """The first columns of a row, which name it."""
    return ", ".join(str(value) for value in list(values.values())[:3])


def _repeated(methodology: Methodology) -> Iterator[Problem]:
    """Rows of which there may be one only."""
    keys: list[tuple[str, str, list[tuple[int, str]]]] = [
        (
            "domain_weights",
            "framework and domain",
            [(row.line, f"{row.framework}, {row.domain}") for row in methodology.domains],
        ),
        (
            "sub_domains",
            "framework and sub_domain",
            [(row.line, f"{row.framework}, {row.sub_domain}") for row in methodology.sub_domains],
        ),
        (
            "indicators",
            "index_release and indicator",
            [(row.line, f"{row.index_release}, {row.indicator}") for row in methodology.indicators],
        ),
        (
            "indicators",
            "index_release and column_name",
            [
                (row.line, f"{row.index_release}, {row.column_name}")
                for row in methodology.indicators
                if row.column_name
            ],
        ),
        ("indicator_units", "unit", [(row.line, row.unit) for row in methodology.units]),
        ("outcomes", "outcome", [(row.line, row.outcome) for row in methodology.outcomes]),
        (
            "outcomes",
            "index_release and source_measure",
            [
                (row.line, f"{row.index_release or 'no release'}, {row.source_measure}")
                for row in methodology.outcomes
            ],
        ),
    ]
    for name, columns, rows in keys:
        times = Counter(key for _, key in rows)
        for key, count in times.items():
            if count > 1:
                lines = ", ".join(str(line) for line, found in rows if found == key)
                yield Problem(
                    where=f"{_seed(name)}, lines {lines}",
                    found=f"{key}: {count} rows",
                    expected=f"one row for each {columns}",
                    remedy="take away the rows that are too many",
                )


def _dangling(methodology: Methodology) -> Iterator[Problem]:
    """Names that stand in one seed and not in the other that should know them."""
    releases = {row.index_release: row.framework for row in methodology.releases}
    frameworks = {framework for framework in releases.values() if framework}
    domains = {(row.framework, row.domain) for row in methodology.domains}
    sub_domains = {(row.framework, row.sub_domain) for row in methodology.sub_domains}
    units = {row.unit for row in methodology.units}
    types = set(area_types())

    def unknown(name: str, line: int, column: str, found: str, known: Iterable[str]) -> Problem:
        return Problem(
            where=f"{_seed(name)}, line {line}, column {column}",
            found=repr(found),
            expected="one of " + ", ".join(sorted(known)),
            remedy="correct the name, or add a row for it to the seed that declares it",
        )

    weighed = {row.framework for row in methodology.domains}
    for release in methodology.releases:
        if release.framework and release.framework not in weighed:
            yield unknown("index_releases", release.line, "framework", release.framework, weighed)
    named: list[tuple[str, Sequence[Domain | SubDomain]]] = [
        ("domain_weights", methodology.domains),
        ("sub_domains", methodology.sub_domains),
    ]
    for name, rows in named:
        for row in rows:
            if row.framework not in frameworks:
                yield unknown(name, row.line, "framework", row.framework, frameworks)
    # What is in no framework is in none of its domains either: that much is said already.
    for sub_domain in methodology.sub_domains:
        if (
            sub_domain.framework in frameworks
            and (sub_domain.framework, sub_domain.domain) not in domains
        ):
            known = {name for framework, name in domains if framework == sub_domain.framework}
            yield unknown("sub_domains", sub_domain.line, "domain", sub_domain.domain, known)
    for indicator in methodology.indicators:
        if indicator.index_release not in releases:
            yield unknown(
                "indicators", indicator.line, "index_release", indicator.index_release, releases
            )
        elif (releases[indicator.index_release], indicator.sub_domain) not in sub_domains:
            framework = releases[indicator.index_release]
            known = {name for named_in, name in sub_domains if named_in == framework}
            yield unknown("indicators", indicator.line, "sub_domain", indicator.sub_domain, known)
        composites = {
            row.indicator
            for row in methodology.indicators
            if (row.index_release, row.sub_domain)
            == (indicator.index_release, indicator.sub_domain)
            and not row.column_name
        }
        if indicator.part_of and indicator.part_of not in composites:
            yield unknown("indicators", indicator.line, "part_of", indicator.part_of, composites)
        if indicator.unit not in units:
            yield unknown("indicators", indicator.line, "unit", indicator.unit, units)
        if indicator.larger_area and indicator.larger_area not in types:
            yield unknown("indicators", indicator.line, "larger_area", indicator.larger_area, types)
    for outcome in methodology.outcomes:
        # Without a denominator it could not be pooled.
        counted = {
            row.indicator
            for row in methodology.indicators
            if row.index_release == outcome.index_release and row.denominator
        }
        if outcome.index_release and outcome.index_release not in releases:
            yield unknown(
                "outcomes", outcome.line, "index_release", outcome.index_release, releases
            )
        elif outcome.index_release and outcome.source_measure not in counted:
            yield unknown(
                "outcomes", outcome.line, "source_measure", outcome.source_measure, counted
            )


def _partless(methodology: Methodology) -> Iterator[Problem]:
    """Indicators that are in no file and have fewer than two parts to be made of."""
    for row in methodology.indicators:
        parts = [
            part
            for part in methodology.indicators
            if (part.index_release, part.part_of) == (row.index_release, row.indicator)
        ]
        if not row.column_name and len(parts) < 2:
            yield Problem(
                where=f"{_seed('indicators')}, line {row.line}, column column_name",
                found=f"{row.indicator} has no column and {len(parts)} part(s)",
                expected="the indicator's column in the file, or two or more parts",
                remedy="fill in column_name, or name the indicator in part_of of its parts",
            )


def _unequal(methodology: Methodology) -> Iterator[Problem]:
    """Weights that do not add up to what the seed says they must, or are not where they must be."""

    def unequal(name: str, line: int, what: str, weights: list[float], total: float) -> Problem:
        return Problem(
            where=f"{_seed(name)}, line {line}",
            found=f"{what} add up to {math.fsum(weights):.10g} ({len(weights)} weights)",
            expected=f"{total:.10g}, as the row says",
            remedy="correct the weights, or the total if the publisher's method says so",
        )

    for release in methodology.releases:
        weights = [
            row.weight
            for row in methodology.domains
            if release.framework and row.framework == release.framework
        ]
        total = release.domain_weight_total
        if weights and not (total and math.isclose(math.fsum(weights), total, abs_tol=1e-9)):
            what = f"the domain weights of {release.index_release}"
            yield unequal("index_releases", release.line, what, weights, total or 0)
    for domain in methodology.domains:
        weights = [
            row.weight
            for row in methodology.sub_domains
            if (row.framework, row.domain) == (domain.framework, domain.domain)
            and row.weight is not None
        ]
        total = domain.sub_domain_weight_total
        if not math.isclose(math.fsum(weights), total, abs_tol=1e-9):
            what = f"the sub-domain weights of {domain.framework}, {domain.domain}"
            yield unequal("domain_weights", domain.line, what, weights, total)
    declared = {row.index_release for row in methodology.indicators}
    for sub_domain in methodology.sub_domains:
        for release in methodology.releases:
            # A release whose indicators are nobody's to have declares none.
            if release.framework == sub_domain.framework and release.index_release in declared:
                yield from _unequal_indicators(
                    methodology, release.index_release, sub_domain, unequal
                )


def _unequal_indicators(
    methodology: Methodology,
    index_release: str,
    sub_domain: SubDomain,
    unequal: Callable[..., Problem],
) -> Iterator[Problem]:
    indicators = [
        row
        for row in methodology.indicators
        if (row.index_release, row.sub_domain) == (index_release, sub_domain.sub_domain)
        and not row.part_of
    ]
    name = f"{index_release}, {sub_domain.sub_domain}"
    weights = [row.weight for row in indicators if row.weight is not None]
    where = f"{_seed('sub_domains')}, line {sub_domain.line}"
    given = sub_domain.weighting == "given"
    if given and indicators and len(weights) == len(indicators):
        total = sub_domain.weight_total or 0
        if not math.isclose(math.fsum(weights), total, abs_tol=1e-9):
            what = f"the indicator weights of {name}"
            yield unequal("sub_domains", sub_domain.line, what, weights, total)
    elif len(weights) != (len(indicators) if given else 0):
        yield Problem(
            where=where,
            found=f"{len(weights)} of the {len(indicators)} indicators of {name} have a weight",
            expected=f"{'a weight for each' if given else 'none'}, with weighting "
            f"{sub_domain.weighting}",
            remedy="correct the column weight of the seed indicators, or the weighting",
        )
    fewest = 3 if sub_domain.weighting == "ml_one_factor" else 1
    if len(indicators) < fewest and not sub_domain.not_rebuilt_because:
        yield Problem(
            where=where,
            found=f"{len(indicators)} indicator(s) of {name}",
            expected=f"{fewest} or more with weighting {sub_domain.weighting}",
            remedy="add the indicators, or say in not_rebuilt_because why there are none",
        )
