"""The limits of use, which stand in ``limits.yml``: once, for pages and docs alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

LIMITS = Path(__file__).with_suffix(".yml")


class Limit(BaseModel):
    """What a reader must not take a list for, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    text: str


@cache
def limits() -> tuple[Limit, ...]:
    loaded = yaml.safe_load(LIMITS.read_text(encoding="utf-8"))
    return TypeAdapter(tuple[Limit, ...]).validate_python(loaded)
