"""The Dagster code location: the profile of the environment, assembled."""

from __future__ import annotations

from orchestration.defs.assembly import assemble
from orchestration.settings import load_settings
from orchestration.sources.registry import load_registry

settings = load_settings()
defs = assemble(settings, load_registry(settings.profile))
