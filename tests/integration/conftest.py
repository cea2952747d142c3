"""A release of the sample, without Dagster and the guards, for what reads releases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.build import load_build
from orchestration.publish import release as publisher
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import load_registry
from orchestration.sources.vault import Vault

RELEASE_ID = "sample-0123456789ab"


@pytest.fixture(scope="session")
def sample_warehouse(sample_inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse.duckdb of a release of the sample. Not to be changed: copy it for that."""
    data = tmp_path_factory.mktemp("release")
    settings = Settings(profile="sample", data=data, inbox=sample_inbox)
    registry = load_registry("sample")
    vault = Vault(settings, registry)
    load_build(settings, registry, vault, vault.take_all())
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "build",
            "--resource-type",
            "seed",
            "--resource-type",
            "model",
            "--project-dir",
            str(DBT_PROJECT),
            "--profiles-dir",
            str(DBT_PROJECT),
            "--target-path",
            str(settings.dbt_target),
            "--log-path",
            str(settings.dbt_target),
            "--vars",
            json.dumps({"nation_prefix": registry.profile.nation_prefix}),
        ],
        env=os.environ | {"LBN_BUILD_DATABASE": str(settings.build_database)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    warehouse = data / "warehouse.duckdb"
    manifest = {
        "release_id": RELEASE_ID,
        "profile": "sample",
        "country": registry.profile.label,
        "label": "SYNTHETIC",
        "built_at": "2026-11-25T09:50:00+00:00",
        "code_version": "0123456789ab",
        "git_commit": None,
    }
    with duckdb.connect() as build:
        build.execute(f"attach '{settings.build_database}' as build (read_only)")
        build.execute("use build")
        publisher._write_warehouse(build, warehouse, manifest)
    return warehouse
