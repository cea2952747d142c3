"""Thresholds and weights, as people write them."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestration.ask.whatif import MOST_WEIGHT, Index, RulesError, threshold, weights


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("0.15", Fraction(3, 20)),
        ("15%", Fraction(3, 20)),
        (" 12.5 % ", Fraction(1, 8)),
        ("1", Fraction(1)),
        ("1e-3", Fraction(1, 1000)),
    ],
)
def test_a_threshold_is_exact(text: str, share: Fraction) -> None:
    assert threshold(text) == share


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("15", "Did you mean 15%"),
        ("0", "above 0"),
        ("-5%", "above 0"),
        ("101%", "at most 1"),
        ("ten", "no threshold"),
        ("", "no threshold"),
        ("1/0", "no threshold"),
        ("nan", "no threshold"),
    ],
)
def test_what_is_no_threshold_is_refused(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        threshold(text)


def test_weights_are_read_by_domain() -> None:
    assert weights("income=0.3, Crime = 1,barriers=0") == {
        "income": 0.3,
        "crime": 1.0,
        "barriers": 0.0,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("income", "no weight"),
        ("=0.3", "no weight"),
        ("income=", "no weight"),
        ("income=-0.1", "no weight"),
        ("income=inf", "no weight"),
        ("income=-inf", "no weight"),
        ("income=1e308", "0 to 1,000,000"),
        ("income=1e999", "no weight"),
        ("income=1000000.1", "no weight"),
        ("income=nan", "no weight"),
        ("income=0.3,", "no weight"),
        ("income=0.3,income=0.4", "given twice"),
    ],
)
def test_what_is_no_weight_is_refused(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        weights(text)


@given(st.dictionaries(st.sampled_from("abcdefg"), st.floats(0, MOST_WEIGHT), min_size=1))
def test_shares_of_any_weights_that_are_taken_are_finite_and_sum_to_1(
    given_: dict[str, float],
) -> None:
    taken = weights(",".join(f"{domain}={weight!r}" for domain, weight in given_.items()))
    assert taken == given_
    assume(any(taken.values()))
    shares = Index("imd2025", Fraction(1, 10), taken, is_reweighted=True).shares
    assert all(0 <= share <= 1 for share in shares)
    assert math.isclose(math.fsum(shares), 1)
