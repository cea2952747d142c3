"""The text of a refusal: what a person reads when a refresh says no."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app
from orchestration.problems import Problem, RefreshError, UsageError

ONE = Problem("file a.csv, line 3", "'x'", "a number", "correct it")
TWO = Problem("file b.csv", "an empty file", "rows", "get it again")


def test_a_problem_says_where_what_was_found_what_was_expected_and_what_to_do() -> None:
    assert str(ONE) == (
        "file a.csv, line 3\n    found:    'x'\n    expected: a number\n    to do:    correct it"
    )


def test_several_problems_are_counted_and_numbered_in_the_order_they_were_found() -> None:
    text = str(RefreshError("Reading", [TWO, ONE]))
    assert text.startswith(f"Reading: 2 problems\n1. {TWO}\n2. {ONE}\n")


def test_one_problem_is_not_called_problems() -> None:
    assert str(RefreshError("Reading", [ONE])).startswith(f"Reading: 1 problem\n1. {ONE}\n")


def test_the_last_line_says_that_nothing_was_published() -> None:
    last = str(RefreshError("Reading", [ONE])).splitlines()[-1]
    assert last.startswith("Nothing was published")
    assert "release that was current still is" in last


def test_the_problems_stay_at_hand_for_whoever_collects_them() -> None:
    error = RefreshError("Reading", iter([ONE, TWO]))
    assert error.stage == "Reading"
    assert error.problems == [ONE, TWO]


@pytest.mark.parametrize(
    ("setting", "of"),
    [
        ("LBN_KEEP_DAYS", "days"),
        ("LBN_WORKERS", "processes and threads"),
        ("SOURCE_DATE_EPOCH", "seconds since 1970"),
    ],
)
def test_a_setting_that_is_no_number_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, setting: str, of: str
) -> None:
    monkeypatch.setenv(setting, "a year")
    ran = CliRunner().invoke(app, ["sources"])
    assert ran.exit_code == UsageError.exit_code
    assert f"{setting} is 'a year'; it must be a whole number of {of}." in ran.output
