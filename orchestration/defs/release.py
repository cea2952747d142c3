"""The release: the last asset, downstream of every mart and of every blocking guard."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.source_files import OWNERS, POOL
from orchestration.layout import EXPLORER, EXPORTS, FIRST_PAGE, WAREHOUSE
from orchestration.publish.release import publish
from orchestration.settings import Settings
from orchestration.sources.registry import Registry

RELEASE_KEY = dg.AssetKey(["release"])


def build_release(
    settings: Settings, registry: Registry, upstream: list[dg.AssetKey]
) -> dg.AssetsDefinition:
    @dg.asset(
        key=RELEASE_KEY,
        deps=upstream,
        description="The published warehouse with its explorer, exports and documentation: "
        "immutable, checksummed, what analysts open.",
        group_name="release",
        kinds={"duckdb"},
        owners=OWNERS,
        pool=POOL,
    )
    def release() -> dg.MaterializeResult[None]:
        published = publish(settings, registry)
        manifest = published.manifest
        return dg.MaterializeResult(
            data_version=dg.DataVersion(published.release_id),
            metadata={
                "release_id": published.release_id,
                "label": manifest["label"],
                "warehouse": dg.MetadataValue.path(published.path / WAREHOUSE),
                "explorer": dg.MetadataValue.path(published.path / EXPLORER / FIRST_PAGE),
                "exports": dg.MetadataValue.path(published.path / EXPORTS),
                "was_there_already": published.was_there,
                "editions": dg.MetadataValue.json(manifest["editions"]),
                "changes_since": dg.MetadataValue.json(manifest["changes_since"]),
                "licences": dg.MetadataValue.json(manifest["licences"]),
            },
        )

    return release
