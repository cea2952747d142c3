"""Tables with the shapes of their areas, as geopandas frames."""

from __future__ import annotations

import duckdb
import geopandas
import pandas as pd
import pyarrow as pa
import shapely

from orchestration.publish.exports.tables import ExportTable

# Whole numbers and flags with gaps stay what they are.
_PANDAS = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
}


def with_boundaries(
    warehouse: duckdb.DuckDBPyConnection, table: ExportTable, area_type: str
) -> geopandas.GeoDataFrame:
    """The table with the boundary of each area, in the CRS that area_boundary states.

    An area without a boundary has a null geometry.

    Raises:
        ValueError: the boundaries of the type stand in more than one CRS.
    """
    wanted = table.data.select(["area_code"])
    warehouse.register("exported_areas", wanted)
    try:
        shapes = warehouse.execute(
            "select wanted.area_code, boundaries.geometry_wkb "
            "from exported_areas as wanted "
            "left join marts.area_boundary as boundaries "
            "on boundaries.area_type = $1 and wanted.area_code = boundaries.area_code",
            [area_type],
        ).fetchall()
    finally:
        warehouse.unregister("exported_areas")
    found = warehouse.execute(
        "select distinct crs from marts.area_boundary where area_type = $1", [area_type]
    ).fetchall()
    if len(found) > 1:
        raise ValueError(f"boundaries of {area_type} in several CRS: {sorted(found)}")
    by_code = dict(shapes)
    wkb = [by_code[code] for code in table.data.column("area_code").to_pylist()]
    return geopandas.GeoDataFrame(
        table.data.to_pandas(types_mapper=_PANDAS.get),
        geometry=shapely.from_wkb(wkb),
        crs=found[0][0] if found else "EPSG:4326",
    )
