"""The explorer in a real browser: Chromium of the system, no network, a page from the file system.

What a page does that it should not is noted from before it is opened: requests, errors, anything on
the console. A test that leaves such a note fails when its pages are closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from orchestration.publish.explorer import write_explorer
from tests.support.pages import (
    DESKTOP,
    FLAGS,
    PROFILES,
    Explorer,
    Opened,
    find_chromium,
    watch,
)
from tests.support.patience import SECONDS
from tests.support.site import Site

if find_spec("playwright") is None:
    # `make test-browser` installs it; without it there is nothing to collect here.
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """What launches browsers: one for all tests of a process, since it has a loop of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Any]:
    opened = chromium.launch(executable_path=find_chromium(), args=FLAGS)
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
            site: Site = request.getfixturevalue(profile)
            folder = tmp_path_factory.mktemp(f"explorer-{profile}")
            with site.warehouse() as warehouse:
                write_explorer(warehouse, folder)
            written[profile] = Explorer(profile, folder, site.current / "warehouse.duckdb")
        return written[profile]

    return explorer


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
        context.set_default_timeout(SECONDS * 1_000)
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
