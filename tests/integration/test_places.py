"""What a person may call a place, and what of a release is then meant: of the sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.ask.explain import UnknownAreaError, explain
from orchestration.ask.find import find
from orchestration.ask.lists import list_edition
from orchestration.ask.places import Places, UnknownPlaceError, resolve
from orchestration.problems import UsageError

SMALL, WARDS = "lsoa21_imd2025_cni2023", "ward17_imd2019_cni2019"


@pytest.fixture(scope="module")
def release(sample_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_warehouse), read_only=True) as connection:
        yield connection


def codes(release: duckdb.DuckDBPyConnection, edition: str, places: Places) -> set[str]:
    rows = list_edition(release, edition, resolve(release, edition, places))
    return {row["area_code"] for row in rows}


@pytest.mark.parametrize("edition", [SMALL, WARDS])
@pytest.mark.parametrize(
    "kind", ["pcon24", "icb24", "cauth23", "ruc21", "rgn", "ward25", "msoa21", "lad24", "lad19"]
)
def test_what_lies_in_a_larger_area_is_what_its_members_are(
    release: duckdb.DuckDBPyConnection, edition: str, kind: str
) -> None:
    larger = release.execute(
        """
        select member.geography_code, list(distinct lists.area_code)
        from marts.double_disadvantage as lists
        inner join marts.dim_edition as edition using (edition_id)
        inner join marts.geography_membership as member
            on edition.area_type = member.area_type and lists.area_code = member.area_code
        where
            edition_id = $1
            and member.geography_type = $2
            and member.is_main
            and lists.is_doubly_disadvantaged
        group by all order by all limit 5
        """,
        [edition, kind],
    ).fetchall()
    assert larger
    for code, areas in larger:
        assert codes(release, edition, Places(within=(f"{kind}:{code}",))) == set(areas)


def test_kinds_may_be_asked_for_together_and_by_their_word(
    release: duckdb.DuckDBPyConnection,
) -> None:
    (area,) = release.execute(
        "select min({'lad': lad_name, 'constituency': pcon24_name, 'code': area_code}) "
        "from marts.double_disadvantage where edition_id = $1 and is_doubly_disadvantaged",
        [SMALL],
    ).fetchall()
    lad, constituency, code = area[0].values()
    asked = (f"constituency:{constituency.lower()}", "rural_urban:UN1")
    found = codes(release, SMALL, Places(lad=lad, within=asked))
    assert code in found
    alone = [Places(lad=lad), *(Places(within=(one,)) for one in asked)]
    assert found == set.intersection(*(codes(release, SMALL, one) for one in alone))


@pytest.mark.parametrize(
    ("edition", "lad", "vintage", "notes"),
    [
        # Merged in 2020: the areas that lay in it, and what it is now.
        (SMALL, "Vikendale", "lad19", ["became part of Mid Dogger (X06000011) in 2020", "where"]),
        # The same authority under a code of 2025.
        (SMALL, "X08000091", "lad25", ["lie in Kelsterby, Local Authority District (2025)."]),
        # An authority of today, in an edition on wards of 2017, by the changes of authorities.
        (WARDS, "Mid Dogger", "lad24", ["lie in Mid Dogger, Local Authority District (2024)."]),
        (SMALL, "sandholme", "lad24", ["'sandholme' is taken for Sandholme, Isle of (X06000009)"]),
        (SMALL, "THORNHAVEN", "lad24", []),
    ],
)
def test_an_authority_of_another_time_or_by_a_part_of_its_name(
    release: duckdb.DuckDBPyConnection, edition: str, lad: str, vintage: str, notes: list[str]
) -> None:
    filters = resolve(release, edition, Places(lad=lad))
    assert [within.geography_type for within in filters.within] == [vintage]
    assert all(note in " ".join(filters.notes) for note in notes)
    assert bool(filters.notes) == bool(notes)


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (
            Places(lad="Northscar"),
            r"^Northscar \(X07000008\) became part of Great Fisher .* in 2019",
        ),
        (Places(lad="Thornhavn"), r"No authority 'Thornhavn'\. Did you mean: Thornhaven \("),
        (Places(within=("ward25:Abbey",)), r"Several are called 'Abbey'\. Did you mean: Abbey \("),
        (Places(within=("parish:Abbey",)), r"not counted by 'parish'\. There are: authority; co"),
        (Places(within=("Abbey",)), r"names no kind of geography\. Write KIND:NAME"),
        (Places(within=(":",)), "names no kind of geography"),
        (Places(region="Atlantis"), r"No region 'Atlantis'\. There are: Eastern Shoals \("),
        (Places(lad="Atlantis"), r"No authority 'Atlantis'\. There are: Amberholm|There are: Bank"),
        (Places(within=("constituency:Atlantis",)), "lbn find 'Atlantis' looks everywhere"),
        (Places(name="Thornhavn 001A"), r"No area of .* is called .*Did you mean: X0"),
        (Places(name="Atlantis"), "lbn find 'Atlantis' looks everywhere"),
        (Places(lad="' or 1=1 --"), "No authority"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    release: duckdb.DuckDBPyConnection, places: Places, said: str
) -> None:
    with pytest.raises(UnknownPlaceError, match=said):
        resolve(release, SMALL, places)


def test_areas_by_the_name_of_their_place(release: duckdb.DuckDBPyConnection) -> None:
    ((place,),) = release.execute(
        "select min(place_name) from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged",
        [SMALL],
    ).fetchall()
    rows = list_edition(release, SMALL, resolve(release, SMALL, Places(name=place.upper())))
    assert rows
    assert {row["place_name"] for row in rows} == {place}


def test_the_finder_tells_of_every_kind_and_where_it_is_listed(
    release: duckdb.DuckDBPyConnection,
) -> None:
    found = find(release, "Thornhaven")
    assert [group.label for group in found.groups][:2] == [
        "Local Authority District (2025)",
        "Parliamentary constituency (July 2024)",
    ]
    assert not found.is_close
    assert found.became == []
    for group in found.groups:
        assert 0 < len(group.rows) <= group.total
        assert len(group.rows) == min(group.total, 8)
    listed = release.execute(
        "select area_code from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged order by area_code limit 1",
        [SMALL],
    ).fetchone()
    assert listed is not None
    (group,) = find(release, listed[0]).groups
    assert SMALL in group.rows[0]["listed"]


def test_the_finder_knows_slips_of_the_hand_and_other_times(
    release: duckdb.DuckDBPyConnection,
) -> None:
    assert find(release, "Thornhavn").is_close
    nothing = find(release, "Xyzzyq")
    assert (nothing.groups, nothing.became) == ([], [])
    assert find(release, "Northscar").became == [
        "Northscar (X07000008) became part of Great Fisher (X06000010) in 2019"
    ]
    old = release.execute(
        "select area_code, list(became_code order by share_of_residents desc) "
        "from marts.area_succession where area_type = 'lsoa11' group by all "
        "having count(*) = 2 order by all limit 1"
    ).fetchone()
    assert old is not None
    (sentence,) = find(release, old[0]).became
    assert "Lower layer Super Output Area (2011)" in sentence
    assert all(code in sentence for code in old[1])


def test_an_area_of_another_type_leads_to_those_of_the_edition(
    release: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(UsageError, match=r"that holds X01000001 \(Ward \(December 2017\)\): X05"):
        explain(release, "X01000001", WARDS)
    with pytest.raises(UsageError, match=r"The areas of this edition in X05000001 .*: X01000001"):
        explain(release, "X05000001", SMALL)
    old = release.execute(
        "select min(area_code) from marts.area_succession where area_type = 'lsoa11'"
    ).fetchone()
    assert old is not None
    with pytest.raises(UsageError, match="is an area of the type 'Lower layer Super Output Area"):
        explain(release, old[0])
    with pytest.raises(UnknownAreaError, match=r"Several areas match 'Abbey'\. Did you mean: X05"):
        explain(release, "Abbey", WARDS)
    with pytest.raises(UnknownAreaError, match="No area 'Xyzzyq'"):
        explain(release, "Xyzzyq")
