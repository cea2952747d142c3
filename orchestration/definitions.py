"""The Dagster code locations: one a profile, by the profile's name, as workspace.yaml lists them.

``defs`` is the profile of the environment, for Dagster's own commands. Each is put together when it
is asked for, since that takes seconds.
"""

from __future__ import annotations

from functools import cache

import dagster as dg

from orchestration.defs.assembly import assemble
from orchestration.settings import load_settings
from orchestration.sources.registry import load_registry, profile_names


@cache
def _location(profile: str) -> dg.Definitions:
    # LBN_INBOX is the inbox of the profile of the environment; another profile has its own.
    chosen = load_settings()
    settings = chosen if chosen.profile == profile else chosen.of_profile(profile)
    return assemble(settings, load_registry(profile))


def __getattr__(name: str) -> dg.Definitions:
    if name == "defs":
        return _location(load_settings().profile)
    if name in profile_names():
        return _location(name)
    raise AttributeError(f"no profile {name!r}")


def __dir__() -> list[str]:
    return ["defs"]
