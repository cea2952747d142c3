"""How often an area is chosen when a composite rule's choices are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.modelling.composite_draws import Choice, draw_selections, standardised
from orchestration.modelling.draws import StabilityError

RULE = {
    "composite_rule": "r",
    "weight_concentration": 200.0,
    "weightings_drawn": "residents equal",
    "standardisations_drawn": "z_score min_max",
    "draws": 50,
    "seed": 7,
}
EDITION = {
    "edition_id": "e",
    "composite_rule": "r",
    "weighting": "residents",
    "standardisation": "z_score",
    "imd_weight": 1.0,
    "cni_weight": 1.0,
    "most_in_group": 1,
    "most_in_authority": None,
    "most_selected": 2,
}
CODES = list("ABCDEF")


def scores() -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "edition_id": "e",
                "weighting": weighting,
                "area_code": CODES,
                "imd_score": [60.0, 50, 40, 30, 20, np.nan],
                "cni_score": [160.0, 150, 140, 130, 120, 110],
            }
        )
        for weighting in ("residents", "equal")
    ]
    return pd.concat(frames)


def areas() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "edition_id": "e",
            "area_code": CODES,
            "group_code": ["X", "Y", "Y", "Z", "W", "V"],
            "lad_code": "L",
            "is_excluded": [True, False, False, False, False, False],
        }
    )


def drawn(**changed: Any) -> pd.DataFrame:
    edition = {name: changed.get(name, value) for name, value in EDITION.items()}
    rule = {name: changed.get(name, value) for name, value in RULE.items()}
    return draw_selections(pd.DataFrame([edition]), pd.DataFrame([rule]), scores(), areas())


def test_what_is_clear_is_chosen_in_every_draw_and_what_is_not_in_none() -> None:
    found = drawn().set_index("area_code")
    assert found["probability"].to_dict() == {"A": 0, "B": 1, "C": 0, "D": 1, "E": 0, "F": 0}
    assert found["is_selected_recomputed"].to_dict() == {
        "A": False, "B": True, "C": False, "D": True, "E": False, "F": False
    }  # fmt: skip


def test_the_same_seed_gives_the_same_draws() -> None:
    pd.testing.assert_frame_equal(drawn(), drawn())


def test_an_edition_without_rules_has_no_draws() -> None:
    rules = pd.DataFrame([RULE | {"composite_rule": "another"}])
    assert draw_selections(pd.DataFrame([EDITION]), rules, scores(), areas()).empty


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weightings_drawn": "equal"}, "weightings_drawn must have the rule's own"),
        ({"standardisations_drawn": "min_max"}, "standardisations_drawn must have"),
        ({"standardisations_drawn": "z_score rank"}, "No standardisation 'rank'"),
        ({"weight_concentration": 0.0}, "weight_concentration must be above 0"),
        ({"draws": 0}, "draws must be 1 or more"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_rules_that_make_no_sense_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(StabilityError, match=said):
        drawn(**changed)


def test_scores_are_standardised_over_those_that_there_are() -> None:
    score = np.array([1.0, 2, 3, np.nan])
    np.testing.assert_allclose(standardised(score, "z_score"), [-1, 0, 1, np.nan])
    np.testing.assert_allclose(standardised(score, "min_max"), [0, 0.5, 1, np.nan])


AREAS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 6)),
        st.sampled_from(["X", "Y", "Z", None]),
        st.sampled_from("LM"),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
LIMIT = st.one_of(st.none(), st.integers(1, 4))


@given(AREAS, LIMIT, LIMIT, LIMIT)
def test_nobody_is_chosen_before_one_who_could_be_and_is_worse(
    rows: list[tuple[int | None, str | None, str, bool]],
    most_in_group: int | None,
    most_in_authority: int | None,
    most_selected: int | None,
) -> None:
    composite = np.array([np.nan if row[0] is None else row[0] for row in rows], dtype=float)
    choice = Choice(
        group=pd.Series([row[1] for row in rows], dtype=object),
        authority=pd.Series([row[2] for row in rows]),
        is_open=np.array([row[3] for row in rows]),
        most_in_group=most_in_group,
        most_in_authority=most_in_authority,
        most_selected=most_selected,
    )
    chosen = choice.selected(composite)
    line = sorted(
        (number for number, row in enumerate(rows) if row[0] is not None and row[3]),
        key=lambda number: (-composite[number], number),
    )
    kept: list[int] = []
    for place, most in ((1, most_in_group), (2, most_in_authority)):
        kept, seen = [], dict[object, int]()
        for number in line:
            name = rows[number][place]
            seen[name] = seen.get(name, 0) + 1
            if most is None or (name is not None and seen[name] <= most):
                kept.append(number)
        line = kept
    assert set(np.flatnonzero(chosen)) == set(line[:most_selected])
