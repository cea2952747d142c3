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


def test_222_wards_agree_and_the_five_others_are_named(england: Site) -> None:
    found = rows(
        england,
        f"""
        select agreement, count(*), count(distinct area_code), list(area_name order by area_name)
        from marts.reconciliation where edition_id = '{WARDS}' group by agreement order by agreement
        """,
    )
    assert [(agreement, count) for agreement, count, _, _ in found] == [
        ("agreed", 222),
        ("only_computed", 2),
        ("only_published", 3),
    ]
    assert all(count == distinct for _, count, distinct, _ in found)
    assert found[1][3] == ["Goldenhill and Sandyford", "Winton"]
    assert found[2][3] == ["Binley and Willenhall", "Choppington", "Stainforth & Barnby Dun"]


def test_a_reason_names_the_index_that_is_nearer_and_both_distances(england: Site) -> None:
    found = rows(
        england,
        f"""
        select area_name, imd_ranks_to_threshold, cni_ranks_to_threshold, deciding_index,
            likely_reason, likely_reason_text
        from marts.reconciliation where edition_id = '{WARDS}' and agreement <> 'agreed'
        """,
    )
    assert len(found) == 5
    for name, imd_places, cni_places, index, reason, text in found:
        assert cni_places <= 0
        expected = ("cni", "near the CNI threshold") if name == "Winton" else ("imd", "carry rule")
        assert (index, reason) == expected
        side = "inside" if imd_places <= 0 else "beyond"
        assert f"{abs(imd_places):,} places {side} the threshold of 743" in text
        assert f"{-cni_places:,} places inside the threshold of 743" in text


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
