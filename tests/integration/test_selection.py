"""Composite editions asked: nothing changed is the choice, and pandas chooses the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from orchestration.ask.answer import explained
from orchestration.ask.diff import NotComparableError
from orchestration.ask.editions import Edition, UnknownEditionError, find_edition, known_edition
from orchestration.ask.lists import CHANGES
from orchestration.ask.places import Places, UnknownPlaceError, resolve
from orchestration.ask.selection import (
    diff_selections,
    foot_notes,
    list_near_misses,
    list_selected,
)
from orchestration.ask.selection_export import require_boundaries
from orchestration.ask.selection_whatif import AskedRule, what_if_selected
from orchestration.ask.whatif import RulesError
from orchestration.problems import UsageError
from orchestration.publish.exports.formats import ExportFormat
from orchestration.queries import Filters

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("release")

OWN, OTHER = "msoa21_pride_imd2019", "msoa21_pride_imd2025"
LIST = "lsoa21_imd2025_cni2023"
each_edition = pytest.mark.parametrize("edition", [OWN, OTHER])


@pytest.fixture(scope="module")
def release(sample_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_warehouse), read_only=True) as connection:
        yield connection


def areas(release: duckdb.DuckDBPyConnection, edition: str) -> pd.DataFrame:
    found: pd.DataFrame = release.execute(
        "from marts.composite_selection where edition_id = $1 order by area_code", [edition]
    ).df()
    return found.set_index("area_code")


def chosen(release: duckdb.DuckDBPyConnection, edition: str) -> set[str]:
    found = areas(release, edition)
    return set(found[found["is_selected"]].index)


def after(found: Any) -> set[str]:
    return {row["area_code"] for row in found.rows if row["change"] != "left"}


@each_edition
def test_nothing_changed_is_the_choice(release: duckdb.DuckDBPyConnection, edition: str) -> None:
    found = what_if_selected(
        release, find_edition(release, edition.upper()), AskedRule(), changes=CHANGES
    )
    expected = chosen(release, edition)
    assert expected
    assert after(found) == expected
    assert {row["change"] for row in found.rows} == {"stayed"}
    assert all(row["reason_before"] == row["reason_after"] for row in found.rows)
    assert all(row["composite_before"] == row["composite_after"] for row in found.rows)
    assert found.counts == {
        "chosen_before": len(expected),
        "chosen_after": len(expected),
        "joined": 0,
        "left": 0,
        "stayed": len(expected),
    }
    assert not found.is_other


def by_pandas(found: pd.DataFrame, imd: Any, most: dict[str, int | None], **rule: Any) -> set[str]:
    """The areas that a rule chooses, one by one from the highest composite."""

    def standardised(scores: Any) -> Any:
        if rule["standardisation"] == "z_score":
            return (scores - scores.mean()) / scores.std(ddof=1)
        return (scores - scores.min()) / (scores.max() - scores.min())

    composite = rule["imd_weight"] * standardised(imd) + rule["cni_weight"] * standardised(
        found["cni_score"]
    )
    table = found.assign(composite=composite.round(9)).dropna(subset=["composite"])
    table = table.reset_index().sort_values(
        ["composite", "area_code"], ascending=[False, True], kind="stable"
    )
    if most["group"] is not None:
        table = table[table.groupby("group_code").cumcount() < most["group"]]
    if rule["with_exclusions"]:
        table = table[~table["is_excluded"]]
    if most["authority"] is not None:
        table = table[table.groupby("lad_code").cumcount() < most["authority"]]
    return set(table["area_code"].head(most["all"] or len(table)))


@pytest.mark.parametrize(
    "asked",
    [
        AskedRule({"imd": 2.0}, most_in_authority=1, with_exclusions=False),
        AskedRule({"imd": 4.0}, standardisation="min_max"),
        AskedRule({"imd": 1.0, "cni": 3.0}, most_in_group=0, most_in_authority=2, most_selected=17),
        AskedRule(most_in_group=2, imd_release="imd2025"),
        AskedRule({"cni": 0.0}, most_in_group=0, most_selected=0),
    ],
    ids=["weights and authorities", "min-max", "no groups", "another IMD", "no limit"],
)
def test_another_rule_gives_what_pandas_gives(
    release: duckdb.DuckDBPyConnection, asked: AskedRule
) -> None:
    found = what_if_selected(release, find_edition(release, OWN), asked, changes=CHANGES)
    mart = areas(release, OWN)
    all_of = len(chosen(release, OWN)) if asked.most_selected is None else asked.most_selected
    expected = by_pandas(
        mart,
        areas(release, OTHER if asked.imd_release else OWN)["imd_score"],
        {
            "group": {None: 1, 0: None}.get(asked.most_in_group, asked.most_in_group),
            "authority": asked.most_in_authority,
            "all": all_of,
        },
        imd_weight=asked.weights.get("imd", 1.0),
        cni_weight=asked.weights.get("cni", 1.0),
        standardisation=asked.standardisation or "z_score",
        with_exclusions=asked.with_exclusions,
    )
    assert after(found) == expected
    assert found.is_other
    assert found.counts["chosen_after"] == len(expected)
    assert found.counts["joined"] == len(expected - chosen(release, OWN)) > 0
    assert found.counts["left"] == len(chosen(release, OWN) - expected)
    for row in found.rows:
        said = row["reason_after"]
        assert ("lace" in said or "holds" in said) if row["change"] == "left" else "lace" in said


def test_the_imd_of_another_edition_gives_its_choice(release: duckdb.DuckDBPyConnection) -> None:
    found = what_if_selected(
        release, find_edition(release, OWN), AskedRule(imd_release=" IMD2025"), changes=CHANGES
    )
    assert after(found) == chosen(release, OTHER) != chosen(release, OWN)
    assert (found.rule.imd_release, found.rule.imd_edition) == ("imd2025", OTHER)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (AskedRule({"income": 1.0}), r"No weight of income.*write imd=2,cni=1"),
        (AskedRule({"imd": 0.0, "cni": 0.0}), "Both weights"),
        (AskedRule(standardisation="log"), r"No standardisation 'log'\. There are: z_score, min"),
        (AskedRule(imd_release="imd2030"), r"No IMD 'imd2030'.*There are: imd2019, imd2025"),
    ],
    ids=["weight", "all zero", "standardisation", "IMD"],
)
def test_a_rule_that_cannot_be_is_refused_with_what_can(
    release: duckdb.DuckDBPyConnection, asked: AskedRule, said: str
) -> None:
    with pytest.raises(RulesError, match=said):
        what_if_selected(release, find_edition(release, OWN), asked)


def test_an_edition_of_the_whole_country_has_no_limit_by_group(
    sample_warehouse: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes(sample_warehouse.read_bytes())
    with duckdb.connect(str(copy)) as warehouse:
        warehouse.execute(
            "update marts.dim_composite_edition set group_type = null, most_in_group = null"
        )
        edition = find_edition(warehouse, OWN)
        found = what_if_selected(warehouse, edition, AskedRule())
        assert "at most any" not in found.rule_text
        assert "; any number of an authority, at most 29 of all" in found.rule_text
        assert "of a constituency" not in found.rule_text
        with pytest.raises(RulesError, match="there is no limit by group"):
            what_if_selected(warehouse, edition, AskedRule(most_in_group=1))


def test_a_ward_of_a_composite_edition_says_that_it_is_in_it(
    sample_warehouse: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes(sample_warehouse.read_bytes())
    with duckdb.connect(str(copy)) as warehouse:
        (ward,) = warehouse.execute(
            "select min(area_code) from marts.double_disadvantage "
            "where edition_id = 'ward17_imd2019_cni2019'"
        ).fetchall()[0]
        before, _ = explained(warehouse, ward)
        warehouse.execute(
            "insert into marts.composite_selection by name "
            "select * replace ('wards' as edition_id, $1 as area_code) "
            "from marts.composite_selection limit 1",
            [ward],
        )
        found, composites = explained(warehouse, ward)
    assert found["other_editions"] == [*before["other_editions"], "wards"]
    assert composites == []


@each_edition
def test_the_list_is_the_choice_the_first_in_line_first(
    release: duckdb.DuckDBPyConnection, edition: str
) -> None:
    rows = list_selected(release, find_edition(release, edition), Filters())
    assert {row["area_code"] for row in rows} == chosen(release, edition)
    assert [row["place_in_line"] for row in rows] == list(range(1, len(rows) + 1))
    composites = [row["composite"] for row in rows]
    assert composites == sorted(composites, reverse=True)


def test_a_place_narrows_the_list_the_near_misses_and_the_change(
    release: duckdb.DuckDBPyConnection,
) -> None:
    edition, other = find_edition(release, OWN), find_edition(release, OTHER)
    every = list_selected(release, edition, Filters())
    one = every[0]
    for places in (
        Places(region=one["region_name"]),
        Places(lad=one["lad_name"]),
        Places(within=(f"constituency:{one['group_name']}",)),
        Places(name=one["place_name"]),
    ):
        filters = resolve(release, OWN, places)
        found = list_selected(release, edition, filters)
        assert one in found
        assert len(found) < len(every)
    filters = resolve(release, OWN, Places(region=one["region_name"]))
    assert found != []
    near = list_near_misses(release, edition, filters)
    assert {row["region_name"] for row in near} == {one["region_name"]}
    changed = diff_selections(release, edition, other, filters, CHANGES)
    assert {row["region_name"] for row in changed.rows} == {one["region_name"]}
    asked = what_if_selected(release, edition, AskedRule(most_selected=3), filters, CHANGES)
    assert {row["region_name"] for row in asked.rows} == {one["region_name"]}
    with pytest.raises(UnknownPlaceError, match=f"No area of {OWN} is called 'Atlantis'"):
        resolve(release, OWN, Places(name="Atlantis"))


def test_the_change_is_the_difference_of_the_choices(release: duckdb.DuckDBPyConnection) -> None:
    before, later = chosen(release, OWN), chosen(release, OTHER)
    found = diff_selections(
        release, find_edition(release, OTHER), find_edition(release, OWN), Filters(), CHANGES
    )
    assert (found.edition_from, found.edition_to, found.swapped) == (OWN, OTHER, True)
    by_change = {
        change: {row["area_code"] for row in found.rows if row["change"] == change}
        for change in CHANGES
    }
    assert by_change == {
        "joined": later - before,
        "left": before - later,
        "stayed": before & later,
    }
    assert all(by_change.values())
    assert "55 indicators instead of 39" in (found.what_changed or "")
    for row in found.rows:
        assert row["reason"] == f"IMD 2019: {row['reason_from']} IMD 2025: {row['reason_to']}"
    for change in CHANGES:
        assert sum(region[change] for region in found.regions) == found.counts[change]
    assert len(found.regions) > 1


@pytest.mark.parametrize(
    ("other", "said"),
    [(OWN, "the same edition"), (LIST, r"two thresholds\..*marts\.composite_overlap")],
)
def test_what_may_not_be_compared_is_refused_in_words(
    release: duckdb.DuckDBPyConnection, other: str, said: str
) -> None:
    pair = find_edition(release, OWN), find_edition(release, other)
    for one, two in (pair, pair[::-1]):
        with pytest.raises(NotComparableError, match=said):
            diff_selections(release, one, two, Filters())


def test_editions_of_either_kind_are_named_and_told_apart(
    release: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(UnknownEditionError) as refused:
        find_edition(release, None)
    assert all(each in str(refused.value) for each in (OWN, OTHER, LIST))
    found = find_edition(release, OWN)
    assert isinstance(found, Edition)
    assert (found.is_composite, found.area_type, found.lad_type) == (True, "msoa21", "lad24")
    assert not find_edition(release, LIST).is_composite
    with pytest.raises(UsageError, match="a composite edition, and no list by thresholds"):
        known_edition(release, OWN)


def test_a_map_of_areas_without_boundaries_is_refused_in_words(
    release: duckdb.DuckDBPyConnection,
) -> None:
    edition = find_edition(release, OWN)
    with duckdb.connect() as bare:
        bare.execute("create schema marts; create table marts.area_boundary (area_type varchar)")
        for map_ in (ExportFormat.geoparquet, ExportFormat.gpkg):
            with pytest.raises(UsageError, match="no boundaries of the areas of") as refused:
                require_boundaries(bare, edition, map_)
            assert "Ask for --format csv, parquet or xlsx." in str(refused.value)
        for other in (ExportFormat.csv, ExportFormat.parquet, ExportFormat.xlsx):
            require_boundaries(bare, edition, other)
        bare.execute("insert into marts.area_boundary values ('msoa21')")
        require_boundaries(bare, edition, ExportFormat.gpkg)


def test_the_foot_says_how_well_the_rule_fits_and_whose_it_is_not(
    release: duckdb.DuckDBPyConnection,
) -> None:
    own, other = find_edition(release, OWN), find_edition(release, OTHER)
    (fits,) = release.execute(
        "select areas_agreed, places_published from marts.dim_composite_edition "
        "where is_programmes_own"
    ).fetchall()
    for editions in ((own,), (other,), (own, other)):
        said = " ".join(foot_notes(release, *editions))
        assert f"{fits[0]} of its {fits[1]} places are among those of {OWN}" in said
        assert said.count("not the programme's own data") == 1
        assert ("nobody's decision" in said) == (other in editions)
