"""The Dagster code location: assembly only."""

from __future__ import annotations

import dagster as dg

from orchestration import jobs
from orchestration.assets.dbt_models import build_dbt_models
from orchestration.assets.raw_tables import build_raw_tables
from orchestration.assets.release import build_release
from orchestration.assets.source_files import build_source_files
from orchestration.checks import build_checks
from orchestration.schedules import annual_refresh
from orchestration.settings import load_settings
from orchestration.sources.registry import load_registry

settings = load_settings()
registry = load_registry(settings.profile)

dbt_models = build_dbt_models(settings, registry)
read_by_models = {key for keys in dbt_models.asset_deps.values() for key in keys}
# A seed that no model reads is what a guard judges by.
published = sorted(
    key
    for key in dbt_models.keys
    if key.path[0] == "marts" or (key.path[0] == "seeds" and key not in read_by_models)
)

defs = dg.Definitions(
    assets=[
        build_source_files(settings, registry),
        build_raw_tables(settings, registry),
        dbt_models,
        build_release(settings, registry, published),
    ],
    asset_checks=build_checks(settings),
    jobs=[jobs.refresh, jobs.publish],
    schedules=[annual_refresh],
    executor=dg.in_process_executor,
)
