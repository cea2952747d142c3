"""The pages: templates filled, script and style put in, and a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from orchestration.fingerprint import content_id
from orchestration.layout import FIRST_PAGE
from orchestration.publish.explorer.contents import ExplorerEdition, ExplorerRelease
from orchestration.publish.explorer.findings import findings
from orchestration.publish.explorer.postcodes import write_postcodes
from orchestration.publish.explorer.selection import composites, selection_contents
from orchestration.publish.limits import limits
from orchestration.queries import Row

_HERE = Path(__file__).parent
# A page that lacks nothing but its content id.
Page = Callable[[str], str]
# In the order in which they are put together: each may use what stands before it.
SCRIPTS = (
    "dom",
    "data",
    "model",
    "labels",
    "map",
    "table",
    "postcodes",
    "search",
    "download",
    "list",
    "fares",
    "kin",
    "chosen",
    "area",
    "summary",
    "place",
    "compare",
    "outcomes",
    "about",
    "main",
)


def write_explorer(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> dict[Path, str]:
    """Write ``index.html``, a page for each edition of either kind and the postcodes beside them.

    The same contents give the same bytes.

    Args:
        warehouse: a connection to a release's warehouse, with the schemas marts and meta.
        folder: where the pages go; made if it is not there.

    Returns:
        The files written, each with its content id.
    """
    release = ExplorerRelease(warehouse)
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"index": _index_page(release)}
    for row in release.editions:
        pages[row["edition_id"]] = _edition_page(release, ExplorerEdition(release, row))
    for row in composites(warehouse):
        pages[row["edition_id"]] = _selection_page(release, row)
    written = {}
    for name, template in pages.items():
        # All of a page but its own id, so that it changes with each figure, word and line of code.
        content = content_id(f"explorer_{name}", [template("")])
        path = folder / f"{name}.html"
        path.write_text(template(content), encoding="utf-8", newline="\n")
        written[path] = content
    return written | write_postcodes(warehouse, folder)


def script() -> str:
    """The script of an edition's page: its parts, in one function so that nothing leaks."""
    parts = [_read(f"script/{name}.js") for name in SCRIPTS]
    return "\n".join(['(() => {\n"use strict";', *parts, "})();\n"])


def _edition_page(release: ExplorerRelease, edition: ExplorerEdition) -> Page:
    return _page(
        "edition.html",
        script(),
        release,
        loads_scripts=bool(release.postcode_areas),
        composites=composites(release.warehouse),
        edition=edition.edition,
        restricted=edition.restricted(),
        packed=edition.packed(),
    )


def _selection_page(release: ExplorerRelease, edition: Row) -> Page:
    return _page(
        "selection.html",
        _read("script/index.js"),
        release,
        restricted=_restricted(release),
        newest=release.newest,
        **selection_contents(release.warehouse, edition),
    )


def _restricted(release: ExplorerRelease) -> list[str]:
    return sorted(
        {title for row in release.editions for title in ExplorerEdition(release, row).restricted()}
    )


def _index_page(release: ExplorerRelease) -> Page:
    return _page(
        FIRST_PAGE,
        _read("script/index.js"),
        release,
        restricted=_restricted(release),
        newest=release.newest,
        composites=composites(release.warehouse),
        findings=findings(release.warehouse, release.newest, release.country),
    )


def _page(
    template: str,
    code: str,
    release: ExplorerRelease,
    *,
    loads_scripts: bool = False,
    **contents: Any,
) -> Page:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.filters["lower_first"] = lambda text: text[:1].lower() + text[1:]
    style = _read("style.css")
    filled = partial(
        environment.get_template(template).render,
        # Ours, not data: what would end the element early is refused, the rest must not be escaped.
        script=inline(code, "</script"),
        style=inline(style, "</style"),
        policy=policy(code, style, loads_scripts=loads_scripts),
        limits=limits(),
        release=release,
        loads_scripts=loads_scripts,
        **contents,
    )
    return lambda content: filled(content_id=content)


def policy(code: str, style: str, *, loads_scripts: bool) -> str:
    """Nothing is fetched, nothing runs but the page's own script and style, known by their hash.

    With postcodes also scripts from beside the page, be it served or opened as a file.
    """
    beside = " 'self' file:" if loads_scripts else ""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(code)}'{beside}",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def inline(text: str, end: str) -> Markup:
    if end in text.lower():
        raise ValueError(f"{end} stands in the page's own script or style")
    return Markup(text)  # noqa: S704


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
