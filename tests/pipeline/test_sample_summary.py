"""Summaries of authorities and regions in the sample, computed again from the other marts."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest

from tests.support.site import Site


def rows(site: Site, query: str) -> list[Any]:
    with site.warehouse() as warehouse:
        return warehouse.execute(query).fetchall()


def extent_weight(percentile: int) -> Fraction:
    if percentile <= 10:
        return Fraction(1)
    if percentile > 30:
        return Fraction(0)
    return Fraction(95, 100) - (percentile - 11) * Fraction(90, 1900)


def test_the_measures_of_the_index_are_those_of_the_technical_report(sample: Site) -> None:
    """By the report's text, in exact fractions, from the small areas that the marts show."""
    areas = defaultdict(list)
    ranks: dict[int, int] = defaultdict(int)
    found_areas = rows(
        sample,
        """
        select dim_area.lad_code, part_code, index_rank, index_score, part_population,
            areas_ranked
        from marts.carry_weight
        inner join marts.fct_index_score as scores
            on scores.index_release = 'imd2019' and scores.area_code = part_code
        inner join marts.dim_area
            on dim_area.area_type = part_type and dim_area.area_code = part_code
        where edition_id = 'ward17_imd2019_cni2019' and weighting = 'whole'
        """,
    )
    n = found_areas[0][-1]
    assert len(found_areas) == n
    for lad, code, rank, score, people, _ in found_areas:
        areas[lad].append((rank, code, Fraction(score), Fraction(people)))
        ranks[rank] += 1
    place = {rank: rank + Fraction(tied - 1, 2) for rank, tied in ranks.items()}
    computed = rows(
        sample,
        """
        select area_code, areas, denominator, average_rank, average_score, proportion, extent,
            local_concentration
        from marts.summary_index
        where index_release = 'imd2019' and measure = 'overall' and area_type = 'lad24'
        """,
    )
    assert {row[0] for row in computed} == set(areas)
    for lad, count, people, *statistics in computed:
        here = sorted(areas[lad])
        everybody = sum((area[3] for area in here), Fraction(0))
        wanted, worst = everybody / 10, Fraction(0)
        for rank, _, _, residents in here:
            worst += place[rank] * min(residents, wanted)
            wanted -= min(residents, wanted)
        assert wanted == 0
        expected = [
            n + 1 - sum(place[rank] * residents for rank, *_, residents in here) / everybody,
            sum(score * residents for _, _, score, residents in here) / everybody,
            Fraction(sum(10 * rank <= n for rank, *_ in here), len(here)),
            sum(extent_weight(-(-100 * rank // n)) * residents for rank, *_, residents in here)
            / everybody,
            n + 1 - worst / (everybody / 10),
        ]
        assert (count, people) == (len(here), float(everybody))
        assert statistics == [pytest.approx(float(value), rel=1e-9) for value in expected], lad


def test_published_summaries_stand_beside_the_computed_ones(sample: Site) -> None:
    found = rows(
        sample,
        """
        select index_release, area_type, count(*), count(average_rank_difference)
        from marts.summary_index
        where measure = 'overall' and area_type <> 'rgn' group by all order by all
        """,
    )
    assert found == [
        ("imd2015", "lad19", 26, 0),
        ("imd2015", "lad24", 24, 0),
        ("imd2019", "lad19", 26, 26),
        ("imd2019", "lad24", 24, 0),
        ("imd2025", "lad24", 24, 24),
    ]


def test_only_what_can_be_computed_is(sample: Site) -> None:
    """IDACI 2025 has ranks and no scores; extent is of the index; a scale is of two domains."""
    found = rows(
        sample,
        """
        select distinct measure, rank_origin, average_score is not null, extent is not null,
            local_concentration is not null, scale is not null
        from marts.summary_index
        where index_release = 'imd2025' and measure in ('overall', 'income', 'health', 'idaci')
        order by all
        """,
    )
    assert found == [
        ("health", "published", True, False, False, False),
        ("idaci", "published", False, False, False, False),
        ("income", "published", True, False, False, True),
        ("overall", "published", True, True, True, False),
    ]
    assert rows(
        sample,
        """
        select distinct rank_origin from marts.summary_index
        where index_release = 'imd2019' and measure in ('idaci', 'idaopi')
        """,
    ) == [("score",)]


def test_higher_is_worse_and_rank_1_is_the_worst(sample: Site) -> None:
    assert rows(
        sample,
        """
        select distinct
            arg_min(area_code, rank_of_average_rank) = arg_max(area_code, average_rank),
            arg_min(area_code, rank_of_average_score) = arg_max(area_code, average_score),
            -- The more deprived, the higher the average rank too.
            corr(average_rank, average_score) > 0.9
        from marts.summary_index
        where average_score is not null and area_type = 'lad24' and measure = 'overall'
        group by index_release
        """,
    ) == [(True, True, True)]


@pytest.mark.parametrize("kind", ["edition.lad_type", "'rgn'", "'pcon24'", "'icb24'", "'ruc21'"])
def test_the_counts_add_up_to_the_list_and_shares_have_their_denominators(
    sample: Site, kind: str
) -> None:
    added = rows(
        sample,
        f"""
        select
            edition_id,
            sum(summary.areas),
            sum(summary.areas_rated),
            sum(summary.areas_listed)
        from marts.summary_geography as summary
        inner join marts.dim_edition as edition using (edition_id)
        where summary.geography_type = {kind}
        group by all order by all
        """,
    )
    # Three wards are no LSOA's best fit, two of them rated by output areas: the lookups put them in
    # authorities and regions alone.
    nowhere, rated = (0, 0) if kind in ("edition.lad_type", "'rgn'") else (3, 2)
    assert added == rows(
        sample,
        f"""
        select
            edition_id,
            areas - if(area_type = 'ward17', {nowhere}, 0),
            areas_rated - if(area_type = 'ward17', {rated}, 0),
            areas_listed
        from marts.dim_edition
        order by edition_id
        """,
    )
    assert rows(
        sample,
        """
        select count(*) from marts.summary_geography
        where share_of_areas <> areas_listed / areas
            or share_of_population <> population_listed / population
            or (share_of_areas is null) <> (areas = 0)
        """,
    ) == [(0,)]


def test_an_authority_with_nothing_on_the_list_has_a_row(sample: Site) -> None:
    editions = rows(
        sample,
        """
        with authorities as (
            select area_type, count(*) as areas from marts.dim_area group by all
        )
        select edition_id, count(*), any_value(authorities.areas),
            count(*) filter (
                summary.areas_listed = 0 and share_of_areas = 0 and average_rank is not null
            )
        from marts.summary_geography as summary
        inner join marts.dim_edition as edition using (edition_id)
        inner join authorities on edition.lad_type = authorities.area_type
        where summary.geography_type = edition.lad_type
        group by all
        """,
    )
    assert len(editions) == 4
    for edition, found, authorities, without in editions:
        assert found == authorities, edition
        assert 0 < without < found, edition
