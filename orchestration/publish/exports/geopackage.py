"""GeoPackage: a layer an edition, which QGIS opens with its names and descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas
import pyogrio

from orchestration.publish.exports.about import NO_TIME, About
from orchestration.publish.exports.tables import ExportTable, contents, dictionary


@dataclass(frozen=True)
class Layer:
    """A layer: the table that it describes itself by, and the same rows with their shapes."""

    table: ExportTable
    frame: geopandas.GeoDataFrame


def write_geopackage(path: Path, layers: list[Layer], about: About) -> str:
    """Write the layers, and the meaning of their columns as the table ``data_dictionary``.

    Of version 1.2, which QGIS 3.22 and the GDAL of Debian 12 know. The time of the last change is
    none, so that the same layers give the same bytes.
    """
    described = [(layer.table.name, layer.table.with_geometry()) for layer in layers]
    columns = dictionary(about, described)
    content = contents(about, path.stem, [layer.table for layer in layers])
    with _no_time():
        for number, layer in enumerate(layers):
            pyogrio.write_dataframe(
                layer.frame,
                path,
                layer=layer.table.name,
                driver="GPKG",
                append=number > 0,
                geometry_type="MultiPolygon",
                promote_to_multi=True,
                dataset_metadata=about.metadata(about.title, content) if number == 0 else None,
                layer_metadata=about.metadata(layer.table.title, layer.table.content_id),
                VERSION="1.2",
                GEOMETRY_NAME="geometry",
                IDENTIFIER=layer.table.title,
                DESCRIPTION=_description(layer.table, about),
            )
        pyogrio.write_dataframe(
            columns.data.to_pandas(),
            path,
            layer=columns.name,
            driver="GPKG",
            append=True,
            IDENTIFIER=columns.title,
            DESCRIPTION=columns.description,
        )
    return content


def _description(table: ExportTable, about: About) -> str:
    said = [about.warning, table.description, f"Content {table.content_id}."]
    return " ".join(text for text in said if text)


@contextmanager
def _no_time() -> Iterator[None]:
    """GDAL takes this for now."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{NO_TIME:%Y-%m-%dT%H:%M:%S}.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
