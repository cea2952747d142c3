"""Summaries of authorities and regions, against File 10 of IoD 2019 and 2025 (docs/methodology.md).

Every figure of every authority is compared; what is not within the rounding is named.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.site import Site

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("england")

DOMAINS = (
    "income",
    "employment",
    "education",
    "health",
    "crime",
    "barriers",
    "living_environment",
)

# LSOAs 2011 in which the summaries of 2019 count one person more than File 7 does. File 7 leaves
# prisoners out; in all of these the residents of mid-2019, prisoners among them, are far more.
PRISONS = {
    "E06000007": ["E01012448"],  # Warrington
    "E06000011": ["E01013126"],  # East Riding of Yorkshire
    "E06000016": ["E01013647"],  # Leicester
    "E06000018": ["E01013967"],  # Nottingham
    "E06000023": ["E01014514"],  # Bristol, City of
    "E06000025": ["E01014989", "E01014867", "E01014884"],  # South Gloucestershire
    "E06000031": ["E01015661"],  # Peterborough
    "E06000042": ["E01033505"],  # Milton Keynes
    "E06000046": ["E01017334"],  # Isle of Wight
    "E06000047": ["E01020709", "E01020854"],  # County Durham
    "E06000051": ["E01028885"],  # Shropshire
    "E06000055": ["E01017502"],  # Bedford
    "E06000057": ["E01027444"],  # Northumberland
    "E07000010": ["E01018081"],  # Fenland
    "E07000011": ["E01018115"],  # Huntingdonshire
    "E07000035": ["E01019612"],  # Derbyshire Dales
    "E07000039": ["E01019866"],  # South Derbyshire
    "E07000045": ["E01020191"],  # Teignbridge
    "E07000070": ["E01021627"],  # Chelmsford
    "E07000094": ["E01023270"],  # Winchester
    "E07000110": ["E01024366"],  # Maidstone
    "E07000113": ["E01024618"],  # Swale
    "E07000118": ["E01024975"],  # Chorley
    "E07000136": ["E01026008"],  # Boston
    "E07000143": ["E01033040"],  # Breckland
    "E07000147": ["E01026768"],  # North Norfolk
    "E07000151": ["E01032968"],  # Daventry
    "E07000171": ["E01028036"],  # Bassetlaw
    "E07000176": ["E01028371"],  # Rushcliffe
    "E07000179": ["E01028620"],  # South Oxfordshire
    "E07000194": ["E01029488"],  # Lichfield
    "E07000197": ["E01029725", "E01029697"],  # Stafford
    "E07000198": ["E01029780"],  # Staffordshire Moorlands
    "E07000209": ["E01030459"],  # Guildford
    "E07000213": ["E01030714"],  # Spelthorne
    "E07000234": ["E01033060"],  # Bromsgrove
    "E07000238": ["E01032415"],  # Wychavon
    "E07000244": ["E01033446"],  # East Suffolk
    "E07000245": ["E01030151"],  # West Suffolk
    "E08000006": ["E01005675"],  # Salford
    "E08000010": ["E01006329"],  # Wigan
    "E08000017": ["E01007557", "E01007529"],  # Doncaster
    "E08000025": ["E01009364"],  # Birmingham
    "E08000035": ["E01011294", "E01011697"],  # Leeds
    "E08000036": ["E01011938"],  # Wakefield
    "E09000011": ["E01033741", "E01001687"],  # Greenwich
    "E09000013": ["E01001876"],  # Hammersmith and Fulham
}


def rows(site: Site, query: str) -> list[Any]:
    with site.warehouse() as warehouse:
        return warehouse.execute(query).fetchall()


def cases() -> list[Any]:
    within = {
        # Published to 0.01; tied areas at the mean of their places.
        ("imd2019", "average_rank", "overall"): 0.136,
        ("imd2019", "average_rank", "domain"): 0.231,
        ("imd2019", "average_rank", "idaci"): 26.7,
        ("imd2019", "average_rank", "idaopi"): 113.4,
        ("imd2025", "average_rank", "overall"): 0.0051,
        ("imd2025", "average_rank", "domain"): 0.0051,
        # Published to 0.001.
        ("imd2019", "average_score", "overall"): 0.00057,
        ("imd2019", "average_score", "domain"): 0.0007,
        ("imd2019", "average_score", "idaci"): 0.00058,
        ("imd2019", "average_score", "idaopi"): 0.0058,
        ("imd2025", "average_score", "overall"): 0.00054,
        ("imd2025", "average_score", "domain"): 0.00057,
        # Published to 0.0001.
        ("imd2019", "proportion", "overall"): 0.0000501,
        ("imd2019", "proportion", "domain"): 0.0000501,
        ("imd2019", "proportion", "idaci"): 0.0193,
        ("imd2019", "proportion", "idaopi"): 0.0342,
        ("imd2025", "proportion", "overall"): 0.0000501,
        ("imd2025", "proportion", "domain"): 0.0000501,
        ("imd2019", "extent", "overall"): 0.000053,
        ("imd2025", "extent", "overall"): 0.000051,
        ("imd2019", "local_concentration", "overall"): 0.19,
        ("imd2025", "local_concentration", "overall"): 0.0055,
    }
    for release, income, employment in (("imd2019", 47, 99), ("imd2025", 41, 77.93)):
        within[release, "scale", "income"] = income
        within[release, "scale", "employment"] = employment
    return [
        pytest.param(release, statistic, measure, most, id=f"{release}-{statistic}-{measure}")
        for (release, statistic, group), most in within.items()
        for measure in (DOMAINS if group == "domain" else (group,))
    ]


@pytest.mark.parametrize(("release", "statistic", "measure", "most"), cases())
def test_every_authority_has_the_published_figure(
    england: Site, release: str, statistic: str, measure: str, most: float
) -> None:
    lad_type, authorities = ("lad19", 317) if release == "imd2019" else ("lad24", 296)
    differences = rows(
        england,
        f"""
        select {statistic}_difference from marts.summary_index
        where index_release = '{release}' and measure = '{measure}' and area_type = '{lad_type}'
        """,
    )
    assert len(differences) == authorities
    assert max(abs(difference) for (difference,) in differences) <= most


def test_nothing_published_is_left_out(england: Site) -> None:
    found = rows(
        england,
        """
        select
            index_release,
            count(published_average_rank) + count(published_average_score)
            + count(published_proportion) + count(published_extent)
            + count(published_local_concentration) + count(published_scale)
        from marts.summary_index group by all order by all
        """,
    )
    # An authority: 3 statistics of 10 (2025: 8) measures, 2 more of the index, 2 scales.
    assert found == [("imd2015", 0), ("imd2019", 317 * 34), ("imd2025", 296 * 28)]


def test_beyond_rounding_are_only_the_authorities_with_prisons(england: Site) -> None:
    beyond = rows(
        england,
        """
        select distinct area_code from marts.summary_index
        where index_release = 'imd2019' and abs(average_rank_difference) > 0.0053
            and measure not in ('employment', 'idaci', 'idaopi')
        """,
    )
    assert {code for (code,) in beyond} == set(PRISONS)


def test_one_person_more_where_the_prisons_are_gives_the_published_average_rank(
    england: Site,
) -> None:
    lsoas = {lsoa: lad for lad, codes in PRISONS.items() for lsoa in codes}
    places = {
        lsoa: place
        for lsoa, place in rows(
            england,
            """
            select area_code,
                index_rank + (count(*) over (partition by index_rank) - 1) / 2.0
            from marts.fct_index_score where index_release = 'imd2019'
            """,
        )
        if lsoa in lsoas
    }
    assert set(places) == set(lsoas)
    for lad, people, average, published in rows(
        england,
        """
        select area_code, denominator, average_rank, published_average_rank
        from marts.summary_index
        where index_release = 'imd2019' and measure = 'overall' and area_type = 'lad19'
        """,
    ):
        more = PRISONS.get(lad, [])
        ranks = (32_845 - average) * people + sum(places[lsoa] for lsoa in more)
        assert 32_845 - ranks / (people + len(more)) == pytest.approx(published, abs=0.0053), lad


def test_prisons_are_seen_in_the_residents_of_mid_2019(england: Site) -> None:
    lsoas = [lsoa for codes in PRISONS.values() for lsoa in codes]
    listed = ", ".join(f"'{lsoa}'" for lsoa in lsoas)
    found = rows(
        england,
        f"""
        select part_code, dim_area.population / any_value(part_population)
        from marts.carry_weight inner join marts.dim_area
            on dim_area.area_type = part_type and dim_area.area_code = part_code
        where
            edition_id = 'ward17_imd2019_cni2019'
            and weighting = 'whole'
            and part_code in ({listed})
        group by part_code, dim_area.population
        """,
    )
    assert len(found) == len(lsoas)
    # A few small ones are hidden by four years of change.
    assert sum(ratio > 1.1 for _, ratio in found) >= len(lsoas) - 6


def test_rushmoor_alone_is_off_on_the_score_of_idaopi(england: Site) -> None:
    assert rows(
        england,
        """
        select area_name from marts.summary_index
        where index_release = 'imd2019' and measure = 'idaopi'
            and abs(average_score_difference) > 0.0006
        """,
    ) == [("Rushmoor",)]


@pytest.mark.parametrize(
    ("release", "lad_type", "authorities", "areas", "people"),
    [
        ("imd2015", "lad19", 317, 32_844, 53_434_130),
        ("imd2015", "lad24", 296, 32_844, 53_434_130),
        ("imd2019", "lad19", 317, 32_844, 54_728_204),
        ("imd2019", "lad24", 296, 32_844, 54_728_204),
        ("imd2025", "lad24", 296, 33_755, 57_112_129),
        ("imd2025", "rgn", 9, 33_755, 57_112_129),
        ("imd2019", "rgn", 9, 32_844, 54_728_204),
    ],
)
def test_no_authority_is_lost(
    england: Site, release: str, lad_type: str, authorities: int, areas: int, people: int
) -> None:
    assert rows(
        england,
        f"""
        select count(*), sum(areas), sum(denominator) from marts.summary_index
        where index_release = '{release}' and measure = 'overall' and area_type = '{lad_type}'
        """,
    ) == [(authorities, areas, people)]


def test_the_lists_by_region(england: Site) -> None:
    found = dict(
        rows(
            england,
            """
            select geography_name, areas_listed from marts.summary_geography
            where edition_id = 'lsoa21_imd2025_cni2023' and geography = 'region'
            """,
        )
    )
    assert found == {
        "North East": 178,
        "North West": 321,
        "Yorkshire and The Humber": 273,
        "East Midlands": 107,
        "West Midlands": 151,
        "East of England": 81,
        "London": 4,
        "South East": 80,
        "South West": 67,
    }


def test_every_authority_of_an_edition_has_a_row(england: Site) -> None:
    assert rows(
        england,
        """
        select edition_id, count(*), sum(summary.areas), sum(summary.areas_listed)
        from marts.summary_geography as summary
        inner join marts.dim_edition as edition using (edition_id)
        where summary.geography_type = edition.lad_type
        group by all order by all
        """,
    ) == [
        ("lsoa21_imd2019_cni2023", 296, 33_755, 1_305),
        ("lsoa21_imd2025_cni2023", 296, 33_755, 1_262),
        ("ward17_imd2015_cni2019", 317, 7_439, 206),
        ("ward17_imd2019_cni2019", 317, 7_439, 224),
    ]
