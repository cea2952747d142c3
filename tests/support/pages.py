"""A page in a real browser, and what it did that it should not have done."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.site import PROJECT

ARTEFACTS = Path(os.environ.get("LBN_TEST_ARTEFACTS", PROJECT / "test-artefacts"))
# A data root that outlives the tests: releases that are there are tested, and others built there.
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
        # A page of an edition by thresholds reads its data once it is there; the others are text.
        if self.page.query_selector("#map"):
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


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong with a page for people who cannot see or point."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.fail(
        "no Chromium on the PATH: make test-browser installs it, or apt-get install chromium"
    )


# One worker builds a profile's release and opens all of its pages.
PROFILES = [
    pytest.param(profile, marks=pytest.mark.xdist_group(profile))
    for profile in ("sample", "england")
]
