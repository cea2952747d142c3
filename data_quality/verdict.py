"""What a guard says of a build: the model of a verdict, for whoever records or reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["raw", "dbt", "marts"]
# All of dbt's tests together count as one guard.
DBT_GUARD = "dbt_tests"


@dataclass(frozen=True)
class GuardResult:
    """What one expectation of a guard, or one dbt test, said of the build."""

    stage: Stage
    guard: str
    expectation: str
    passed: bool
    unexpected: int
    examples: str
    expected: str
    remedy: str
