"""The schedule: once a year, off until somebody turns it on in the UI.

The Indices of Deprivation come out in autumn; by the first of December a re-issue is usually out
as well.
"""

from __future__ import annotations

import dagster as dg

from orchestration.defs.telling import STEP
from orchestration.settings import Settings


def build_schedule(
    settings: Settings, refresh: dg.UnresolvedAssetJobDefinition
) -> dg.ScheduleDefinition:
    """The yearly refresh, at the time of the settings."""
    fetches = " and downloads again what has an address" if settings.schedule_fetch else ""
    return dg.ScheduleDefinition(
        name="annual_refresh",
        job=refresh,
        cron_schedule=settings.schedule,
        execution_timezone="Europe/London",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        run_config={"ops": {STEP: {"config": {"fetch": settings.schedule_fetch}}}},
        description=f"Refreshes at '{settings.schedule}' (LBN_SCHEDULE){fetches}. It needs the "
        "daemon: dagster-daemon run, beside the server; lbn status says whether it runs.",
    )
