"""The jobs: everything, and the last step alone."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.release import RELEASE_KEY

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Source files to release: takes, reads, guards, models, guards again, publishes.",
    # The steps share one file and take turns anyway; a process a step would cost 4-5 s each.
    executor_def=dg.in_process_executor,
)

publish = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.assets(RELEASE_KEY),
    description="Audits the candidate that lies in the build folder and publishes it.",
    executor_def=dg.in_process_executor,
)
