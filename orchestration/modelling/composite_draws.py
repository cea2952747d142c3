"""How often each area is chosen when the choices of a composite rule are drawn and not given.

A draw is one choice of what the seed composite_stability_rules lets vary: the weights of both
indices, what weighs the parts, and how scores are standardised. Groups, exclusions and numbers
stay. One more choice is made with nothing varied. It must be the edition's own, so that the draws
are draws of the rule in use.

Arrays run over the areas of an edition, in the order of area_code. Composites are higher = worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.modelling.draws import DIGITS, StabilityError, stream

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RULES = "dbt_project/seeds/composite_stability_rules.csv"
COLUMNS = {
    "edition_id": "string",
    "area_code": "string",
    "draws": "int64",
    "probability": "float64",
    "is_selected_recomputed": "bool",
    "seed": "int64",
}
INDICES = ("imd", "cni")


def standardised(score: Floats, how: str) -> Floats:
    """Scores standardised over the areas that have one; NaN where there is none.

    Args:
        score: Higher = worse; one an area.
        how: z_score (by the sample standard deviation) or min_max.

    Raises:
        StabilityError: another standardisation.
    """
    if how == "z_score":
        return np.asarray((score - np.nanmean(score)) / np.nanstd(score, ddof=1))
    if how == "min_max":
        least = np.nanmin(score)
        return np.asarray((score - least) / (np.nanmax(score) - least))
    raise StabilityError(f"No standardisation '{how}': z_score or min_max. Correct {RULES}")


@dataclass(frozen=True, eq=False)
class Choice:
    """What stays the same in all draws of an edition.

    Attributes:
        group: Group of each area, None where it has none.
        authority: Local authority of each area.
        is_open: Whether it is not excluded.
        most_in_group: Limits; None where there is none.
        most_in_authority: Likewise.
        most_selected: Likewise.
    """

    group: pd.Series[Any]
    authority: pd.Series[Any]
    is_open: Flags
    most_in_group: int | None
    most_in_authority: int | None
    most_selected: int | None

    def selected(self, composite: Floats) -> Flags:
        """Who is chosen: the highest of each group, of those of each authority, of those of all.

        As the macro composite_ctes, to which a test holds it; ties go by the order of the codes.
        """
        order = np.argsort(-np.round(composite, DIGITS), kind="stable")
        line = order[self.is_open[order] & ~np.isnan(composite[order])]
        for names, most in (
            (self.group, self.most_in_group),
            (self.authority, self.most_in_authority),
        ):
            if most is not None:
                named = names.iloc[line]
                line = line[(named.notna() & (named.groupby(named).cumcount() < most)).to_numpy()]
        chosen = np.zeros(len(composite), dtype=np.bool_)
        chosen[line[: self.most_selected]] = True
        return chosen


def draw_selections(
    editions: pd.DataFrame, rules: pd.DataFrame, scores: pd.DataFrame, areas: pd.DataFrame
) -> pd.DataFrame:
    """A row an area of a composite edition, with the columns of ``COLUMNS``.

    Args:
        editions: stg_composite_editions.
        rules: The seed composite_stability_rules. An edition without a row has no draws.
        scores: int_composite_scores: mean scores of each area by each weighting.
        areas: int_composite_areas.

    Raises:
        StabilityError: rules that make no sense.
    """
    varied = editions.merge(rules, on="composite_rule")
    found = [
        _draws_of(
            row,
            scores[scores["edition_id"] == row["edition_id"]],
            areas[areas["edition_id"] == row["edition_id"]].sort_values("area_code"),
        )
        for row in varied.sort_values("edition_id").to_dict("records")
    ]
    empty = pd.DataFrame({name: [] for name in COLUMNS})
    return pd.concat(found or [empty], ignore_index=True).astype(COLUMNS)


def _draws_of(row: dict[Any, Any], scores: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    weightings, hows = row["weightings_drawn"].split(), row["standardisations_drawn"].split()
    draws, seed, concentration = int(row["draws"]), int(row["seed"]), row["weight_concentration"]
    wrong = {
        "weightings_drawn must have the rule's own": row["weighting"] not in weightings,
        "standardisations_drawn must have the rule's own": row["standardisation"] not in hows,
        "weight_concentration must be above 0": concentration <= 0,
        "draws must be 1 or more": draws < 1,
        "seed must be 0 or more": seed < 0,
    }
    if said := [text for text, is_wrong in wrong.items() if is_wrong]:
        raise StabilityError(f"{row['composite_rule']}: {'; '.join(said)}. Correct {RULES}")
    codes = areas["area_code"]
    mean = {
        weighting: scores[scores["weighting"] == weighting].set_index("area_code").reindex(codes)
        for weighting in weightings
    }
    ready = {
        (weighting, how, index): standardised(
            mean[weighting][f"{index}_score"].to_numpy(np.float64), how
        )
        for weighting in weightings
        for how in hows
        for index in INDICES
    }
    choice = Choice(
        group=areas["group_code"],
        authority=areas["lad_code"],
        is_open=~areas["is_excluded"].to_numpy(np.bool_),
        most_in_group=_limit(row["most_in_group"]),
        most_in_authority=_limit(row["most_in_authority"]),
        most_selected=_limit(row["most_selected"]),
    )
    own = np.array([row["imd_weight"], row["cni_weight"]])
    shares = own / own.sum()

    def selected(weighting: str, how: str, weights: Floats) -> Flags:
        imd, cni = (ready[weighting, how, index] for index in INDICES)
        return choice.selected(weights[0] * imd + weights[1] * cni)

    weights = stream(seed, "weights").dirichlet(concentration * shares, draws) * own.sum()
    by = stream(seed, "weighting").integers(len(weightings), size=draws)
    through = stream(seed, "standardisation").integers(len(hows), size=draws)
    counts = np.zeros(len(codes), dtype=np.int64)
    for draw in range(draws):
        counts += selected(weightings[by[draw]], hows[through[draw]], weights[draw])
    return pd.DataFrame(
        {
            "edition_id": row["edition_id"],
            "area_code": codes.to_numpy(),
            "draws": draws,
            "probability": counts / draws,
            "is_selected_recomputed": selected(row["weighting"], row["standardisation"], own),
            "seed": seed,
        }
    )


def _limit(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
