"""How the real lists stand up to other thresholds and other choices of the method."""

from __future__ import annotations

import pytest

from tests.pipeline.test_england_figures import one, rows
from tests.support.site import Site

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("england")

LISTED = {
    "lsoa21_imd2019_cni2023": 1_305,
    "lsoa21_imd2025_cni2023": 1_262,
    "ward17_imd2015_cni2019": 206,
    "ward17_imd2019_cni2019": 224,
}


@pytest.mark.parametrize(
    ("percent", "listed"),
    [(5, 499), (9, 1_096), (10, 1_262), (11, 1_418), (15, 2_112), (20, 3_025)],
)
def test_lists_at_other_thresholds_have_their_known_sizes(
    england: Site, percent: int, listed: int
) -> None:
    found = one(
        england,
        f"""
        select
            (select areas_listed from marts.threshold_sensitivity
            where edition_id = 'lsoa21_imd2025_cni2023' and varied_index = 'both'
                and threshold_percent = {percent}),
            (select count(*) from marts.threshold_membership
            where edition_id = 'lsoa21_imd2025_cni2023'
                and listed_from_percent_both <= {percent})
        """,
    )
    assert found == (listed, listed)


def test_with_nothing_varied_every_list_is_the_editions_own_area_by_area(england: Site) -> None:
    found = rows(
        england,
        """
        select edition_id, count(*) filter (is_listed_recomputed),
            count(*) filter (is_listed_recomputed <> is_doubly_disadvantaged)
        from marts.flag_stability group by 1 order by 1
        """,
    )
    assert found == [(edition, listed, 0) for edition, listed in LISTED.items()]


def test_only_an_index_with_its_domains_has_varied(england: Site) -> None:
    found = dict(rows(england, "select distinct edition_id, varied from marts.flag_stability"))
    assert found == {
        "lsoa21_imd2019_cni2023": "IMD weights, CNI weights, threshold, carry rule, tie rule",
        "lsoa21_imd2025_cni2023": "IMD weights, CNI weights, threshold, tie rule",
        "ward17_imd2015_cni2019": "CNI weights, threshold, carry rule, tie rule",
        "ward17_imd2019_cni2019": "IMD weights, CNI weights, threshold, carry rule, tie rule",
    }


# With another version of NumPy, or another seed, the counts move by the error of sampling.
@pytest.mark.parametrize(
    ("edition", "solid", "likely", "borderline"),
    [
        ("lsoa21_imd2019_cni2023", 950, 240, 190),
        ("lsoa21_imd2025_cni2023", 905, 250, 190),
        ("ward17_imd2015_cni2019", 123, 42, 60),
        ("ward17_imd2019_cni2019", 132, 56, 48),
    ],
)
def test_about_three_in_four_flags_are_solid(
    england: Site, edition: str, solid: int, likely: int, borderline: int
) -> None:
    found = dict(
        rows(
            england,
            f"""
            select stability_class, count(*) from marts.flag_stability
            where edition_id = '{edition}' group by 1
            """,
        )
    )
    assert found["solid"] == pytest.approx(solid, rel=0.04)
    assert found["likely"] == pytest.approx(likely, rel=0.2)
    assert found["borderline"] == pytest.approx(borderline, rel=0.2)


# A ward whose few worst LSOAs make its mean score high falls back when ranks are averaged, so only
# a ward that is further within is sure.
@pytest.mark.parametrize(
    ("edition", "inside_share"),
    [(edition, 0.25 if edition.startswith("ward") else 0.5) for edition in LISTED],
)
def test_who_is_far_from_the_thresholds_is_sure(
    england: Site, edition: str, inside_share: float
) -> None:
    inside, least, outside, most = one(
        england,
        f"""
        with placed as (
            select flags.probability, greatest(
                lists.imd_rank / (lists.imd_rank - lists.imd_ranks_to_threshold),
                lists.cni_rank / (lists.cni_rank - lists.cni_ranks_to_threshold)
            ) as of_threshold
            from marts.flag_stability as flags
            inner join marts.double_disadvantage as lists using (edition_id, area_code)
            where edition_id = '{edition}'
        )
        select
            count(*) filter (of_threshold <= {inside_share}),
            min(probability) filter (of_threshold <= {inside_share}),
            count(*) filter (of_threshold > 2),
            max(probability) filter (of_threshold > 2)
        from placed
        """,
    )
    assert min(inside, outside) > 10
    assert least >= 0.95
    assert most < 0.33
