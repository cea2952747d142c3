"""Each area's flag in draws of the method's choices, in Python: SQL takes the shares from here."""

from orchestration.modelling.draws import draw_flags


def model(dbt, session):  # type: ignore[no-untyped-def]  # noqa: ARG001  # dbt calls it so
    dbt.config(materialized="table")
    carry = dbt.ref("int_imd_parts")
    return draw_flags(
        editions=dbt.ref("int_stability_editions").df(),
        releases=dbt.ref("index_releases").df(),
        weights=dbt.ref("stg_domain_weights").df(),
        indices=dbt.ref("int_stability_scores").df(),
        carry_rules=dbt.ref("carry_rules").df(),
        carry=carry.select("edition_id, weighting, area_code, part_code, part_population").df(),
    )
