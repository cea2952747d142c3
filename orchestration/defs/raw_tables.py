"""One asset a raw table: what the files say, typed strictly, with the line of every row.

Here: loading the build database. Not here: judging what was loaded (the guards do).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import dagster as dg

from data_quality import preload
from orchestration.build.database import load_build, open_build
from orchestration.defs.source_files import OWNERS, POOL, load_taken_files, source_key
from orchestration.defs.table_metadata import table_metadata
from orchestration.raw.readers import RAW_TABLES, TABLES_OF_KIND
from orchestration.settings import Settings
from orchestration.sources.registry import Registry
from orchestration.sources.vault import Vault

SOURCE_FILE_KEY = dg.AssetKey(["meta", "source_file"])


def raw_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", table])


def build_raw_tables(settings: Settings, registry: Registry) -> dg.AssetsDefinition:
    """One step for all tables, so that every bad file is told at once and none is half loaded."""
    specs = [
        dg.AssetSpec(
            raw_key(table),
            deps=[source_key(source.id) for source in registry.of_kind(kind)],
            description=f"Every {kind} source, told apart by source_id, with its line numbers.",
            group_name="raw",
            kinds={"duckdb", "table"},
            owners=OWNERS,
        )
        for kind, tables in TABLES_OF_KIND.items()
        for table in tables
    ]
    specs.append(
        dg.AssetSpec(
            SOURCE_FILE_KEY,
            deps=[source_key(source.id) for source in registry.sources],
            description="The vault file of each source, with its provenance.",
            group_name="raw",
            kinds={"duckdb", "table"},
            owners=OWNERS,
        )
    )

    @dg.multi_asset(name="read_raw_tables", specs=specs, pool=POOL)
    def read_raw_tables() -> Iterator[dg.MaterializeResult[None]]:
        # The guards come next, and their library takes four seconds to import. It does so while
        # DuckDB parses files and needs no interpreter.
        threading.Thread(target=preload, daemon=True).start()
        load_build(settings, registry, Vault(settings, registry), load_taken_files(settings))
        with open_build(settings, read_only=True) as connection:
            for table in RAW_TABLES:
                yield dg.MaterializeResult(
                    asset_key=raw_key(table), metadata=table_metadata(connection, "raw", table)
                )
            yield dg.MaterializeResult(
                asset_key=SOURCE_FILE_KEY,
                metadata=table_metadata(connection, "meta", "source_file"),
            )

    return read_raw_tables
