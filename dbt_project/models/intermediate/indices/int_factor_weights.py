"""Maximum-likelihood one-factor weights, estimated in Python: SQL takes them from this table."""

from orchestration.modelling.factor_weights import estimate_weights


def model(dbt, session):  # type: ignore[no-untyped-def]  # noqa: ARG001  # dbt calls it so
    dbt.config(materialized="table")
    return estimate_weights(dbt.ref("int_factor_inputs").df())
