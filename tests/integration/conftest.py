"""The sample built by dbt, and a release of it: without Dagster and the guards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.build.database import load_build
from orchestration.layout import MARTS_VERSION
from orchestration.publish import release as publisher
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import load_registry
from orchestration.sources.vault import Vault

RELEASE_ID = "sample-0123456789ab"
REGISTRY = load_registry("sample")


def build_sample(data: Path, inbox: Path, *selection: str) -> Settings:
    """Read the sample into a build database and let dbt build it, in a process of its own.

    Args:
        data: The data root.
        inbox: The sample's files.
        selection: Arguments of ``dbt build`` that say which nodes; none for all of them.
    """
    settings = Settings(profile="sample", data=data, inbox=inbox)
    vault = Vault(settings, REGISTRY)
    load_build(settings, REGISTRY, vault, vault.take_all())
    dbt = [str(Path(sys.executable).with_name("dbt")), "build", *selection]
    dbt += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    dbt += ["--target-path", str(settings.dbt_target), "--log-path", str(settings.dbt_target)]
    dbt += ["--vars", json.dumps({"nation_prefix": REGISTRY.profile.nation_prefix})]
    done = subprocess.run(
        dbt,
        env=os.environ | {"LBN_BUILD_DATABASE": str(settings.build_database)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return settings


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
    with duckdb.connect() as build:
        build.execute(f"attach '{sample_build}' as build (read_only)")
        build.execute("use build")
        publisher.write_warehouse(build, warehouse, manifest)
    return warehouse
