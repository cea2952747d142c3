"""The guards: what must be true of the raw tables and of the marts.

What belongs here: the rules, as data in ``suites/*.yml``, one file a suite; their model
(``suite.py``); and the small runner that has Great Expectations judge them (``runner.py``).
What does not: when a guard runs and what a failure stops. That is orchestration's.
"""

from __future__ import annotations

from data_quality.runner import preload, run_suite
from data_quality.suite import Suite, load_suites

__all__ = ["Suite", "load_suites", "preload", "run_suite"]
