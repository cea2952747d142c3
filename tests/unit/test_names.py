"""How a name that a person writes is set against those that there are."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.ask.names import How, Names, words

KNOWN = (
    "Kingston upon Hull, City of",
    "County Durham",
    "Middlesbrough",
    "Stoke-on-Trent",
    "Jaywick & St Osyth",
    "Thanet 001A",
    "Thanet 006D",
    "King's Lynn and West Norfolk",
    "Hullbridge",
    "Clacton",
    "Birkenhead Central",
    "E01021988",
)
NAMES = Names((name, (name,)) for name in KNOWN)


def found(text: str) -> list[tuple[str, How]]:
    return [(name, how) for (name,), how in NAMES.find(text)]


@pytest.mark.parametrize(
    ("text", "first", "how"),
    [
        ("hull", "Hullbridge", How.begins),
        ("Durham", "County Durham", How.words),
        ("stoke on trent", "Stoke-on-Trent", How.exact),
        ("Jaywick", "Jaywick & St Osyth", How.begins),
        ("jaywick and saint osyth", "Jaywick & St Osyth", How.exact),
        ("Kings Lynn", "King's Lynn and West Norfolk", How.begins),
        ("KING’S LYNN", "King's Lynn and West Norfolk", How.begins),
        ("West Norfolk", "King's Lynn and West Norfolk", How.words),
        ("Thanet 001", "Thanet 001A", How.begins),
        ("Middlesborough", "Middlesbrough", How.close),
        ("Birkinhead", "Birkenhead Central", How.close),
        ("Claxton", "Clacton", How.close),
        ("e01021988", "E01021988", How.exact),
    ],
)
def test_what_is_found_first_and_how(text: str, first: str, how: How) -> None:
    assert found(text)[0] == (first, how)


def test_the_words_of_hull_lead_to_the_city_too() -> None:
    assert ("Kingston upon Hull, City of", How.words) in found("Hull")


def test_another_number_is_not_found() -> None:
    assert [name for name, _ in found("Thanet 001")] == ["Thanet 001A"]


def test_close_spellings_only_where_there_is_nothing_else() -> None:
    assert How.close not in {how for _, how in found("Clacton")}
    assert found("Xyzzy") == []
    assert found("") == found("  -- ") == []


def test_another_code_is_no_close_spelling() -> None:
    assert found("E01021989") == []


def test_a_thing_of_several_names_is_found_once_as_surely_as_it_can_be() -> None:
    thing = ("E01021988",)
    names = Names([("Tendring 018A", thing), ("E01021988", thing), ("Tendring", thing)])
    assert names.find("tendring") == [(thing, How.exact)]


@given(st.text(max_size=40))
@example("\U0001d6e2")  # a mathematical capital, which becomes a plain one
def test_any_text_may_be_asked_for(text: str) -> None:
    assert all(how in How for _, how in found(text))
    assert words(" ".join(words(text))) == words(text)


@given(st.sampled_from(KNOWN), st.randoms(use_true_random=False))
def test_a_name_is_found_by_any_of_its_words_in_any_order(name: str, random: object) -> None:
    asked = list(words(name))
    random.shuffle(asked)  # type: ignore[attr-defined]
    assert name in [each for each, _ in found(" ".join(asked))]
