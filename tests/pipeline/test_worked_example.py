"""The worked example of the docs: the arithmetic against a release, the page against England's."""

from __future__ import annotations

import pytest

from tests.support.site import Site
from tests.tools.worked_example import PAGE, WorkedError, transform, worked_area, worked_page

EDITIONS = ("lsoa21_imd2025_cni2023", "ward17_imd2019_cni2019")


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_calculation_comes_to_what_the_release_says(sample: Site, edition: str) -> None:
    with sample.warehouse() as warehouse:
        codes = warehouse.execute(
            "select area_code from marts.double_disadvantage "
            "where edition_id = $1 and not_rated_reason is null "
            "order by is_doubly_disadvantaged desc, area_code limit 60",
            [edition],
        ).fetchall()
        for (code,) in codes:
            text = worked_area(warehouse, "An area", edition, code)
        assert "**imd20" in text
        assert "**cni20" in text


def test_a_release_that_says_something_else_is_found(
    sample: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.tools.worked_example.transform", lambda *_: 1.0)
    with sample.warehouse() as warehouse, pytest.raises(WorkedError):
        worked_area(warehouse, "An area", EDITIONS[0], "X01000001")


def test_the_transform_is_that_of_the_technical_reports() -> None:
    assert transform(1, 32844) == pytest.approx(100)
    assert transform(3284, 32844) == pytest.approx(50.4353239360385)


@pytest.mark.xdist_group("england")
def test_the_page_is_that_of_a_release_of_england(england: Site) -> None:
    page = worked_page(england.current)
    assert page == PAGE.read_text(encoding="utf-8"), "run: python -m tests.tools.worked_example"
