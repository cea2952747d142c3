"""The dbt project on the sample: every model, data test and unit test.

A refresh leaves the unit tests out (they test the code, not the data), so they run here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from orchestration.build import load_build
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.sources.registry import load_registry
from orchestration.sources.vault import Vault


def test_models_data_tests_and_unit_tests_pass(sample_inbox: Path, tmp_path: Path) -> None:
    settings = Settings(profile="sample", data=tmp_path, inbox=sample_inbox)
    registry = load_registry("sample")
    vault = Vault(settings, registry)
    load_build(settings, registry, vault, vault.take_all())
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "build",
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
    results = json.loads((settings.dbt_target / "run_results.json").read_text(encoding="utf-8"))
    ran = Counter(result["unique_id"].split(".")[0] for result in results["results"])
    # All of them ran: none was left out by a selector.
    manifest = json.loads((settings.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    assert ran["unit_test"] == len(manifest["unit_tests"]) > 0
    nodes = Counter(node["resource_type"] for node in manifest["nodes"].values())
    assert {kind: ran[kind] for kind in nodes} == dict(nodes)
