"""One asset a raw table: what the files say, typed strictly, with the line of every row.

Here: loading the build database. Not here: judging what was loaded (the guards do).
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from data_quality import preload
from orchestration.build.database import load_build, open_build
from orchestration.defs.keys import code_at, key
from orchestration.defs.release import OWNERS
from orchestration.defs.source_files import load_taken_files, source_key
from orchestration.defs.table_metadata import BuildFacts, behind
from orchestration.defs.told import told
from orchestration.raw import readers
from orchestration.raw.readers import RAW_TABLES, TABLES_OF_KIND
from orchestration.settings import Settings
from orchestration.sources.registry import Registry
from orchestration.sources.vault import Vault

READERS = Path(readers.__file__)


def build_raw_tables(settings: Settings, registry: Registry) -> dg.AssetsDefinition:
    """One step for all tables, so that every bad file is told at once and none is half loaded."""
    source_file = key(settings, "meta", "source_file")
    tables = {key(settings, "raw", table): table for table in RAW_TABLES}
    specs = [
        dg.AssetSpec(
            key(settings, "raw", table),
            deps=[source_key(settings, source.id) for source in registry.of_kind(kind)],
            description=f"Every {kind} source, told apart by source_id, with its line numbers.",
            metadata=code_at(READERS, f'"{table}": {{'),
            group_name="raw",
            kinds={"duckdb", "table"},
            owners=OWNERS,
        )
        for kind, of_kind in TABLES_OF_KIND.items()
        for table in of_kind
    ]
    specs.append(
        dg.AssetSpec(
            source_file,
            deps=[source_key(settings, source.id) for source in registry.sources],
            description="The vault file of each source, with its provenance.",
            group_name="raw",
            kinds={"duckdb", "table"},
            owners=OWNERS,
        )
    )

    @dg.multi_asset(
        name="read_raw_tables", specs=specs, can_subset=True, required_resource_keys={"turn"}
    )
    def read_raw_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        # The guards come next, and their library takes four seconds to import. It does so while
        # DuckDB parses files and needs no interpreter.
        threading.Thread(target=preload, daemon=True).start()
        chosen = [tables[each] for each in context.selected_asset_keys if each in tables]
        with told():
            load_build(
                settings,
                registry,
                Vault(settings, registry),
                load_taken_files(settings),
                chosen,
                context.run.run_id,
            )
        with open_build(settings, read_only=True) as connection:
            build = BuildFacts(connection)
            for each in sorted(context.selected_asset_keys):
                facts = build.of(*each.path[1:])
                yield dg.MaterializeResult(
                    asset_key=each,
                    data_version=dg.DataVersion(facts.version),
                    metadata=facts.metadata,
                )
            for observed in behind(connection, settings, context.selected_asset_keys):
                context.log_event(observed)

    return read_raw_tables
