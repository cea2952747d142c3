"""dbt in this process: the manifest that Dagster draws its graph from, and one build.

In-process, because the stock command-line resource starts dbt twice and asks the network for its
version (docs/decisions/0004-dbt-in-process.md).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_quality import load_suites
from orchestration.build.plain_folder import plain_folder
from orchestration.fingerprint import files_hash
from orchestration.raw.readers import RAW_TABLES
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import Registry

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunResult
    from dbt.cli.main import dbtRunnerResult


def _invoke(settings: Settings, registry: Registry, *arguments: str) -> dbtRunnerResult:
    """Run a dbt command against the build database, quietly, and leave no connection open."""
    # dbt and its adapter take two seconds to import.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    database = plain_folder(settings.build) / settings.build_database.name
    os.environ["LBN_BUILD_DATABASE"] = str(database)
    os.environ["LBN_WORKERS"] = str(settings.workers)
    os.environ["DO_NOT_TRACK"] = "1"
    try:
        return dbtRunner().invoke(
            [
                "--quiet",
                "--log-level-file",
                "none",
                *arguments,
                "--project-dir",
                str(DBT_PROJECT),
                "--profiles-dir",
                str(DBT_PROJECT),
                "--target-path",
                str(settings.dbt_target),
                "--vars",
                json.dumps({"nation_prefix": registry.profile.nation_prefix}),
            ]
        )
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _project_hash() -> str:
    return files_hash(
        file
        for file in DBT_PROJECT.rglob("*")
        if file.suffix in (".sql", ".py", ".yml", ".csv", ".md") and "target" not in file.parts
    )


def _is_whole(manifest: Path) -> bool:
    """A process that is killed leaves half of it; to its cache of parsed files dbt sees itself."""
    try:
        json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def manifest_path(settings: Settings, registry: Registry) -> Path:
    """The manifest of the project as it is now; parsed anew only when the project changed.

    Raises:
        RuntimeError: dbt cannot parse the project; the text is dbt's.
    """
    manifest = settings.dbt_target / "manifest.json"
    stamp = settings.dbt_target / "manifest.sha256"
    now = _project_hash()
    if not (_is_whole(manifest) and stamp.exists() and stamp.read_text() == now):
        settings.dbt_target.mkdir(parents=True, exist_ok=True)
        parsed = _invoke(settings, registry, "parse")
        if not parsed.success:
            raise RuntimeError(f"dbt cannot parse {DBT_PROJECT}: {parsed.exception}")
        stamp.write_text(now)
    return manifest


def generate_catalog(settings: Settings, registry: Registry) -> tuple[Path, Path]:
    """dbt's manifest and its catalog: what the project says, and the columns that there are.

    Opens the build database: nobody else in this process may have it open in another mode.

    Raises:
        RuntimeError: dbt cannot read the project or the build database.
    """
    manifest = manifest_path(settings, registry)
    done = _invoke(settings, registry, "docs", "generate", "--no-compile")
    if not done.success:
        why = done.exception or "it cannot read the columns; does somebody have the file open?"
        raise RuntimeError(f"dbt cannot document {settings.build_database}: {why}")
    return manifest, settings.dbt_target / "catalog.json"


def node_parts(manifest: Mapping[str, Any]) -> dict[str, tuple[str, list[str]]]:
    """What dbt makes: of each node's unique id its name as a part, and the parts that it reads."""
    named = {
        unique_id: f"{node['schema']}.{node['name']}"
        for unique_id, node in {**manifest["nodes"], **manifest["sources"]}.items()
        if node["resource_type"] in ("model", "seed", "source")
    } | {
        unique_id: f"test {node['name']}"
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "test"
    }
    return {
        unique_id: (
            named[unique_id],
            [named[read] for read in node.get("depends_on", {}).get("nodes", []) if read in named],
        )
        for unique_id, node in manifest["nodes"].items()
        if unique_id in named
    }


def table_keys(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Of each table that has one, by its unique id, the columns of its key, in their order.

    The test of a key is what states it: an index on the columns would guard no better, and took
    seconds, memory and nearly half the room of a release.
    """
    return {
        node["attached_node"]: tuple(node["test_metadata"]["kwargs"]["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "unique_key"
    }


def mart_keys(manifest: Path) -> dict[str, tuple[str, ...]]:
    """The columns of each mart's key, from dbt's manifest."""
    said = json.loads(manifest.read_bytes())
    return {
        said["nodes"][table]["name"]: columns
        for table, columns in table_keys(said).items()
        if said["nodes"][table]["schema"] == "marts"
    }


def candidate_parts(settings: Settings, registry: Registry) -> set[str]:
    """Every part that a candidate must have: tables, guards and dbt's tests."""
    manifest = json.loads(manifest_path(settings, registry).read_text(encoding="utf-8"))
    return {
        *(f"raw.{table}" for table in RAW_TABLES),
        *(part for part, _ in node_parts(manifest).values()),
        *(f"guard {name}" for name in load_suites()),
    }


def build_models(
    settings: Settings, registry: Registry, names: Sequence[str] = ()
) -> list[RunResult]:
    """Build and test every model, or the nodes of these names; give what became of each node.

    Unit tests are left to ``make test``: they test the code, not the data. Exposures are not built.
    With names, no test runs but those that are named.

    Raises:
        RuntimeError: dbt did not come as far as running a node.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult, RunResult

    left_out = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")
    chosen = ("--select", *names, "--indirect-selection", "empty") if names else ()
    outcome = _invoke(settings, registry, "build", *left_out, *chosen, "--no-write-json")
    if not isinstance(outcome.result, RunExecutionResult):
        raise RuntimeError(f"dbt did not run: {outcome.exception}")
    return [result for result in outcome.result.results if isinstance(result, RunResult)]
