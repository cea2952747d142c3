"""What people are told of a refresh, and that no text shows more of an address than it may."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from orchestration.fingerprint import code_files
from orchestration.notify import SourceNews, check, failure, send, source_news, success
from orchestration.problems import UNTOUCHED, Problem, RefreshError, UsageError
from orchestration.settings import PROJECT_ROOT, Settings, load_settings

HIDDEN = "c0rrecth0rse"
BROKEN = [
    Problem("guard raw_population, column residents", "-3", "0 or more", "correct line 7"),
    Problem("file b.csv", "an empty file", "rows", "get it again"),
]


def settings(*addresses: str) -> Settings:
    return Settings("sample", Path("data"), Path("inbox"), notify=addresses)


def edition(name: str, listed: int) -> dict[str, Any]:
    return {"edition_id": name, "areas_listed": listed}


def change(name: str, joined: int, departed: int) -> dict[str, Any]:
    return {"edition_id": name, "joined": joined, "departed": departed}


def manifest(
    name: str, editions: list[dict[str, Any]], changes: dict[str, Any] | None = None, **other: str
) -> dict[str, Any]:
    return {
        "release_id": name,
        "label": "REAL",
        "country": "England",
        "built_at": "2026-11-26T16:05:09+00:00",
        "editions": editions,
        "changes_since": changes,
        "guards": [
            {"guard": "raw_population", "expectations": 1000, "passed": 1000},
            {"guard": "dbt", "expectations": 200, "passed": 200},
            {"guard": "edition", "expectations": 3, "passed": 3},
        ],
        **other,
    }


BEFORE = manifest("england-old", [edition("ward17", 225), edition("lsoa11", 1200)])


def test_a_failure_begins_with_what_failed_and_what_to_do() -> None:
    text = str(RefreshError("Guarding the refresh", BROKEN))
    message = failure("england", "REAL", text, "a1b2", "http://127.0.0.1:3000/runs/a1b2")
    assert message.kind == "failure"
    assert message.title == "Refresh of england failed: nothing was published"
    assert message.body == (
        f"1. {BROKEN[0]}\n"
        "(1 more problem: see the run)\n\n"
        f"{UNTOUCHED}\n\n"
        "Run a1b2: http://127.0.0.1:3000/runs/a1b2"
    )


def test_a_failure_without_an_address_of_its_run_says_where_to_look() -> None:
    message = failure("sample", "SYNTHETIC", str(RefreshError("Reading", BROKEN[:1])), "a1b2", None)
    assert message.title.startswith("[SYNTHETIC] Refresh of sample failed")
    assert "more problem" not in message.body
    assert message.body.count(UNTOUCHED) == 1
    assert message.body.endswith("\n\nRun a1b2: lbn ui --profile sample shows its log")


def test_a_failure_of_any_length_is_a_short_message() -> None:
    for text in ("x" * 100_000, "line\n" * 10_000):
        body = failure("england", "REAL", text, "a1b2", None).body
        assert len(body) < 3000
        assert f" ...\n\n{UNTOUCHED}" in body


def test_a_success_says_how_each_list_changed() -> None:
    changes = [change("lsoa11", 0, 1200), change("ward17", 3, 1003)]
    now = manifest(
        "england-new",
        [edition("lsoa21", 0), edition("ward17", 1225)],
        {"release_id": "england-old", "editions": changes},
    )
    message = success("england", now, BEFORE)
    assert message.kind == "success"
    assert message.title == "Refresh of england: england-new is current"
    assert message.body == (
        "england-new (REAL, England), built 2026-11-26 16:05 UTC.\n\n"
        "The lists, against england-old:\n"
        "- lsoa21: 0 listed; 0 joined, 0 left\n"
        "- ward17: 1,225 listed; 3 joined, 1,003 left\n"
        "- lsoa11: no longer made; 1,200 left\n\n"
        "3 guards: 1,203 of 1,203 expectations passed."
    )


def test_a_success_names_who_joined_and_left_and_what_was_accepted() -> None:
    areas: list[dict[str, str | None]] = [
        {"change": "left", "area_code": f"X{n}", "area_name": "A\nB", "lad_name": "L"}
        for n in range(7)
    ]
    areas.append({"change": "joined", "area_code": "X9", "area_name": None, "lad_name": None})
    changes = [change("ward17", 1, 7) | {"areas": areas}]
    now = manifest(
        "england-new",
        [edition("ward17", 219)],
        {"release_id": "england-old", "editions": changes},
    ) | {"accepted": [{"subject": "ward17", "reason": "a corrected file", "found": "7 left"}]}
    named = ", ".join(f"X{n} A B (L)" for n in range(5))
    assert (
        "- ward17: 219 listed; 1 joined, 7 left\n"
        "  joined: X9\n"
        f"  left: {named} and 2 more\n\n"
        "Accepted: ward17, a corrected file\n"
    ) in success("england", now, BEFORE).body


def test_the_first_release_is_compared_with_none() -> None:
    body = success("england", manifest("england-new", [edition("ward17", 1225)]), None).body
    assert "The first release:\n- ward17: 1,225 listed\n" in body


def test_the_same_release_again_says_that_nothing_changed() -> None:
    changes = {"release_id": "england-older", "editions": [change("ward17", 3, 1)]}
    same = manifest("england-old", [edition("ward17", 225)], changes)
    body = success("england", same, same).body
    assert "Nothing changed: the same release was current before.\n- ward17: 225 listed\n" in body
    assert "joined" not in body


@pytest.mark.parametrize(
    "changes", [None, {"release_id": "england-older", "editions": [change("ward17", 9, 9)]}]
)
def test_a_release_that_was_put_back_does_not_tell_of_its_own_past(
    changes: dict[str, Any] | None,
) -> None:
    now = manifest("england-new", [edition("lsoa21", 7), edition("ward17", 1225)], changes)
    body = success("england", now, BEFORE).body
    assert (
        "The lists, against england-old, by their length alone:\n"
        "- lsoa21: 7 listed, not made before\n"
        "- ward17: 1,225 listed, 225 before\n"
        "- lsoa11: no longer made\n"
    ) in body
    assert "joined" not in body


def test_the_sample_is_called_synthetic() -> None:
    sample = manifest("sample-1", [], label="SYNTHETIC", country="Sampleland")
    message = success("sample", sample, None)
    assert message.title == "[SYNTHETIC] Refresh of sample: sample-1 is current"
    assert message.body.startswith("sample-1 (SYNTHETIC, Sampleland)")


def test_news_of_sources_say_what_is_new_and_where() -> None:
    page = "https://publisher.example.org/population"
    item = SourceNews("population", "Mid-year estimates", "issued again on 3 December", page)
    message = source_news("england", [item])
    assert message.kind == "info"
    assert message.title == "1 source file of england: new, or issued again by the publisher"
    assert message.body.startswith(
        f"- population: issued again on 3 December\n  Mid-year estimates\n  {page}\n"
    )
    assert source_news("england", [item, item]).title.startswith("2 source files of england")


def test_addresses_come_from_the_environment_and_stay_out_of_what_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LBN_NOTIFY", raising=False)
    assert load_settings().notify == ()
    addresses = (f"jsons://u:{HIDDEN}@hooks.example.org", f"mailtos://u:{HIDDEN}@example.org")
    monkeypatch.setenv("LBN_NOTIFY", "  ".join(addresses) + "\n")
    loaded = load_settings()
    assert loaded.notify == addresses
    assert loaded.fetching().notify == addresses
    assert HIDDEN not in f"{loaded!r} {loaded}"


GOOD = [
    f"jsons://u:{HIDDEN}@hooks.example.org/lbn",
    f"mailtos://u:{HIDDEN}@mail.example.org?to=team@example.org",
    f"tgram://123456789:{HIDDEN}_hijklmnop/12315544/",
    f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{HIDDEN}zcOXrIdevi7F",
]


def test_addresses_that_can_be_used_are_let_through() -> None:
    check(settings())
    check(settings(*GOOD))


@pytest.mark.parametrize(
    ("address", "scheme"),
    [
        (HIDDEN, "no scheme"),
        (f"{HIDDEN}@mail.example.org?to=a@example.org", "no scheme"),
        (f"nonsense://{HIDDEN}", "nonsense://"),
        (f"https://u:{HIDDEN}@unknown.example.org/x", "https://"),
        ("jsons://", "jsons://"),
        (f"JSONS://u:{HIDDEN}/9@example.org", "jsons://"),
        (f"jsons://u:p@{HIDDEN}@example.org", "jsons://"),
        (f"jsons://u:{HIDDEN}@example.org?rto=soon", "jsons://"),
        (f"json://u:{HIDDEN}@example.org,json://b.example.org", "json://"),
        (f"mailtos://u:{HIDDEN}", "mailtos://"),
        (f"mailtos://u:{HIDDEN}@mail.example.org?to=nobody", "mailtos://"),
        (f"mailtos://u:{HIDDEN}@mail.example.org?to=a@example.org&cc=nobody", "mailtos://"),
        (f"json://[{HIDDEN}/", "json://"),
    ],
)
def test_a_malformed_address_is_refused_by_position_and_scheme(
    address: str, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = f"LBN_NOTIFY: address 2 ({scheme}) is not one that can be used."
    caplog.set_level(logging.NOTSET)
    with pytest.raises(UsageError) as refused:
        check(settings(GOOD[0], address))
    assert refused.value.message == told
    assert HIDDEN not in str(refused.value) + caplog.text


def test_sending_to_a_malformed_address_is_a_text() -> None:
    (text,) = send(settings(f"nonsense://{HIDDEN}"), source_news("england", []))
    assert text.startswith("could not tell nonsense://: LBN_NOTIFY: address 1 (nonsense://) is not")
    assert HIDDEN not in text


def test_nobody_to_tell_is_no_failure() -> None:
    assert send(settings(), source_news("england", [])) == []


def test_a_word_changed_here_gives_no_new_release() -> None:
    assert PROJECT_ROOT / "orchestration" / "notify.py" not in set(code_files())
