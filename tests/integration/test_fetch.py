"""To download again: what is told to a run comes as far as the vault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.defs.source_files import build_source_files
from orchestration.settings import Settings
from orchestration.sources.registry import load_registry
from orchestration.sources.vault import Vault

ENGLAND = load_registry("england")


@pytest.mark.parametrize("by_settings", [False, True])
@pytest.mark.parametrize("by_run", [False, True])
def test_a_run_downloads_again_when_either_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_settings: bool, by_run: bool
) -> None:
    asked = []

    def take_all(_: Vault, sources: Any, *, fetch: bool) -> list[Any]:
        asked.append(fetch)
        return []

    monkeypatch.setattr(Vault, "take_all", take_all)
    (tmp_path / "inbox").mkdir()
    settings = Settings("england", tmp_path, tmp_path / "inbox")
    assets = build_source_files(settings.fetching() if by_settings else settings, ENGLAND)
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize(
            [assets],
            instance=instance,
            resources={"turn": dg.ResourceDefinition.none_resource()},
            run_config={"ops": {assets.op.name: {"config": {"fetch": by_run}}}},
            raise_on_error=False,
        )
    assert asked == [by_settings or by_run]
