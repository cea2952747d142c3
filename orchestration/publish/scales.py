"""Unit and direction of each column of the marts, as the yml of its mart has them.

From the files themselves and not by way of dbt, which takes seconds to import: ``lbn export`` needs
them too.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import yaml

from orchestration.settings import DBT_PROJECT


class Scale(NamedTuple):
    """The unit of a column and which way it runs; None where it has none."""

    unit: str | None = None
    direction: str | None = None


@cache
def scales(mart: str) -> dict[str, Scale]:
    """The scale of each column of a mart, by name."""
    (path,) = (DBT_PROJECT / "models" / "marts").rglob(f"{mart}.yml")
    # What comes after the models are unit tests, many times as long.
    text = path.read_text(encoding="utf-8").partition("\nunit_tests:")[0]
    (model,) = yaml.safe_load(text)["models"]
    return {
        column["name"]: Scale(**column.get("config", {}).get("meta", {}))
        for column in model["columns"]
    }
