"""Shapes of larger areas, put together from those of the smaller areas that they are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

COLUMNS = ("area_type", "area_code", "geometry_wkb")


def dissolve(parts: pd.DataFrame) -> pd.DataFrame:
    """One shape for the parts of each area: borders that two of them share are gone.

    Args:
        parts: area_type, area_code, part_code and geometry_wkb (valid polygons in one CRS).

    Returns:
        area_type, area_code and geometry_wkb: a row an area, in the order of the codes. The same
        parts give the same bytes in whatever order they come.
    """
    if parts.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    ordered = parts.sort_values(["area_type", "area_code", "part_code"])
    shapes = shapely.from_wkb([bytes(wkb) for wkb in ordered["geometry_wkb"]])
    keys = pd.MultiIndex.from_frame(ordered[["area_type", "area_code"]])
    _, begins = np.unique(keys.factorize()[0], return_index=True)
    joined = [shapely.union_all(group) for group in np.split(shapes, begins[1:])]
    first = ordered.iloc[begins]
    # Whatever the order of rings that a union gives: one form of the same shape.
    wkb = shapely.to_wkb(shapely.normalize(np.array(joined, dtype=object)))
    return pd.DataFrame(
        {
            "area_type": first["area_type"].to_numpy(),
            "area_code": first["area_code"].to_numpy(),
            "geometry_wkb": wkb,
        }
    )
