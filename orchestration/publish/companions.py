"""What a release holds beside its warehouse: documentation, exports and the explorer.

Exports and explorer are made from the warehouse that is about to be published, so they cannot say
anything else than it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.layout import EXPLORER, EXPORTS, LICENCES, SBOM
from orchestration.queries import open_release
from orchestration.settings import Settings
from orchestration.sources.registry import Registry

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


def write_for_people(release: Path) -> None:
    """Write exports and explorer of a release into new folders of it."""
    from orchestration.publish.explorer import write_explorer
    from orchestration.publish.exports import write_exports

    with open_release(release) as warehouse:
        for name, write in ((EXPORTS, write_exports), (EXPLORER, write_explorer)):
            (release / name).mkdir()
            write(warehouse, release / name)
