"""One asset a registered source release: its file, in the vault.

Here: looking whether there is anything to do, and taking files from the inbox or the official
address. Not here: opening them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import dagster as dg
from pydantic import Field

from orchestration.build.database import clear_build
from orchestration.defs.instance import write_whole
from orchestration.defs.keys import code_at, key
from orchestration.defs.look import look
from orchestration.defs.release import release_metadata
from orchestration.defs.telling import (
    NOT_RESTORED,
    OUTCOME_TAG,
    RELEASE_TAG,
    STEP,
    accepted_by,
)
from orchestration.defs.told import told
from orchestration.layout import read_manifest
from orchestration.problems import HeldError
from orchestration.publish.differences import require_subjects
from orchestration.publish.release import restore
from orchestration.settings import Settings
from orchestration.sources.inbox import unclaimed
from orchestration.sources.registry import CATALOGUE, Registry, Source
from orchestration.sources.sample_inbox import edited, fill_sample_inbox
from orchestration.sources.vault import Vault, VaultFile

OWNERS = ["team:data-engineering"]


class RefreshConfig(dg.Config):
    """How a refresh goes about it."""

    fetch: bool = Field(
        default=False,
        description="Download again what has an address and is not in the inbox.",
    )
    force: bool = Field(
        default=False,
        description="Build again even where nothing changed. The same inputs and code give the "
        "same release, so what is published stays; the build is made anew and guarded.",
    )
    from_scratch: bool = Field(
        default=False,
        description="Build again, and keep nothing of what was made before: every file is read and "
        "every table made anew.",
    )
    notify: bool = Field(
        default=True,
        description="Tell whom LBN_NOTIFY names how the refresh ended: what failed and what to do, "
        "or what changed in the lists.",
    )


def source_key(settings: Settings, source_id: str) -> dg.AssetKey:
    return key(settings, "source", source_id)


def taken_files(settings: Settings) -> Path:
    """Which vault files the build is made of: handed from this step to the next."""
    return settings.build / "source_files.json"


def load_taken_files(settings: Settings) -> list[VaultFile]:
    """The vault files of the build, less what was set apart since."""
    path = taken_files(settings)
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    files = [VaultFile(**entry) for entry in entries]
    return [file for file in files if (settings.vault / file.path).exists()]


def _spec(source: Source, settings: Settings, registry: Registry) -> dg.AssetSpec:
    return dg.AssetSpec(
        source_key(settings, source.id),
        description=f"{source.title}. {source.publisher}. Licence: {source.licence}.",
        group_name="sources",
        kinds={suffix.removeprefix(".") for suffix in source.suffixes},
        owners=OWNERS,
        # With nothing changed no file is taken, and all that follows is skipped.
        skippable=True,
        metadata={
            "landing_page": dg.MetadataValue.url(source.landing_page),
            "licence": source.licence,
            "citation": source.citation,
            "expected_rows": registry.rows(source),
            "inbox_pattern": source.named_like,
            **code_at(CATALOGUE / "sources.yml", f"- id: {source.id}"),
        },
    )


def build_source_files(settings: Settings, registry: Registry) -> dg.AssetsDefinition:
    """One step for all sources, so that every missing file is told at once."""
    sources = {source_key(settings, source.id): source for source in registry.sources}

    @dg.multi_asset(
        name=STEP,
        specs=[_spec(source, settings, registry) for source in registry.sources],
        can_subset=True,
        required_resource_keys={"turn"},
    )
    def take_source_files(
        context: dg.AssetExecutionContext, config: RefreshConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        chosen = replace(settings, fetch=settings.fetch or config.fetch)
        with told():
            # Before an hour's work, not after it.
            accepted = accepted_by(settings, context.run)
            require_subjects(settings, registry, accepted)
            unused = [str(file) for file in unclaimed(chosen, registry)]
            for file in unused:
                context.log.warning(f"In the inbox and not used: {file}")
            for name in edited(chosen, registry):
                context.log.warning(f"Changed by hand since the sample was written: {name}")
            # Whoever materialises a part wants that part, changed or not.
            if (
                _is_whole(context)
                and not (config.force or config.from_scratch)
                and _nothing_to_build(context, chosen, unused, accepted)
            ):
                return
            if config.from_scratch:
                clear_build(settings)
            fill_sample_inbox(chosen, registry)
            vault = Vault(chosen, registry)
            files = vault.take_all(
                [sources[each] for each in context.selected_asset_keys], fetch=chosen.fetch
            )
            _hand_on(files)
            missing = context.selected_asset_keys - {
                source_key(settings, taken.source_id) for taken in files
            }
            for each in sorted(missing):
                # What follows is skipped without it.
                yield dg.MaterializeResult(
                    asset_key=each,
                    data_version=dg.DataVersion("none"),
                    metadata={"file": f"none: optional; named like {sources[each].named_like}"},
                )
            for taken in files:
                yield dg.MaterializeResult(
                    asset_key=source_key(settings, taken.source_id),
                    data_version=dg.DataVersion(taken.sha256),
                    metadata={
                        "sha256": taken.sha256,
                        "issue": taken.issue,
                        "provenance": str(
                            registry.copy_of(
                                sources[source_key(settings, taken.source_id)],
                                taken.sha256,
                                taken.origin,
                            )
                        ),
                        "origin": taken.origin,
                        "retrieved_at": taken.retrieved_at,
                        "bytes": taken.bytes,
                        "path": dg.MetadataValue.path(vault.path_of(taken)),
                    },
                )

    def _is_whole(context: dg.AssetExecutionContext) -> bool:
        """Whether the run goes from every source to the release."""
        selected = context.job_def.asset_layer.selected_asset_keys
        return {*sources, key(settings, "release")} <= set(selected)

    def _nothing_to_build(
        context: dg.AssetExecutionContext,
        chosen: Settings,
        unused: list[str],
        accepted: Mapping[str, str],
    ) -> bool:
        """Whether the release is there already; then it is made current, and the run says so."""
        try:
            found = look(chosen, registry, accepted)
            if found.release is None:
                return False
            release = found.release
            if found.outcome == "restored":
                restore(settings, release.name, accepted)
        except HeldError:
            context.instance.add_run_tags(context.run_id, {OUTCOME_TAG: NOT_RESTORED})
            raise
        if found.outcome == "restored":
            text = f"Built before from the same inputs and code, and current again: {release.name}"
        else:
            text = f"Nothing changed: the same inputs and code as {release.name}"
        event = dg.AssetMaterialization if found.outcome == "restored" else dg.AssetObservation
        context.log.info(text)
        context.log_event(
            event(
                key(settings, "release"),
                description=text,
                metadata={
                    **release_metadata(release, read_manifest(release)),
                    "not_used_in_the_inbox": unused,
                },
                tags={"dagster/data_version": release.name},
            )
        )
        context.instance.add_run_tags(
            context.run_id, {OUTCOME_TAG: found.outcome, RELEASE_TAG: release.name}
        )
        return True

    def _hand_on(files: list[VaultFile]) -> None:
        anew = {file.source_id for file in files}
        kept = [file for file in load_taken_files(settings) if file.source_id not in anew]
        settings.build.mkdir(parents=True, exist_ok=True)
        handed = json.dumps([asdict(file) for file in (*kept, *files)], indent=2)
        write_whole(taken_files(settings), handed)

    return take_source_files
