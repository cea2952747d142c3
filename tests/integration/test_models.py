"""The dbt project on the sample: every model, data test and unit test.

A refresh leaves the unit tests out (they test the code, not the data), so they run here.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.support.build import build_sample


def test_models_data_tests_and_unit_tests_pass(sample_inbox: Path, tmp_path: Path) -> None:
    settings = build_sample(tmp_path, sample_inbox)
    results = json.loads((settings.dbt_target / "run_results.json").read_text(encoding="utf-8"))
    ran = Counter(result["unique_id"].split(".")[0] for result in results["results"])
    # All of them ran: none was left out by a selector.
    manifest = json.loads((settings.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    assert ran["unit_test"] == len(manifest["unit_tests"]) > 0
    nodes = Counter(node["resource_type"] for node in manifest["nodes"].values())
    assert {kind: ran[kind] for kind in nodes} == dict(nodes)
