"""Draws of flags: right against plain ranking, repeatable, refused where they make no sense."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.modelling.draws import (
    COLUMNS,
    TIE_RULES,
    Carry,
    Choices,
    DrawnEdition,
    DrawnIndex,
    Rules,
    StabilityError,
    draw_choices,
    draw_flags,
    draw_weights,
    flags_drawn,
    input_hash,
    places,
    read_carry,
    read_indices,
    read_rules,
    varied,
    within,
)

Floats = npt.NDArray[np.float64]

RULES = Rules(
    carry_rules_drawn=("direct",),
    tie_rules_drawn=TIE_RULES,
    threshold_points_below=1.0,
    threshold_points_above=2.0,
    weight_concentration=200.0,
    draws=200,
    seed=7,
)
MEANS = ("population_weighted_mean", "population_weighted_mean_of_ranks")
SMALL = "output_area_mean"
STATISTICS = {
    "any_parent": "worst_part",
    MEANS[0]: "mean_score",
    MEANS[1]: "mean_rank",
    SMALL: "mean_score",
}


def ranks_of(values: list[float]) -> list[int]:
    """Competition ranks, the highest first, by counting."""
    kept = [round(value, 9) for value in values]
    return [1 + sum(other > value for other in kept) for value in kept]


def index(
    areas: int = 40,
    domains: int = 3,
    seed: int = 1,
    release: str = "imd",
    weights: tuple[float, ...] | None = None,
    arithmetic: str = "double",
) -> DrawnIndex:
    """An index of areas A000, A001 and so on, with domain scores of whole numbers, so with ties."""
    random = np.random.default_rng(seed)
    scores = random.integers(1, 12, (domains, areas)).astype(np.float64)
    chosen = np.array(weights or [1.0] * domains)
    total = chosen @ scores
    return DrawnIndex(
        release=release,
        area_codes=np.array([f"A{number:03}" for number in range(areas)]),
        index_score=total,
        index_rank=places(total),
        weights=chosen,
        domain_scores={"mean_rank": scores, "min_rank": scores + (scores % 2) / 4},
        tie_rule="mean_rank",
        arithmetic=arithmetic,
    )


def carry(areas: int = 15, parts: int = 40, seed: int = 2, statistic: str = "worst_part") -> Carry:
    """Every part in one area, every area with a part; the first area has nobody."""
    random = np.random.default_rng(seed)
    of_area = np.sort(np.append(np.arange(areas), random.integers(areas, size=parts - areas)))
    population = random.integers(1, 9, parts).astype(np.float64)
    population[of_area == 0] = 0
    return Carry(
        statistic=statistic,
        area_codes=np.array([f"A{number:03}" for number in range(areas)]),
        parts=random.permutation(parts),
        starts=np.searchsorted(of_area, np.arange(areas)),
        population=population,
    )


def carries() -> dict[str, Carry]:
    """By every rule; small areas bring values to one area less, and by other parts."""
    found = {rule: carry(statistic=statistic) for rule, statistic in STATISTICS.items()}
    fewer = carry(14, seed=9, statistic=STATISTICS[SMALL])
    return found | {SMALL: fewer}


def edition(rule: str = "direct", **changes: Any) -> DrawnEdition:
    cni = index(15 if rule != "direct" else 40, seed=5, release="cni")
    by_rule = {} if rule == "direct" else carries()
    return replace(DrawnEdition("e", index(), cni, by_rule, rule, 20.0, 30.0), **changes)


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ([5.0, 9.0, 1.0], [2, 1, 3]),
        ([3.0, 3.0, 1.0, 4.0], [2, 2, 4, 1]),
        ([2.0, 2.0 + 1e-11, 2.0 + 1e-8], [2, 2, 1]),
        ([7.0], [1]),
        ([], []),
    ],
    ids=str,
)
def test_ties_share_the_smallest_place(values: list[float], ranks: list[int]) -> None:
    assert places(np.array(values)).tolist() == ranks


few_values = st.lists(
    st.one_of(st.integers(0, 6).map(float), st.floats(-1e3, 1e3)), min_size=1, max_size=60
)


@given(few_values, st.floats(0, 100), st.integers(0, 5))
@settings(deadline=None)
def test_within_is_a_rank_up_to_the_last_whole_one(
    values: list[float], percent: float, without_value: int
) -> None:
    found = within(np.array(values + [-math.inf] * without_value), len(values), percent)
    last = math.floor(len(values) * percent / 100)
    if math.floor(len(values) * percent // 100) != last:
        return  # the two quotients fall on different sides of a whole number
    assert found.tolist() == [rank <= last for rank in ranks_of(values)] + [False] * without_value


@pytest.mark.parametrize(
    ("areas", "percent", "listed"),
    [(27, 10, 2), (20, 10, 2), (20, 4, 0), (3, 100, 3), (33, 9.1, 3)],
)
def test_the_last_rank_is_rounded_down(areas: int, percent: float, listed: int) -> None:
    assert within(np.arange(areas, dtype=np.float64), areas, percent).sum() == listed


def test_an_index_is_the_weighted_sum_of_its_domains() -> None:
    known = index(weights=(0.5, 0.3, 0.199))
    assert known.scores() == pytest.approx(known.index_score)
    other = known.scores(np.array([1.0, 0.0, 2.0]), "min_rank")
    domains = known.domain_scores["min_rank"]
    assert other.tolist() == (domains[0] + 2 * domains[2]).tolist()


def test_sums_in_single_precision_are_kept_so() -> None:
    known = index(weights=(0.1, 0.2, 0.3), arithmetic="single")
    total = index(weights=(0.1, 0.2, 0.3)).scores()
    assert known.scores().tolist() == total.astype(np.float32).tolist()
    assert known.scores().tolist() != total.tolist()


def test_an_index_without_its_domains_keeps_score_and_rank() -> None:
    # Ranks that the scores do not give: where both are published, the rank decides.
    fixed = replace(index(), domain_scores={}, index_rank=np.arange(40, 0, -1.0))
    scores = fixed.scores(np.array([9.0, 0.0, 0.0]), "min_rank")
    assert scores.tolist() == fixed.index_score.tolist()
    assert fixed.ranks(scores).tolist() == list(range(40, 0, -1))
    assert np.flatnonzero(fixed.within(scores, 5)).tolist() == [38, 39]


def test_an_area_is_the_mean_of_its_parts_by_population_or_any_of_them() -> None:
    links = Carry(
        statistic="mean_score",
        area_codes=np.array(["A", "B", "C"]),
        parts=np.array([0, 2, 1, 3]),
        starts=np.array([0, 2, 3]),
        population=np.array([1.0, 3.0, 5.0, 0.0]),
    )
    assert links.mean(np.array([10.0, 7.0, 20.0, 99.0])).tolist() == [17.5, 7.0, -math.inf]
    flagged = links.any_part(np.array([False, False, True, True]))
    assert flagged.tolist() == [True, False, True]


def plain_flags(known: DrawnEdition, choices: Choices) -> list[tuple[bool, bool]]:
    """The flags by plain ranking, an area at a time."""

    def scores_of(one: DrawnIndex, weights: Floats | None) -> list[float]:
        chosen = one.weights if weights is None else weights
        domains = one.domain_scores[choices.tie_rule or one.tie_rule]
        return [
            sum(w * v for w, v in zip(chosen, column, strict=True)) for column in domains.T.tolist()
        ]

    def listed(values: list[float], percent: float) -> list[bool]:
        last = math.floor(len(values) * (percent + choices.points) / 100)
        return [rank <= last for rank in ranks_of(values)]

    scores = scores_of(known.imd, choices.imd_weights)
    if not known.carries:
        imd = dict(
            zip(known.imd.area_codes.tolist(), listed(scores, known.imd_percent), strict=True)
        )
    else:
        chosen = known.carries[choices.carry_rule]
        ends = [*chosen.starts.tolist()[1:], len(chosen.parts)]
        spans = [range(*span) for span in zip(chosen.starts.tolist(), ends, strict=True)]
        codes = chosen.area_codes.tolist()
        if choices.carry_rule == "any_parent":
            flags = listed(scores, known.imd_percent)
            imd = {
                code: any(flags[chosen.parts[at]] for at in span)
                for code, span in zip(codes, spans, strict=True)
            }
        else:
            if choices.carry_rule.endswith("_of_ranks"):
                scores = [-rank for rank in ranks_of(scores)]
            means = {}
            for code, span in zip(codes, spans, strict=True):
                people = sum(chosen.population[at] for at in span)
                if people:
                    total = sum(chosen.population[at] * scores[chosen.parts[at]] for at in span)
                    means[code] = total / people
            imd = dict(zip(means, listed(list(means.values()), known.imd_percent), strict=True))
    cni = dict(
        zip(
            known.cni.area_codes.tolist(),
            listed(scores_of(known.cni, choices.cni_weights), known.cni_percent),
            strict=True,
        )
    )
    return [(imd.get(code, False), cni[code]) for code in known.rated.tolist()]


@pytest.mark.parametrize(
    ("own", "drawn"),
    [
        ("direct", ("direct",)),
        ("any_parent", ("any_parent", *MEANS)),
        (MEANS[0], MEANS),
        (SMALL, (SMALL, *MEANS)),
        (MEANS[1], (SMALL, MEANS[1])),
    ],
    ids=str,
)
def test_flags_are_those_of_a_plain_ranking(own: str, drawn: tuple[str, ...]) -> None:
    known = edition(own)
    published = Choices(own)
    imd, cni = known.flags(published)
    assert list(zip(imd.tolist(), cni.tolist(), strict=True)) == plain_flags(known, published)
    seen = set()
    for choices in draw_choices(known, replace(RULES, carry_rules_drawn=drawn, draws=60)):
        imd, cni = known.flags(choices)
        assert list(zip(imd.tolist(), cni.tolist(), strict=True)) == plain_flags(known, choices)
        seen.add((choices.carry_rule, choices.tie_rule))
    assert seen == {(rule, tie) for rule in drawn for tie in TIE_RULES}


def test_the_published_choices_give_the_list_of_the_published_ranks() -> None:
    known = edition()
    imd, cni = known.flags(Choices("direct"))
    # 20% and 30% of 40 areas: the last ranks are 8 and 12.
    assert imd.tolist() == (known.imd.index_rank <= 8).tolist()
    assert cni.tolist() == (known.cni.index_rank <= 12).tolist()


def test_an_area_where_nobody_lives_is_rated_only_by_its_parents() -> None:
    assert "A000" in edition("any_parent").rated
    assert "A000" not in edition("population_weighted_mean").rated
    # Drawn with a rule that cannot rate it, it is on no list.
    imd, _ = edition("any_parent", imd_percent=100.0).flags(Choices(MEANS[0]))
    assert imd.tolist() == [False] + [True] * 14


def test_areas_of_one_index_only_are_not_rated() -> None:
    small = index(10, seed=5, release="cni")
    assert edition(cni=small).rated.tolist() == small.area_codes.tolist()


def test_where_nothing_varies_the_draws_are_the_list() -> None:
    still = replace(
        RULES,
        tie_rules_drawn=("mean_rank",),
        threshold_points_below=0.0,
        threshold_points_above=0.0,
        weight_concentration=1e15,
    )
    known = edition()
    fixed = replace(
        known,
        imd=replace(known.imd, domain_scores={}),
        cni=replace(known.cni, domain_scores={}),
    )
    for one in (known, fixed):
        found = flags_drawn(one, still)
        imd, cni = one.flags(Choices("direct"))
        assert 0 < (imd & cni).sum() < len(imd)
        assert found["is_listed_recomputed"].tolist() == (imd & cni).tolist()
    assert found["probability"].tolist() == (imd & cni).astype(float).tolist()
    assert found["probability_imd"].tolist() == imd.astype(float).tolist()
    assert found["probability_cni"].tolist() == cni.astype(float).tolist()
    assert set(found["varied"]) == {"nothing"}


def test_probabilities_are_shares_of_the_draws() -> None:
    known = edition()
    counts = np.zeros((3, 40))
    for imd, cni in map(known.flags, draw_choices(known, RULES)):
        counts += np.array([imd & cni, imd, cni])
    found = flags_drawn(known, RULES)
    columns = ["probability", "probability_imd", "probability_cni"]
    assert found[columns].to_numpy().T.tolist() == (counts / RULES.draws).tolist()
    assert 0 < found["probability"].max() <= 1
    assert found["probability"].nunique() > 3


def test_weights_are_drawn_around_the_published_ones_with_their_sum() -> None:
    published = (0.225, 0.225, 0.135, 0.135, 0.093, 0.093, 0.093)
    drawn = draw_weights(index(domains=7, weights=published), replace(RULES, draws=4000))
    assert drawn is not None
    assert drawn.shape == (4000, 7)
    assert (drawn > 0).all()
    assert drawn.sum(axis=1) == pytest.approx(0.999)
    assert drawn.mean(axis=0) == pytest.approx(published, abs=0.002)
    # The standard deviation of a share s is sqrt(s (1 - s) / (concentration + 1)).
    expected = [math.sqrt(s * (1 - s) / 201) for s in published]
    assert drawn.std(axis=0) == pytest.approx(expected, rel=0.05)


def test_thresholds_fill_the_band_and_rules_are_picked_alike() -> None:
    rules = replace(RULES, carry_rules_drawn=MEANS, draws=4000)
    drawn = list(draw_choices(edition(MEANS[0]), rules))
    points = np.array([choices.points for choices in drawn])
    assert -1 <= points.min() < -0.99
    assert 1.99 < points.max() <= 2
    assert points.mean() == pytest.approx(0.5, abs=0.05)
    for name in ("carry_rule", "tie_rule"):
        picked = [getattr(choices, name) for choices in drawn]
        shares = [picked.count(option) / len(picked) for option in sorted(set(picked))]
        assert shares == pytest.approx([0.5, 0.5], abs=0.03)
    # Independent of one another: no choice tells another.
    pair = np.array([(c.carry_rule == MEANS[0], c.tie_rule == "min_rank") for c in drawn], float)
    correlations = np.corrcoef(np.column_stack([pair, points]), rowvar=False)
    assert np.abs(correlations - np.eye(3)).max() < 0.05


def test_editions_of_one_seed_share_what_they_have_in_common() -> None:
    ward = list(draw_choices(edition(MEANS[0]), RULES))
    direct = list(draw_choices(edition(), RULES))
    assert [c.points for c in ward] == [c.points for c in direct]
    assert [c.tie_rule for c in ward] == [c.tie_rule for c in direct]
    for one, other in zip(ward, direct, strict=True):
        np.testing.assert_array_equal(one.imd_weights, other.imd_weights)
    # An index has weights of its own, and so has another seed.
    first = direct[0]
    assert first.imd_weights is not None
    assert first.cni_weights is not None
    assert first.imd_weights.tolist() != first.cni_weights.tolist()
    elsewhere = next(draw_choices(edition(), replace(RULES, seed=8)))
    assert elsewhere.points != first.points


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "IMD weights, CNI weights, threshold, tie rule"),
        ({"tie_rules_drawn": ("min_rank",)}, "IMD weights, CNI weights, threshold"),
        (
            {"threshold_points_below": 0.0, "threshold_points_above": 0.0},
            "IMD weights, CNI weights, tie rule",
        ),
        (
            {"carry_rules_drawn": MEANS},
            "IMD weights, CNI weights, threshold, carry rule, tie rule",
        ),
    ],
)
def test_what_varies_is_said(changes: dict[str, Any], words: str) -> None:
    assert varied(edition(), replace(RULES, **changes)) == words


def test_an_index_that_cannot_vary_is_not_said_to() -> None:
    assert varied(edition(imd=replace(index(), domain_scores={})), RULES) == (
        "CNI weights, threshold, tie rule"
    )


# What dbt hands over: two editions, one of wards.
EDITION: dict[str, Any] = {
    "edition_id": "direct_edition",
    "imd_release": "imd",
    "cni_release": "cni",
    "carry_rule": "direct",
    "imd_threshold_percent": 20,
    "cni_threshold_percent": 30,
    "carry_rules_drawn": "direct",
    "tie_rules_drawn": "mean_rank min_rank",
    "threshold_points_below": 1.0,
    "threshold_points_above": 2.0,
    "weight_concentration": 200.0,
    "draws": 50,
    "seed": 7,
}
WARDS = EDITION | {
    "edition_id": "carried_edition",
    "cni_release": "cni_wards",
    "carry_rule": "population_weighted_mean",
    "carry_rules_drawn": " ".join(MEANS),
}


def frames() -> dict[str, pd.DataFrame]:
    links = carry()
    known = [index(), index(seed=5, release="cni"), index(15, seed=6, release="cni_wards")]
    rows = []
    for one in known:
        for number, code in enumerate(one.area_codes.tolist()):
            lists = {f"scores_{rule}": one.domain_scores[rule][:, number] for rule in TIE_RULES}
            score, rank = one.index_score[number], one.index_rank[number]
            row = {"area_code": code, "index_score": score, "index_rank": rank, **lists}
            rows.append({"index_release": one.release, **row})
    of_area = np.repeat(links.area_codes, np.diff(np.append(links.starts, len(links.parts))))
    return {
        "editions": pd.DataFrame([WARDS, EDITION]),
        "releases": pd.DataFrame(
            [(one.release, "mean_rank", "double") for one in known],
            columns=["index_release", "score_tie_rule", "arithmetic"],
        ),
        "weights": pd.DataFrame(
            [(one.release, domain, 1.0) for one in known for domain in ("a", "b", "c")],
            columns=["index_release", "domain", "weight"],
        ),
        "indices": pd.DataFrame(rows),
        "carry_rules": pd.DataFrame(
            [("direct", "own", None), *((rule, STATISTICS[rule], "whole") for rule in MEANS)],
            columns=["carry_rule", "statistic", "weighting"],
        ),
        "carry": pd.DataFrame(
            {
                "edition_id": "carried_edition",
                "weighting": "whole",
                "area_code": of_area,
                "part_code": index().area_codes[links.parts],
                "part_population": links.population,
            }
        ),
    }


def test_every_edition_and_rated_area_is_a_row_in_order() -> None:
    found = draw_flags(**frames())
    assert dict(found.dtypes.astype(str)) == COLUMNS
    assert found[["edition_id", "area_code"]].values.tolist() == [
        *(["carried_edition", f"A{number:03}"] for number in range(1, 15)),
        *(["direct_edition", f"A{number:03}"] for number in range(40)),
    ]
    assert found.groupby("edition_id")["input_sha256"].nunique().tolist() == [1, 1]
    assert found["input_sha256"].nunique() == 2


def test_the_order_of_rows_makes_no_difference() -> None:
    given_frames = frames()
    shuffled = {
        name: frame.sample(frac=1, random_state=3).reset_index(drop=True)
        for name, frame in given_frames.items()
    }
    pd.testing.assert_frame_equal(draw_flags(**given_frames), draw_flags(**shuffled))


def test_an_edition_is_the_same_without_the_other() -> None:
    given_frames = frames()
    both = draw_flags(**given_frames)
    alone = draw_flags(**given_frames | {"editions": pd.DataFrame([EDITION])})
    same = both[both["edition_id"] == "direct_edition"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same)


def test_no_edition_gives_no_row() -> None:
    given_frames = frames()
    found = draw_flags(**given_frames | {"editions": given_frames["editions"].iloc[:0]})
    assert len(found) == 0
    assert list(found.columns) == list(COLUMNS)


def test_a_release_without_domain_scores_is_read_as_it_is() -> None:
    given_frames = frames()
    of_imd = given_frames["indices"]["index_release"] == "imd"
    for rule in TIE_RULES:
        given_frames["indices"].loc[of_imd, f"scores_{rule}"] = None
    known = read_indices(*(given_frames[name] for name in ("releases", "weights", "indices")))
    assert not known["imd"].varies
    assert known["cni"].varies
    assert set(draw_flags(**given_frames)["varied"]) == {
        "CNI weights, threshold, carry rule, tie rule",
        "CNI weights, threshold, tie rule",
    }


def test_the_hash_is_of_all_that_the_draws_come_from() -> None:
    known = edition(MEANS[0])
    own = known.carries[MEANS[0]]
    fewer = {rule: one for rule, one in known.carries.items() if rule != SMALL}
    other_scores = {"mean_rank": known.cni.domain_scores["mean_rank"] + 1}
    changed = [
        (replace(known, imd_percent=21.0), RULES),
        (replace(known, imd=replace(known.imd, weights=known.imd.weights * 2)), RULES),
        (replace(known, cni=replace(known.cni, domain_scores=other_scores)), RULES),
        (replace(known, cni=replace(known.cni, index_rank=known.cni.index_rank + 1)), RULES),
        (replace(known, cni=replace(known.cni, arithmetic="single")), RULES),
        *(
            (replace(known, carries={**known.carries, MEANS[0]: replace(own, **changes)}), RULES)
            for changes in (
                {"population": np.ones(40)},
                {"parts": np.arange(40)},
                {"statistic": "mean_rank"},
            )
        ),
        (replace(known, carries=fewer), RULES),
        (known, replace(RULES, seed=8)),
        (known, replace(RULES, weight_concentration=100.0)),
    ]
    hashes = {input_hash(one, rules) for one, rules in [(known, RULES), *changed]}
    assert len(hashes) == 1 + len(changed)
    assert input_hash(edition(MEANS[0]), RULES) in hashes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"draws": None}, "nothing is declared to vary (draws missing for the carry rule direct)"),
        ({"carry_rules_drawn": "any_parent"}, "carry_rules_drawn must have the edition's own"),
        ({"tie_rules_drawn": "max_rank"}, "tie_rules_drawn must be of mean_rank, min_rank"),
        ({"tie_rules_drawn": ""}, "tie_rules_drawn must be of mean_rank, min_rank"),
        ({"threshold_points_below": 21.0}, "band of the threshold"),
        ({"threshold_points_above": 71.0}, "band of the threshold"),
        ({"threshold_points_above": -1.0}, "band of the threshold"),
        ({"weight_concentration": 0.0}, "weight_concentration must be above 0"),
        ({"draws": 0}, "draws must be 1 or more"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_rules_that_make_no_sense_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(StabilityError, match=r"stability_rules\.csv") as refused:
        read_rules(EDITION | changes)
    assert said in str(refused.value)
    assert "direct_edition" in str(refused.value)


def test_a_carry_rule_that_the_edition_cannot_take_is_refused() -> None:
    for own, drawn in (("direct", "any_parent"), ("any_parent", "direct"), ("direct", "nearest")):
        with pytest.raises(StabilityError, match=rf"e cannot take the carry rule '{drawn}'"):
            edition(own).flags(Choices(drawn))
    with pytest.raises(StabilityError, match="carry rule 'nearest'"):
        flags_drawn(edition(), replace(RULES, carry_rules_drawn=("direct", "nearest"), draws=1))


def test_an_edition_with_a_rule_and_no_weights_for_it_is_refused() -> None:
    given_frames = frames()
    given_frames["carry"] = given_frames["carry"].iloc[:0]
    with pytest.raises(StabilityError, match=r"carried_edition cannot take .*int_carry_weights"):
        draw_flags(**given_frames)


def test_a_part_that_the_index_does_not_have_is_refused() -> None:
    rows = frames()["carry"]
    rows.loc[3, "part_code"] = "Z999"
    with pytest.raises(StabilityError, match=r"1 of 40 parts are not areas of imd \(Z999\)"):
        read_carry(rows, index(), "mean_score")
    with pytest.raises(StabilityError, match="0 of 0 parts"):
        read_carry(rows.iloc[:0], index(), "mean_score")


def test_a_part_of_unknown_population_counts_for_nobody() -> None:
    rows = frames()["carry"]
    rows.loc[rows.index[-1], "part_population"] = np.nan
    assert read_carry(rows, index(), "mean_score").population[-1] == 0


def test_domain_scores_in_other_numbers_than_weights_are_refused() -> None:
    given_frames = frames()
    given_frames["weights"] = given_frames["weights"].iloc[:-1]
    with pytest.raises(StabilityError, match=r"cni_wards: .* the 2 domains .*domain_weights\.csv"):
        draw_flags(**given_frames)
