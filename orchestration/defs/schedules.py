"""The schedule: once a year, off until somebody turns it on in the UI.

The Indices of Deprivation come out in autumn; by the first of December a re-issue is usually out
as well.
"""

from __future__ import annotations

import dagster as dg

from orchestration.defs.jobs import refresh

annual_refresh = dg.ScheduleDefinition(
    name="annual_refresh",
    job=refresh,
    cron_schedule="0 6 1 12 *",
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Rebuilds the warehouse every year on 1 December at 06:00.",
)
