"""The code location of a profile: its assets, checks, jobs and schedule, put together."""

from __future__ import annotations

import dagster as dg

from orchestration.defs import jobs
from orchestration.defs.checks import build_checks
from orchestration.defs.dbt_models import build_dbt_models
from orchestration.defs.raw_tables import build_raw_tables
from orchestration.defs.release import build_release
from orchestration.defs.schedules import annual_refresh
from orchestration.defs.source_files import build_source_files
from orchestration.settings import Settings
from orchestration.sources.registry import Registry


def assemble(settings: Settings, registry: Registry) -> dg.Definitions:
    dbt_models = build_dbt_models(settings, registry)
    read_by_models = {key for keys in dbt_models.asset_deps.values() for key in keys}
    # A seed that no model reads is what a guard judges by.
    published = sorted(
        key
        for key in dbt_models.keys
        if key.path[0] == "marts" or (key.path[0] == "seeds" and key not in read_by_models)
    )
    return dg.Definitions(
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
