"""The release: the last asset, downstream of every mart and of every blocking guard."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.defs.keys import key
from orchestration.defs.report import report
from orchestration.defs.telling import HELD, OUTCOME_TAG, RELEASE_TAG, is_from_scratch
from orchestration.defs.told import told
from orchestration.layout import EXPLORER, EXPORTS, FIRST_PAGE, WAREHOUSE
from orchestration.problems import HeldError
from orchestration.publish.release import publish
from orchestration.settings import Settings
from orchestration.sources.registry import Registry

OWNERS = ["team:data-engineering"]
# The schedule is yearly; by then somebody should ask why there is no newer one.
FRESH_FOR = timedelta(days=400)


class ReleaseConfig(dg.Config):
    """What a person accepts of the candidate."""

    accept: dict[str, str] = Field(
        default={},
        description="What may differ from the current release beyond its band, by the name in the "
        "refusal, and why: {cni2023: the corrected issue of May}. Recorded in the manifest.",
    )


def release_metadata(path: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """What the page of the release shows."""
    return {
        "release_id": manifest["release_id"],
        "label": manifest["label"],
        "warehouse": dg.MetadataValue.path(path / WAREHOUSE),
        "explorer": dg.MetadataValue.path(path / EXPLORER / FIRST_PAGE),
        "exports": dg.MetadataValue.path(path / EXPORTS),
        **{name: dg.MetadataValue.md(text) for name, text in report(path, manifest).items()},
        "licences": dg.MetadataValue.json(manifest["licences"]),
    }


def build_release(
    settings: Settings, registry: Registry, upstream: list[dg.AssetKey]
) -> dg.AssetsDefinition:
    @dg.asset(
        key=key(settings, "release"),
        deps=upstream,
        description="The published warehouse with its explorer, exports and documentation: "
        "immutable, checksummed, what analysts open.",
        group_name="release",
        kinds={"duckdb"},
        owners=OWNERS,
        required_resource_keys={"turn"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=FRESH_FOR),
    )
    def release(
        context: dg.AssetExecutionContext, config: ReleaseConfig
    ) -> dg.MaterializeResult[None]:
        with told():
            try:
                published = publish(
                    settings, registry, config.accept, copies=not is_from_scratch(context.run)
                )
            except HeldError:
                context.instance.add_run_tags(context.run_id, {OUTCOME_TAG: HELD})
                raise
        context.instance.add_run_tags(
            context.run_id,
            {
                OUTCOME_TAG: "unchanged" if published.was_there else "built",
                RELEASE_TAG: published.release_id,
            },
        )
        return dg.MaterializeResult(
            data_version=dg.DataVersion(published.release_id),
            metadata={
                **release_metadata(published.path, published.manifest),
                "was_there_already": published.was_there,
            },
        )

    return release
