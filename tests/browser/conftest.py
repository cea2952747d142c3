"""The explorer in a real browser: Chromium of the system, no network, a page from the file system.

What a page does that it should not is noted from before it is opened: requests, errors, anything on
the console. A test that leaves such a note fails when its pages are closed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.publish.explorer import write_explorer
from tests.pipeline.conftest import PROJECT, Site, england, sample

if find_spec("playwright") is None:
    # `make test-browser` installs it; without it there is nothing to collect here.
    collect_ignore_glob = ["test_*.py"]

__all__ = ["england", "sample"]

ARTEFACTS = Path(os.environ.get("LBN_TEST_ARTEFACTS", PROJECT / "test-artefacts"))
# A data root with releases, to test pages of those in place of building releases anew.
READY = os.environ.get("LBN_TEST_DATA")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Explorer:
    """A release's pages, and the release that they must agree with."""

    profile: str
    folder: Path
    warehouse: Path

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            cursor = connection.execute(query, parameters)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def one(self, query: str, *parameters: Any) -> Any:
        (row,) = self.rows(query, *parameters)
        (value,) = row.values()
        return value


@dataclass
class Opened:
    """A page and what it did that it should not have done."""

    page: Any
    explorer: Explorer
    problems: list[str] = field(default_factory=list)

    def go(self, name: str, hash_: str = "") -> Opened:
        self.page.goto(f"{(self.explorer.folder / f'{name}.html').as_uri()}#{hash_}")
        if name != "index":
            self.page.wait_for_selector("html[data-ready=all]")
        return self

    def text(self, selector: str) -> str:
        return " ".join(self.page.inner_text(selector).split())

    def slide(self, half: int, slider: str = "both") -> None:
        """Move a slider as a script can: the same event as by hand."""
        self.page.eval_on_selector(
            f"#half-{slider}",
            "(input, half) => { input.value = half; input.dispatchEvent(new Event('input')); }",
            half,
        )

    def shot(self, name: str) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(100)
        self.page.screenshot(path=ARTEFACTS / f"{self.explorer.profile}-{name}.png")


def watch(page: Any, problems: list[str]) -> None:
    """Listen from before the page is opened."""
    local = ("file:", "data:", "blob:")
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(local) else problems.append(f"request: {request.url}")
        ),
    )
    page.on("console", lambda message: problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.fail(
        "no Chromium on the PATH: make test-browser installs it, or apt-get install chromium"
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def explorers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Explorer]:
    """The pages of a profile's release, written once."""
    written: dict[str, Explorer] = {}

    def explorer(profile: str) -> Explorer:
        if profile not in written:
            site = Site(Path(READY), profile) if READY else request.getfixturevalue(profile)
            folder = tmp_path_factory.mktemp(f"explorer-{profile}")
            with site.warehouse() as warehouse:
                write_explorer(warehouse, folder)
            written[profile] = Explorer(profile, folder, site.current / "warehouse.duckdb")
        return written[profile]

    return explorer


# One worker builds a profile's release and opens all of its pages.
PROFILES = [
    pytest.param(profile, marks=pytest.mark.xdist_group(profile))
    for profile in ("sample", "england")
]


@pytest.fixture(params=PROFILES)
def explorer(request: pytest.FixtureRequest, explorers: Callable[[str], Explorer]) -> Explorer:
    return explorers(request.param)


@pytest.fixture
def opened(browser: Any, explorer: Explorer) -> Iterator[Callable[..., Opened]]:
    """Opens pages; when the test ends, none of them may have a problem left."""
    contexts = []
    pages = []

    def open_page(
        viewport: dict[str, int] | None = None, explorer: Explorer = explorer, **options: Any
    ) -> Opened:
        context = browser.new_context(viewport=viewport or DESKTOP, offline=True, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        here = Opened(page, explorer)
        watch(page, here.problems)
        pages.append(here)
        return here

    yield open_page
    for context in contexts:
        context.close()
    assert [problem for page in pages for problem in page.problems] == []
