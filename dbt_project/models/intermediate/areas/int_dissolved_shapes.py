"""Shapes of larger areas, put together from those of smaller ones in Python: DuckDB has none."""

from orchestration.modelling.shapes import dissolve


def model(dbt, session):  # type: ignore[no-untyped-def]  # noqa: ARG001  # dbt calls it so
    dbt.config(materialized="table")
    return dissolve(dbt.ref("int_shape_parts").df())
