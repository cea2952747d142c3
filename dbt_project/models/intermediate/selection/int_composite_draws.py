"""How often each area is chosen in draws of the rule's choices, in Python: SQL takes the shares."""

from orchestration.modelling.composite_draws import draw_selections


def model(dbt, session):  # type: ignore[no-untyped-def]  # noqa: ARG001  # dbt calls it so
    dbt.config(materialized="table")
    return draw_selections(
        editions=dbt.ref("stg_composite_editions").df(),
        rules=dbt.ref("composite_stability_rules").df(),
        scores=dbt.ref("int_composite_scores").df(),
        areas=dbt.ref("int_composite_areas").df(),
    )
