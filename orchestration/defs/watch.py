"""The source watch: once a month, whether publishers have new or re-issued files.

Here: what Dagster and people are told. Not here: the looking (orchestration/sources/watch.py).
"""

import dagster as dg

from orchestration import notify
from orchestration.defs.runs import live
from orchestration.defs.source_files import source_key
from orchestration.settings import Settings
from orchestration.sources.registry import Registry
from orchestration.sources.watch import watch


def build_watch(
    settings: Settings, registry: Registry
) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job ``watch_sources`` and its schedule."""

    @dg.op(description="Asks each official address whether its file is still the one in use.")
    def look_at_addresses(context: dg.OpExecutionContext) -> None:
        # It takes no turn, and may take a while: it must not be taken for dead.
        live(settings, context.run_id)
        news = []
        for observed in watch(settings, registry):
            source = observed.source
            assert source.download is not None
            context.log_event(
                dg.AssetObservation(
                    source_key(settings, source.id),
                    description=f"At the publisher's address: {observed}.",
                    metadata={
                        "address": dg.MetadataValue.url(source.download.url),
                        "sha256_there": observed.sha256 or "unknown",
                        "is_in_use": not observed.differs and not observed.problem,
                    },
                )
            )
            if observed.problem:
                context.log.warning(f"{source.id}: {observed}")
            elif observed.is_news:
                news.append(
                    notify.SourceNews(source.id, source.title, str(observed), source.landing_page)
                )
        if news:
            message = notify.source_news(settings.profile, news)
            context.log.info(message.body)
            for problem in notify.send(settings, message):
                context.log.warning(problem)

    @dg.job(
        description="Looks at the official addresses for new and re-issued files. Takes none: each "
        "is an observation on its source, and told to whom LBN_NOTIFY names.",
        executor_def=dg.in_process_executor,
    )
    def watch_sources() -> None:
        look_at_addresses()

    schedule = dg.ScheduleDefinition(
        name="monthly_source_watch",
        job=watch_sources,
        cron_schedule="0 7 1 * *",
        execution_timezone="Europe/London",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="On the first of each month at 07:00. It needs the daemon.",
    )
    return watch_sources, schedule
