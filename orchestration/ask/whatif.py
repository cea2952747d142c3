"""What a list would be by other rules: what ``lbn whatif`` asks.

Computed in SQL on a published release, by the formulas of the lists: index score = sum of weight x
domain score, competition rank, a carry rule, last rank within = floor(N x threshold).
An index whose weights are not changed keeps the ranks of the list, which are the published ones
where there are any; so nothing changed gives the list itself.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import duckdb

from orchestration.ask.editions import known_edition
from orchestration.ask.lists import CHANGES
from orchestration.problems import UsageError
from orchestration.queries import Filters, Row, query_rows

INDICES = ("imd", "cni")
# Published weights are shares of 1. Beyond it a figure is a slip, and sums would lose digits.
MOST_WEIGHT = 1_000_000


class RulesError(UsageError):
    """A threshold, weight or carry rule that cannot be; the text says why and what may be."""


@dataclass(frozen=True)
class AskedRules:
    """What is asked to differ. None, or no weight for a domain, leaves what the edition has.

    Thresholds are shares of N, above 0 to 1; weights have no unit: only their proportions count.
    The carry rule is one of edition_carry_rule.
    """

    imd_threshold: Fraction | None = None
    cni_threshold: Fraction | None = None
    carry_rule: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """An index under the rules: its threshold (share of N), weights, whether those differ."""

    release: str
    threshold: Fraction
    weights: dict[str, float]
    is_reweighted: bool

    @property
    def shares(self) -> list[float]:
        """The weights as shares of 1: ties of scores are told by a decimal, not by proportion."""
        total = math.fsum(self.weights.values())
        return [weight / total for weight in self.weights.values()]


@dataclass(frozen=True)
class CarryRule:
    """A carry rule under the rules: its id, its words, whether it is not the edition's own."""

    rule: str
    label: str
    is_other: bool


@dataclass(frozen=True)
class WhatIf:
    """The list that would be, against the edition's.

    ``counts`` are of all areas that pass the filters: listed before and after, joined, left,
    stayed. ``rows`` hold those with the changes asked for. ``notes`` say how it was computed.
    """

    edition_id: str
    release_id: str
    label: str
    carry_rule: str
    indices: dict[str, Index]
    counts: dict[str, int]
    notes: list[str]
    rows: list[Row]

    def as_data(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {
            "edition_id": self.edition_id,
            "release_id": self.release_id,
            "release_label": self.label,
            "rules": {
                name: {
                    "index_release": index.release,
                    "threshold": float(index.threshold),
                    "weights": index.weights,
                    "is_reweighted": index.is_reweighted,
                }
                for name, index in self.indices.items()
            },
            "carry_rule": self.carry_rule,
            "counts": self.counts,
            "notes": self.notes,
            "areas": self.rows,
        }


def threshold(text: str) -> Fraction:
    """A threshold as people write it: '0.15' or '15%'. Exact, so that no rounding decides a rank.

    Raises:
        RulesError: it is no share above 0 to 1.
    """
    stated = text.strip()
    try:
        share = Fraction(stated.removesuffix("%").strip()) / (100 if stated.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        raise RulesError(f"'{text}' is no threshold. Write 0.15 or 15%.") from None
    if not 0 < share <= 1:
        hint = f" Did you mean {stated}%?" if 1 < share <= 100 and "%" not in stated else ""
        raise RulesError(f"A threshold is above 0 and at most 1, or 100%; not {text}.{hint}")
    return share


def weights(text: str) -> dict[str, float]:
    """Weights as people write them: 'income=0.3,employment=0.2'.

    Raises:
        RulesError: it is not that, a domain comes twice, a weight is none of 0 to MOST_WEIGHT.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        domain, _, number = (piece.strip().lower() for piece in part.partition("="))
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        # What is no number is not between two, either.
        if not domain or not 0 <= weight <= MOST_WEIGHT:
            raise RulesError(
                f"'{part.strip()}' is no weight. Write domain=number, such as income=0.3; "
                f"a number is 0 to {MOST_WEIGHT:,}."
            )
        if domain in found:
            raise RulesError(f"The weight of {domain} is given twice.")
        found[domain] = weight
    return found


def what_if(
    connection: duckdb.DuckDBPyConnection,
    edition: str,
    rules: AskedRules,
    filters: Filters | None = None,
    changes: Collection[str] = ("joined", "left"),
) -> WhatIf:
    """The list of an edition under other rules, against the edition's list.

    Joined comes first, then left, then stayed; in each the worst by the new IMD rank.

    Args:
        connection: A published release.
        edition: Its id.
        rules: What differs.
        filters: Which areas to tell of; ranks are always the nation's.
        changes: Which of joined, left, stayed to list.

    Raises:
        UnknownEditionError: the release has no such edition.
        RulesError: a domain that neither index has, an index without domains here, or a carry rule
            that the edition has no weights for.
    """
    edition = known_edition(connection, edition)
    filters = filters or Filters()
    (found,) = query_rows(
        connection,
        "select editions.*, release.release_id, release.label as release_label "
        "from marts.dim_edition as editions cross join meta.release where edition_id = $1",
        edition,
    )
    indices = _indices(connection, found, rules)
    carry = _carry(connection, found, rules)
    rows = query_rows(
        connection,
        _query(indices, carry, filters),
        **{
            "edition": edition,
            **(
                {"carry_rule": carry.rule} if carry.is_other or indices["imd"].is_reweighted else {}
            ),
            **filters.parameters,
            **{
                f"{name}_{part}": value
                for name, index in indices.items()
                for part, value in (
                    ("numerator", index.threshold.numerator),
                    ("denominator", index.threshold.denominator),
                )
            },
            **{
                f"{name}_{part}": value
                for name, index in indices.items()
                if index.is_reweighted
                for part, value in (
                    ("release", index.release),
                    ("domains", list(index.weights)),
                    ("weights", index.shares),
                )
            },
        },
    )
    counts = {change: sum(row["change"] == change for row in rows) for change in CHANGES}
    return WhatIf(
        edition_id=edition,
        release_id=found["release_id"],
        label=found["release_label"],
        carry_rule=carry.rule,
        indices=indices,
        counts={
            "listed_before": counts["left"] + counts["stayed"],
            "listed_after": counts["joined"] + counts["stayed"],
            **counts,
        },
        notes=[*_carry_notes(carry), *_notes(indices)],
        rows=[row for row in rows if row["change"] in changes],
    )


def _indices(
    connection: duckdb.DuckDBPyConnection, edition: Row, rules: AskedRules
) -> dict[str, Index]:
    """Both indices with their weights; a weight that is the published one is no change."""
    domains = query_rows(
        connection,
        "select distinct index_release, domain, weight from marts.fct_domain_score "
        "where index_release in ($1, $2) order by all",
        edition["imd_release"],
        edition["cni_release"],
    )
    published = {
        name: {
            row["domain"]: row["weight"]
            for row in domains
            if row["index_release"] == edition[f"{name}_release"]
        }
        for name in INDICES
    }
    known = [domain for name in INDICES for domain in published[name]]
    unknown = [domain for domain in rules.weights if domain not in known]
    if unknown:
        without = [edition[f"{name}_release"] for name in INDICES if not published[name]]
        because = "".join(
            f" {release} has no domains in this warehouse: only the index itself was in the file "
            "that it was built from, so its weights cannot be changed."
            for release in without
        )
        raise RulesError(
            f"No domain {' or '.join(unknown)} in {edition['edition_id']}.{because} "
            f"There are: {', '.join(known)}."
        )
    stated = {"imd": rules.imd_threshold, "cni": rules.cni_threshold}
    found = {}
    for name in INDICES:
        chosen = {domain: rules.weights.get(domain, w) for domain, w in published[name].items()}
        if chosen and not any(chosen.values()):
            raise RulesError(f"All weights of {edition[f'{name}_release']} are 0.")
        found[name] = Index(
            release=edition[f"{name}_release"],
            threshold=stated[name] or Fraction(edition[f"{name}_threshold_percent"], 100),
            weights=chosen,
            is_reweighted=chosen != published[name],
        )
    return found


def _carry(connection: duckdb.DuckDBPyConnection, edition: Row, rules: AskedRules) -> CarryRule:
    known = {
        row["carry_rule"]: row
        for row in query_rows(
            connection,
            "select * from marts.edition_carry_rule where edition_id = $1 order by carry_rule",
            edition["edition_id"],
        )
    }
    chosen = rules.carry_rule or edition["carry_rule"]
    if chosen not in known:
        raise RulesError(
            f"{edition['edition_id']} has no carry rule '{chosen}'. There are: {', '.join(known)}."
        )
    return CarryRule(chosen, known[chosen]["carry_rule_label"], not known[chosen]["is_own_rule"])


def _carry_notes(carry: CarryRule) -> list[str]:
    said = carry.label[:1].lower() + carry.label[1:]
    return [f"IMD: brought to the areas by {carry.rule}: {said}."] if carry.is_other else []


def _notes(indices: dict[str, Index]) -> list[str]:
    notes = []
    for name, index in indices.items():
        if index.is_reweighted:
            said = ", ".join(f"{domain} {weight:g}" for domain, weight in index.weights.items())
            notes.append(
                f"{name.upper()}: scores computed from the domain scores with the weights {said}, "
                "and ranked anew. The list uses the published scores and ranks, which carry their "
                "publisher's rounding: an area at a threshold may move by that alone."
            )
    return notes


def _query(indices: dict[str, Index], carry: CarryRule, filters: Filters) -> str:
    ctes = [_own_scores(name) if index.is_reweighted else "" for name, index in indices.items()]
    if carry.is_other and not indices["imd"].is_reweighted:
        ctes.append(_published_imd())
    ranks = [
        _carried() if carry.is_other or indices["imd"].is_reweighted else _as_listed("imd"),
        "select area_code, place, n from cni_ranked"
        if indices["cni"].is_reweighted
        else _as_listed("cni"),
    ]
    return f"""
        with {"".join(ctes)}
        imd as ({ranks[0]}),
        cni as ({ranks[1]}),
        judged as (
            select
                areas.*,
                imd.place as imd_rank_after,
                imd.n as imd_areas_ranked_after,
                cni.place as cni_rank_after,
                cni.n as cni_areas_ranked_after,
                coalesce(
                    method.is_within(
                        imd.place, imd.n, $imd_numerator::hugeint, $imd_denominator::hugeint
                    )
                    and method.is_within(
                        cni.place, cni.n, $cni_numerator::hugeint, $cni_denominator::hugeint
                    ),
                    false
                ) as is_listed_after
            from marts.double_disadvantage as areas
            left join imd on areas.area_code = imd.area_code
            left join cni on areas.area_code = cni.area_code
            where areas.edition_id = $edition
        )
        select
            judged.edition_id,
            case
                when not judged.is_doubly_disadvantaged then 'joined'
                when judged.is_listed_after then 'stayed'
                else 'left'
            end as change,
            judged.area_code,
            judged.area_name,
            judged.lad_code,
            judged.lad_name,
            judged.region_name,
            judged.population,
            judged.imd_rank as imd_rank_before,
            judged.imd_rank_after,
            judged.imd_areas_ranked_after,
            judged.cni_rank as cni_rank_before,
            judged.cni_rank_after,
            judged.cni_areas_ranked_after,
            release.release_id,
            release.label as release_label
        from judged
        cross join meta.release
        where
            (judged.is_doubly_disadvantaged or judged.is_listed_after)
            and {filters.condition("judged")}
        -- As it happens, the order of the alphabet is that of interest.
        order by change, judged.imd_rank_after nulls last, judged.area_code
    """


def _own_scores(name: str) -> str:
    """The index on its own areas: scores with the weights, ranked.

    As int_index_scores does it: an index without one of its domains is no index.
    """
    return f"""
        {name}_weights as (
            select unnest(${name}_domains::varchar[]) as domain,
                unnest(${name}_weights::double[]) as weight
        ),
        {name}_scores as (
            select
                domains.area_code,
                method.weighted_sum(domains.domain_score, weights.weight, domains.domain) as score
            from marts.fct_domain_score as domains
            inner join {name}_weights as weights on domains.domain = weights.domain
            where domains.index_release = ${name}_release
            group by domains.area_code
            having count(*) = (select count(*) from {name}_weights)
        ),
        {name}_ranked as (
            select
                area_code,
                score,
                method.rank_worst_first(score, 1) as place,
                count(*) over () as n
            from {name}_scores
        ),
    """


def _as_listed(name: str) -> str:
    return f"""
        select area_code, {name}_rank as place, {name}_areas_ranked as n
        from marts.double_disadvantage
        where edition_id = $edition
    """


def _published_imd() -> str:
    """The IMD on its own areas as the lists have it."""
    return """
        imd_ranked as (
            select scores.area_code, index_score as score, index_rank as place, areas_ranked as n
            from marts.fct_index_score as scores
            inner join marts.dim_edition as editions
                on scores.index_release = editions.imd_release
            where editions.edition_id = $edition
        ),
    """


def _carried() -> str:
    """An IMD on the areas of the edition by a carry rule, as int_imd_by_rule brings it there.

    An area of the release's own type is its only part.
    """
    return """
        select
            area_code,
            coalesce(carried_rank, method.rank_worst_first(ranked_by, 1)) as place,
            if(carried_rank is null, count(ranked_by) over (), parts_ranked) as n
        from (
            select
                area_code,
                coalesce(score, -mean_rank) as ranked_by,
                carried_rank,
                parts_ranked
            from (
                select
                    areas.area_code,
                    method.carried_score(
                        rules.statistic, ranked.score, parts.part_population, ranked.area_code
                    ) as score,
                    method.carried_mean_rank(
                        rules.statistic, ranked.place, parts.part_population, ranked.area_code
                    ) as mean_rank,
                    method.carried_rank(rules.statistic, ranked.place) as carried_rank,
                    any_value(ranked.n) as parts_ranked
                from marts.double_disadvantage as areas
                inner join marts.edition_carry_rule as rules
                    on areas.edition_id = rules.edition_id and rules.carry_rule = $carry_rule
                left join marts.carry_weight as parts
                    on
                        areas.edition_id = parts.edition_id
                        and rules.weighting = parts.weighting
                        and areas.area_code = parts.area_code
                inner join imd_ranked as ranked
                    on
                        ranked.area_code
                        = if(rules.weighting is null, areas.area_code, parts.part_code)
                where areas.edition_id = $edition
                group by areas.area_code, rules.statistic
            ) as carried
        ) as by_rule
        where ranked_by is not null
    """
