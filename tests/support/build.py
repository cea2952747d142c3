"""The sample built by dbt, without Dagster and the guards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from orchestration.build.database import load_build
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import load_registry
from orchestration.sources.vault import Vault
from tests.support.patience import SECONDS

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
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return settings
