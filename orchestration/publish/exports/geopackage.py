"""GeoPackage: a layer an edition, which QGIS opens with its names and descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas
import pyogrio

from orchestration.publish.exports.about import About
from orchestration.publish.exports.tables import ExportTable, dictionary


@dataclass(frozen=True)
class Layer:
    """A layer: the table that it describes itself by, and the same rows with their shapes."""

    table: ExportTable
    frame: geopandas.GeoDataFrame


def write_geopackage(path: Path, layers: list[Layer], about: About) -> None:
    """Write the layers, and the meaning of their columns as the table ``data_dictionary``.

    The time of the last change is that of the release, so that the same release gives the same
    bytes.
    """
    columns = dictionary([(layer.table.name, layer.table.with_geometry()) for layer in layers])
    with _time_of(about):
        for number, layer in enumerate(layers):
            pyogrio.write_dataframe(
                layer.frame,
                path,
                layer=layer.table.name,
                driver="GPKG",
                append=number > 0,
                geometry_type="MultiPolygon",
                promote_to_multi=True,
                dataset_metadata=about.metadata(about.title) if number == 0 else None,
                layer_metadata=about.metadata(layer.table.title),
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


def _description(table: ExportTable, about: About) -> str:
    said = [about.warning, table.description, f"Release {about.release_id}."]
    return " ".join(text for text in said if text)


@contextmanager
def _time_of(about: About) -> Iterator[None]:
    """GDAL takes this for now."""
    pyogrio.set_gdal_config_options(
        {"OGR_CURRENT_DATE": f"{about.built_at:%Y-%m-%dT%H:%M:%S}.000Z"}
    )
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
