"""The code location of a profile: its assets, checks, jobs, schedule and sensors, put together."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.checks import build_checks
from orchestration.defs.dbt_models import build_dbt_models
from orchestration.defs.jobs import build_jobs
from orchestration.defs.raw_tables import build_raw_tables
from orchestration.defs.release import build_release
from orchestration.defs.runs import build_turn
from orchestration.defs.schedules import build_schedule
from orchestration.defs.sensors import build_sensors
from orchestration.defs.source_files import build_source_files
from orchestration.defs.watch import build_watch
from orchestration.settings import Settings
from orchestration.sources.registry import Registry


def assemble(settings: Settings, registry: Registry) -> dg.Definitions:
    dbt_models = build_dbt_models(settings, registry)
    read_by_models = {key for keys in dbt_models.asset_deps.values() for key in keys}
    # A seed that no model reads is what a guard judges by.
    published = sorted(
        key
        for key in dbt_models.keys
        if key.path[1] == "marts" or (key.path[1] == "seeds" and key not in read_by_models)
    )
    assets = [
        build_source_files(settings, registry),
        build_raw_tables(settings, registry),
        dbt_models,
        build_release(settings, registry, published),
    ]
    if registry.profile.synthetic:
        assets = [asset.map_asset_specs(_synthetic) for asset in assets]
    refresh, publish = build_jobs(settings)
    watch, monthly = build_watch(settings, registry)
    return dg.Definitions(
        assets=assets,
        asset_checks=build_checks(settings),
        jobs=[refresh, publish, watch],
        schedules=[build_schedule(settings, refresh), monthly],
        sensors=build_sensors(settings, registry, refresh),
        resources={"turn": build_turn(settings, registry)},
        executor=dg.in_process_executor,
    )


def _synthetic(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Whatever comes from the synthetic country says so first."""
    return spec.replace_attributes(
        description=f"**SYNTHETIC: no figure is real.** {spec.description}",
        tags={**spec.tags, "synthetic": "true"},
    )
