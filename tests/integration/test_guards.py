"""The guards: silent on a sound build, and each rule speaks when its defect is planted.

Every test of a defect changes one copy of the sample's build database in a transaction that is
rolled back. A defect may break more than one rule (a code that is changed makes one area unknown
and another one missing); the rules that it must not break stay silent.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from data_quality import Suite, load_suites, run_suite
from orchestration.settings import PROJECT_ROOT

SUITES = load_suites()


@pytest.fixture(scope="module")
def built(sample_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample's build database, to be changed and rolled back."""
    return Path(shutil.copy(sample_build, tmp_path_factory.mktemp("built")))


@pytest.fixture(scope="module")
def build(built: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built)) as connection:
        yield connection


@pytest.mark.parametrize("name", SUITES)
def test_a_sound_build_passes(build: duckdb.DuckDBPyConnection, name: str) -> None:
    results = run_suite(SUITES[name], build)
    assert len(results) == len(SUITES[name].expectations)
    assert {result.guard for result in results} == {name}
    assert {result.stage for result in results} == {SUITES[name].stage}
    assert {result.expectation: result.examples for result in results if not result.passed} == {}


AN_AREA = "select area_code from raw.index_area where source_id = 'imd2019' and line_number = 2"
LAST_RANKED = """
    select area_code from raw.index_measure
    where source_id = 'imd2019' and measure = 'overall'
    order by rank desc limit 1
"""
RANKED_100 = """
    select area_code from raw.index_measure
    where source_id = 'imd2019' and measure = 'overall' and rank = 100
"""
A_FLAGGED_WARD = """
    select min(area_code) from raw.index_area where source_id = 'cni2019' and published_flag
"""
AN_LSOA21 = "select from_code from raw.lookup where source_id = 'lsoa21_msoa21' and line_number = 2"
A_WARD = """
    select area_code from raw.index_area
    where source_id = 'cni2019'
        and area_code in (select to_code from raw.lookup where to_type = 'ward17')
    order by area_code limit 1
"""
SPLIT_LINE = """
    select min(line_number) from raw.lookup where change_code = 'S' and from_code like 'X%'
"""
A_BOUNDARY = "source_id = 'boundary_lsoa21' and line_number = 7"
OVERALL = "source_id = 'imd2019' and measure = 'overall'"
A_MART_AREA = """
    select area_code from marts.dim_area where area_type = 'lsoa21' order by area_code limit 1
"""
OPEN_EDITION = "lsoa21_imd2025_cni2023"  # has no published list
A_LISTED_AREA = f"""
    select min(area_code) from marts.double_disadvantage
    where edition_id = '{OPEN_EDITION}' and is_doubly_disadvantaged
"""
AN_AREA_OF_NEITHER = f"""
    select min(area_code) from marts.double_disadvantage
    where
        edition_id = '{OPEN_EDITION}'
        and not is_within_imd_threshold
        and not is_within_cni_threshold
"""
AN_UNRATED_WARD = "select min(area_code) from marts.double_disadvantage where imd_rank is null"
CHANGED_PAIR = ("lsoa21_imd2019_cni2023", "lsoa21_imd2025_cni2023")
AN_ONLY_PUBLISHED_WARD = """
    select min(area_code) from marts.reconciliation where agreement = 'only_published'
"""
AN_AGREED_WARD = """
    select min(area_code) from marts.reconciliation
    where edition_id = 'ward17_imd2019_cni2019' and agreement = 'agreed'
"""
A_JOINED_AREA = f"""
    select min(area_code) from marts.edition_change
    where edition_to = '{CHANGED_PAIR[1]}' and change = 'joined'
"""
A_STAYED_AREA = f"""
    select min(area_code) from marts.edition_change
    where edition_to = '{CHANGED_PAIR[1]}' and change = 'stayed'
"""

A_SUMMARY = "source_id = 'imd2025_summary' and measure = 'overall' and statistic = 'proportion'"
AN_AUTHORITY = """
    select min(area_code) from raw.summary
    where source_id = 'imd2025_summary' and starts_with(area_code, 'X')
"""
A_REGION = "select min(area_code) from marts.dim_area where area_type = 'rgn'"
AN_AUTHORITY_WITH_A_LIST = f"""
    select min(geography_code) from marts.summary_geography
    where edition_id = '{OPEN_EDITION}' and geography_type = 'lad24' and areas_listed > 0
"""

COMPOSITE = "msoa21_pride_imd2019"
A_CHOSEN_AREA = f"""
    select min(area_code) from marts.composite_selection
    where edition_id = '{COMPOSITE}' and is_selected
"""
AN_AREA_BEHIND = f"""
    select min(area_code) from marts.composite_selection
    where edition_id = '{COMPOSITE}' and selection_reason = 'behind in its group'
"""
AN_EXCLUDED_AREA = f"""
    select min(area_code) from marts.composite_selection
    where edition_id = '{COMPOSITE}' and is_excluded
"""
A_MISSED_AREA = """
    select min(area_code) from marts.composite_reconciliation where agreement = 'only_published'
"""


@dataclass(frozen=True)
class Defect:
    """What is spoilt and, for every rule that must notice, what its examples must show.

    ``{it}`` stands, in the change and in what is shown, for what ``it`` finds before the change.
    """

    name: str
    suite: str
    change: str
    shows: dict[str, str]
    it: str = field(default=AN_AREA)


def slipped(table: str, column: str, rows: str) -> str:
    """A column that stands a row too low against the codes."""
    return (
        f"update raw.{table} as spoilt set {column} = above.value from (select rowid as row,"
        f" lag({column}) over (partition by source_id order by line_number) as value"
        f" from raw.{table} where {rows}) as above"
        " where spoilt.rowid = above.row and above.value is not null"
    )


AN_INDICATOR = "source_id = 'imd2025_indicators' and indicator = 'burglary'"
A_RATE = "source_id = 'imd2025_indicators' and indicator = 'income_deprived'"
AN_OUTCOME = "source_id = 'census2021_disability' and outcome = 'disabled'"
OUTCOME = "census2021_disability, disabled"
OUTCOME_LINE = f"select min(line_number) from raw.outcome where {AN_OUTCOME} and area_code > 'X'"
COMPARED = f"edition_id = '{OPEN_EDITION}' and outcome = 'disabled'"
UNRATED_EDITION = "ward17_imd2019_cni2019"

DEFECTS = [
    # ---- raw_indicator ----------------------------------------------------------------------
    Defect(
        "an indicator without one of its areas",
        "raw_indicator",
        f"delete from raw.indicator where {AN_INDICATOR} and line_number = 2",
        {"row_count": "imd2025_indicators, burglary: rows_found 3006, expected_areas 3007"},
    ),
    Defect(
        "an indicator with an area twice",
        "raw_indicator",
        f"insert into raw.indicator select * from raw.indicator where {AN_INDICATOR}"
        " and line_number = 2",
        {
            "row_count": "imd2025_indicators, burglary: rows_found 3008",
            "area_is_unique": "imd2025_indicators, burglary: areas_found 3007, rows_found 3008",
        },
    ),
    Defect(
        "an indicator with a code of another geography",
        "raw_indicator",
        f"update raw.indicator set area_code = 'X02000001' where {AN_INDICATOR}"
        " and line_number = 2",
        {
            "code_pattern": "other_codes X02000001",
            "area_is_listed": "unlisted_areas X02000001",
        },
    ),
    Defect(
        "an indicator with more suppressed than is declared",
        "raw_indicator",
        f"update raw.indicator set value = null where {AN_INDICATOR} and line_number = 2",
        {"missing_share": "imd2025_indicators, burglary: most_missing 0, areas_missing 1"},
    ),
    Defect(
        "an indicator that is constant",
        "raw_indicator",
        f"update raw.indicator set value = 7 where {AN_INDICATOR}",
        {
            "values_differ": "imd2025_indicators, burglary: distinct_values 1",
            "spread_as_known": "imd2025_indicators, burglary: spread_ratio 0",
            "goes_with_its_score": "imd2025_indicators, burglary: correlation 0",
        },
    ),
    Defect(
        "a denominator of zero",
        "raw_indicator",
        "update raw.index_area set total_population = 0"
        " where source_id = 'imd2025' and line_number = 2",
        {"denominator_is_positive": "imd2025_indicators, income_deprived: without_denominator 1"},
    ),
    Defect(
        "a numerator below zero",
        "raw_indicator",
        f"update raw.indicator set value = -5 where {A_RATE} and line_number = 2",
        {
            "numerator_not_negative": "imd2025_indicators, income_deprived: below_zero 1",
            "values_in_range": "imd2025_indicators, income_deprived: is_within_range false",
        },
    ),
    Defect(
        "more numerators above their denominators than are known of",
        "raw_indicator",
        f"update raw.indicator set value = 99999 where {A_RATE} and line_number in (2, 3)",
        {
            "numerator_within_denominator": "imd2025_indicators, income_deprived: ",
            "values_in_range": "imd2025_indicators, income_deprived: is_within_range false",
        },
    ),
    Defect(
        "an indicator in another unit",
        "raw_indicator",
        f"update raw.indicator set value = 100 * value where {AN_INDICATOR}",
        {
            "values_in_range": "imd2025_indicators, burglary: is_within_range false",
            "spread_as_known": "imd2025_indicators, burglary: spread_ratio 1",
        },
    ),
    Defect(
        "one value of an indicator in another unit",
        "raw_indicator",
        "update raw.indicator set value = 100 * value"
        f" where {AN_INDICATOR} and area_code = '{{it}}'",
        {"values_in_range": "most_area {it}, least 0, most 130"},
        it=f"select min(area_code) from raw.indicator where {AN_INDICATOR} and value > 9",
    ),
    Defect(
        "an indicator that runs the other way",
        "raw_indicator",
        f"update raw.indicator set value = 100 - value where {AN_INDICATOR}",
        {
            "goes_with_its_score": "imd2025_indicators, burglary: correlation -0.7",
            "indicator_not_shifted": "imd2025_indicators, burglary: correlation -0.7",
        },
    ),
    *(
        Defect(
            f"an indicator that slipped by a row: {indicator}",
            "raw_indicator",
            slipped("indicator", "value", f"indicator = '{indicator}' and {of_release}"),
            shows,
        )
        for indicator, of_release, shows in (
            (
                "burglary",
                "index_release = 'imd2025'",
                {
                    "goes_with_its_score": "burglary: correlation 0.2",
                    "indicator_not_shifted": "burglary: correlation 0.2",
                },
            ),
            # One value for a whole authority: only where two meet does the slip show.
            (
                "core_homelessness",
                "index_release = 'imd2025'",
                {"indicator_not_shifted": "core_homelessness: correlation 0.6"},
            ),
        )
    ),
    # ---- raw_index_area ---------------------------------------------------------------------
    Defect(
        "an area twice",
        "raw_index_area",
        "update raw.index_area set area_code = '{it}'"
        " where source_id = 'imd2019' and line_number = 3",
        {"area_is_unique": "imd2019, {it} (line 2)", "no_area_is_missing": "imd2019, X01"},
    ),
    Defect(
        "an unknown area",
        "raw_index_area",
        "update raw.index_area set area_code = 'X01999999'"
        " where source_id = 'imd2019' and area_code = '{it}'",
        {
            "area_is_known": "imd2019, X01999999: unknown_allowed 0, unknown_areas 1",
            "no_area_is_missing": "imd2019, {it}: missing_allowed 0, missing_areas 1",
        },
    ),
    Defect(
        "one unknown area more than the registry allows",
        "raw_index_area",
        "update raw.index_area set area_code = 'X05000000'"
        " where source_id = 'cni2019' and area_code = '{it}'",
        {
            "area_is_known": "cni2019, X05000000: unknown_allowed 3, unknown_areas 4",
            "no_area_is_missing": "cni2019, {it}: missing_allowed 2, missing_areas 3",
        },
        it=A_WARD,
    ),
    Defect(
        "a malformed code",
        "raw_index_area",
        "update raw.index_area set area_code = 'X0100001'"
        " where source_id = 'imd2019' and area_code = '{it}'",
        {
            "code_shape": "imd2019, X0100001 (line 2): "
            r"is_well_formed false, code_pattern X01\d{{6}}",
            "area_is_known": "imd2019, X0100001",
            "no_area_is_missing": "imd2019, {it}",
        },
    ),
    Defect(
        "an area of another nation",
        "raw_index_area",
        "insert into raw.index_area by name"
        " select * replace ('Y01000001' as area_code, 9999 as line_number) from raw.index_area"
        " where source_id = 'cni2023' and line_number = 2",
        {
            "code_shape": "cni2023, Y01000001 (line 9999)",
            "area_is_known": "cni2023, Y01000001",
        },
    ),
    Defect(
        "a missing row",
        "raw_index_area",
        "delete from raw.index_area where source_id = 'imd2019' and area_code = '{it}'",
        {
            "row_count": "imd2019: rows_found 2932, expected_rows 2933",
            "no_area_is_missing": "imd2019, {it}",
        },
    ),
    Defect(
        "a source without rows",
        "raw_index_area",
        "delete from raw.index_area where source_id = 'imd2015'",
        {
            "row_count": "imd2015: rows_found 0, expected_rows 2933",
            "no_area_is_missing": "and 2,928 more",
        },
    ),
    Defect(
        "a row too many",
        "raw_index_area",
        "insert into raw.index_area by name"
        " select * replace (9999 as line_number) from raw.index_area"
        " where source_id = 'imd2019' and area_code = '{it}'",
        {
            "row_count": "imd2019: rows_found 2934, expected_rows 2933",
            "area_is_unique": "imd2019, {it} (line 2); imd2019, {it} (line 9999)",
        },
    ),
    Defect(
        "a denominator that is missing",
        "raw_index_area",
        "update raw.index_area set children = null"
        " where source_id = 'imd2019' and area_code = '{it}'",
        {
            "denominators_complete": "imd2019, {it} (line 2): "
            "denominators_given 3, denominators_published 4"
        },
    ),
    Defect(
        "a negative denominator",
        "raw_index_area",
        "update raw.index_area set older_people = -1"
        " where source_id = 'imd2019' and area_code = '{it}'",
        {"denominators_not_negative": "imd2019, {it} (line 2): smallest_denominator -1"},
    ),
    Defect(
        "more children than people",
        "raw_index_area",
        "update raw.index_area set children = total_population + 1"
        " where source_id = 'imd2019' and area_code = '{it}'",
        {"denominators_within_total": "imd2019, {it} (line 2): total_population"},
    ),
    Defect(
        "a release of nobody",
        "raw_index_area",
        "update raw.index_area set total_population = 0, children = 0, older_people = 0"
        " where source_id = 'imd2025'",
        {
            "total_population": "imd2025: total_population 0",
            "people_area_by_area": "imd2019, imd2025, children: correlation 0",
        },
    ),
    Defect(
        "a denominator in thousands",
        "raw_index_area",
        "update raw.index_area set working_age = working_age / 1000 where source_id = 'imd2025'",
        {"people_as_other_releases_count": "imd2019, imd2025, working_age: ratio "},
    ),
    Defect(
        "a denominator that slipped by a row",
        "raw_index_area",
        slipped("index_area", "older_people", "source_id = 'imd2019'"),
        {
            "people_area_by_area": "imd2019, imd2025, older_people: correlation ",
            "people_not_shifted": "imd2019, imd2025, older_people: correlation ",
            "denominators_within_total": "imd2019, X01",
        },
    ),
    *(
        Defect(
            f"an area in another authority: {source}",
            "raw_index_area",
            f"update raw.index_area set lad_code = (select max(lad_code) from raw.index_area"
            f" where source_id = '{source}') where source_id = '{source}' and area_code = '{{it}}'",
            {"authority_as_others_say": f"{source}: areas_elsewhere 1, areas {{it}} in X08"},
            it=f"select area_code from raw.index_area where source_id = '{source}'"
            " and line_number = 100",
        )
        for source in ("imd2015", "imd2019", "imd2025", "cni2019")
    ),
    Defect(
        "a lookup with an area in another authority",
        "raw_index_area",
        "update raw.lookup set to_code = (select max(to_code) from raw.lookup"
        " where to_type = 'lad24' and to_code < 'Y')"
        " where source_id = 'lsoa21_ward24_lad24' and to_type = 'lad24' and from_code = '{it}'",
        {"authority_as_others_say": "lsoa21_ward24_lad24: areas_elsewhere 1, areas {it} in X08"},
        it=AN_LSOA21,
    ),
    Defect(
        "a flag taken away",
        "raw_index_area",
        "update raw.index_area set published_flag = false"
        " where source_id = 'cni2019' and area_code = '{it}'",
        {"flags_as_published": "cni2019: flags_found 22, published_flags 23"},
        it=A_FLAGGED_WARD,
    ),
    Defect(
        "a flag moved to another area",
        "raw_index_area",
        "update raw.index_area set published_flag = area_code = (select area_code"
        " from raw.index_measure where source_id = 'cni2019' and measure = 'overall'"
        " and rank = 300) where source_id = 'cni2019' and (area_code = '{it}' or area_code = ("
        "select area_code from raw.index_measure where source_id = 'cni2019'"
        " and measure = 'overall' and rank = 300))",
        {"flags_within_the_worst_tenth": "cni2019: flags_beyond_the_tenth 1, areas X05"},
        it=A_FLAGGED_WARD,
    ),
    # ---- raw_index_measure ------------------------------------------------------------------
    Defect(
        "reversed ranks",
        "raw_index_measure",
        "update raw.index_measure"
        " set rank = 2934 - rank, decile = cast(ceil(10 * (2934 - rank) / 2933) as bigint)"
        f" where {OVERALL}",
        {"score_order": "imd2019, overall, X01"},
    ),
    Defect(
        "a score out of order",
        "raw_index_measure",
        f"update raw.index_measure set score = 999 where {OVERALL} and area_code = '{{it}}'",
        {"score_order": "imd2019, overall, {it} (line "},
        it=RANKED_100,
    ),
    Defect(
        "ranks that are no permutation",
        "raw_index_measure",
        "update raw.index_measure set rank = rank + 1"
        " where source_id = 'imd2025' and measure = 'idaci' and rank = 1000",
        {"rank_order": "imd2025, idaci, X01"},
    ),
    Defect(
        "ranks from zero",
        "raw_index_measure",
        "update raw.index_measure set rank = rank - 1, decile = null"
        " where source_id = 'imd2025' and measure = 'idaci'",
        {"rank_order": "imd2025, idaci, X01"},
    ),
    Defect(
        "a wrong decile",
        "raw_index_measure",
        f"update raw.index_measure set decile = 7 where {OVERALL} and area_code = '{{it}}'",
        {"published_decile": "decile 7, expected_decile 1, rank 100"},
        it=RANKED_100,
    ),
    Defect(
        "a null rank",
        "raw_index_measure",
        f"update raw.index_measure set rank = null where {OVERALL} and area_code = '{{it}}'",
        {"values_complete": "imd2019, overall, {it} (line "},
        it=LAST_RANKED,
    ),
    Defect(
        "an index without scores",
        "raw_index_measure",
        "update raw.index_measure set score = null where source_id = 'imd2015'",
        {"values_complete": "values_given 2, values_published 3, score missing"},
    ),
    Defect(
        "a row less in one measure",
        "raw_index_measure",
        f"delete from raw.index_measure where {OVERALL} and area_code = '{{it}}'",
        {"row_count": "imd2019, overall: rows_found 2932, expected_rows 2933"},
        it=LAST_RANKED,
    ),
    Defect(
        "an area twice in one measure",
        "raw_index_measure",
        f"update raw.index_measure set area_code = '{{it}}' where {OVERALL} and line_number = 3",
        {"area_is_unique": "areas_found 2932, rows_found 2933, repeated_areas {it}"},
    ),
    Defect(
        "an area that the index does not list",
        "raw_index_measure",
        "update raw.index_measure set area_code = 'X01999999'"
        f" where {OVERALL} and area_code = '{{it}}'",
        {
            "area_is_listed": "imd2019, overall: areas_listed 2932, areas_found 2933, "
            "unlisted_areas X01999999"
        },
    ),
    # ---- raw_lookup -------------------------------------------------------------------------
    Defect(
        "a lookup that was cut off",
        "raw_lookup",
        "delete from raw.lookup where source_id = 'lsoa21_msoa21' and line_number = 2",
        {
            "row_count": "lsoa21_msoa21, lsoa21, msoa21: lines_found 3006, expected_rows 3007",
            "no_area_is_missing": "lsoa21_msoa21, lsoa21, {it}: is_present false",
        },
        it=AN_LSOA21,
    ),
    Defect(
        "a lookup without rows",
        "raw_lookup",
        "delete from raw.lookup where source_id = 'lad_changes'",
        {"row_count": "lad_changes: lines_found 0, expected_rows 27"},
    ),
    Defect(
        "an area with two parents",
        "raw_lookup",
        "insert into raw.lookup by name"
        " select * replace ((select max(to_code) from raw.lookup where to_type = 'msoa21'"
        " and to_code like 'X%') as to_code) from raw.lookup"
        " where source_id = 'lsoa21_msoa21' and to_type = 'msoa21' and line_number = 2",
        {"one_parent": "lsoa21_msoa21, lsoa21, {it}, msoa21 (line 2): parents 2, to_code X02"},
        it=AN_LSOA21,
    ),
    Defect(
        "a malformed code that a lookup leads from",
        "raw_lookup",
        "update raw.lookup set from_code = 'X010'"
        " where source_id = 'lsoa21_msoa21' and from_code = '{it}'",
        {
            "from_code_shape": "lsoa21_msoa21, lsoa21, X010, msoa21 (line 2)",
            "area_is_known": "lsoa21_msoa21, lsoa21, X010",
            "no_area_is_missing": "lsoa21_msoa21, lsoa21, {it}",
        },
        it=AN_LSOA21,
    ),
    Defect(
        "a code of another nation that a lookup leads to",
        "raw_lookup",
        "update raw.lookup set to_code = 'Y02000001'"
        " where source_id = 'lsoa21_msoa21' and to_type = 'msoa21' and from_code = '{it}'",
        {"to_code_shape": "{it}, msoa21 (line 2): to_is_well_formed false, to_code Y02000001"},
        it=AN_LSOA21,
    ),
    Defect(
        "a lookup that leads nowhere",
        "raw_lookup",
        "update raw.lookup set to_code = null"
        " where source_id = 'lsoa21_msoa21' and to_type = 'msoa21' and from_code = '{it}'",
        {"to_code_shape": "{it}, msoa21 (line 2): to_is_well_formed false, to_code missing"},
        it=AN_LSOA21,
    ),
    Defect(
        "a split that is called unchanged",
        "raw_lookup",
        "update raw.lookup set change_code = 'U' where change_code = 'S' and line_number = {it}",
        {"change_code": "(line {it}): change_code U, expected_change_code S"},
        it=SPLIT_LINE,
    ),
    Defect(
        "a change that is not said",
        "raw_lookup",
        "update raw.lookup set change_code = null where change_code = 'S' and line_number = {it}",
        {"change_code": "(line {it}): change_code missing, expected_change_code S"},
        it=SPLIT_LINE,
    ),
    Defect(
        "constituencies that slipped by a row",
        "raw_lookup",
        """
        update raw.lookup as link set to_code = shifted.to_code
        from (
            select line_number, lag(to_code, 1, to_code) over (order by line_number) as to_code
            from raw.lookup where source_id = 'lsoa21_pcon24'
        ) as shifted
        where link.source_id = 'lsoa21_pcon24' and link.line_number = shifted.line_number
        """,
        {"neighbours_not_torn_apart": "lsoa21_pcon24, pcon24: together "},
    ),
    # ---- raw_area_name ----------------------------------------------------------------------
    Defect(
        "a name that is missing, and one of nothing but blanks",
        "raw_area_name",
        "update raw.area_name set place_name = case area_code when 'X02000001' then ' ' end"
        " where area_code in ('X02000001', 'X02000002')",
        {"name_given": "msoa21_names, X02000001"},
    ),
    Defect(
        "an area that is named twice, and one that is not",
        "raw_area_name",
        "update raw.area_name set area_code = 'X02000001' where area_code = 'X02000002'",
        {"area_is_unique": "msoa21_names, X02000001"},
    ),
    Defect(
        "names of areas that are none",
        "raw_area_name",
        "update raw.area_name set area_code = 'X05000001' where area_code = 'X02000001';"
        " update raw.area_name set area_code = 'X02999999' where area_code = 'X02000002'",
        {
            "code_shape": "msoa21_names, X05000001 (line 2): is_well_formed false, code_pattern",
            "area_is_known": "msoa21_names, X0",
        },
    ),
    Defect(
        "names that were cut off",
        "raw_area_name",
        "delete from raw.area_name where area_code in ('X02000001', 'X02000002')",
        {"row_count": "msoa21_names: rows_found 598, expected_rows 600"},
    ),
    # ---- raw_postcode -----------------------------------------------------------------------
    Defect(
        "a directory that was cut off",
        "raw_postcode",
        "delete from raw.postcode where area_code = 'X01000001'",
        {
            "row_count": "onspd: rows_found 15030, expected_rows 15035",
            "areas_have_postcodes": "onspd: uncovered_areas 0, areas_without 1",
        },
    ),
    Defect(
        "as many postcodes as there were, and none of an area",
        "raw_postcode",
        "update raw.postcode set area_code = 'X01000002' where area_code = 'X01000001'",
        {"areas_have_postcodes": "onspd: uncovered_areas 0, areas_without 1"},
    ),
    Defect(
        "postcodes in the width of another column, in small letters, and none",
        "raw_postcode",
        "update raw.postcode set postcode = replace(postcode, ' ', '  ')"
        " where postcode = (select min(postcode) from raw.postcode);"
        " update raw.postcode set postcode = lower(postcode)"
        " where postcode = (select max(postcode) from raw.postcode where postcode < 'Y')",
        {"postcode_shape": "onspd, "},
    ),
    Defect(
        "a postcode that stands twice",
        "raw_postcode",
        "insert into raw.postcode select * from raw.postcode where postcode = 'XA1 0AA'",
        {"postcode_is_unique": "onspd, XA1 0AA (line 2)"},
    ),
    Defect(
        "a postcode in an area that is none, or of another vintage",
        "raw_postcode",
        "update raw.postcode set area_code = 'X01999999' where postcode = 'XA1 0AA'",
        {"area_is_known": "area_code X01999999"},
    ),
    Defect(
        "a postcode that ended in no month",
        "raw_postcode",
        "update raw.postcode set terminated = '201613' where postcode = 'XA1 0AA'",
        {"ended_in_a_month": "terminated 201613"},
    ),
    # ---- raw_programme_place ----------------------------------------------------------------
    Defect(
        "a list that was cut off, and one without a place",
        "raw_programme_place",
        "delete from raw.programme_place where line_number > 4"
        " and source_id = 'pride_in_place_phase1';"
        " delete from raw.programme_place where source_id = 'pride_in_place_phase2'",
        {
            "row_count": "pride_in_place_phase1: rows_found 3, expected_rows 5; "
            "pride_in_place_phase2: rows_found 0, expected_rows 29"
        },
    ),
    Defect(
        "names of which one is two, one is empty, and others have blanks of all kinds",
        "raw_programme_place",
        "update raw.programme_place set place_name = case line_number"
        " when 2 then place_name || '; Abbey' when 3 then '' when 4 then ' ' || place_name"
        " when 5 then place_name || chr(10) || 'Town' else place_name || chr(160) || 'Town' end"
        " where source_id = 'pride_in_place_phase1'",
        {"name_is_one_name": "(line 2): is_well_written false"},
    ),
    Defect(
        "a place that stands twice",
        "raw_programme_place",
        "insert into raw.programme_place select * from raw.programme_place"
        " where source_id = 'pride_in_place_phase1' and line_number = 2",
        {
            "row_count": "pride_in_place_phase1: rows_found 6",
            "place_is_unique": "pride_in_place_phase1, Stonebank, Stonebank (line 2)",
        },
    ),
    Defect(
        "an authority that is misspelt",
        "raw_programme_place",
        "update raw.programme_place set lad_name = 'Stonbank' where lad_name = 'Stonebank'",
        {"authority_is_known": "is_known false, nearest_known Stonebank"},
    ),
    Defect(
        "a constituency that is misspelt, the second of two",
        "raw_programme_place",
        "update raw.programme_place set constituency_names = 'Hollinsea North; Holinsea South'"
        " where place_name = 'Hollinsea'",
        {
            "constituency_is_known": "pride_in_place_phase1, Hollinsea, Holinsea South (line 3): "
            "constituency_is_known false, nearest_known Hollinsea South"
        },
    ),
    # ---- raw_population ---------------------------------------------------------------------
    Defect(
        "a population that is missing",
        "raw_population",
        "update raw.population set population = null where area_code = '{it}'",
        {"population_given": "population_mid2019, {it} (line "},
    ),
    Defect(
        "a negative population",
        "raw_population",
        "update raw.population set population = -5 where area_code = '{it}'",
        {"population_not_negative": ": population -5"},
    ),
    Defect(
        "a nation of nobody",
        "raw_population",
        "update raw.population set population = 0",
        {
            "total_population": "population_mid2019: total_population 0",
            "people_as_indices_count": "population_mid2019, imd2019: ratio 0",
            "people_area_by_area": "population_mid2019, imd2019: correlation 0",
        },
    ),
    Defect(
        "a population times 1,000",
        "raw_population",
        "update raw.population set population = 1000 * population",
        {
            "people_as_indices_count": "population_mid2019, imd2019: ratio 1020.9",
            "authorities_as_indices_count": "furthest_authority X",
        },
    ),
    Defect(
        "a population that slipped by a row",
        "raw_population",
        slipped("population", "population", "true"),
        {
            "people_area_by_area": "population_mid2019, imd2019: correlation -0.0",
            "people_not_shifted": "population_mid2019, imd2019: correlation -0.0",
        },
    ),
    Defect(
        "an area twice in the population",
        "raw_population",
        "insert into raw.population by name"
        " select * replace (9999 as line_number) from raw.population where area_code = '{it}'",
        {
            "row_count": "rows_found 2934, expected_rows 2933",
            "area_is_unique": "population_mid2019, {it} (line 9999)",
        },
    ),
    Defect(
        "a malformed code in the population",
        "raw_population",
        "update raw.population set area_code = 'X01' where area_code = '{it}'",
        {
            "code_shape": "population_mid2019, X01 (line ",
            "area_is_known": "population_mid2019, X01:",
            "no_area_is_missing": "population_mid2019, {it}",
        },
    ),
    # ---- raw_boundary -----------------------------------------------------------------------
    Defect(
        "a shape outside the bounds",
        "raw_boundary",
        f"update raw.boundary set in_bounds = false where {A_BOUNDARY}",
        {"shape_in_bounds": "(line 7): in_bounds false, centroid_longitude "},
    ),
    Defect(
        "exchanged axes",
        "raw_boundary",
        "update raw.boundary set centroid_longitude = centroid_latitude,"
        f" centroid_latitude = centroid_longitude where {A_BOUNDARY}",
        {
            "centroid_longitude": "(line 7): centroid_longitude 5",
            "centroid_latitude": "(line 7): centroid_latitude ",
        },
    ),
    Defect(
        "a shape without area",
        "raw_boundary",
        f"update raw.boundary set area_ha = 0 where {A_BOUNDARY}",
        {"area_is_positive": "(line 7): area_ha 0"},
    ),
    Defect(
        "another coordinate system",
        "raw_boundary",
        "update raw.boundary set crs = 'EPSG:27700' where source_id = 'boundary_lad24'",
        {"coordinate_system": "(line 1): crs EPSG:27700"},
    ),
    Defect(
        "a shape less",
        "raw_boundary",
        "delete from raw.boundary where source_id = 'boundary_lad24' and area_code = '{it}'",
        {
            "row_count": "boundary_lad24: rows_found 23, expected_rows 24",
            "no_area_is_missing": "boundary_lad24, {it}",
        },
        it="select min(area_code) from raw.boundary where source_id = 'boundary_lad24'",
    ),
    Defect(
        "an area with two shapes",
        "raw_boundary",
        "insert into raw.boundary by name"
        f" select * replace (9999 as line_number) from raw.boundary where {A_BOUNDARY}",
        {
            "row_count": "boundary_lsoa21: rows_found 3008, expected_rows 3007",
            "area_is_unique": "(line 9999)",
        },
    ),
    Defect(
        "a shape of no such area",
        "raw_boundary",
        f"update raw.boundary set area_code = 'W01000001' where {A_BOUNDARY}",
        {
            "row_count": "boundary_lsoa21: rows_found 3006, expected_rows 3007",
            "code_shape": "boundary_lsoa21, W01000001 (line 7)",
            "area_is_known": "boundary_lsoa21, W01000001",
            "no_area_is_missing": "boundary_lsoa21, {it}",
        },
        it=f"select area_code from raw.boundary where {A_BOUNDARY}",
    ),
    Defect(
        "wards that overlap as no more may",
        "raw_boundary",
        "update raw.boundary set overlap_percents = [6, 5.5], overlap_codes = ['X1', 'X2']"
        " where source_id = 'boundary_ward17' and line_number > 600 - 33",
        {"few_pairs_overlap": "boundary_ward17: most_pairs 64, pairs "},
    ),
    Defect(
        "a ward that lies within another",
        "raw_boundary",
        "update raw.boundary set overlap_percents = [77.1], overlap_codes = ['X05000001']"
        " where source_id = 'boundary_ward17' and area_code = '{it}'",
        {
            "no_shape_lies_within_another": "boundary_ward17: most_overlap 77, overlap 77.1, "
            "smaller_area {it}, larger_area X05000001"
        },
        it="select max(area_code) from raw.boundary where source_id = 'boundary_ward17'",
    ),
    Defect(
        "an authority that lies within another",
        "raw_boundary",
        "update raw.boundary set overlap_percents = [5.1], overlap_codes = ['X1']"
        " where source_id = 'boundary_lad24' and line_number = 1",
        {
            "few_pairs_overlap": "boundary_lad24: most_pairs 0, pairs 1",
            "no_shape_lies_within_another": "boundary_lad24: most_overlap 5, overlap 5.1",
        },
    ),
    Defect(
        "every ward with its neighbour's shape",
        "raw_boundary",
        """
            update raw.boundary as spoilt
            set
                area_ha = nearest.shape.area_ha,
                centroid_easting = nearest.shape.centroid_easting,
                centroid_northing = nearest.shape.centroid_northing
            from (
                select
                    area.area_code,
                    arg_min(
                        other,
                        pow(area.centroid_easting - other.centroid_easting, 2)
                        + pow(area.centroid_northing - other.centroid_northing, 2)
                    ) as shape
                from raw.boundary as area
                inner join raw.boundary as other
                    on area.source_id = other.source_id and area.area_code <> other.area_code
                where area.source_id = 'boundary_ward17'
                group by area.area_code
            ) as nearest
            where spoilt.source_id = 'boundary_ward17' and spoilt.area_code = nearest.area_code
        """,
        {"shapes_lie_where_their_parts_lie": "boundary_ward17, boundary_lsoa21: most_percent 10"},
    ),
    *(
        Defect(
            f"every shape that of the area before: {source}",
            "raw_boundary",
            f"""
                update raw.boundary as spoilt
                set
                    area_ha = before.area_ha,
                    centroid_easting = before.centroid_easting,
                    centroid_northing = before.centroid_northing
                from raw.boundary as before
                where
                    spoilt.source_id = '{source}' and before.source_id = '{source}'
                    and spoilt.line_number = before.line_number + 1
            """,
            shows,
        )
        for source, shows in (
            (
                "boundary_lsoa21",
                {
                    "shapes_lie_where_their_parts_lie": "boundary_ward17, boundary_lsoa21: ",
                    "no_shape_lies_elsewhere": "boundary_ward17, boundary_lsoa21: most_sides 15.",
                    "shapes_lie_together": "boundary_lsoa21, msoa21: percent_away 15.",
                    "no_shape_lies_away": "boundary_lsoa21, msoa21: most_sides 21.",
                },
            ),
            (
                "boundary_lad24",
                {
                    "shapes_lie_where_their_parts_lie": "boundary_lad24, boundary_lsoa21: "
                    "most_percent 0, percent_apart 95.",
                    "no_shape_lies_elsewhere": "boundary_lad24, boundary_lsoa21: most_sides 6.",
                    "shapes_lie_together": "boundary_lad24, rgn: percent_away 12.5",
                },
            ),
        )
    ),
    # ---- marts_dim_area ---------------------------------------------------------------------
    Defect(
        "a small area without the name by which people know the place",
        "marts_dim_area",
        "update marts.dim_area set place_name = null where area_type = 'lsoa21'"
        " and area_code = 'X01000001'",
        {"has_its_place_name": "lsoa21, X01000001"},
    ),
    Defect(
        "an area twice in the dimension",
        "marts_dim_area",
        "create or replace table marts.dim_area as select * from marts.dim_area"
        " union all select * replace (null as population) from marts.dim_area"
        " where area_type = 'lsoa21' and area_code = '{it}'",
        {"area_is_unique": "lsoa21, {it}; lsoa21, {it}"},
        it=A_MART_AREA,
    ),
    Defect(
        "an area without a name",
        "marts_dim_area",
        "update marts.dim_area set area_name = null"
        " where area_type = 'lsoa21' and area_code = '{it}'",
        {"area_is_named": "lsoa21, {it}: area_name missing"},
        it=A_MART_AREA,
    ),
    Defect(
        "an area without an authority",
        "marts_dim_area",
        "update marts.dim_area set lad_code = null, lad_name = null"
        " where area_type = 'lsoa21' and area_code = '{it}'",
        {"has_authority": "lsoa21, {it}: authority missing"},
        it=A_MART_AREA,
    ),
    Defect(
        "an area without a region",
        "marts_dim_area",
        "update marts.dim_area set region_code = null, region_name = null"
        " where area_type = 'lsoa21' and area_code = '{it}'",
        {"has_region": "lsoa21, {it}: region missing"},
        it=A_MART_AREA,
    ),
    Defect(
        "an area of nobody",
        "marts_dim_area",
        "update marts.dim_area set population = 0"
        " where area_type = 'lsoa21' and area_code = '{it}'",
        {"population_positive": "lsoa21, {it}: population 0", "populations_agree": "lsoa21: "},
        it=A_MART_AREA,
    ),
    Defect(
        "people who are counted twice",
        "marts_dim_area",
        "update marts.dim_area set population = 2 * population"
        " where area_type = 'lad24' and area_code = (select min(area_code) from marts.dim_area"
        " where area_type = 'lad24')",
        {"populations_agree": "lad24: total_population "},
    ),
    # ---- marts_indicator_reconciliation -----------------------------------------------------
    Defect(
        "an area that its indicators put elsewhere",
        "marts_indicator_reconciliation",
        "update marts.indicator_reconciliation set greatest_rank_difference = 200"
        " where index_release = 'imd2025' and measure = 'crime'",
        {"ranks_near_the_published": "imd2025, crime, indicators: most_percent 2, percent_out 6.6"},
    ),
    # ---- marts_edition_domain ---------------------------------------------------------------
    Defect(
        "a domain rank that is not the published one",
        "marts_edition_domain",
        "update marts.edition_domain set rank_difference = -3 where index_name = 'imd'"
        " and edition_id = 'lsoa21_imd2025_cni2023' and domain = 'crime' and domain_rank = 9",
        {
            "domain_ranks_as_published": "lsoa21_imd2025_cni2023, imd, crime: rank_tolerance 0,"
            " greatest_rank_difference 3"
        },
    ),
    Defect(
        "a domain score of an edition that is not the published one",
        "marts_edition_domain",
        "update marts.edition_domain set score_difference = 0.01 where index_name = 'cni'"
        " and edition_id = 'ward17_imd2019_cni2019' and domain = 'connectedness'"
        " and domain_rank = 9",
        {
            "domain_scores_as_published": "ward17_imd2019_cni2019, cni, connectedness:"
            " score_tolerance 0.0001, greatest_score_difference 0.01"
        },
    ),
    # ---- marts_fct_domain_score -------------------------------------------------------------
    Defect(
        "a domain that is missing",
        "marts_fct_domain_score",
        "delete from marts.fct_domain_score where index_release = 'imd2019' and domain = 'crime'",
        {"domains_complete": "imd2019, crime: rows_found 0, expected_rows 2933"},
    ),
    Defect(
        "a domain that is not weighted",
        "marts_fct_domain_score",
        "insert into marts.fct_domain_score by name select * replace ('weather' as domain)"
        " from marts.fct_domain_score where index_release = 'imd2019' and domain = 'crime'",
        {"domains_complete": "imd2019, weather: rows_found 2933, expected_rows 0"},
    ),
    Defect(
        "a score off the scale",
        "marts_fct_domain_score",
        "update marts.fct_domain_score set domain_score = 100.1"
        " where index_release = 'imd2019' and domain = 'crime' and domain_rank = 1",
        {"score_in_range": "imd2019, crime, X01"},
    ),
    Defect(
        "a transform that runs the wrong way",
        "marts_fct_domain_score",
        "update marts.fct_domain_score set domain_score = 100.001 - domain_score"
        " where index_release = 'imd2019' and domain = 'crime'",
        {"score_order": "imd2019, crime, X01"},
    ),
    Defect(
        "a domain score that is not the published one",
        "marts_fct_domain_score",
        "update marts.fct_domain_score set score_difference = -0.01"
        " where index_release = 'cni2019' and domain = 'connectedness' and area_code = '{it}'",
        {"score_as_published": "cni2019, connectedness, {it}: tolerance 0.0001, score_error 0.01"},
        it=A_WARD,
    ),
    # ---- marts_fct_index_score --------------------------------------------------------------
    Defect(
        "a release with an area less",
        "marts_fct_index_score",
        "delete from marts.fct_index_score where index_release = 'imd2015' and area_code = '{it}'",
        {"row_count": "imd2015: rows_found 2932, expected_rows 2933"},
    ),
    Defect(
        "a score off tolerance",
        "marts_fct_index_score",
        "update marts.fct_index_score set score_difference = -0.5"
        " where index_release = 'imd2019' and area_code = '{it}'",
        {"score_as_published": "imd2019, {it}: score_tolerance 0.001, score_error 0.5"},
    ),
    Defect(
        "a score that could not be computed",
        "marts_fct_index_score",
        "update marts.fct_index_score set computed_score = null, score_difference = null"
        " where index_release = 'imd2019' and area_code = '{it}'",
        {"score_as_published": "score_error inf, computed_score missing"},
    ),
    Defect(
        "a rank off tolerance",
        "marts_fct_index_score",
        "update marts.fct_index_score set rank_difference = 2"
        " where index_release = 'imd2019' and area_code = '{it}'",
        {"rank_as_published": "imd2019, {it}: rank_tolerance 1, rank_error 2"},
    ),
    Defect(
        "a decile that is not the published one",
        "marts_fct_index_score",
        "update marts.fct_index_score set index_decile = 11 - published_decile"
        " where index_release = 'imd2019' and area_code = '{it}'",
        {"decile_as_published": "imd2019, {it}: index_decile "},
    ),
    # ---- marts_double_disadvantage ----------------------------------------------------------
    Defect(
        "an area without a row",
        "marts_double_disadvantage",
        f"delete from marts.double_disadvantage where edition_id = '{OPEN_EDITION}'"
        " and area_code = '{it}'",
        {"every_area_has_a_row": f"{OPEN_EDITION}: rows_found 3006, areas 3007"},
        it=AN_AREA_OF_NEITHER,
    ),
    Defect(
        "an empty list",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set is_doubly_disadvantaged = false"
        f" where edition_id = '{OPEN_EDITION}'",
        {
            "list_is_not_empty": f"{OPEN_EDITION}: areas_listed 0",
            "flag_is_both_flags": f"{OPEN_EDITION}, X01",
        },
    ),
    Defect(
        "a list of everything",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set is_doubly_disadvantaged = true"
        f" where edition_id = '{OPEN_EDITION}'",
        {
            "list_is_not_too_long": f"{OPEN_EDITION}: longest_list 300, areas_listed 3007",
            "flag_is_both_flags": f"{OPEN_EDITION}, X01",
        },
    ),
    Defect(
        "another list than the published one",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set published_flag = not published_flag"
        " where edition_id = 'ward17_imd2019_cni2019'",
        {"list_as_published": "ward17_imd2019_cni2019: share_of_published 0.00"},
    ),
    Defect(
        "an unrated area without a reason",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set not_rated_reason = null where area_code = '{it}'",
        {"rated_or_reason": ", {it}: is_rated_or_has_reason false, imd_rank missing, cni_rank "},
        it=AN_UNRATED_WARD,
    ),
    Defect(
        "a reason for a rated area",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set not_rated_reason = 'no IMD value'"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {"rated_or_reason": f"{OPEN_EDITION}, {{it}}"},
        it=A_LISTED_AREA,
    ),
    Defect(
        "an area that is left off the list",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set is_doubly_disadvantaged = false"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {"flag_is_both_flags": f"{OPEN_EDITION}, {{it}}: on_list 0, both_flags 1"},
        it=A_LISTED_AREA,
    ),
    Defect(
        "an IMD flag against the rank",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set is_within_imd_threshold = true"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {"imd_flag": f"{OPEN_EDITION}, {{it}}: imd_flag 1, imd_within_threshold 0"},
        it=AN_AREA_OF_NEITHER,
    ),
    Defect(
        "a CNI flag that is missing",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set is_within_cni_threshold = null"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {"cni_flag": f"{OPEN_EDITION}, {{it}}: cni_flag missing, cni_within_threshold 0"},
        it=AN_AREA_OF_NEITHER,
    ),
    Defect(
        "deciles out of range",
        "marts_double_disadvantage",
        "update marts.double_disadvantage set imd_decile = 11, cni_decile = 0"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {
            "imd_decile_in_range": f"{OPEN_EDITION}, {{it}}: imd_decile 11",
            "cni_decile_in_range": f"{OPEN_EDITION}, {{it}}: cni_decile 0",
        },
        it=AN_AREA_OF_NEITHER,
    ),
    # ---- marts_programme_place ----------------------------------------------------------------
    Defect(
        "a name of no area",
        "marts_programme_place",
        "update marts.programme_place set areas_found = 0, area_code = null,"
        " nearest_names = 'Hill (Town)' where published_name = 'Ascliffe & Colddyke'",
        {"name_is_one_area": "areas_found 0, lad_name Stonebank, looked_up_name Ashcliffe"},
    ),
    Defect(
        "a name of two areas",
        "marts_programme_place",
        "update marts.programme_place set areas_found = 2 where place_role = 'exclusion'",
        {"name_is_one_area": "pride_in_place_phase1, Stonebank (line 2): areas_found 2"},
    ),
    Defect(
        "a place that is not told",
        "marts_programme_place",
        "delete from marts.programme_place where published_name = 'Ascliffe & Colddyke'",
        {"every_place_is_told": "pride_in_place_phase2: places_told 28, places_listed 29"},
    ),
    # ---- marts_composite_selection ------------------------------------------------------------
    Defect(
        "a composite edition without one of its areas",
        "marts_composite_selection",
        f"delete from marts.composite_selection where edition_id = '{COMPOSITE}'"
        " and area_code = '{it}'",
        {"every_area_has_a_row": f"{COMPOSITE}: rows_found 599, areas 600"},
        it=AN_EXCLUDED_AREA,
    ),
    Defect(
        "a composite edition that chooses none",
        "marts_composite_selection",
        "update marts.composite_selection set is_selected = false"
        f" where edition_id = '{COMPOSITE}'",
        {
            "some_are_chosen": f"{COMPOSITE}: areas_selected 0",
            "list_as_published": f"{COMPOSITE}: share_of_published 0",
            "chosen_again": f"{COMPOSITE}, ",
            "draws_are_of_the_rule": "selected_by_draws 1, selected 0",
            "reason_is_sound": "selection_reason selected",
        },
    ),
    Defect(
        "another list than the published one",
        "marts_composite_selection",
        "update marts.composite_selection set published_flag = not published_flag"
        f" where edition_id = '{COMPOSITE}'",
        {"list_as_published": f"{COMPOSITE}: share_of_published 0.03"},
    ),
    Defect(
        "a composite that is not that of its scores",
        "marts_composite_selection",
        "update marts.composite_selection set composite = composite + 0.00001"
        f" where edition_id = '{COMPOSITE}' and area_code = '{{it}}'",
        {"composite_again": f"{COMPOSITE}, {{it}}: difference "},
        it=AN_EXCLUDED_AREA,
    ),
    Defect(
        "an area that is chosen though its group is left out",
        "marts_composite_selection",
        "update marts.composite_selection set is_excluded = false"
        f" where edition_id = '{COMPOSITE}' and area_code = '{{it}}'",
        {
            "excluded_by_its_group": f"{COMPOSITE}, {{it}}: excluded 0, left_out 1",
            "reason_is_sound": "selection_reason excluded",
        },
        it=AN_EXCLUDED_AREA,
    ),
    Defect(
        "the second of a group in place of the first",
        "marts_composite_selection",
        "update marts.composite_selection set is_selected = true"
        f" where edition_id = '{COMPOSITE}' and area_code = '{{it}}'",
        {
            "chosen_again": f"{COMPOSITE}, {{it}}: selected 1, chosen_again 0, composite_rank ",
            "draws_are_of_the_rule": f"{COMPOSITE}, {{it}}: selected_by_draws 0, selected 1",
        },
        it=AN_AREA_BEHIND,
    ),
    Defect(
        "draws of another rule",
        "marts_composite_selection",
        "update marts.composite_stability set is_selected_recomputed = true"
        f" where edition_id = '{COMPOSITE}' and area_code = '{{it}}'",
        {"draws_are_of_the_rule": f"{COMPOSITE}, {{it}}: selected_by_draws 1, selected 0"},
        it=AN_AREA_BEHIND,
    ),
    Defect(
        "an area that is behind nobody",
        "marts_composite_selection",
        "update marts.composite_selection set ahead_code = null"
        f" where edition_id = '{COMPOSITE}' and area_code = '{{it}}'",
        {"reason_is_sound": f"{COMPOSITE}, {{it}}: is_sound false"},
        it=AN_AREA_BEHIND,
    ),
    # ---- marts_composite_reconciliation ---------------------------------------------------------
    Defect(
        "a neighbourhood of the programme that is not told",
        "marts_composite_reconciliation",
        "delete from marts.composite_reconciliation where area_code = '{it}'",
        {
            "agreement_as_chosen": f"{COMPOSITE}, {{it}}: agreement missing",
            "reason_where_due": f"{COMPOSITE}, {{it}}: is_told false, agreement missing",
        },
        it=A_MISSED_AREA,
    ),
    Defect(
        "a difference without a reason",
        "marts_composite_reconciliation",
        "update marts.composite_reconciliation set likely_reason = null where area_code = '{it}'",
        {"reason_where_due": f"{COMPOSITE}, {{it}}: is_told false, agreement only_published"},
        it=A_MISSED_AREA,
    ),
    # ---- marts_reconciliation -----------------------------------------------------------------
    Defect(
        "an area of a published list that is not told",
        "marts_reconciliation",
        "delete from marts.reconciliation where area_code = '{it}'",
        {
            "agreement_as_listed": "ward17_imd2019_cni2019, {it}: "
            "agreement missing, expected_agreement only_published",
            "reason_where_due": "{it}: is_explained_where_due false, agreement missing",
        },
        it=AN_ONLY_PUBLISHED_WARD,
    ),
    Defect(
        "a difference that is called agreed",
        "marts_reconciliation",
        "update marts.reconciliation set agreement = 'agreed' where area_code = '{it}'",
        {
            "agreement_as_listed": "{it}: agreement agreed, expected_agreement only_published",
            "reason_where_due": "{it}: is_explained_where_due false, agreement agreed",
        },
        it=AN_ONLY_PUBLISHED_WARD,
    ),
    Defect(
        "a difference without a sentence",
        "marts_reconciliation",
        "update marts.reconciliation set likely_reason_text = null where area_code = '{it}'",
        {"reason_where_due": "{it}: is_explained_where_due false, agreement only_published"},
        it=AN_ONLY_PUBLISHED_WARD,
    ),
    Defect(
        "ranks of another area",
        "marts_reconciliation",
        "update marts.reconciliation set cni_rank = cni_rank + 9000 where area_code = '{it}'",
        {"ranks_as_listed": "ward17_imd2019_cni2019, {it}: ranks "},
        it=AN_AGREED_WARD,
    ),
    Defect(
        "a carry rule that is blamed for the CNI",
        "marts_reconciliation",
        "update marts.reconciliation set likely_reason = 'carry rule', deciding_index = 'cni'"
        " where area_code = '{it}'",
        {"reason_is_sound": "{it}: is_sound false, likely_reason carry rule, deciding_index cni"},
        it=AN_ONLY_PUBLISHED_WARD,
    ),
    # ---- marts_edition_change -----------------------------------------------------------------
    Defect(
        "an area that joined and is not told",
        "marts_edition_change",
        f"delete from marts.edition_change where edition_to = '{CHANGED_PAIR[1]}'"
        " and area_code = '{it}'",
        {"joined_and_stayed": f"{CHANGED_PAIR[0]}, {CHANGED_PAIR[1]}: joined_and_stayed "},
        it=A_JOINED_AREA,
    ),
    Defect(
        "an area that stayed and is not told",
        "marts_edition_change",
        f"delete from marts.edition_change where edition_to = '{CHANGED_PAIR[1]}'"
        " and area_code = '{it}'",
        {
            "joined_and_stayed": f"{CHANGED_PAIR[0]}, {CHANGED_PAIR[1]}: joined_and_stayed ",
            "left_and_stayed": f"{CHANGED_PAIR[0]}, {CHANGED_PAIR[1]}: left_and_stayed ",
        },
        it=A_STAYED_AREA,
    ),
    Defect(
        "an area that joined and is called left",
        "marts_edition_change",
        "update marts.edition_change set change = 'left'"
        f" where edition_to = '{CHANGED_PAIR[1]}' and area_code = '{{it}}'",
        {
            "joined_and_stayed": f"{CHANGED_PAIR[0]}, {CHANGED_PAIR[1]}: joined_and_stayed ",
            "left_and_stayed": f"{CHANGED_PAIR[0]}, {CHANGED_PAIR[1]}: left_and_stayed ",
            "change_as_listed": "{it}: change left, expected_change joined",
        },
        it=A_JOINED_AREA,
    ),
    Defect(
        "ranks before and after that changed places",
        "marts_edition_change",
        "update marts.edition_change set imd_rank_from = imd_rank_to, imd_rank_to = imd_rank_from"
        f" where edition_to = '{CHANGED_PAIR[1]}' and area_code = '{{it}}'",
        {"ranks_as_listed": f"{CHANGED_PAIR[0]}, {CHANGED_PAIR[1]}, {{it}}: ranks "},
        it=A_JOINED_AREA,
    ),
    Defect(
        "the wrong index that crossed",
        "marts_edition_change",
        "update marts.edition_change set index_crossed = 'cni'"
        f" where edition_to = '{CHANGED_PAIR[1]}' and area_code = '{{it}}'",
        {
            "index_crossed_follows_from_the_flags": "{it}: index_crossed cni, "
            "expected_index_crossed imd, change joined"
        },
        it=A_JOINED_AREA,
    ),
    Defect(
        "places moved on the scale of the earlier release",
        "marts_edition_change",
        "update marts.edition_change set imd_ranks_moved = imd_rank_to - imd_rank_from - 1000"
        f" where edition_to = '{CHANGED_PAIR[1]}' and area_code = '{{it}}'",
        {"places_follow_from_shares": "{it}: is_move_of_shares false, imd_ranks_moved "},
        it=A_JOINED_AREA,
    ),
    Defect(
        "a miss that is none",
        "marts_edition_change",
        "update marts.edition_change set nearest_miss_ranks = 0"
        f" where edition_to = '{CHANGED_PAIR[1]}' and area_code = '{{it}}'",
        {"miss_is_a_miss": "{it}: nearest_miss_ranks 0, least_miss 1, change joined"},
        it=A_JOINED_AREA,
    ),
    Defect(
        "a change without a reason",
        "marts_edition_change",
        "update marts.edition_change set reason = 'Joined.'"
        f" where edition_to = '{CHANGED_PAIR[1]}' and area_code = '{{it}}'",
        {"reason_is_given": "{it}: is_reason_given false, change joined"},
        it=A_JOINED_AREA,
    ),
    # ---- raw_summary ------------------------------------------------------------------------
    Defect(
        "a summary without one of the authorities",
        "raw_summary",
        "delete from raw.summary where source_id = 'imd2025_summary' and area_code = '{it}'",
        {"row_count": "imd2025_summary: areas_found 23, expected_rows 24"},
        it=AN_AUTHORITY,
    ),
    Defect(
        "a summary of something else than an authority",
        "raw_summary",
        f"update raw.summary set area_code = 'X12000001' where {A_SUMMARY}"
        " and area_code = '{it}'",
        {
            "code_shape": "imd2025_summary, overall, proportion, X12000001",
            "area_is_known": "imd2025_summary, overall, proportion, X12000001",
            "row_count": "imd2025_summary: areas_found 25, expected_rows 24",
        },
        it=AN_AUTHORITY,
    ),
    Defect(
        "an authority summarised twice",
        "raw_summary",
        f"insert into raw.summary select * from raw.summary where {A_SUMMARY}"
        " and area_code = '{it}'",
        {"area_is_unique": "imd2025_summary, overall, proportion, {it}"},
        it=AN_AUTHORITY,
    ),
    Defect(
        "a summary left blank",
        "raw_summary",
        f"update raw.summary set value = null where {A_SUMMARY} and area_code = '{{it}}'",
        {"value_given": "imd2025_summary, overall, proportion, {it}"},
        it=AN_AUTHORITY,
    ),
    Defect(
        "percent in place of a share",
        "raw_summary",
        f"update raw.summary set value = 12.5 where {A_SUMMARY} and area_code = '{{it}}'",
        {"value_is_possible": "imd2025_summary, overall, proportion, {it}"},
        it=AN_AUTHORITY,
    ),
    # ---- marts_summary_index ------------------------------------------------------------------
    Defect(
        "an authority that was lost",
        "marts_summary_index",
        "delete from marts.summary_index where index_release = 'imd2025' and measure = 'overall'"
        " and area_code = '{it}'",
        {
            "no_authority_lost": "imd2025, overall, lad24: authorities 23",
            "areas_add_up": "imd2025, overall, lad24: areas_found ",
            "people_add_up": "imd2025, overall, lad24: people_found ",
            "every_published_summary_is_compared": "imd2025, overall, average_rank: "
            "figures_compared 23, figures_published 24",
        },
        it=AN_AUTHORITY,
    ),
    Defect(
        "an average score that is not the published one",
        "marts_summary_index",
        "update marts.summary_index set average_score = average_score + 0.01"
        " where index_release = 'imd2025' and measure = 'overall' and area_code = '{it}'",
        {"summary_as_published": "imd2025, overall, average_score, {it}"},
        it=AN_AUTHORITY,
    ),
    # ---- marts_summary_geography ------------------------------------------------------------
    Defect(
        "an authority without a row in an edition",
        "marts_summary_geography",
        f"delete from marts.summary_geography where edition_id = '{OPEN_EDITION}'"
        " and geography_code = '{it}' and geography_type = 'lad24'",
        {
            "every_larger_area_is_there": f"{OPEN_EDITION}, lad24: larger_areas_found 23, "
            "larger_areas_expected 24",
            "areas_add_up": f"{OPEN_EDITION}, lad24: areas_found ",
            "residents_add_up": f"{OPEN_EDITION}, lad24: people_found ",
        },
        it=AN_AUTHORITY,
    ),
    Defect(
        "a region without a row in an edition",
        "marts_summary_geography",
        f"delete from marts.summary_geography where edition_id = '{OPEN_EDITION}'"
        " and geography_code = '{it}'",
        {
            "every_larger_area_is_there": f"{OPEN_EDITION}, rgn: larger_areas_found ",
            "areas_add_up": f"{OPEN_EDITION}, rgn: areas_found ",
            "residents_add_up": f"{OPEN_EDITION}, rgn: people_found ",
        },
        it=A_REGION,
    ),
    Defect(
        "an area that lies in no constituency",
        "marts_summary_geography",
        "update marts.summary_geography set areas = areas - 1, areas_rated = areas_rated - 1"
        f" where edition_id = '{OPEN_EDITION}' and geography_code = '{{it}}'",
        {"areas_add_up": f"{OPEN_EDITION}, pcon24: areas_found 3006 / 3006 / "},
        it="select min(area_code) from marts.dim_area where area_type = 'pcon24'",
    ),
    Defect(
        "more areas on the list than rated, and than within either threshold",
        "marts_summary_geography",
        "update marts.summary_geography set areas_rated = 0, areas_within_cni_threshold = 0"
        f" where edition_id = '{OPEN_EDITION}' and geography_type = 'lad24'"
        " and geography_code = '{it}'",
        {
            "listed_are_rated": f"{OPEN_EDITION}, lad24, {{it}}: areas_rated 0",
            "listed_are_within_both": f"{OPEN_EDITION}, lad24, {{it}}: areas_worst_on_either 0",
            "areas_add_up": f"{OPEN_EDITION}, lad24: areas_found ",
        },
        it=AN_AUTHORITY_WITH_A_LIST,
    ),
    Defect(
        "shares that are none",
        "marts_summary_geography",
        "update marts.summary_geography set share_of_areas = 12, share_of_population = -1"
        f" where edition_id = '{OPEN_EDITION}' and geography_type = 'lad24'"
        " and geography_code = '{it}'",
        {
            "share_of_areas_is_a_share": f"{OPEN_EDITION}, lad24, {{it}}: share_of_areas 12",
            "share_of_population_is_a_share": f"{OPEN_EDITION}, lad24, {{it}}: "
            "share_of_population -1",
        },
        it=AN_AUTHORITY,
    ),
    Defect(
        "an authority without the measures of its index",
        "marts_summary_geography",
        "update marts.summary_geography set average_rank = null"
        f" where edition_id = '{OPEN_EDITION}' and geography_type = 'lad24'"
        " and geography_code = '{it}'",
        {"has_an_average_rank": f"{OPEN_EDITION}, lad24, {{it}}"},
        it=AN_AUTHORITY,
    ),
    # ---- marts_threshold_sensitivity --------------------------------------------------------
    Defect(
        "no list at the edition's own threshold",
        "marts_threshold_sensitivity",
        "delete from marts.threshold_sensitivity where varied_index = 'imd'"
        f" and edition_id = '{OPEN_EDITION}' and threshold_percent = 10",
        {
            "own_threshold_gives_the_list": f"{OPEN_EDITION}, imd: "
            "areas_listed missing, areas_on_list 92"
        },
    ),
    Defect(
        "another area at the edition's own threshold",
        "marts_threshold_sensitivity",
        "update marts.threshold_sensitivity set areas_in_common = areas_in_common - 1,"
        " areas_joined = 1, areas_departed = 1 where varied_index = 'both'"
        f" and edition_id = '{OPEN_EDITION}' and threshold_percent = 10",
        {"own_threshold_gives_the_same_areas": f"{OPEN_EDITION}, both: areas_that_differ 2"},
    ),
    Defect(
        "a wider threshold with fewer areas",
        "marts_threshold_sensitivity",
        "update marts.threshold_sensitivity set areas_listed = 0, areas_in_common = 0,"
        " areas_joined = 0, areas_departed = 92 where varied_index = 'both'"
        f" and edition_id = '{OPEN_EDITION}' and threshold_percent = 12",
        {"areas_grow_with_the_threshold": f"{OPEN_EDITION}, both, 12: areas_listed 0, areas_at"},
    ),
    Defect(
        "a wider threshold with fewer people",
        "marts_threshold_sensitivity",
        "update marts.threshold_sensitivity set population = 0 where varied_index = 'cni'"
        f" and edition_id = '{OPEN_EDITION}' and threshold_percent = 20",
        {"population_grows_with_the_threshold": f"{OPEN_EDITION}, cni, 20: population 0"},
    ),
    Defect(
        "areas that neither stayed nor joined",
        "marts_threshold_sensitivity",
        "update marts.threshold_sensitivity set areas_joined = areas_joined + 1"
        f" where varied_index = 'both' and edition_id = '{OPEN_EDITION}'"
        " and threshold_percent = 12",
        {"parts_add_up_to_the_areas_listed": f"{OPEN_EDITION}, both, 12: areas_by_parts"},
    ),
    Defect(
        "areas of the own list that are nowhere",
        "marts_threshold_sensitivity",
        "update marts.threshold_sensitivity set areas_departed = areas_departed - 1"
        f" where varied_index = 'both' and edition_id = '{OPEN_EDITION}'"
        " and threshold_percent = 5",
        {"parts_add_up_to_the_own_list": f"{OPEN_EDITION}, both, 5: areas_of_own_list 91"},
    ),
    # ---- marts_flag_stability ---------------------------------------------------------------
    Defect(
        "a rated area without a probability",
        "marts_flag_stability",
        f"delete from marts.flag_stability where edition_id = '{OPEN_EDITION}'"
        " and area_code = '{it}'",
        {"every_rated_area_has_a_row": f"{OPEN_EDITION}: rows_found 3006, areas_rated 3007"},
        it=A_LISTED_AREA,
    ),
    Defect(
        "fewer draws than declared",
        "marts_flag_stability",
        f"update marts.flag_stability set draws = 999 where edition_id = '{OPEN_EDITION}'",
        {"as_many_draws_as_declared": f"{OPEN_EDITION}: draws_done 999, draws_declared 1000"},
    ),
    Defect(
        "shares that are none",
        "marts_flag_stability",
        "update marts.flag_stability"
        " set probability = -0.1, probability_imd = 1.5, probability_cni = 1.5"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {
            "probability_is_a_share": f"{OPEN_EDITION}, {{it}}: probability -0.1",
            "probability_imd_is_a_share": f"{OPEN_EDITION}, {{it}}: probability_imd 1.5",
            "probability_cni_is_a_share": f"{OPEN_EDITION}, {{it}}: probability_cni 1.5",
        },
        it=A_LISTED_AREA,
    ),
    Defect(
        "both more often than one",
        "marts_flag_stability",
        "update marts.flag_stability set probability = 0.9, probability_imd = 0.5"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {"both_are_no_likelier_than_one": f"{OPEN_EDITION}, {{it}}: probability_of_one 0.5"},
        it=A_LISTED_AREA,
    ),
    Defect(
        "a flag that is not the list's",
        "marts_flag_stability",
        "update marts.flag_stability set is_doubly_disadvantaged = false"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {"shows_the_list": f"{OPEN_EDITION}, {{it}}: shown_on_list 0, on_list 1"},
        it=A_LISTED_AREA,
    ),
    Defect(
        "a base draw that is not the list",
        "marts_flag_stability",
        "update marts.flag_stability set is_listed_recomputed = true"
        f" where edition_id = '{OPEN_EDITION}' and area_code = '{{it}}'",
        {"nothing_varied_gives_the_list": f"{OPEN_EDITION}, {{it}}: recomputed 1, on_list 0"},
        it=AN_AREA_OF_NEITHER,
    ),
    # ---- raw_outcome ------------------------------------------------------------------------
    Defect(
        "an outcome that the methodology does not know",
        "raw_outcome",
        "update meta.expected_outcome set count_periods = null where outcome = 'disabled'",
        {"outcome_is_declared": "census2021_disability, disabled"},
    ),
    Defect(
        "an outcome without one of its areas",
        "raw_outcome",
        f"delete from raw.outcome where {AN_OUTCOME} and line_number = {{it}}",
        {"row_count": f"{OUTCOME}: rows_found 3006, expected_rows 3007"},
        it=OUTCOME_LINE,
    ),
    Defect(
        "an outcome with an area twice",
        "raw_outcome",
        f"insert into raw.outcome select * from raw.outcome where {AN_OUTCOME}"
        " and line_number = {it}",
        {
            "row_count": f"{OUTCOME}: rows_found 3008",
            "area_is_unique": f"{OUTCOME}: areas_found 3007, rows_found 3008, repeated_areas X01",
        },
        it=OUTCOME_LINE,
    ),
    Defect(
        "an outcome of another geography",
        "raw_outcome",
        f"update raw.outcome set area_code = 'X02000001' where {AN_OUTCOME}"
        " and line_number = {it}",
        {
            "code_shape": f"{OUTCOME}: codes_of_the_type 3006, areas_found 3007, other_codes X02",
            "area_is_known": f"{OUTCOME}: areas_known 3006, areas_found 3007, unknown_areas X02",
        },
        it=OUTCOME_LINE,
    ),
    Defect(
        "an outcome that is the same everywhere",
        "raw_outcome",
        f"update raw.outcome set numerator = denominator where {AN_OUTCOME}",
        {
            "rates_differ": f"{OUTCOME}: distinct_rates 1",
            "total_as_known": f"{OUTCOME}: ratio 5.",
            "goes_with_deprivation": f"{OUTCOME}, imd2025: is_with_deprivation false",
        },
    ),
    *(
        Defect(
            f"two columns exchanged: {one} and {other}",
            "raw_outcome",
            f"update raw.outcome set outcome = if(outcome = '{one}', '{other}', '{one}')"
            f" where outcome in ('{one}', '{other}')",
            {"total_as_known": f"{one}: ratio "}
            | (
                {"goes_with_deprivation": f"{one}, imd2025: is_with_deprivation false"}
                if shows_in_order
                else {}
            ),
        )
        for one, other, shows_in_order in (
            ("no_qualifications", "level_4_qualifications", True),
            ("social_rented", "private_rented", True),
            ("routine_occupations", "never_worked", False),
        )
    ),
    Defect(
        "an outcome that slipped by a row",
        "raw_outcome",
        slipped("outcome", "numerator", "outcome = 'private_rented'"),
        {"outcome_not_shifted": "census2021_tenure, private_rented, imd2025: strength "},
    ),
    Defect(
        "totals that slipped by a row",
        "raw_outcome",
        slipped("outcome", "denominator", AN_OUTCOME),
        {
            "people_area_by_area": f"{OUTCOME}, imd2025: correlation_of_people -0.0",
        },
    ),
    Defect(
        "totals in thousands",
        "raw_outcome",
        f"update raw.outcome set denominator = 1000 * denominator where {AN_OUTCOME}",
        {"people_as_indices_count": f"{OUTCOME}, imd2025: is_of_the_people false"},
    ),
    Defect(
        "an authority that is counted three times",
        "raw_outcome",
        f"update raw.outcome set numerator = 3 * numerator, denominator = 3 * denominator"
        f" where {AN_OUTCOME} and area_code in (select area_code from raw.index_area"
        " where source_id = 'imd2025' and lad_code = '{it}')",
        {
            "authorities_as_indices_count": f"{OUTCOME}, imd2025: furthest_ratio ",
            "people_area_by_area": f"{OUTCOME}, imd2025: correlation_of_people ",
            "total_as_known": f"{OUTCOME}: ratio 1.",
        },
        it="select min(lad_code) from raw.index_area where source_id = 'imd2025'",
    ),
    Defect(
        "a count that is missing",
        "raw_outcome",
        f"update raw.outcome set denominator = null where {AN_OUTCOME} and line_number = {{it}}",
        {"counts_given": f"{OUTCOME}: not_given 1, areas X01"},
        it=OUTCOME_LINE,
    ),
    Defect(
        "a count below zero",
        "raw_outcome",
        f"update raw.outcome set numerator = -1 where {AN_OUTCOME} and line_number = {{it}}",
        {"counts_not_negative": f"{OUTCOME}: below_zero 1, areas X01"},
        it=OUTCOME_LINE,
    ),
    Defect(
        "more claimants than twelve times everybody",
        "raw_outcome",
        "update raw.outcome set numerator = 12 * denominator + 1"
        " where source_id = 'claimants_2022' and line_number = 2",
        {
            "numerator_within_denominator": "claimants_2022, claimant_months_2022: "
            "over_denominator 1, areas X01"
        },
    ),
    # ---- marts_outcome_comparison -----------------------------------------------------------
    Defect(
        "an outcome that one method leaves out",
        "marts_outcome_comparison",
        f"delete from marts.outcome_comparison where {COMPARED} and method = 'mean_of_areas'",
        {"both_methods": f"{OPEN_EDITION}, disabled: methods 1"},
    ),
    Defect(
        "an area on the list that has no count",
        "marts_outcome_comparison",
        "update marts.outcome_comparison set areas = areas - 1"
        f" where {COMPARED} and method = 'pooled' and area_group = 'left_behind'",
        {
            "left_behind_is_the_list": f"{OPEN_EDITION}, disabled: areas_left_behind ",
            "groups_add_up_to_the_nation": f"{OPEN_EDITION}, disabled: areas_of_groups 3006",
        },
    ),
    Defect(
        "people who are lost on the way",
        "marts_outcome_comparison",
        "update marts.outcome_comparison set numerator = numerator - 1, denominator = 1"
        f" where {COMPARED} and area_group = 'nation'",
        {
            "nation_is_the_file_numerator": f"{OPEN_EDITION}, disabled: numerator_lost ",
            "nation_is_the_file_denominator": f"{OPEN_EDITION}, disabled: denominator_lost 0.99",
        },
    ),
    Defect(
        "a rate in per cent",
        "marts_outcome_comparison",
        "update marts.outcome_comparison set rate = 100 * rate, ci_high = 100 * ci_high"
        f" where edition_id = '{UNRATED_EDITION}' and outcome = 'disabled'"
        " and method = 'pooled' and area_group = 'not_rated'",
        {"rate_is_a_share": f"{UNRATED_EDITION}, disabled, pooled, not_rated: rate_where"},
    ),
    Defect(
        "an interval beside its rate",
        "marts_outcome_comparison",
        "update marts.outcome_comparison set ci_low = rate + 0.001"
        f" where {COMPARED} and method = 'pooled' and area_group = 'rest'",
        {"rate_within_its_interval": f"{OPEN_EDITION}, disabled, pooled, rest: "},
    ),
    Defect(
        "a gap the other way about",
        "marts_outcome_comparison",
        "update marts.outcome_comparison set left_behind_gap = -left_behind_gap"
        f" where {COMPARED} and method = 'pooled' and area_group = 'nation'",
        {"gap_is_the_difference": f"{OPEN_EDITION}, disabled, pooled, nation: "},
    ),
]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_is_found(build: duckdb.DuckDBPyConnection, defect: Defect) -> None:
    found = build.execute(defect.it).fetchone()
    assert found is not None
    build.execute("begin")
    try:
        build.execute(defect.change.format(it=found[0]))
        results = run_suite(SUITES[defect.suite], build)
    finally:
        build.execute("rollback")
    failed = {result.expectation: result for result in results if not result.passed}
    assert set(failed) == set(defect.shows), {
        name: result.examples for name, result in failed.items()
    }
    for name, shown in defect.shows.items():
        assert shown.format(it=found[0]) in failed[name].examples
        assert failed[name].unexpected > 0
        assert failed[name].remedy
        assert failed[name].expected


def test_every_rule_has_a_defect_that_breaks_it() -> None:
    rules = {(suite.name, rule.name) for suite in SUITES.values() for rule in suite.expectations}
    assert rules == {(defect.suite, name) for defect in DEFECTS for name in defect.shows}


def test_five_examples_are_shown_and_the_rest_is_counted(
    build: duckdb.DuckDBPyConnection,
) -> None:
    suite = _suite(
        {
            "sql": "select 'imd2019' as source_id, x as line_number, x % 2 as odd"
            " from range(4000) as numbers(x)"
        }
    )
    (result,) = run_suite(suite, build)
    assert result.unexpected == 2000
    shown = result.examples.split("; ")
    assert len(shown) == 6
    assert shown[-1] == "and 1,995 more"
    assert all(re.fullmatch(r"imd2019 \(line \d+\): odd 1", example) for example in shown[:-1])


def test_what_a_rule_allows_by_a_bound_is_told_though_it_passed(
    build: duckdb.DuckDBPyConnection,
) -> None:
    (measured,) = build.execute(
        "select count(*) from (select unnest(overlap_percents) as percent from raw.boundary) "
        "where percent > 5"
    ).fetchall()
    results = {each.expectation: each for each in run_suite(SUITES["raw_boundary"], build)}
    told = results["few_pairs_overlap"]
    assert told.passed
    assert told.examples.startswith(f"boundary_ward17: most_pairs 64, pairs {measured[0]}, ")
    assert {each.examples for each in results.values() if each is not told} == {""}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "expect_the_best"}, "expect_the_best"),
        ({"kwargs": {"column": "od", "value_set": [0]}}, "no column od"),
        (
            {
                "type": "expect_column_values_to_be_between",
                "kwargs": {"column": "source_id", "min_value": 0},
            },
            "could not be checked: ",
        ),
        ({"kwargs": {"column": "odd"}}, "value_set"),
        ({"sql": "select * from raw.nothing"}, "Table with name nothing does not exist"),
        ({"sql": "select 0 as odd"}, "no column line_number, source_id"),
        (
            {"sql": "select 's' as source_id, 1 as line_number, 0 as odd where false"},
            "no rows, so nothing was checked",
        ),
    ],
    ids=[
        "no such expectation",
        "no such column",
        "raises inside",
        "no such argument",
        "bad SQL",
        "no such key",
        "no rows",
    ],
)
def test_what_cannot_be_checked_has_failed(
    build: duckdb.DuckDBPyConnection, change: dict[str, object], said: str
) -> None:
    (result,) = run_suite(_suite(change), build)
    assert not result.passed
    assert said in result.examples


@pytest.mark.parametrize(
    ("rows", "only_if", "passed", "said"),
    [
        ("where false", "select 1 where false", True, "nothing to judge: an optional file"),
        # Nothing is overlooked where there is something, or must be.
        ("", "select 1 where false", True, "nothing to judge"),
        ("where false", "select 1", False, "no rows, so nothing was checked"),
        ("", "select 1", False, "s (line 1): odd 1"),
        ("", "select 1 from raw.nothing", False, "could not be checked: "),
    ],
)
def test_what_need_not_be_there_is_judged_only_where_it_is(
    build: duckdb.DuckDBPyConnection, rows: str, only_if: str, *, passed: bool, said: str
) -> None:
    suite = _suite({"sql": f"select 's' as source_id, 1 as line_number, 1 as odd {rows}"})
    (frame,) = suite.frames
    changed = frame.model_copy(update={"only_if": only_if})
    (result,) = run_suite(suite.model_copy(update={"frames": (changed,)}), build)
    assert result.passed is passed
    assert said in result.examples


def _suite(change: dict[str, object]) -> Suite:
    """A suite of one rule, "numbers are even", with something changed in it."""
    sql = change.get("sql", "select 's' as source_id, 1 as line_number, 0 as odd")
    rule = {
        "name": "even",
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "odd", "value_set": [0]},
        "expected": "even numbers",
        "remedy": "take away the odd ones",
    } | {name: value for name, value in change.items() if name != "sql"}
    frame = {"keys": ["source_id", "line_number"], "sql": sql, "expectations": [rule]}
    return Suite.model_validate(
        {
            "name": "raw_lookup",
            "description": "numbers",
            "frames": [frame],
        }
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("remedy:", "remedies:", "remedies"),
        ("description:", "table: population\ndescription:", "table"),
        ("type: expect_compound", "type: compound", "type"),
        ("column: population,", "colum: population,", "kwargs name no column"),
        ("name: code_shape", "name: row_count", "row_count"),
        ("keys: [source_id]", "keys: [source_id", "parsing a flow sequence"),
    ],
)
def test_a_typing_error_names_file_and_field(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    written = (PROJECT_ROOT / "data_quality" / "suites" / "raw_population.yml").read_text("utf-8")
    assert before in written
    path = tmp_path / "raw_population.yml"
    path.write_text(written.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"(?s)raw_population\.yml.*{re.escape(said)}"):
        load_suites(tmp_path)


def test_a_suite_is_named_after_its_table(tmp_path: Path) -> None:
    written = (PROJECT_ROOT / "data_quality" / "suites" / "raw_population.yml").read_text("utf-8")
    (tmp_path / "population.yml").write_text(written, encoding="utf-8")
    with pytest.raises(ValueError, match=r"(?s)population\.yml.*name.*\(raw\|marts\)_"):
        load_suites(tmp_path)


def test_loading_the_suites_imports_neither_great_expectations_nor_pandas() -> None:
    program = (
        "import sys; from data_quality import load_suites; load_suites(); "
        "print({'great_expectations', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
