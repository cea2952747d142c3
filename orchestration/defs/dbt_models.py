"""One asset a dbt model or seed, with dbt's tests as its checks.

Here: one dbt build and what Dagster is told of it. Not here: any SQL.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dbt.artifacts.resources.types import NodeType

from data_quality import DBT_GUARD, GuardResult
from orchestration.build.database import (
    clear_verdicts,
    open_build,
    record_verdicts,
)
from orchestration.build.dbt import build_models, manifest_path
from orchestration.defs.source_files import POOL
from orchestration.defs.table_metadata import table_metadata
from orchestration.settings import Settings
from orchestration.sources.registry import Registry


class Translator(DagsterDbtTranslator):
    """Keys as in the warehouse (schema, table), so that a raw table and its dbt source are one."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["schema"])


def _failure_text(node: Any, message: str | None) -> str:
    where = f"{node.name} ({node.original_file_path})"
    return f"{where}: {message or 'failed'}"


def build_dbt_models(settings: Settings, registry: Registry) -> dg.AssetsDefinition:
    """All models in one step: they share one file, and dbt keeps its own order."""

    @dbt_assets(
        manifest=manifest_path(settings, registry),
        name="build_dbt_models",
        # Source tests as checks stay off: with them, Dagster ran dbt after a blocking guard failed.
        dagster_dbt_translator=Translator(
            settings=DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False)
        ),
        pool=POOL,
    )
    def dbt_models(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        with open_build(settings) as connection:
            clear_verdicts(connection, since="dbt")
        runs = build_models(settings, registry)
        checks = {key.name: key for key in context.selected_asset_check_keys}
        verdicts: list[GuardResult] = []
        broken: list[str] = []
        with open_build(settings) as connection:
            for run in runs:
                node, passed = run.node, run.status in ("success", "pass", "warn")
                if node.resource_type == NodeType.Test:
                    verdict = GuardResult(
                        stage="dbt",
                        guard=DBT_GUARD,
                        expectation=node.name,
                        passed=passed,
                        unexpected=run.failures or 0,
                        examples=(run.message or "") if not passed else "",
                        expected=node.description or node.name.replace("_", " "),
                        remedy=f"query the rows with the compiled SQL of {node.name}",
                    )
                    verdicts.append(verdict)
                    if node.name in checks:
                        yield dg.AssetCheckResult(
                            asset_key=checks[node.name].asset_key,
                            check_name=node.name,
                            passed=passed,
                            metadata={"failing_rows": verdict.unexpected},
                        )
                # What dbt runs when it starts makes no table.
                elif passed and node.resource_type != NodeType.Operation:
                    yield dg.MaterializeResult(
                        asset_key=dg.AssetKey([node.schema, node.name]),
                        metadata={
                            **table_metadata(connection, node.schema, node.name),
                            "execution_seconds": round(run.execution_time, 3),
                        },
                    )
                if not passed and run.status != "skipped":
                    broken.append(_failure_text(node, run.message))
            record_verdicts(connection, DBT_GUARD, verdicts)
        if broken:
            raise dg.Failure("dbt build failed:\n" + "\n".join(broken))

    return dbt_models
