"""The comparison of outcomes in the sample's release, computed again from what else is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.site import Site

EDITIONS = {
    "lsoa21_imd2019_cni2023",
    "lsoa21_imd2025_cni2023",
    "ward17_imd2015_cni2019",
    "ward17_imd2019_cni2019",
}


def query(site: Site, sql: str) -> Any:
    with site.warehouse() as warehouse:
        return warehouse.execute(sql).df()


def test_every_edition_is_compared_by_every_outcome_both_ways(sample: Site) -> None:
    found = query(
        sample,
        """
        select edition_id, count(distinct outcome) as outcomes, count(distinct method) as methods,
            count(*) filter (area_group <> 'not_rated') as compared
        from marts.outcome_comparison group by edition_id
        """,
    ).set_index("edition_id")
    (outcomes,) = query(sample, "select count(*) from marts.dim_outcome").iloc[0]
    assert set(found.index) == EDITIONS
    assert (found.outcomes == outcomes).all()
    assert (found.methods == 2).all()
    assert (found.compared == outcomes * 2 * 4).all()


def test_areas_that_are_not_rated_are_in_the_nation_and_counted(sample: Site) -> None:
    found = query(
        sample,
        """
        select edition_id, areas + areas_without_data as areas
        from marts.outcome_comparison
        where outcome = 'disabled' and method = 'pooled' and area_group = 'not_rated'
        """,
    ).set_index("edition_id")
    unrated = query(
        sample, "select edition_id, areas - areas_rated as areas from marts.dim_edition"
    ).set_index("edition_id")
    assert found.areas.to_dict() == unrated.areas[unrated.areas > 0].to_dict()


@pytest.mark.parametrize("edition", sorted(EDITIONS))
def test_rates_and_gaps_follow_from_the_areas(sample: Site, edition: str) -> None:
    """Residual by residual, where the warehouse adds up squares."""
    areas = query(
        sample,
        f"""
        select counts.numerator as y, counts.denominator as x,
            list.is_doubly_disadvantaged as listed,
            list.not_rated_reason is null and list.is_within_imd_threshold
                and not list.is_doubly_disadvantaged as deprived
        from marts.double_disadvantage as list
        inner join marts.dim_edition using (edition_id)
        inner join marts.outcome_area as counts using (area_type, area_code)
        where list.edition_id = '{edition}' and counts.outcome = 'claimants_2022'
        """,
    )
    found = query(
        sample,
        f"""
        select * from marts.outcome_comparison
        where edition_id = '{edition}' and outcome = 'claimants_2022'
        """,
    ).set_index(["method", "area_group"])
    groups = {
        "left_behind": areas.listed.to_numpy(bool),
        "other_deprived": areas.deprived.fillna(False).to_numpy(bool),
        "nation": np.full(len(areas), True),
    }
    rates = areas.y / areas.x
    for method, y, x in (("pooled", areas.y, areas.x), ("mean_of_areas", rates, rates * 0 + 1)):
        rate = {name: y[group].sum() / x[group].sum() for name, group in groups.items()}
        part = {
            name: (y - rate[name] * x) / x[group].sum() * group for name, group in groups.items()
        }

        def error(values: Any, n: int) -> float:
            return float(np.sqrt(n / (n - 1) * (values**2).sum()))

        errors = {name: error(part[name], group.sum()) for name, group in groups.items()}
        for name, group in groups.items():
            row = found.loc[(method, name)]
            assert row.areas == group.sum()
            assert row["rate"] == pytest.approx(rate[name], rel=1e-9)
            assert row.standard_error == pytest.approx(errors[name], rel=1e-6)
        gaps = {
            "other_deprived": np.hypot(errors["left_behind"], errors["other_deprived"]),
            "nation": error(part["left_behind"] - part["nation"], len(areas)),
        }
        for name, expected in gaps.items():
            row = found.loc[(method, name)]
            assert row.left_behind_gap == pytest.approx(rate["left_behind"] - rate[name], abs=1e-12)
            assert row.left_behind_gap_standard_error == pytest.approx(expected, rel=1e-6)
            width = row.left_behind_gap_ci_high - row.left_behind_gap_ci_low
            assert width == pytest.approx(2 * 1.959964 * expected, rel=1e-6)
