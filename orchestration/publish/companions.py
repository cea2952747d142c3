"""What a release holds beside its warehouse: documentation, exports, the explorer and a README.

Exports and explorer are made from the warehouse that is about to be published, so they cannot say
anything else than it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from orchestration.build.making import table_version
from orchestration.fingerprint import BASE, running_code
from orchestration.layout import (
    CHECKSUMS,
    DBT_DOCS,
    DICTIONARY,
    DOCUMENTATION,
    EXPLORER,
    EXPORTS,
    FIRST_PAGE,
    LICENCES,
    MANIFEST,
    OF_THE_RELEASE,
    README,
    SBOM,
    WAREHOUSE,
    read_manifest,
)
from orchestration.processes import WORTH_A_PROCESS, at_once
from orchestration.publish.limits import limits
from orchestration.queries import Row, open_release
from orchestration.settings import Settings
from orchestration.sources.registry import Registry
from orchestration.text import one_line

# What writes exports and pages, and what it calls (a test holds it against what they import). What
# they ask a release for is in its warehouse; the yml of the marts has their units.
_WRITTEN_BY = (
    *BASE,
    "dbt_project/models/marts/**/*.yml",
    "dbt_project/seeds/*",
    "orchestration/modelling/seeds.py",
    "orchestration/publish/limits.*",
    "orchestration/publish/provenance.py",
    "orchestration/publish/scales.py",
    "orchestration/sources/**/*",
)
WRITTEN_BY = {
    EXPORTS: (*_WRITTEN_BY, "orchestration/publish/exports/*"),
    EXPLORER: (*_WRITTEN_BY, "orchestration/publish/explorer/**/*"),
}
# Made with the lock of what runs, which they speak of (tests/tools/libraries.py).
LIBRARIES = Path(__file__).with_name("libraries")


def write_documentation(settings: Settings, registry: Registry, folder: Path) -> None:
    """Write dictionary, pages about the data, dbt's page and what made it into a new folder.

    dbt opens the build database, so nobody else may have it open for writing.
    """
    from orchestration.build.dbt import manifest_path
    from orchestration.publish.documentation.dictionary import write_dbt_docs, write_dictionary
    from orchestration.publish.documentation.pages import write_pages

    folder.mkdir()
    write_dictionary(manifest_path(settings, registry), folder)
    write_pages(folder)
    write_dbt_docs(settings, registry, folder)
    for name in (SBOM, LICENCES):
        shutil.copyfile(LIBRARIES / name, folder / name)


def write_for_people(
    release: Path, before: Path | None = None, workers: int = 1
) -> tuple[dict[str, str], Row]:
    """Write exports and explorer of a release into new folders of it, at once.

    What would be made of the same as in the release before is copied from there: never linked,
    since what damages one file would damage both.

    Args:
        release: The folder, which has its warehouse.
        before: A release whose files are those that were published, if there is one.
        workers: How many processes there may be.

    Returns:
        The content id of each file, and what each folder was made of.
    """
    said: dict[str, str] = {}
    made_of: Row = {}
    told = read_manifest(before) if before else {}
    anew = []
    with open_release(release) as warehouse:
        for name in (EXPORTS, EXPLORER):
            made_of[name] = _made_of(warehouse, WRITTEN_BY[name])
            if before and told.get("companions", {}).get(name) == made_of[name]:
                shutil.copytree(before / name, release / name)
                said |= {
                    file: each
                    for file, each in told["content_ids"].items()
                    if file.startswith(f"{name}/")
                }
            else:
                anew.append(release / name)
    is_small = (release / WAREHOUSE).stat().st_size < WORTH_A_PROCESS
    # Little of it is DuckDB's.
    write = partial(_write, max(1, workers // 2))
    for written in at_once(1 if is_small else workers, write, anew):
        said |= {file.relative_to(release).as_posix(): each for file, each in written.items()}
    return dict(sorted(said.items())), made_of


def _write(threads: int, folder: Path) -> dict[Path, str]:
    """Write the exports or the pages of a release; give the files, each with its content id."""
    # Each takes a second to import, and may have a process of its own.
    from orchestration.publish.explorer import write_explorer
    from orchestration.publish.exports import write_exports

    folder.mkdir()
    write = {EXPORTS: write_exports, EXPLORER: write_explorer}[folder.name]
    with open_release(folder.parent, threads) as warehouse:
        return write(warehouse, folder)


def _made_of(warehouse: duckdb.DuckDBPyConnection, code: Sequence[str]) -> str:
    """The hash of what exports or pages are made of: the marts, what is said of them, the code."""
    marts = warehouse.execute(
        "select table_name, comment from duckdb_tables() "
        "where database_name = current_database() and schema_name = 'marts' order by all"
    ).fetchall()
    stated = [
        running_code(code),
        marts,
        [table_version(warehouse, f"marts.{mart}") for mart, _ in marts],
        *(
            warehouse.execute(query).fetchall()
            for query in (
                "select table_name, column_name, data_type, comment from duckdb_columns() "
                "where database_name = current_database() and schema_name = 'marts' order by all",
                "from meta.mart_key order by all",
                "select profile, country, label from meta.release",
            )
        ),
    ]
    return hashlib.sha256(repr(stated).encode()).hexdigest()


def _allowed(found: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """What guards found in these files and let pass, since bounds of their suites allow as much."""
    if not found:
        return
    yield from ("What guards allow by a bound that is declared, and found:", "")
    for each in found:
        yield f"- `{each['guard']}`, `{each['expectation']}`: {one_line(each['expected'])}"
        yield f"  Found: {one_line(each['found'])}."
    yield ""


# What lies in the folder of a release, what it is, and how it is opened.
_CONTENTS = (
    (f"{EXPLORER}/{FIRST_PAGE}", "pages to look a place up: map, list, reasons", "any browser"),
    (f"{EXPORTS}/left_behind.xlsx", "the lists as a workbook", "Excel, LibreOffice"),
    (f"{EXPORTS}/left_behind.gpkg", "the areas on each list, on a map", "QGIS, ArcGIS"),
    (f"{EXPORTS}/", "every area of each list, and more, as tables", "anything that reads CSV"),
    (WAREHOUSE, "all tables", "DuckDB: from Python, R, its command line, DBeaver"),
    (f"{DOCUMENTATION}/analyst-guide.md", "how to ask the warehouse, with examples", "any editor"),
    (f"{DOCUMENTATION}/methodology.md", "how the figures come about", "any editor"),
    (f"{DOCUMENTATION}/{DICTIONARY}", "what each column is, its unit, its direction", "any editor"),
    (f"{DOCUMENTATION}/{DBT_DOCS}", "the same with SQL and graph", "any browser"),
    (f"{MANIFEST}, {CHECKSUMS}", "what it is made of; `sha256sum -c SHA256SUMS`", "any editor"),
)


def _for_readers() -> Iterator[str]:
    """What is here, under which licence, and what it must not be used for."""
    yield from (
        "## What is in this folder",
        "",
        "| what | which is | opens with |",
        "|---|---|---|",
    )
    yield from (f"| `{path}` | {what} | {how} |" for path, what, how in _CONTENTS)
    yield from (
        "",
        "Rank 1 = worst, everywhere. Nothing here needs a network.",
        "",
        "## Licence",
        "",
        f"`{EXPORTS}/LICENCE-AND-CITATION.txt` has the licence of each source, how to cite it, and",
        "what may not be passed on. The code that made this is under the MIT licence.",
        "",
        "## Limits of use",
        "",
        *(f"- {limit.title}." for limit in limits()),
        "",
        f"Why: `{DOCUMENTATION}/limits-of-use.md`.",
        "",
        "## Which release this is",
        "",
    )


def write_readme(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write what is here, how to use it, which release it is, and by which ids its files go."""
    apart = ", ".join(f"`{name}`" for name in sorted(OF_THE_RELEASE))
    lines = [
        f"# Release {manifest['release_id']}",
        "",
        f"{manifest['label']}: {one_line(manifest['country'])}",
        "",
        *_for_readers(),
        f"Built {manifest['built_at']} by code {manifest['code_version']}.",
        f"What it is made of is in `{MANIFEST}`.",
        "",
        "Files, pages and rows that leave this folder do not name the release. They say by a",
        "`content_id` what they show: the same id, the same figures, whichever release they are",
        "from. What has one of these ids is from this release, or equal to what is in it.",
        "",
        f"Two releases of equal inputs and code are equal in every file but {apart}.",
        "",
        *_allowed(manifest["allowed"]),
        "| file | content_id |",
        "|---|---|",
        *(f"| `{file}` | `{each}` |" for file, each in manifest["content_ids"].items()),
    ]
    (folder / README).write_text("\n".join(lines) + "\n", encoding="utf-8")
