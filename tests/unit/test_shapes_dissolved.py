"""Shapes of larger areas from those of their parts."""

from __future__ import annotations

import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from orchestration.modelling.shapes import COLUMNS, dissolve


def squares(*corners: tuple[str, str, int, int]) -> pd.DataFrame:
    """Unit squares: area, part, and where."""
    return pd.DataFrame(
        {
            "area_type": "msoa21",
            "area_code": [area for area, *_ in corners],
            "part_code": [part for _, part, *_ in corners],
            "geometry_wkb": [
                bytearray(shapely.to_wkb(shapely.box(x, y, x + 1, y + 1))) for *_, x, y in corners
            ],
        }
    )


def shapes(found: pd.DataFrame) -> dict[str, shapely.Geometry]:
    return dict(zip(found["area_code"], shapely.from_wkb(found["geometry_wkb"]), strict=True))


def test_what_two_parts_share_is_gone() -> None:
    found = shapes(dissolve(squares(("N", "c", 5, 5), ("M", "a", 0, 0), ("M", "b", 1, 0))))
    assert list(found) == ["M", "N"]
    assert found["M"].equals(shapely.box(0, 0, 2, 1))
    assert found["M"].geom_type == "Polygon"
    assert found["N"].equals(shapely.box(5, 5, 6, 6))


def test_parts_that_lie_apart_are_one_area() -> None:
    found = shapes(dissolve(squares(("M", "a", 0, 0), ("M", "b", 9, 9))))
    assert found["M"].geom_type == "MultiPolygon"


def test_no_parts_are_no_areas() -> None:
    assert list(dissolve(squares()).columns) == list(COLUMNS)
    assert dissolve(squares()).empty


@given(
    st.permutations(
        [(area, f"{x}{y}", x, y) for area, x in (("M", 0), ("M", 1), ("N", 2)) for y in range(3)]
    )
)
def test_in_whatever_order_parts_come_the_bytes_are_the_same(
    corners: list[tuple[str, str, int, int]],
) -> None:
    pd.testing.assert_frame_equal(dissolve(squares(*corners)), dissolve(squares(*sorted(corners))))
