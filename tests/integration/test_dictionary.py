"""The committed data dictionary is what dbt's manifest gives today."""

from __future__ import annotations

from pathlib import Path

from orchestration.build.dbt import manifest_path
from orchestration.layout import DICTIONARY
from orchestration.publish.documentation.dictionary import write_dictionary
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.sources.registry import load_registry


def test_the_data_dictionary_is_up_to_date(tmp_path: Path) -> None:
    settings = Settings(profile="sample", data=tmp_path, inbox=tmp_path)
    manifest = manifest_path(settings, load_registry("sample"))
    made = write_dictionary(manifest, tmp_path)
    committed = PROJECT_ROOT / "docs" / DICTIONARY
    assert made.read_text(encoding="utf-8") == committed.read_text(encoding="utf-8"), (
        "run: make dictionary"
    )
