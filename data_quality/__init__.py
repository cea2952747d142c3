"""The guards: what must be true of the raw tables and of the marts.

What belongs here: the rules, as data in ``suites/*.yml``, one file a suite; their model
(``suite.py``) and of what they say (``verdict.py``); and the small runner that has Great
Expectations judge them (``runner.py``). It imports nothing of orchestration.
What does not: when a guard runs and what a failure stops. That is orchestration's.
"""

from __future__ import annotations

from data_quality.runner import preload, run_suite
from data_quality.suite import SUITES, Suite, load_suites
from data_quality.verdict import DBT_GUARD, GuardResult, Stage

__all__ = [
    "DBT_GUARD",
    "SUITES",
    "GuardResult",
    "Stage",
    "Suite",
    "load_suites",
    "preload",
    "run_suite",
]
