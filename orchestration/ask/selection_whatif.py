"""Whom a composite edition would choose by another rule: what ``lbn whatif`` asks of it.

Computed in SQL on a published release by ``method.composite_list``, which is the text that the mart
is made by; so nothing changed gives the choice itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.ask.editions import Edition
from orchestration.ask.lists import CHANGES
from orchestration.ask.selection import described
from orchestration.ask.whatif import INDICES, RulesError
from orchestration.queries import Filters, Row, query_rows

STANDARDISATIONS = {"z_score": "z-score", "min_max": "min-max score"}
_LIMITS = ("most_in_group", "most_in_authority", "most_selected")


@dataclass(frozen=True)
class AskedRule:
    """What is asked to differ. None, or no weight for an index, leaves what the edition has.

    A limit of 0 is none. ``imd_release`` is that of another composite edition of the same areas.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    standardisation: str | None = None
    most_in_group: int | None = None
    most_in_authority: int | None = None
    most_selected: int | None = None
    with_exclusions: bool = True
    imd_release: str | None = None


@dataclass(frozen=True)
class Rule:
    """The rule by which is chosen, after what was asked; a limit that is None is none."""

    imd_release: str
    cni_release: str
    imd_edition: str
    imd_weight: float
    cni_weight: float
    standardisation: str
    most_in_group: int | None
    most_in_authority: int | None
    most_selected: int | None
    with_exclusions: bool


@dataclass(frozen=True)
class SelectionWhatIf:
    """Whom the other rule chooses, against whom the edition's does.

    ``counts`` are of all areas that pass the filters: chosen before and after, joined, left,
    stayed. ``rows`` hold those with the changes asked for. ``is_other`` says whether the rule
    differs from the edition's at all.
    """

    edition_id: str
    release_id: str
    label: str
    rule: Rule
    rule_text: str
    is_other: bool
    counts: dict[str, int]
    rows: list[Row]

    def as_data(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {
            "edition_id": self.edition_id,
            "release_id": self.release_id,
            "release_label": self.label,
            "rule": vars(self.rule),
            "is_other": self.is_other,
            "counts": self.counts,
            "areas": self.rows,
        }


def what_if_selected(
    connection: duckdb.DuckDBPyConnection,
    edition: Edition,
    asked: AskedRule,
    filters: Filters | None = None,
    changes: Collection[str] = ("joined", "left"),
) -> SelectionWhatIf:
    """The choice of a composite edition by another rule, against its own.

    Joined comes first, then left, then stayed; in each the highest new composite.

    Args:
        connection: A published release.
        edition: A composite one.
        asked: What differs.
        filters: Which areas to tell of; ranks and limits are always the nation's.
        changes: Which of joined, left, stayed to list.

    Raises:
        RulesError: weights of what is no index, or all 0; a standardisation or a release of the
            IMD that there is not; or a limit by group of an edition that has no groups.
    """
    filters = filters or Filters()
    own = described(connection, edition)
    rule = _rule(connection, own, asked)
    unchanged = _rule(connection, own, AskedRule())
    rows = query_rows(
        connection,
        f"""
        with pairs as (
            select
                later.edition_id,
                case
                    when not before.is_selected then 'joined'
                    when later.is_selected then 'stayed'
                    else 'left'
                end as change,
                later.area_code,
                later.area_name,
                later.place_name,
                later.group_name,
                later.lad_code,
                later.lad_name,
                later.region_name,
                later.population,
                before.composite as composite_before,
                before.composite_rank as composite_rank_before,
                later.composite as composite_after,
                later.composite_rank as composite_rank_after,
                before.reason_text as reason_before,
                later.reason_text as reason_after
            from method.composite_list(
                $edition,
                imd_edition := $imd_edition,
                imd_weight := $imd_weight,
                cni_weight := $cni_weight,
                standardisation := $standardisation,
                most_in_group := $most_in_group,
                most_in_authority := $most_in_authority,
                most_selected := $most_selected,
                with_exclusions := $with_exclusions
            ) as later
            inner join marts.composite_selection as before
                on
                    later.edition_id = before.edition_id
                    and later.area_code = before.area_code
            where later.is_selected or before.is_selected
        )
        select pairs.*, release.release_id, release.label as release_label
        from pairs
        cross join meta.release
        where {filters.condition("pairs")}
        -- As it happens, the order of the alphabet is that of interest.
        order by pairs.change, pairs.composite_rank_after nulls last, pairs.area_code
        """,
        edition=edition.edition_id,
        imd_edition=rule.imd_edition,
        imd_weight=rule.imd_weight,
        cni_weight=rule.cni_weight,
        standardisation=rule.standardisation,
        with_exclusions=rule.with_exclusions,
        **{limit: getattr(rule, limit) or 0 for limit in _LIMITS},
        **filters.parameters,
    )
    counts = {change: sum(row["change"] == change for row in rows) for change in CHANGES}
    (release,) = query_rows(connection, "select release_id, label from meta.release")
    return SelectionWhatIf(
        edition_id=edition.edition_id,
        release_id=release["release_id"],
        label=release["label"],
        rule=rule,
        rule_text=_in_words(connection, own, rule),
        is_other=rule != unchanged,
        counts={
            "chosen_before": counts["left"] + counts["stayed"],
            "chosen_after": counts["joined"] + counts["stayed"],
            **counts,
        },
        rows=[row for row in rows if row["change"] in changes],
    )


def _rule(connection: duckdb.DuckDBPyConnection, own: Row, asked: AskedRule) -> Rule:
    unknown = [name for name in asked.weights if name not in INDICES]
    if unknown:
        raise RulesError(
            f"No weight of {' or '.join(unknown)} in {own['edition_id']}. It adds up two scores: "
            "write imd=2,cni=1."
        )
    weights = {name: asked.weights.get(name, own[f"{name}_weight"]) for name in INDICES}
    if not any(weights.values()):
        raise RulesError(f"Both weights of {own['edition_id']} are 0.")
    standardisation = asked.standardisation or own["standardisation"]
    if standardisation not in STANDARDISATIONS:
        raise RulesError(
            f"No standardisation '{standardisation}'. There are: {', '.join(STANDARDISATIONS)}."
        )
    if asked.most_in_group and own["group_type"] is None:
        raise RulesError(
            f"{own['edition_id']} takes areas of the whole country: there is no limit by group."
        )
    imd_edition, imd_release = _imd(connection, own, asked.imd_release)
    stated = {limit: getattr(asked, limit) for limit in _LIMITS}
    limits = {limit: own[limit] if number is None else number for limit, number in stated.items()}
    return Rule(
        imd_release=imd_release,
        cni_release=own["cni_release"],
        imd_edition=imd_edition,
        imd_weight=weights["imd"],
        cni_weight=weights["cni"],
        standardisation=standardisation,
        with_exclusions=asked.with_exclusions,
        **{limit: number or None for limit, number in limits.items()},
    )


def _imd(connection: duckdb.DuckDBPyConnection, own: Row, release: str | None) -> tuple[str, str]:
    """The composite edition whose IMD is taken, and which that is."""
    if release is None:
        return own["edition_id"], own["imd_release"]
    rows = query_rows(
        connection,
        """
        select edition_id, imd_release
        from marts.dim_composite_edition
        where area_type = $1 and part_type = $2 and weighting = $3
        order by edition_id <> $4, imd_release, edition_id
        """,
        *(own[name] for name in ("area_type", "part_type", "weighting", "edition_id")),
    )
    for row in rows:
        if row["imd_release"] == release.strip().lower():
            return row["edition_id"], row["imd_release"]
    there = ", ".join(sorted({row["imd_release"] for row in rows}))
    raise RulesError(f"No IMD '{release}' on the areas of {own['edition_id']}. There are: {there}.")


def _in_words(connection: duckdb.DuckDBPyConnection, own: Row, rule: Rule) -> str:
    """The rule in a line."""
    rows = query_rows(
        connection,
        "select coalesce(geography, label) as geography from marts.dim_area_type "
        "where area_type = $1",
        own["group_type"],
    )
    group = rows[0]["geography"] if rows else "group"
    limits = ", ".join(
        f"at most {number:,} of {what}" if number else f"any number of {what}"
        for number, what in (
            *([(rule.most_in_group, f"a {group}")] if own["group_type"] else []),
            (rule.most_in_authority, "an authority"),
            (rule.most_selected, "all"),
        )
    )
    excluded = "" if rule.with_exclusions else "; nothing is left out"
    score = STANDARDISATIONS[rule.standardisation]
    return (
        f"{rule.imd_weight:g} x {score} of {rule.imd_release} + {rule.cni_weight:g} x {score} of "
        f"{rule.cni_release}; {limits}{excluded}"
    )
