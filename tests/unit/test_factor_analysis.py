"""One-factor weights: right where the answer is known, and refused where there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from orchestration.modelling.factor_weights import (
    COLUMNS,
    EstimationError,
    estimate_weights,
    one_factor,
)

Floats = npt.NDArray[np.float64]

FOUR = ("acute", "illness", "mood", "years_lost")


def of_loadings(*loadings: float) -> Floats:
    """The correlations that a perfect one-factor model implies."""
    matrix = np.outer(loadings, loadings)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def three(first: float, second: float, third: float) -> Floats:
    """Correlations of 1 and 2, 1 and 3, 2 and 3; a first loading above 1 if 1 * 2 > 3."""
    return np.array([[1, first, second], [first, 1, third], [second, third, 1]])


def discrepancy(parameters: Floats, correlation: Floats) -> float:
    """What maximum likelihood makes least; of loadings and logarithms of uniqueness."""
    count = len(correlation)
    implied = np.outer(parameters[:count], parameters[:count]) + np.diag(np.exp(parameters[count:]))
    return float(
        np.linalg.slogdet(implied)[1]
        - np.linalg.slogdet(correlation)[1]
        + np.trace(np.linalg.solve(implied, correlation))
        - count
    )


def scores(
    seed: int = 1, areas: int = 400, loadings: tuple[float, ...] = (0.9, 0.8, 0.6, 0.5)
) -> Floats:
    """Areas by indicators, of one factor and noise."""
    draws = np.random.default_rng(seed)
    factor = draws.standard_normal(areas)
    return np.column_stack(
        [a * factor + np.sqrt(1 - a * a) * draws.standard_normal(areas) for a in loadings]
    )


def inputs(
    values: Floats, names: tuple[str, ...] = FOUR, sub_domain: str = "health"
) -> pd.DataFrame:
    """The rows that dbt hands over."""
    return pd.DataFrame(
        [
            ("imd2019", sub_domain, name, f"X01{area:06d}", value)
            for area, row in enumerate(values)
            for name, value in zip(names, row, strict=True)
        ],
        columns=["index_release", "sub_domain", "indicator", "area_code", "standard_score"],
    )


@pytest.mark.parametrize(
    "loadings",
    [(0.9, 0.7, 0.5), (0.8, 0.8, 0.8, 0.8), (0.95, 0.6, 0.3, 0.7, 0.85), (0.5,) * 8],
    ids=str,
)
def test_a_perfect_factor_is_recovered(loadings: tuple[float, ...]) -> None:
    model = one_factor(of_loadings(*loadings), 1000)
    assert model.loadings == pytest.approx(loadings, abs=1e-6)
    assert model.uniqueness == pytest.approx([1 - a * a for a in loadings], abs=1e-6)
    assert model.weights == pytest.approx(np.array(loadings) / sum(loadings), abs=1e-6)
    assert model.discrepancy == pytest.approx(0, abs=1e-9)
    assert model.residual == pytest.approx(0, abs=1e-6)
    assert model.degrees_of_freedom == len(loadings) * (len(loadings) - 3) // 2


def correlations(values: Floats) -> Floats:
    return np.asarray(np.corrcoef(values, rowvar=False), dtype=np.float64)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_least_discrepancy_that_another_search_finds(seed: int) -> None:
    values = scores(seed, 60, (0.9, 0.8, 0.6, 0.5, 0.7))
    correlation = correlations(values)
    model = one_factor(correlation, len(values))
    assert model.discrepancy > 0.01  # no perfect fit: there is something to minimise
    least = minimize(
        discrepancy,
        np.concatenate([np.full(5, 0.7), np.full(5, np.log(0.5))]),
        args=(correlation,),
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 5000},
    )
    assert model.discrepancy == pytest.approx(least.fun, abs=1e-9)
    assert model.loadings == pytest.approx(least.x[:5], abs=1e-5)
    assert model.uniqueness == pytest.approx(np.exp(least.x[5:]), abs=1e-5)


def test_the_statistic_is_bartletts() -> None:
    values = scores(3)
    model = one_factor(correlations(values), 400)
    assert model.chi_square == pytest.approx((399 - 13 / 6 - 2 / 3) * model.discrepancy)


def test_the_same_correlations_give_the_same_model_to_the_last_bit() -> None:
    correlation = correlations(scores())
    one, other = one_factor(correlation, 400), one_factor(correlation.copy(), 400)
    assert one.loadings.tobytes() == other.loadings.tobytes()
    assert one.uniqueness.tobytes() == other.uniqueness.tobytes()


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        (of_loadings(0.9, 0.8), "2 indicators; one factor needs three or more"),
        (
            np.array([[1, np.nan, 0.5], [np.nan, np.nan, np.nan], [0.5, np.nan, 1]]),
            "an indicator is constant",
        ),
        (np.array([[1, 1, 0.5], [1, 1, 0.5], [0.5, 0.5, 1]]), "an indicator repeats others"),
        (of_loadings(0.9, 0.8, -0.7, 0.6), "loadings of both signs"),
        (three(0.9, 0.8, 0.6), "indicator 1 is the factor itself .a Heywood case: "),
        (three(0.9, 0.8, 0.5), "a Heywood case|the search did not arrive"),
    ],
    ids=["two", "constant", "duplicate", "both signs", "Heywood", "far beyond Heywood"],
)
def test_what_has_no_usable_factor_is_refused(correlation: Floats, said: str) -> None:
    with pytest.raises(EstimationError, match=said):
        one_factor(correlation, 100)


def test_weights_add_up_and_carry_what_they_were_made_of() -> None:
    weights = estimate_weights(inputs(scores()))
    assert dict(weights.dtypes.astype(str)) == COLUMNS
    assert list(weights["indicator"]) == list(FOUR)
    assert set(weights["index_release"]) == {"imd2019"}
    assert set(weights["sub_domain"]) == {"health"}
    assert set(weights["areas"]) == {400}
    assert weights["weight"].sum() == pytest.approx(1, abs=1e-8)
    model = one_factor(correlations(scores()), 400)
    assert list(weights["weight"]) == pytest.approx(model.weights, abs=1e-9)
    assert (weights["discrepancy"] == model.discrepancy).all()


def test_each_sub_domain_has_weights_of_its_own() -> None:
    one, other = inputs(scores(1)), inputs(scores(2), sub_domain="crime")
    together = estimate_weights(pd.concat([one, other]))
    apart = pd.concat([estimate_weights(other), estimate_weights(one)], ignore_index=True)
    pd.testing.assert_frame_equal(together, apart)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = inputs(scores())
    shuffled = rows.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(estimate_weights(shuffled), estimate_weights(rows))


def test_an_area_that_lacks_an_indicator_is_left_out() -> None:
    rows = inputs(scores())
    without = rows[rows["area_code"] != "X01000007"]
    lacking = rows[(rows["area_code"] != "X01000007") | (rows["indicator"] != "mood")]
    assert len(lacking) == len(without) + 3
    assert set(estimate_weights(lacking)["areas"]) == {399}
    pd.testing.assert_frame_equal(estimate_weights(lacking), estimate_weights(without))


@pytest.mark.parametrize("what", ["standard_score", "area_code", "indicator"])
def test_the_hash_changes_with_a_value_a_code_and_a_name(what: str) -> None:
    before, after = inputs(scores()), inputs(scores())
    if what == "standard_score":
        after[what] += np.where(after.index == 5, 1e-12, 0.0)
    else:
        after[what] = after[what].str.replace("^(X01000000|acute)$", r"\1_", regex=True)
    hashes = [set(estimate_weights(rows)["input_sha256"]) for rows in (before, after)]
    assert [len(found) for found in hashes] == [1, 1]
    assert hashes[0] != hashes[1]


def constant(values: Floats) -> None:
    values[:, 2] = 3


def reversed_direction(values: Floats) -> None:
    values[:, 2] *= -1


def repeated(values: Floats) -> None:
    values[:, 2] = values[:, 1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (constant, "constant"),
        (reversed_direction, "loadings of both signs"),
        (repeated, "repeats others"),
    ],
)
def test_a_failure_names_release_sub_domain_and_indicators(
    spoil: Callable[[Floats], None], said: str
) -> None:
    values = scores()
    spoil(values)
    with pytest.raises(EstimationError) as failure:
        estimate_weights(inputs(values))
    text = str(failure.value)
    for part in ("imd2019, health", ", ".join(FOUR), said, "indicators.csv", "sub_domains.csv"):
        assert part in text


# --- Against an estimation of our own -------------------------------------------------------------


def symmetric(upper: list[float], count: int) -> Floats:
    """A correlation matrix, from what stands above its diagonal."""
    half = np.zeros((count, count))
    half[np.triu_indices(count, 1)] = upper
    return np.asarray(half + half.T + np.eye(count))


def likeliest(correlation: Floats) -> tuple[Floats, float]:
    """Weights by maximum likelihood, and the discrepancy, with the loadings concentrated out.

    With the uniquenesses given, the best loadings are known (Lawley and Maxwell), so the search is
    over the uniquenesses alone: another function and another search than those of the module.
    """

    def scaled(logarithms: Floats) -> tuple[Floats, Floats, Floats]:
        deviations = np.exp(logarithms / 2)
        values, vectors = np.linalg.eigh(correlation / np.outer(deviations, deviations))
        return deviations, values, vectors

    def profile(logarithms: Floats) -> float:
        rest = scaled(logarithms)[1][:-1]
        return float(np.sum(rest - np.log(rest) - 1))

    count = len(correlation)
    best = minimize(
        profile,
        np.full(count, np.log(0.5)),
        jac="3-point",
        bounds=[(np.log(0.005), 0.0)] * count,
        options={"ftol": 1e-16, "gtol": 1e-10},
    )
    deviations, values, vectors = scaled(best.x)
    loadings = deviations * np.sqrt(values[-1] - 1) * vectors[:, -1]
    return np.asarray(loadings / loadings.sum()), float(best.fun)


EXAMPLES = {
    "health": symmetric([0.8131, 0.7094, 0.4441, 0.7675, 0.5190, 0.4497], 4),
    "three": symmetric([0.62, 0.48, 0.41], 3),
    "weak": symmetric([0.31, 0.22, 0.27, 0.12, 0.35, 0.18, 0.24, 0.29, 0.2, 0.26], 5),
    "two groups": symmetric(
        [0.8, 0.75, 0.3, 0.25, 0.3, 0.78, 0.35, 0.3, 0.25, 0.3, 0.35, 0.3, 0.6, 0.55, 0.5], 6
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_weights_are_those_of_the_profile_likelihood(name: str) -> None:
    model = one_factor(EXAMPLES[name], 32_844)
    weights, least = likeliest(EXAMPLES[name])
    assert model.weights == pytest.approx(weights, abs=1e-6)
    assert model.discrepancy == pytest.approx(least, abs=1e-9)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_order_of_the_indicators_does_not_matter(name: str) -> None:
    correlation = EXAMPLES[name]
    weights = one_factor(correlation, 32_844).weights
    draws = np.random.default_rng(1)
    for _ in range(10):
        order = draws.permutation(len(correlation))
        shuffled = one_factor(correlation[np.ix_(order, order)], 32_844)
        assert shuffled.weights == pytest.approx(weights[order], abs=1e-7)
        assert (shuffled.loadings > 0).all()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_residual_is_what_the_factor_leaves_of_the_correlations(name: str) -> None:
    correlation = EXAMPLES[name]
    model = one_factor(correlation, 32_844)
    fitted = np.outer(model.loadings, model.loadings) + np.diag(model.uniqueness)
    # At the maximum each indicator's variance is explained or unique.
    assert np.diag(fitted) == pytest.approx(np.ones(len(correlation)), abs=1e-5)
    left = (correlation - fitted)[~np.eye(len(correlation), dtype=bool)]
    assert model.residual == pytest.approx(np.sqrt(np.mean(left**2)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.3, 0.95), min_size=3, max_size=10))
def test_any_loadings_that_made_the_correlations_come_back(made_of: list[float]) -> None:
    model = one_factor(of_loadings(*made_of), 1000)
    assert model.loadings == pytest.approx(made_of, abs=1e-5)
    assert model.weights == pytest.approx(np.array(made_of) / sum(made_of), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    # Correlations about zero say nothing of a factor, and the formula divides by them.
    st.lists(st.floats(-0.95, -0.1) | st.floats(0.1, 0.95), min_size=3, max_size=3)
)
@example([0.62, 0.48, 0.41])
def test_three_indicators_have_weights_exactly_where_spearmans_formula_gives_them(
    upper: list[float],
) -> None:
    """The square of a loading is r12 r13 / r23, and none but those below one are weights."""
    correlation = symmetric(upper, 3)
    r12, r13, r23 = upper
    try:
        model = one_factor(correlation, 1000)
    except EstimationError:
        if min(upper) > 0.05 and np.linalg.eigvalsh(correlation)[0] > 0.01:
            assert max(r12 * r13 / r23, r12 * r23 / r13, r13 * r23 / r12) > 0.99
    else:
        squares = [r12 * r13 / r23, r12 * r23 / r13, r13 * r23 / r12]
        assert max(squares) < 0.9951
        assert model.loadings == pytest.approx(np.sqrt(squares), abs=1e-3)
        assert model.degrees_of_freedom == 0


# Correlations of a, b, c and a + b, exactly.
COVARIANCE = np.array([[2.0, 1, 1, 3], [1, 2, 1, 3], [1, 1, 2, 2], [3, 3, 2, 6]])
DEVIATIONS = np.sqrt(np.diag(COVARIANCE))


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        (np.eye(1), "1 indicators; one factor needs three or more"),
        (COVARIANCE / np.outer(DEVIATIONS, DEVIATIONS), "is a sum of them"),
        (symmetric([0.8, 0.7, 0.5], 3), "indicator 1 is the factor itself .*uniqueness -?0.0"),
        (symmetric([0.8, 0.5, 0.7], 3), "indicator 2 is the factor itself"),
        (np.eye(4), "."),
    ],
    ids=["one", "sum", "Heywood", "Heywood of another", "nothing in common"],
)
def test_nor_have_these_a_usable_factor(correlation: Floats, said: str) -> None:
    with pytest.raises(EstimationError, match=said):
        one_factor(correlation, 32_844)


def test_an_area_with_an_empty_value_is_left_out_like_one_without_a_row() -> None:
    rows = inputs(scores())
    lacking = (rows["area_code"] == "X01000007") & (rows["indicator"] == "mood")
    assert lacking.sum() == 1
    empty = rows.assign(standard_score=rows["standard_score"].mask(lacking))
    pd.testing.assert_frame_equal(estimate_weights(empty), estimate_weights(rows[~lacking]))


def test_the_hash_is_that_of_the_values_and_not_of_the_order_of_their_rows() -> None:
    rows = inputs(scores())
    shuffled = rows.sample(frac=1, random_state=2)
    column = rows["standard_score"].to_numpy(np.float64)
    nudged = rows.assign(
        standard_score=np.where(rows.index == 5, np.nextafter(column, 9.0), column)
    )
    one, same, other = (
        estimate_weights(frame)["input_sha256"][0] for frame in (rows, shuffled, nudged)
    )
    assert one == same != other


def test_the_day_of_the_estimation_is_said_and_weights_have_nine_decimals() -> None:
    weights = estimate_weights(inputs(scores()))
    assert set(weights["estimated_on"]) == {datetime.now(UTC).date().isoformat()}
    assert (weights["weight"] == weights["weight"].round(9)).all()
    assert weights["input_sha256"].str.fullmatch("[0-9a-f]{64}").all()


@pytest.mark.parametrize("names", [FOUR[:1], FOUR[:2]], ids=["one", "two"])
def test_too_few_indicators_are_told_with_the_sub_domain(names: tuple[str, ...]) -> None:
    rows = inputs(scores())
    with pytest.raises(EstimationError, match=rf"imd2019, health .*: {len(names)} indicators"):
        estimate_weights(rows[rows["indicator"].isin(names)])


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
def test_one_area_is_not_enough() -> None:
    rows = inputs(scores())
    with pytest.raises(EstimationError, match=r"imd2019, health .* is constant"):
        estimate_weights(rows[rows["area_code"] == "X01000007"])


def test_without_inputs_there_are_no_weights_but_a_table_for_them() -> None:
    weights = estimate_weights(inputs(scores())[:0])
    assert len(weights) == 0
    assert dict(weights.dtypes.astype(str)) == COLUMNS
