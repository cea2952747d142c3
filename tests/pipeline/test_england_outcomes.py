"""The comparison of outcomes on the real files, against pandas and statsmodels on the same files.

The counts are read from the source files anew; of the release only the list is taken.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.support.site import REALDATA, Site
from tests.support.stated import METHODOLOGY, table

pytestmark = pytest.mark.xdist_group("england")

EDITION = "lsoa21_imd2025_cni2023"


def query(site: Site, sql: str) -> Any:
    with site.warehouse() as warehouse:
        return warehouse.execute(sql).df()


def census(table: str) -> pd.DataFrame:
    """A table of the Census by LSOA of England, as Nomis packs it."""
    (path,) = Path(REALDATA).rglob(f"census2021-{table}.zip")
    with zipfile.ZipFile(path) as archive, archive.open(f"census2021-{table}-lsoa.csv") as file:
        counts = pd.read_csv(file).set_index("geography code")
    return counts[counts.index.str.startswith("E")]


@pytest.fixture(scope="module")
def unqualified(england: Site) -> pd.DataFrame:
    """Residents without qualifications (y) of all aged 16 and over (x), with each area's group."""
    counts = census("ts067").filter(like="Highest level of qualification: ")
    counts.columns = counts.columns.str.removeprefix("Highest level of qualification: ")
    of_all = "Total: All usual residents aged 16 years and over"
    found = pd.DataFrame({"y": counts["No qualifications"], "x": counts[of_all]})
    listed = query(
        england,
        "select area_code, is_doubly_disadvantaged as listed, is_within_imd_threshold as deprived"
        f" from marts.double_disadvantage where edition_id = '{EDITION}'",
    ).set_index("area_code")
    found = found.join(listed, how="outer", validate="one_to_one")
    found["area_group"] = np.select(
        [found.listed, found.deprived], ["left_behind", "other_deprived"], "rest"
    )
    return found


@pytest.mark.parametrize(
    ("outcome", "table", "numerator", "denominator"),
    [
        ("social_rented", "ts054", "Social rented", "Total: All households"),
        (
            "never_worked",
            "ts062",
            "L14.1 and L14.2 Never worked and long-term unemployed",
            "Total: All usual residents aged 16 years and over",
        ),
    ],
)
def test_every_edition_has_the_nation_that_the_census_counted(
    england: Site, outcome: str, table: str, numerator: str, denominator: str
) -> None:
    totals = census(table).select_dtypes("number").sum()
    # 'Tenure of household: Social rented' and the like.
    totals.index = totals.index.str.replace(r"^[^:]*: ?(?!All)", "", regex=True)
    found = query(
        england,
        "select numerator, denominator, rate from marts.outcome_comparison"
        f" where outcome = '{outcome}' and method = 'pooled' and area_group = 'nation'",
    )
    assert len(found) == 4
    assert found.numerator.to_numpy() == pytest.approx(totals[numerator], rel=1e-12)
    assert found.denominator.to_numpy() == pytest.approx(totals[denominator], rel=1e-12)


@pytest.mark.parametrize("method", ["pooled", "mean_of_areas"])
def test_rates_gaps_and_intervals_are_those_of_regressions(
    england: Site, unqualified: pd.DataFrame, method: str
) -> None:
    """A pooled rate is a mean weighted by x; its error that of the regression on a constant (HC1).

    So is the gap to another group: there each group is fitted by itself, and variances add up.
    """
    found = query(
        england,
        "select * from marts.outcome_comparison where outcome = 'no_qualifications'"
        f" and edition_id = '{EDITION}' and method = '{method}'",
    ).set_index("area_group")
    fits = {}
    for name in ("left_behind", "other_deprived", "rest", "nation"):
        areas = unqualified if name == "nation" else unqualified[unqualified.area_group == name]
        weights = areas.x if method == "pooled" else np.ones(len(areas))
        fit = sm.WLS(areas.y / areas.x, np.ones(len(areas)), weights=weights).fit(cov_type="HC1")
        fits[name] = fit
        assert found.areas[name] == len(areas)
        assert found.denominator[name] == areas.x.sum()
        assert found.rate[name] == pytest.approx(fit.params.iloc[0], rel=1e-9)
        assert found.standard_error[name] == pytest.approx(fit.bse.iloc[0], rel=1e-6)
        low, high = fit.conf_int().iloc[0]
        assert (found.ci_low[name], found.ci_high[name]) == pytest.approx((low, high), rel=1e-6)
    for name in ("other_deprived", "rest"):
        error = np.hypot(fits["left_behind"].bse.iloc[0], fits[name].bse.iloc[0])
        assert found.left_behind_gap_standard_error[name] == pytest.approx(error, rel=1e-6)


def test_the_gap_to_the_nation_allows_for_the_areas_in_both(
    england: Site, unqualified: pd.DataFrame
) -> None:
    """Against the jackknife, which leaves out an area after the other and knows no formula."""
    found = query(
        england,
        "select * from marts.outcome_comparison where area_group = 'nation' and method = 'pooled'"
        f" and edition_id = '{EDITION}' and outcome = 'no_qualifications'",
    ).iloc[0]
    y, x = unqualified.y.to_numpy(float), unqualified.x.to_numpy(float)
    listed = unqualified.listed.to_numpy(float)
    of_group = ((y * listed).sum() - y * listed) / ((x * listed).sum() - x * listed)
    gaps = of_group - (y.sum() - y) / (x.sum() - x)
    jackknife = np.sqrt((len(y) - 1) / len(y) * ((gaps - gaps.mean()) ** 2).sum())
    assert found.left_behind_gap_standard_error == pytest.approx(jackknife, rel=2e-3)


def test_left_behind_areas_differ_from_others_as_deprived_beyond_the_interval(
    england: Site,
) -> None:
    """More without qualifications, disabled, in routine work and in social housing.

    Other deprived areas have more claimants, more who never worked and more private tenants.
    """
    found = query(
        england,
        """
        select outcome, left_behind_gap_ci_low as low, left_behind_gap_ci_high as high
        from marts.outcome_comparison
        where area_group = 'other_deprived' and starts_with(edition_id, 'lsoa21')
        """,
    ).set_index("outcome")
    more = ["no_qualifications", "disabled", "routine_occupations", "social_rented"]
    less = ["claimants_2022", "never_worked", "private_rented"]
    assert len(found.loc[more]) == 4 * len(more)
    assert (found.low[more] > 0).all()
    assert (found.high[less] < 0).all()


def test_income_deprivation_is_near_the_published_scale(england: Site) -> None:
    """File 10 adds up the income deprived by authority, from counts before they were rounded."""
    (path,) = Path(REALDATA).rglob("file10_iod2025*.csv")
    scale = pd.read_csv(path)["income_scale"].sum()
    found = query(
        england,
        f"""
        select numerator from marts.outcome_comparison
        where outcome = 'income_deprived_2025' and edition_id = '{EDITION}'
            and method = 'pooled' and area_group = 'nation'
        """,
    )
    assert found.numerator[0] == pytest.approx(scale, rel=1e-4)


def test_the_documented_figures_are_those_of_the_release(england: Site) -> None:
    """The table of docs/methodology.md, cell by cell as it is printed there."""
    printed = table(METHODOLOGY, "| outcome | left behind | other deprived | rest |")
    found = query(
        england,
        "select * from marts.outcome_comparison"
        f" where edition_id = '{EDITION}' and method = 'pooled'",
    ).set_index(["outcome_label", "area_group"])

    def percent(value: float) -> str:
        return f"{100 * value:.2f}".replace("-", "−")

    def gap(row: Any) -> str:
        low, high = percent(row.left_behind_gap_ci_low), percent(row.left_behind_gap_ci_high)
        return f"{percent(row.left_behind_gap)} ({low} to {high})"

    assert len(printed) == 5
    for label, *cells in printed:
        rows = found.loc[label]
        groups = ("left_behind", "other_deprived", "rest", "nation")
        expected = [percent(rows.loc[group, "rate"]) for group in groups]
        expected += [gap(rows.loc["other_deprived"]), gap(rows.loc["nation"])]
        assert cells == expected
