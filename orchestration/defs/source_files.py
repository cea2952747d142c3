"""One asset a registered source release: its file, in the vault.

Here: taking files from the inbox or the official address. Not here: opening them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import dagster as dg

from orchestration.settings import Settings
from orchestration.sources.registry import Registry, Source
from orchestration.sources.sample_inbox import fill_sample_inbox
from orchestration.sources.vault import Vault, VaultFile

OWNERS = ["team:data-engineering"]
POOL = "warehouse"


def source_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["source", source_id])


def taken_files(settings: Settings) -> Path:
    """Which vault files the build is made of: handed from this step to the next."""
    return settings.build / "source_files.json"


def load_taken_files(settings: Settings) -> list[VaultFile]:
    entries = json.loads(taken_files(settings).read_text(encoding="utf-8"))
    return [VaultFile(**entry) for entry in entries]


def _spec(source: Source, registry: Registry) -> dg.AssetSpec:
    return dg.AssetSpec(
        source_key(source.id),
        description=f"{source.title}. {source.publisher}. Licence: {source.licence}.",
        group_name="sources",
        kinds={"geojson" if source.kind == "boundary" else "csv"},
        owners=OWNERS,
        metadata={
            "landing_page": dg.MetadataValue.url(source.landing_page),
            "licence": source.licence,
            "citation": source.citation,
            "expected_rows": registry.rows(source),
            "inbox_pattern": " or ".join(source.inbox),
        },
    )


def build_source_files(settings: Settings, registry: Registry) -> dg.AssetsDefinition:
    """One step for all sources, so that every missing file is told at once."""

    @dg.multi_asset(
        name="take_source_files",
        specs=[_spec(source, registry) for source in registry.sources],
        pool=POOL,
    )
    def take_source_files() -> Iterator[dg.MaterializeResult[None]]:
        fill_sample_inbox(settings, registry)
        vault = Vault(settings, registry)
        files = vault.take_all(fetch=settings.fetch)
        settings.build.mkdir(parents=True, exist_ok=True)
        taken_files(settings).write_text(
            json.dumps([asdict(file) for file in files], indent=2), encoding="utf-8"
        )
        for file in files:
            yield dg.MaterializeResult(
                asset_key=source_key(file.source_id),
                data_version=dg.DataVersion(file.sha256),
                metadata={
                    "sha256": file.sha256,
                    "issue": file.issue,
                    "origin": file.origin,
                    "retrieved_at": file.retrieved_at,
                    "bytes": file.bytes,
                    "path": dg.MetadataValue.path(vault.path_of(file)),
                },
            )

    return take_source_files
