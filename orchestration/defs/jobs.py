"""The jobs of a profile: everything, and the last step alone."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.keys import key
from orchestration.settings import Settings


def build_jobs(settings: Settings) -> tuple[dg.UnresolvedAssetJobDefinition, ...]:
    """The jobs ``refresh`` and ``publish``."""
    refresh = dg.define_asset_job(
        "refresh",
        selection=dg.AssetSelection.all(),
        description="Source files to release: looks whether anything changed, then takes, reads, "
        "guards, models, guards again and publishes.",
        # The steps share one file and take turns anyway; a process a step would cost 4-5 s each.
        executor_def=dg.in_process_executor,
    )
    publish = dg.define_asset_job(
        "publish",
        selection=dg.AssetSelection.assets(key(settings, "release")),
        description="Audits the candidate that lies in the build folder and publishes it.",
        executor_def=dg.in_process_executor,
    )
    return refresh, publish
