"""How the IMD reaches the wards of England: by every rule, against the published list."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.test_england_figures import one, rows
from tests.support.site import REALDATA, Site
from tests.support.stated import METHODOLOGY, as_stated, table

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("england")

CENSUS_2011 = 53_012_456  # usual residents of England, Census 2011
FILES = {"imd2015": "file7_id2015*.csv", "imd2019": "file7_iod2019*.csv"}


def real(pattern: str) -> pd.DataFrame:
    (path,) = Path(REALDATA).rglob(pattern)
    return pd.read_csv(path, encoding="utf-8-sig", dtype=str).rename(columns=str.strip)


def test_the_agreement_of_each_rule_is_the_one_that_the_methodology_states(england: Site) -> None:
    found = rows(
        england,
        """
        select edition_id, carry_rule, areas_rated, areas_listed, areas_agreed, areas_only_published
        from marts.edition_carry_rule
        where edition_id like 'ward17%' order by edition_id desc, areas_agreed desc, carry_rule
        """,
    )
    told = table(METHODOLOGY, "| edition | carry rule | rated")
    assert sorted(told) == sorted([as_stated(cell, "") for cell in row] for row in found)
    own = one(
        england,
        "select areas_agreed, areas_listed from marts.edition_carry_rule "
        "where edition_id = 'ward17_imd2019_cni2019' and is_own_rule",
    )
    assert own == (222, 224)
    # No other rule has more in common with what was published.
    assert own[0] == max(row[4] for row in found if row[4] is not None)


@pytest.mark.parametrize("release", FILES)
def test_ward_ranks_are_those_of_exact_fractions_in_every_place(
    england: Site, release: str
) -> None:
    """From the files themselves: no rank hangs on the last bits of a double."""
    index = real(FILES[release])
    score = dict(
        zip(
            index["LSOA code (2011)"],
            map(Fraction, index["Index of Multiple Deprivation (IMD) Score"]),
            strict=True,
        )
    )
    lookup = real("oa11_lsoa11*.csv")
    fits = real("lsoa11_ward17_lad17*.csv").set_index("LSOA11CD")["WD17CD"]
    lies_in = real("oa11_ward17*.csv").set_index("OA11CD")["WD17CD"]
    residents = real("population_2011_oa11*.csv").set_index("OA11CD")["usual_residents_2011"]
    people: dict[str, int] = defaultdict(int)
    total: dict[str, Fraction] = defaultdict(Fraction)
    for area, lsoa in zip(lookup["OA11CD"], lookup["LSOA11CD"], strict=True):
        ward = lies_in.get(area) or fits[lsoa]
        here = int(residents[area])
        people[ward] += here
        total[ward] += here * score[lsoa]
    mean = {ward: total[ward] / people[ward] for ward in people if people[ward]}
    ordered = sorted(mean.values(), reverse=True)
    first: dict[Fraction, int] = {}
    for place, value in enumerate(ordered, start=1):
        first.setdefault(value, place)
    expected = {ward: first[value] for ward, value in mean.items()}
    found = dict(
        rows(
            england,
            "select area_code, imd_rank from marts.double_disadvantage "
            f"where edition_id = 'ward17_{release}_cni2019' and imd_rank is not null",
        )
    )
    assert len(expected) == 7_437
    assert found == expected


def test_all_people_of_the_census_are_carried(england: Site) -> None:
    found = rows(
        england,
        """
        select edition_id, sum(part_population)::bigint, sum(small_areas)::bigint,
            sum(small_areas_by_best_fit)::bigint
        from marts.carry_weight where weighting = 'small_areas' group by 1 order by 1
        """,
    )
    assert [row[1:] for row in found] == [(CENSUS_2011, 171_372, 323)] * 2
    assert one(england, "select sum(population), count(*) from marts.carry_small_area") == (
        CENSUS_2011,
        171_372,
    )


def test_wards_that_hang_on_the_carry_rule_are_not_called_solid(england: Site) -> None:
    """Where another way to carry the IMD would list a ward or not, the draws say so."""
    found = dict(
        rows(
            england,
            "select area_name, stability_class from marts.flag_stability "
            "where edition_id = 'ward17_imd2019_cni2019' and (area_code = 'E05008730' "
            "or area_code in (select area_code from marts.reconciliation "
            "where edition_id = 'ward17_imd2019_cni2019' and agreement = 'only_computed'))",
        )
    )
    assert found["Ford Green and Smallthorne"] == "borderline"
    assert "solid" not in found.values()


def test_one_lsoa_has_its_authority_from_the_index_file(england: Site) -> None:
    assert rows(
        england,
        "select area_code, lad_code, is_used, source_id from marts.area_authority_conflict "
        "order by source_id",
    ) == [
        ("E01027305", "E06000062", True, "imd2025"),
        ("E01027305", "E07000177", False, "lsoa21_ward24_lad24"),
    ]
    # So the two ways to count an authority's LSOAs and people agree, everywhere.
    assert (
        rows(
            england,
            """
            select lists.geography_code
            from marts.summary_geography as lists
            inner join marts.dim_edition as editions
                on lists.edition_id = editions.edition_id
                and lists.geography_type = editions.lad_type
            inner join marts.summary_index as measures
                on lists.geography_code = measures.area_code
                and editions.imd_release = measures.index_release
                and measures.measure = 'overall'
            where
                editions.edition_id = 'lsoa21_imd2025_cni2023'
                and (lists.areas <> measures.areas or lists.population <> measures.denominator)
            """,
        )
        == []
    )


def test_an_area_alone_in_its_authority_has_its_own_rate(england: Site) -> None:
    """Isles of Scilly, Income 2019: 70 of 2,335, and not (70 + 1/2) of (2,335 + 1)."""
    value, origin = one(
        england,
        "select value, value_origin from marts.fct_indicator where index_release = 'imd2019' "
        "and area_code = 'E01019077' and indicator = 'income_deprived'",
    )
    assert (round(value, 5), origin) == (0.02998, "rate")
