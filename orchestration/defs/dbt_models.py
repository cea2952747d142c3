"""One asset a dbt model or seed, with dbt's tests as its checks.

Here: one dbt build, of everything or of what was chosen, and what Dagster is told of it. Not here:
any SQL.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtProject,
    dbt_assets,
)
from dagster_dbt.asset_utils import (
    get_dbt_resource_names_for_asset_keys,
    get_dbt_test_names_for_check_keys,
)
from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.run import RunResult

from data_quality import DBT_GUARD, GuardResult
from orchestration.build.database import open_build, record_verdicts, require_build
from orchestration.build.dbt import build_models, candidate_parts, manifest_path, node_parts
from orchestration.build.expected import expected_of, failing_rows
from orchestration.build.making import end, forget, keep_in
from orchestration.build.parts import Parts
from orchestration.defs.keys import code_at, key
from orchestration.defs.table_metadata import BuildFacts, behind
from orchestration.defs.told import told
from orchestration.problems import Problem, RefreshError
from orchestration.publish.audit import problem_of
from orchestration.settings import DBT_PROJECT, PROJECT_ROOT, Settings
from orchestration.sources.registry import Registry

# A warning is none of them: a test that only warns would let through what it found.
_DONE = ("success", "pass")


class Translator(DagsterDbtTranslator):
    """Keys as in the warehouse (schema, table), so that a raw table and its dbt source are one."""

    def __init__(self, settings: Settings) -> None:
        # Source tests as checks stay off: with them, Dagster ran dbt after a blocking guard failed.
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False))
        self._profile = settings

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return key(self._profile, dbt_resource_props["schema"], dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["schema"])

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        code = code_at(DBT_PROJECT / dbt_resource_props["original_file_path"])
        return {**super().get_metadata(dbt_resource_props), **code}

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        tier = dbt_resource_props.get("config", {}).get("meta", {}).get("tier")
        tags = super().get_tags(dbt_resource_props)
        return {**tags, "tier": tier.replace(" ", "_")} if tier else tags

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=expected_of(manifest["nodes"][unique_id]))


def build_dbt_models(settings: Settings, registry: Registry) -> dg.AssetsDefinition:
    """All models in one step: they share one file, and dbt keeps its own order."""
    translator = Translator(settings)
    path = manifest_path(settings, registry)
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    parts = node_parts(manifest)

    @dbt_assets(
        manifest=path,
        name="build_dbt_models",
        dagster_dbt_translator=translator,
        required_resource_keys={"turn"},
    )
    def dbt_models(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        with told():
            require_build(settings)
            names = _chosen(context)
            if names:
                _require_what_is_read(context)
            with open_build(settings) as connection:
                keeps = keep_in(connection, context.run.run_id)
                if not names:
                    forget(connection, candidate_parts(settings, registry))
            runs = [
                run
                for run in build_models(settings, registry, names)
                if run.status != "skipped" and run.node.resource_type != NodeType.Operation
            ]
            broken: list[Problem] = []
            with open_build(settings) as connection:
                verdicts = {
                    run.node.unique_id: _verdict(connection, run)
                    for run in runs
                    if run.node.resource_type == NodeType.Test
                }
                _record(connection, runs, verdicts, keeps=keeps)
                build = BuildFacts(connection)
                for run in runs:
                    yield from _told_of(context, build, run, verdicts, broken)
                for observed in behind(connection, settings, context.selected_asset_keys):
                    context.log_event(observed)
            if broken:
                raise RefreshError("Building and testing the models", broken)

    def _chosen(context: dg.AssetExecutionContext) -> list[str]:
        """What dbt is to build; nothing where that is everything."""
        if (
            context.selected_asset_keys == dbt_models.keys
            and context.selected_asset_check_keys == dbt_models.check_keys
        ):
            return []
        return [
            *get_dbt_resource_names_for_asset_keys(
                translator, manifest, dbt_models, context.selected_asset_keys
            ),
            *get_dbt_test_names_for_check_keys(
                translator, manifest, dbt_models, context.selected_asset_check_keys
            ),
        ]

    def _require_what_is_read(context: dg.AssetExecutionContext) -> None:
        """Refuse to build upon a table that the build does not have."""
        with open_build(settings, read_only=True) as connection:
            there = {
                f"{schema}.{table}"
                for schema, table in connection.execute(
                    "select table_schema, table_name from information_schema.tables"
                ).fetchall()
            }
        made = {".".join(each.path[1:]) for each in context.selected_asset_keys}
        read = {
            table
            for part, reads in parts.values()
            if part in made
            for table in reads
            if table not in made | there
        }
        if read:
            raise RefreshError(
                "Building and testing the models",
                [
                    Problem(
                        where=table,
                        found="not in the build",
                        expected="whatever a model reads, built before it",
                        remedy="materialise it too, or everything: lbn refresh, or the job refresh",
                    )
                    for table in sorted(read)
                ],
            )

    def _record(
        connection: duckdb.DuckDBPyConnection,
        runs: Sequence[RunResult],
        verdicts: Mapping[str, GuardResult],
        *,
        keeps: bool,
    ) -> None:
        """Note what was judged, and its verdict; what was made, dbt has noted.

        A kept verdict is told in the words of now, which no test is made of.
        """
        connection.begin()
        book = Parts(connection)
        passed = {
            name
            for (name,) in connection.execute(
                "select expectation from meta.guard_result where guard = ? and passed", [DBT_GUARD]
            ).fetchall()
        }
        kept = set()
        for run in runs:
            node: Any = run.node
            if verdict := verdicts.get(node.unique_id):
                _, reads = parts[node.unique_id]
                judged = (f"test {node.name}", "sql", _stated(node), reads)
                if keeps and node.name in passed and book.keep(*judged):
                    kept.add(node.name)
                else:
                    book.record_verdict(*judged, passed=verdict.passed)
        record_verdicts(connection, DBT_GUARD, list(verdicts.values()), kept)
        end(connection)
        connection.commit()

    def _told_of(
        context: dg.AssetExecutionContext,
        build: BuildFacts,
        run: RunResult,
        verdicts: Mapping[str, GuardResult],
        broken: list[Problem],
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """What became of a node, for Dagster."""
        node: Any = run.node
        done = run.status in _DONE
        if verdict := verdicts.get(node.unique_id):
            for check in context.selected_asset_check_keys:
                if check.name == node.name:
                    yield dg.AssetCheckResult(
                        asset_key=check.asset_key,
                        check_name=check.name,
                        passed=done,
                        description=None if done else verdict.examples,
                        metadata={
                            "reused": build.is_kept(f"test {node.name}"),
                            "failing_rows": verdict.unexpected,
                            "examples": verdict.examples or "none",
                            "expected": verdict.expected,
                            "to_do": verdict.remedy,
                        },
                    )
            if not done:
                broken.append(problem_of(verdict))
        elif done:
            facts = build.of(node.schema, node.name)
            yield dg.MaterializeResult(
                asset_key=key(settings, node.schema, node.name),
                data_version=dg.DataVersion(facts.version),
                metadata={
                    **facts.metadata,
                    "reused": build.is_kept(f"{node.schema}.{node.name}"),
                    "execution_seconds": round(run.execution_time, 3),
                },
            )
        else:
            broken.append(
                Problem(
                    where=f"{node.schema}.{node.name} ({node.original_file_path})",
                    found=f"dbt could not build it: {' '.join((run.message or '').split())}",
                    expected="a model that builds",
                    remedy=f"run its SQL: {_compiled(node)}",
                )
            )

    def _verdict(connection: duckdb.DuckDBPyConnection, run: RunResult) -> GuardResult:
        node: Any = run.node
        done = run.status in _DONE
        return GuardResult(
            stage="dbt",
            guard=DBT_GUARD,
            expectation=node.name,
            passed=done,
            unexpected=0 if done else (run.failures or 1),
            examples="" if done else failing_rows(connection, node, run.message or ""),
            expected=expected_of(node.to_dict()),
            remedy=f"see all rows with {_compiled(node)}; then put right what they come from",
        )

    def _stated(node: Any) -> str:
        """What a test is, as dbt has it when it looks whether it may keep the verdict."""
        config = node.config
        limits = [config.limit, config.fail_calc, config.warn_if, config.error_if]
        return json.dumps([node.compiled_code, *limits], sort_keys=True)

    def _compiled(node: Any) -> str:
        """Where its SQL is, in words that hold on any machine: a release says them."""
        folder = settings.dbt_target / "compiled" / node.package_name
        compiled = folder / node.original_file_path
        if node.resource_type == NodeType.Test and node.test_node_type == "generic":
            compiled = compiled / node.path
        if compiled.is_relative_to(PROJECT_ROOT):
            return str(compiled.relative_to(PROJECT_ROOT))
        return f"$LBN_DATA/{compiled.relative_to(settings.data)}"

    return dbt_models
