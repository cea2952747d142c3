"""Where the published flags differ from ours, and how the lists changed, on the real files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.site import Site

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("england")

WARDS = "ward17_imd2019_cni2019"
LSOAS = ("lsoa21_imd2019_cni2023", "lsoa21_imd2025_cni2023")


def rows(site: Site, query: str) -> list[Any]:
    with site.warehouse() as warehouse:
        return warehouse.execute(query).fetchall()


def test_219_wards_agree_and_the_six_and_six_are_named(england: Site) -> None:
    found = rows(
        england,
        f"""
        select agreement, count(*), count(distinct area_code), list(area_name order by area_name)
        from marts.reconciliation where edition_id = '{WARDS}' group by agreement order by agreement
        """,
    )
    assert [(agreement, count) for agreement, count, _, _ in found] == [
        ("agreed", 219),
        ("only_computed", 6),
        ("only_published", 6),
    ]
    assert all(count == distinct for _, count, distinct, _ in found)
    assert found[1][3] == [
        "Ayresome",
        "Bedlington East",
        "Ford Green and Smallthorne",
        "Highbridge and Burnham Marine",
        "Norton North",
        "Winton",
    ]
    assert found[2][3] == [
        "Bentley",
        "Easington",
        "Ferryhill",
        "Irwell",
        "Longdendale",
        "Norton South",
    ]


def test_the_twelve_are_near_the_threshold_of_the_imd_that_was_carried(england: Site) -> None:
    found = rows(
        england,
        f"""
        select imd_ranks_to_threshold, deciding_index, likely_reason, likely_reason_text,
            agreement, cni_ranks_to_threshold
        from marts.reconciliation where edition_id = '{WARDS}' and agreement <> 'agreed'
        """,
    )
    assert len(found) == 12
    for places, index, reason, text, agreement, cni_places in found:
        assert (places <= 0) == (agreement == "only_computed")
        assert cni_places <= 0
        assert (index, reason) == ("imd", "carry rule")
        side = "inside" if places <= 0 else "beyond"
        assert f"{abs(places):,} places {side} the threshold of 742" in text


def test_the_published_lsoa_list_agrees_area_by_area(england: Site) -> None:
    assert rows(
        england,
        "select agreement, count(*) from marts.reconciliation "
        f"where edition_id = '{LSOAS[0]}' group by all",
    ) == [("agreed", 1_305)]


def test_1305_became_1262(england: Site) -> None:
    assert rows(
        england,
        f"""
        select areas_joined, areas_left, areas_stayed from marts.dim_edition_pair
        where edition_from = '{LSOAS[0]}' and edition_to = '{LSOAS[1]}'
        """,
    ) == [(106, 149, 1_156)]


def test_every_change_of_the_lsoa_list_is_the_imds(england: Site) -> None:
    """Both editions have the same CNI, so that nothing else can have crossed."""
    assert rows(
        england,
        f"""
        select change, index_crossed, count(*), count(*) filter (cni_ranks_moved <> 0)
        from marts.edition_change where edition_to = '{LSOAS[1]}' group by all order by all
        """,
    ) == [("joined", "imd", 106, 0), ("left", "imd", 149, 0), ("stayed", None, 1_156, 0)]


def test_changed_boundaries_are_those_of_the_vintage_lookup(england: Site) -> None:
    found = rows(
        england,
        f"""
        select is_boundary_changed, change_code, count(*)
        from marts.edition_change where edition_to = '{LSOAS[1]}' group by all order by all
        """,
    )
    unchanged = [row for row in found if not row[0]]
    assert [code for _, code, _ in unchanged] == ["U"]
    assert {code for changed, code, _ in found if changed} <= {"S", "M", "X"}
    assert sum(count for changed, _, count in found if changed) == 43


def test_editions_of_another_cni_are_not_compared(england: Site) -> None:
    ran = england.lbn("diff", WARDS, LSOAS[1])
    assert ran.code == 2
    assert "not comparable with CNI 2019" in " ".join(ran.err.split())
    assert rows(
        england,
        "select count(*) from marts.dim_edition_pair "
        "where not is_comparable and areas_joined is null and reason_not_comparable is not null",
    ) == [(4,)]
