"""What a release holds beside its warehouse: documentation, exports, the explorer and a README.

Exports and explorer are made from the warehouse that is about to be published, so they cannot say
anything else than it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.layout import EXPLORER, EXPORTS, LICENCES, MANIFEST, OF_THE_RELEASE, README, SBOM
from orchestration.queries import open_release
from orchestration.settings import Settings
from orchestration.sources.registry import Registry
from orchestration.text import one_line

# Made with the lock of what runs, which they speak of (tests/tools/libraries.py).
LIBRARIES = Path(__file__).with_name("libraries")


def write_documentation(settings: Settings, registry: Registry, folder: Path) -> None:
    """Write the data dictionary, dbt's page of the build and what made it into a new folder.

    dbt opens the build database, so nobody else may have it open for writing.
    """
    from orchestration.build.dbt import manifest_path
    from orchestration.publish.documentation.dictionary import write_dbt_docs, write_dictionary

    folder.mkdir()
    write_dictionary(manifest_path(settings, registry), folder)
    write_dbt_docs(settings, registry, folder)
    for name in (SBOM, LICENCES):
        shutil.copyfile(LIBRARIES / name, folder / name)


def write_for_people(release: Path) -> dict[str, str]:
    """Write exports and explorer of a release into new folders of it.

    Returns:
        The content id of each file.
    """
    from orchestration.publish.explorer import write_explorer
    from orchestration.publish.exports import write_exports

    said: dict[Path, str] = {}
    with open_release(release) as warehouse:
        for name, write in ((EXPORTS, write_exports), (EXPLORER, write_explorer)):
            (release / name).mkdir()
            said |= write(warehouse, release / name)
    return {file.relative_to(release).as_posix(): said[file] for file in sorted(said)}


def write_readme(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the page that says which release this is, and by which ids its files are known."""
    apart = ", ".join(f"`{name}`" for name in sorted(OF_THE_RELEASE))
    lines = [
        f"# Release {manifest['release_id']}",
        "",
        f"{manifest['label']}: {one_line(manifest['country'])}",
        "",
        f"Built {manifest['built_at']} by code {manifest['code_version']}.",
        f"What it is made of is in `{MANIFEST}`.",
        "",
        "Files, pages and rows that leave this folder do not name the release. They say by a",
        "`content_id` what they show: the same id, the same figures, whichever release they are",
        "from. What has one of these ids is from this release, or equal to what is in it.",
        "",
        f"Two releases of equal inputs and code are equal in every file but {apart}.",
        "",
        "| file | content_id |",
        "|---|---|",
        *(f"| `{file}` | `{each}` |" for file, each in manifest["content_ids"].items()),
    ]
    (folder / README).write_text("\n".join(lines) + "\n", encoding="utf-8")
