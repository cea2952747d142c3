"""What every page of the explorer says before its figures: limits of use, and provenance."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import duckdb
import pytest

from orchestration.publish.explorer import write_explorer
from orchestration.publish.limits import limits


@pytest.fixture(scope="module")
def pages(sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    with duckdb.connect(str(sample_warehouse), read_only=True) as warehouse:
        written = write_explorer(warehouse, folder)
    return {
        path.stem: unescape(path.read_text(encoding="utf-8"))
        for path in written
        if path.suffix == ".html"
    }


def test_every_page_says_what_a_list_may_not_be_used_for(pages: dict[str, str]) -> None:
    # The first, and one of each edition.
    assert len(pages) == 7
    for name, page in pages.items():
        for limit in limits():
            assert page.count(limit.title) == page.count(limit.text) == 1, name
        # Before the script, and on the pages of lists before the list.
        assert page.index(limits()[0].title) < page.index("<footer>")


def test_every_page_says_how_much_rests_on_official_files(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert "Provenance: 0 of 40 source files are the publisher's own" in page


def test_the_first_page_calls_a_cross_check_one(pages: dict[str, str]) -> None:
    assert pages["index"].count("A cross-check by the same rule on the same data") == 1
