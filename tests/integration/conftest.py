"""The sample built by dbt, and a release of it: without Dagster and the guards."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.build.dbt import mart_keys
from orchestration.layout import MARTS_VERSION
from orchestration.publish.release import write_warehouse
from tests.support.build import REGISTRY, RELEASE_ID, build_sample


@pytest.fixture(scope="session")
def sample_build(sample_inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's build database: raw tables, seeds and models. To be copied, not changed."""
    only = ("--resource-type", "seed", "--resource-type", "model")
    return build_sample(tmp_path_factory.mktemp("build"), sample_inbox, *only).build_database


@pytest.fixture(scope="session")
def sample_warehouse(sample_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse.duckdb of a release of the sample. Not to be changed: copy it for that."""
    warehouse = tmp_path_factory.mktemp("release") / "warehouse.duckdb"
    manifest = {
        "release_id": RELEASE_ID,
        "profile": "sample",
        "country": REGISTRY.profile.label,
        "label": "SYNTHETIC",
        "built_at": "2026-11-25T09:50:00+00:00",
        "code_version": "0123456789ab",
        "git_commit": None,
        "marts_version": MARTS_VERSION,
    }
    keys = mart_keys(sample_build.parent / "dbt" / "manifest.json")
    with duckdb.connect() as build:
        build.execute(f"attach '{sample_build}' as build (read_only)")
        build.execute("use build")
        write_warehouse(build, warehouse, manifest, keys)
    return warehouse
