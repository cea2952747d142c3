"""The methodology's seeds: the shipped ones hold together, and each defect is told with its place.

A defect is planted in a copy of the seeds by changing a cell, as a person would.
"""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from orchestration.modelling.seeds import (
    INDEX_DENOMINATORS,
    SEEDS,
    Methodology,
    load_methodology,
    refuse_stand_ins,
)
from orchestration.problems import Problem, RefreshError
from orchestration.raw.indicators import cleaned, header_pattern
from orchestration.sources.registry import area_types, load_registry

METHODOLOGY = load_methodology()
NAMES = (
    "index_releases",
    "domain_weights",
    "sub_domains",
    "indicators",
    "indicator_units",
    "outcomes",
)

Values = dict[str, str]


@dataclass(frozen=True)
class Seeds:
    """A copy of the seeds, to be changed."""

    folder: Path

    def load(self) -> Methodology:
        return load_methodology(self.folder)

    def refused(self) -> list[Problem]:
        with pytest.raises(RefreshError, match=r"^Reading the methodology: ") as failure:
            self.load()
        for problem in failure.value.problems:
            assert str(problem) in str(failure.value)
            assert all((problem.where, problem.found, problem.expected, problem.remedy))
        return failure.value.problems

    def rows(self, name: str) -> list[Values]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, name: str, rows: list[Values]) -> None:
        with (self.folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def set(self, name: str, key: str, **values: str) -> int:
        """Change cells of the row with a key (the release and the last id); say its line."""
        rows = self.rows(name)
        (at,) = (n for n, row in enumerate(rows) if key == key_of(name, row))
        assert any(rows[at][column] != value for column, value in values.items())
        rows[at] |= values
        self.write(name, rows)
        return at + 2

    def drop(self, name: str, key: str) -> None:
        rows = self.rows(name)
        left = [row for row in rows if key_of(name, row) != key]
        assert len(left) == len(rows) - 1
        self.write(name, left)

    def repeat(self, name: str, key: str, **values: str) -> tuple[int, int]:
        """Append a row again, with cells changed; say both lines."""
        rows = self.rows(name)
        (at,) = (n for n, row in enumerate(rows) if key == key_of(name, row))
        self.write(name, [*rows, rows[at] | values])
        return at + 2, len(rows) + 2


def key_of(name: str, row: Values) -> str:
    own = {"indicators": "indicator", "sub_domains": "sub_domain", "domain_weights": "domain"}
    if name in own:
        return f"{row.get('framework') or row['index_release']}, {row[own[name]]}"
    return next(iter(row.values()))


@pytest.fixture
def seeds(tmp_path: Path) -> Seeds:
    for name in NAMES:
        shutil.copyfile(SEEDS / f"{name}.csv", tmp_path / f"{name}.csv")
    return Seeds(tmp_path)


# --- The seeds that are shipped -------------------------------------------------------------------


def test_the_shipped_seeds_hold_together() -> None:
    assert {row.index_release for row in METHODOLOGY.indicators} == {
        "imd2019",
        "imd2025",
        "cni2019",
        "cni2023",
    }
    assert {row.framework for row in METHODOLOGY.releases} - {None} == {
        row.framework for row in METHODOLOGY.sub_domains
    }


def test_a_copy_of_the_seeds_loads_as_the_seeds_do(seeds: Seeds) -> None:
    assert seeds.load() == METHODOLOGY


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_seed_is_loaded_with_its_line(seeds: Seeds, name: str) -> None:
    fields = {
        "index_releases": METHODOLOGY.releases,
        "domain_weights": METHODOLOGY.domains,
        "sub_domains": METHODOLOGY.sub_domains,
        "indicators": METHODOLOGY.indicators,
        "indicator_units": METHODOLOGY.units,
        "outcomes": METHODOLOGY.outcomes,
    }
    loaded = [(row.line, next(iter(row.model_dump().values()))) for row in fields[name]]
    rows = seeds.rows(name)
    assert loaded == [(line, next(iter(row.values()))) for line, row in enumerate(rows, start=2)]


def test_a_denominator_is_a_population_of_the_index_or_another_column_of_the_file() -> None:
    england = load_registry("england")
    for row in METHODOLOGY.indicators:
        if row.denominator in INDEX_DENOMINATORS:
            assert row.denominator in england.source(row.index_release).denominators
        elif row.denominator:
            assert row.denominator == row.own_denominator == cleaned(row.denominator)
            # Otherwise the denominator would be taken for an indicator, or the other way about.
            assert row.denominator not in METHODOLOGY.in_files_of(row.index_release)


def test_a_larger_area_is_one_that_areas_of_the_release_lie_in(seeds: Seeds) -> None:
    of_index = {"imd2019": "lad19", "imd2025": "lad24", "cni2019": "lad19", "cni2023": "lad24"}
    larger = {(row.index_release, row.larger_area) for row in METHODOLOGY.indicators}
    larger = {(release, area) for release, area in larger if area}
    assert larger == set(of_index.items())
    # The type of authority that the dimension knows for the areas of the release.
    types = {row["index_release"]: row["area_type"] for row in seeds.rows("index_releases")}
    for release in ("cni2019", "imd2025", "cni2023"):
        assert of_index[release] == area_types()[types[release]]["lad_type"]


def test_real_indicators_are_not_read_by_stand_ins_and_each_that_is_left_is_named() -> None:
    sample, england = load_registry("sample"), load_registry("england")
    refuse_stand_ins(METHODOLOGY, sample)
    # England has no indicator file of a CNI yet, so nothing is refused.
    refuse_stand_ins(METHODOLOGY, england)
    asked = england.model_copy(update={"sources": sample.sources})
    with pytest.raises(RefreshError) as refused:
        refuse_stand_ins(METHODOLOGY, asked)
    of_2019, of_2023 = refused.value.problems
    assert "14 stand-ins for indicators of cni2019: hospital_travel_time, " in of_2019.found
    assert "28 stand-ins for indicators of cni2023: " in of_2023.found
    (one,) = (row for row in METHODOLOGY.indicators if row.indicator == "food_store_travel_time")
    assert str(one.line) in of_2019.where
    replaced = [
        row.model_copy(update={"stand_in": False}) if row.index_release == "cni2019" else row
        for row in METHODOLOGY.indicators
    ]
    with pytest.raises(RefreshError) as refused:
        refuse_stand_ins(replace(METHODOLOGY, indicators=tuple(replaced)), asked)
    assert len(refused.value.problems) == 1


def test_stand_ins_say_so_in_their_label_and_others_do_not() -> None:
    for row in METHODOLOGY.indicators:
        assert row.stand_in == row.indicator_label.startswith("Stand-in: "), row.indicator
    assert not any(
        row.stand_in for row in METHODOLOGY.indicators if row.index_release.startswith("imd")
    )


def test_what_cannot_be_rebuilt_has_a_reason() -> None:
    reasons = {
        (row.framework, row.sub_domain)
        for row in METHODOLOGY.sub_domains
        if row.not_rebuilt_because
    }
    assert reasons == {
        ("iod2019", "children"),
        ("iod2019", "crime"),
        ("iod2025", "children"),
        ("iod2025", "indoors"),
        ("iod2025", "outdoors"),
    }


def test_what_a_copy_may_lack_is_declared_and_rebuilds_no_sub_domain() -> None:
    left_out = {
        row.sub_domain
        for row in METHODOLOGY.sub_domains
        if row.framework == "iod2025" and row.not_rebuilt_because
    }
    source = load_registry("england").source("imd2025_indicators")
    declared = METHODOLOGY.in_files_of("imd2025")
    # Else scores would depend on which copy of the file was taken.
    assert {declared[name].sub_domain for name in source.may_lack} == {"indoors", "outdoors"}
    assert {"indoors", "outdoors"} <= left_out
    others = load_registry("england").of_kind("indicators")
    assert [other.id for other in others if other.may_lack] == [source.id]


def test_composites_are_in_no_file_and_their_parts_are() -> None:
    in_file = METHODOLOGY.in_files_of("imd2025")
    names = {row.indicator for row in in_file.values()}
    assert {"overcrowding", "homelessness"}.isdisjoint(names)
    assert {"overcrowding_by_rooms", "overcrowding_by_bedrooms", "core_homelessness"} <= names
    assert all(name == row.column_name for name, row in in_file.items())
    assert METHODOLOGY.in_files_of("imd2015") == {}


def test_a_share_is_what_has_a_unit_of_shares_or_is_shrunk() -> None:
    shares = {
        (row.index_release, row.indicator): METHODOLOGY.is_share(row)
        for row in METHODOLOGY.indicators
    }
    assert shares["imd2019", "income_deprived"]
    assert shares["cni2019", "one_person_households"]
    assert not shares["cni2019", "community_space_density"]


def test_every_outcome_of_a_file_is_declared_and_every_declared_one_is_in_a_file() -> None:
    in_files = {
        measure for source in load_registry("england").sources for measure in source.outcomes
    }
    declared = {row.source_measure for row in METHODOLOGY.outcomes if not row.index_release}
    assert declared == in_files
    assert all(METHODOLOGY.outcome_of_file(measure) for measure in in_files)
    # The same name in an index release is another outcome.
    assert METHODOLOGY.outcome_of_file("income_deprived") is None


# --- One defect at a time -------------------------------------------------------------------------


@dataclass(frozen=True)
class Defect:
    """A row whose cells are changed, and what each problem must say of it.

    ``says`` are regular expressions: of place (after file and line), found, expected.
    """

    name: str
    seed: str
    key: str
    values: Values
    says: tuple[str, str, str]
    told_in: str = ""  # the seed that the problem names, if not the one that was changed
    told_of: str = ""  # the key of its row there
    more: int = 0  # how many problems follow from it in other rows


DEFECTS = [
    # ---- A cell or a row by itself ----------------------------------------------------------
    Defect(
        "an unknown direction",
        "indicators",
        "imd2019, acute_morbidity",
        {"direction": "higher_is_bad"},
        (", column direction", "'higher_is_bad'", "'higher_is_worse' or 'higher_is_better'"),
    ),
    Defect(
        "no direction",
        "indicators",
        "imd2019, acute_morbidity",
        {"direction": ""},
        (", column direction", "nothing", "Field required"),
    ),
    Defect(
        "an unknown standardisation",
        "indicators",
        "imd2019, acute_morbidity",
        {"standardisation": "t_score"},
        (", column standardisation", "'t_score'", "'rank_normal', 'z_score' or 'none'"),
    ),
    Defect(
        "an unknown missing rule",
        "indicators",
        "imd2019, acute_morbidity",
        {"missing_rule": "guess"},
        (", column missing_rule", "'guess'", "'exclude', 'lad_value', 'zero' or 'value'"),
    ),
    Defect(
        "a share that is no percentage",
        "indicators",
        "imd2019, acute_morbidity",
        {"max_missing_percent": "101"},
        (", column max_missing_percent", "'101'", "less than or equal to 100"),
    ),
    Defect(
        "a weight that is no number",
        "indicators",
        "cni2019, hospital_travel_time",
        {"weight": "heavy"},
        (", column weight", "'heavy'", "valid number"),
    ),
    Defect(
        "a weight that is not finite",
        "indicators",
        "cni2019, hospital_travel_time",
        {"weight": "inf"},
        (", column weight", "'inf'", "finite number"),
    ),
    Defect(
        "a column name as it stands in the file",
        "indicators",
        "imd2019, acute_morbidity",
        {"column_name": "Acute morbidity indicator"},
        (", column column_name", "'Acute morbidity indicator'", "pattern"),
    ),
    Defect(
        "a denominator as it stands in the file",
        "indicators",
        "cni2019, one_person_households",
        {"denominator": "Households"},
        (", column denominator", "'Households'", "pattern"),
    ),
    Defect(
        "shrinkage without a denominator",
        "indicators",
        "imd2019, income_deprived",
        {"denominator": ""},
        ("", "imd2019, income, income_deprived", "shrinkage needs a denominator and a larger_area"),
    ),
    Defect(
        "shrinkage without a larger area",
        "indicators",
        "imd2019, income_deprived",
        {"larger_area": ""},
        ("", "imd2019, income, income_deprived", "shrinkage needs a denominator and a larger_area"),
    ),
    Defect(
        "a larger area's value without a larger area",
        "indicators",
        "cni2019, broadband_speed",
        {"larger_area": ""},
        (
            "",
            "cni2019, connectedness, broadband_speed",
            "missing_rule lad_value needs a larger_area",
        ),
    ),
    Defect(
        "a value to assume that is not given",
        "indicators",
        "imd2019, income_deprived",
        {"missing_value": ""},
        ("", "imd2019, income, income_deprived", "missing_rule value and missing_value need"),
    ),
    Defect(
        "a value to assume that no rule asks for",
        "indicators",
        "imd2019, acute_morbidity",
        {"missing_value": "5"},
        ("", "imd2019, health, acute_morbidity", "missing_rule value and missing_value need"),
    ),
    Defect(
        "a best value of what is worse when it is higher",
        "indicators",
        "imd2025, connectivity",
        {"direction": "higher_is_worse"},
        ("", "imd2025, geographical_barriers, connectivity", "best_value is for direction"),
    ),
    Defect(
        "a composite with a denominator",
        "indicators",
        "imd2025, overcrowding",
        {"denominator": "total_population"},
        ("", "imd2025, wider_barriers, overcrowding", "a composite .* has no denominator"),
    ),
    Defect(
        "a composite that is a part",
        "indicators",
        "imd2025, overcrowding",
        {"part_of": "homelessness"},
        ("", "imd2025, wider_barriers, overcrowding", "a composite .* is no part"),
    ),
    Defect(
        "a part with a weight of its own",
        "indicators",
        "imd2025, core_homelessness",
        {"weight": "1"},
        ("", "imd2025, wider_barriers, core_homelessness", "a part has no weight"),
    ),
    Defect(
        "an unknown weighting",
        "sub_domains",
        "iod2019, health",
        {"weighting": "pca"},
        (", column weighting", "'pca'", "'equal', 'given' or 'ml_one_factor'"),
    ),
    Defect(
        "an unknown combination",
        "sub_domains",
        "iod2019, health",
        {"combination": "product"},
        (", column combination", "'product'", "'sum' or 'mean'"),
    ),
    Defect(
        "a total of weights that are not given",
        "sub_domains",
        "iod2019, health",
        {"weight_total": "1"},
        ("", "iod2019, health, health", "weighting given and weight_total need"),
    ),
    Defect(
        "given weights without their total",
        "sub_domains",
        "cni2019, connectedness",
        {"weight_total": ""},
        ("", "cni2019, connectedness, connectedness", "weighting given and weight_total need"),
    ),
    Defect(
        "a scale of nothing",
        "indicator_units",
        "per_1000",
        {"scale": "0"},
        (", column scale", "'0'", "greater than 0"),
    ),
    Defect(
        "an outcome without a direction that is known",
        "outcomes",
        "disabled",
        {"direction": "higher"},
        (", column direction", "'higher'", "'higher_is_worse', 'higher_is_better' or 'neither'"),
    ),
    Defect(
        "a mean of no counts",
        "outcomes",
        "claimants_2022",
        {"count_periods": "0"},
        (", column count_periods", "'0'", "greater than 0"),
    ),
    # ---- Names between the seeds ------------------------------------------------------------
    Defect(
        "an unknown unit",
        "indicators",
        "imd2019, acute_morbidity",
        {"unit": "furlongs"},
        (", column unit", "'furlongs'", "one of .*km, .*minutes"),
    ),
    Defect(
        "an outcome of a release that does not exist",
        "outcomes",
        "income_deprived_2025",
        {"index_release": "imd2091"},
        (", column index_release", "'imd2091'", "one of cni2019, .*imd2025"),
    ),
    Defect(
        "an outcome of an index that no indicator with a denominator is",
        "outcomes",
        "income_deprived_2025",
        {"source_measure": "acute_morbidity"},
        (", column source_measure", "'acute_morbidity'", "one of .*income_deprived"),
    ),
    Defect(
        "an unknown larger area",
        "indicators",
        "imd2019, income_deprived",
        {"larger_area": "county"},
        (", column larger_area", "'county'", "one of cauth23, icb24, lad16, .*ward25"),
    ),
    Defect(
        "a composite that does not exist",
        "indicators",
        "imd2025, core_homelessness",
        {"part_of": "homeless"},
        (", column part_of", "'homeless'", "one of homelessness, overcrowding"),
        more=1,  # a composite with one part
    ),
    Defect(
        "a sub-domain of a framework that does not exist",
        "sub_domains",
        "iod2019, idaci",
        {"framework": "iod2091"},
        (", column framework", "'iod2091'", "one of cni2019, .*iod2025"),
        more=1,  # an indicator without a sub-domain
    ),
    # ---- Weights ----------------------------------------------------------------------------
    Defect(
        "indicators whose weights do not add up",
        "indicators",
        "cni2019, hospital_travel_time",
        {"weight": "0.3"},
        (
            "",
            r"the indicator weights of cni2019, connectedness add up to 1\.1 \(7 weights\)",
            "1, as the row says",
        ),
        told_in="sub_domains",
        told_of="cni2019, connectedness",
    ),
    Defect(
        "a total that the weights do not add up to",
        "sub_domains",
        "cni2019, connectedness",
        {"weight_total": "100"},
        ("", "add up to 1 ", "100, as the row says"),
    ),
    Defect(
        "a weight that is missing",
        "indicators",
        "cni2019, hospital_travel_time",
        {"weight": ""},
        ("", "6 of the 7 indicators of cni2019, connectedness have", "a weight for each, .*given"),
        told_in="sub_domains",
        told_of="cni2019, connectedness",
    ),
    Defect(
        "a weight where none belongs",
        "indicators",
        "imd2019, acute_morbidity",
        {"weight": "0.25"},
        ("", "1 of the 4 indicators of imd2019, health have", "none, with weighting ml_one_factor"),
        told_in="sub_domains",
        told_of="iod2019, health",
    ),
    Defect(
        "a weight among equals",
        "indicators",
        "imd2019, distance_to_gp",
        {"weight": "1"},
        ("", "1 of the 4 indicators", "none, with weighting equal"),
        told_in="sub_domains",
        told_of="iod2019, geographical_barriers",
    ),
    Defect(
        "sub-domains whose weights do not add up",
        "sub_domains",
        "iod2019, indoors",
        {"weight": "0.667"},
        (
            "",
            r"the sub-domain weights of iod2019, living_environment add up to 1\.667 \(2 weights\)",
            "3, as the row says",
        ),
        told_in="domain_weights",
        told_of="iod2019, living_environment",
    ),
    Defect(
        "domains whose weights do not add up",
        "domain_weights",
        "iod2025, crime",
        {"weight": "0.094"},
        (
            "",
            r"the domain weights of imd2025 add up to 1 \(7 weights\)",
            r"0\.999, as the row says",
        ),
        told_in="index_releases",
        told_of="imd2025",
    ),
    Defect(
        "a release that does not say what its weights add up to",
        "index_releases",
        "imd2025",
        {"domain_weight_total": ""},
        ("", r"the domain weights of imd2025 add up to 0\.999", "0, as the row says"),
    ),
]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_told_with_its_seed_line_and_value(seeds: Seeds, defect: Defect) -> None:
    line = seeds.set(defect.seed, defect.key, **defect.values)
    told_in = defect.told_in or defect.seed
    if defect.told_of:
        keys = [key_of(told_in, row) for row in seeds.rows(told_in)]
        line = keys.index(defect.told_of) + 2
    place, found, expected = defect.says
    where = f"dbt_project/seeds/{told_in}.csv, line {line}{place}"
    problems = seeds.refused()
    (problem,) = [one for one in problems if one.where == where]
    assert len(problems) == 1 + defect.more
    assert re.search(found, problem.found), problem.found
    assert re.search(expected, problem.expected), problem.expected
    assert re.match("correct the", problem.remedy)


def test_a_release_that_does_not_exist_is_told_by_its_name_and_not_by_its_sub_domain(
    seeds: Seeds,
) -> None:
    line = seeds.set("indicators", "imd2019, acute_morbidity", index_release="imd1066")
    (problem,) = seeds.refused()
    assert problem.where == f"dbt_project/seeds/indicators.csv, line {line}, column index_release"
    assert problem.found == "'imd1066'"


def test_a_sub_domain_that_does_not_exist_is_told_with_those_of_the_release(seeds: Seeds) -> None:
    line = seeds.set("indicators", "imd2019, acute_morbidity", sub_domain="helth")
    (problem,) = seeds.refused()
    assert problem.where == f"dbt_project/seeds/indicators.csv, line {line}, column sub_domain"
    assert problem.found == "'helth'"
    listed = problem.expected.removeprefix("one of ").split(", ")
    assert listed == sorted(
        row.sub_domain for row in METHODOLOGY.sub_domains if row.framework == "iod2019"
    )


def test_a_domain_that_does_not_exist_is_told_with_those_of_the_release(seeds: Seeds) -> None:
    line = seeds.set("sub_domains", "iod2019, health", domain="helth")
    problems = {problem.where: problem for problem in seeds.refused()}
    told = problems[f"dbt_project/seeds/sub_domains.csv, line {line}, column domain"]
    assert told.found == "'helth'"
    assert "barriers, crime, education" in told.expected
    # And what that leaves: a domain with nothing in it.
    (left,) = (one for where, one in problems.items() if where != told.where)
    assert "the sub-domain weights of iod2019, health add up to 0 (0 weights)" in left.found


@pytest.mark.parametrize(
    ("seed", "key", "change", "columns"),
    [
        (
            "indicators",
            "imd2019, acute_morbidity",
            {"column_name": "another_column"},
            "index_release and indicator",
        ),
        (
            "indicators",
            "imd2019, acute_morbidity",
            {"indicator": "another_indicator"},
            "index_release and column_name",
        ),
        ("sub_domains", "iod2019, idaci", {}, "framework and sub_domain"),
        ("domain_weights", "iod2019, crime", {}, "framework and domain"),
        ("indicator_units", "km", {}, "unit"),
        ("outcomes", "disabled", {"source_measure": "another"}, "outcome"),
        ("outcomes", "disabled", {"outcome": "another"}, "index_release and source_measure"),
    ],
    ids=["indicator", "column_name", "sub_domain", "domain", "unit", "outcome", "source_measure"],
)
def test_what_stands_twice_is_told_with_both_lines(
    seeds: Seeds, seed: str, key: str, change: Values, columns: str
) -> None:
    first, second = seeds.repeat(seed, key, **change)
    (problem,) = (one for one in seeds.refused() if one.where.split(",")[1].startswith(" lines"))
    assert problem.where == f"dbt_project/seeds/{seed}.csv, lines {first}, {second}"
    assert problem.found.endswith(": 2 rows")
    assert problem.expected == f"one row for each {columns}"
    assert problem.remedy == "take away the rows that are too many"


def test_an_indicator_may_have_its_name_and_column_in_each_release() -> None:
    names = [row.indicator for row in METHODOLOGY.indicators]
    columns = [row.column_name for row in METHODOLOGY.indicators if row.column_name]
    assert len(set(names)) < len(names)
    assert len(set(columns)) < len(columns)


@pytest.mark.parametrize("parts", [0, 1])
def test_a_composite_of_fewer_than_two_parts_is_refused(seeds: Seeds, parts: int) -> None:
    for part in ("overcrowding_by_rooms", "overcrowding_by_bedrooms")[parts:]:
        seeds.drop("indicators", f"imd2025, {part}")
    (problem,) = seeds.refused()
    assert re.fullmatch(
        r"dbt_project/seeds/indicators\.csv, line \d+, column column_name", problem.where
    )
    assert problem.found == f"overcrowding has no column and {parts} part(s)"
    assert "part_of" in problem.remedy


def test_a_part_belongs_to_a_composite_of_its_own_sub_domain(seeds: Seeds) -> None:
    seeds.set("indicators", "imd2025, patients_per_gp", part_of="housing_affordability")
    (problem,) = seeds.refused()
    assert problem.where.endswith(", column part_of")
    assert problem.expected == "one of homelessness, overcrowding"


@pytest.mark.parametrize(
    ("key", "dropped", "left", "fewest"),
    [
        ("imd2019, health", ["acute_morbidity", "mood_and_anxiety"], 2, 3),
        ("imd2019, adult_skills", ["adult_skills"], 0, 1),
    ],
    ids=["one factor from two", "nothing from nothing"],
)
def test_a_sub_domain_with_too_few_indicators_is_refused_unless_a_reason_is_given(
    seeds: Seeds, key: str, dropped: list[str], left: int, fewest: int
) -> None:
    for indicator in dropped:
        seeds.drop("indicators", f"imd2019, {indicator}")
    (problem,) = seeds.refused()
    assert problem.found == f"{left} indicator(s) of {key}"
    assert problem.expected.startswith(f"{fewest} or more with weighting ")
    assert "not_rebuilt_because" in problem.remedy
    seeds.set(
        "sub_domains", key.replace("imd", "iod"), not_rebuilt_because="The publisher withdrew them"
    )
    assert len(seeds.load().indicators) == len(METHODOLOGY.indicators) - len(dropped)


def test_a_release_built_as_the_one_before_it_needs_no_other_row(seeds: Seeds) -> None:
    seeds.repeat("index_releases", "imd2025", index_release="imd2030")
    assert seeds.load().domains_of("imd2030") == METHODOLOGY.domains_of("imd2025") != []


def test_a_framework_without_domains_is_refused(seeds: Seeds) -> None:
    line = seeds.set("index_releases", "imd2015", framework="iod2015")
    (problem,) = seeds.refused()
    assert problem.where == f"dbt_project/seeds/index_releases.csv, line {line}, column framework"
    assert problem.expected == "one of cni2019, cni2023, iod2019, iod2025"


def test_a_row_with_more_values_than_columns_is_refused_with_its_line(seeds: Seeds) -> None:
    path = seeds.folder / "sub_domains.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[3] += ",too,many"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (problem,) = seeds.refused()
    assert (
        problem.where == "dbt_project/seeds/sub_domains.csv, line 4, column beyond the last column"
    )
    assert problem.found == "['too', 'many']"


def test_a_row_with_fewer_values_than_columns_is_refused_with_its_line(seeds: Seeds) -> None:
    path = seeds.folder / "indicator_units.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] = lines[2].rpartition(",")[0]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (problem,) = seeds.refused()
    assert problem.where == "dbt_project/seeds/indicator_units.csv, line 3, column is_share"
    assert problem.found == "None"


def test_a_column_that_no_model_knows_is_refused(seeds: Seeds) -> None:
    rows = seeds.rows("indicator_units")
    seeds.write("indicator_units", [row | {"colour": "red"} for row in rows])
    problems = seeds.refused()
    assert len(problems) == len(rows)
    assert problems[0].where == "dbt_project/seeds/indicator_units.csv, line 2, column colour"
    assert problems[0].found == "'red'"


def test_wrong_rows_of_all_seeds_come_in_one_error(seeds: Seeds) -> None:
    places = [
        seeds.set("domain_weights", "iod2019, crime", weight="-1"),
        seeds.set("sub_domains", "iod2019, health", weighting="pca", combination="product"),
        seeds.set("indicators", "imd2019, acute_morbidity", direction="up"),
        seeds.set("indicator_units", "km", scale="mile"),
    ]
    assert [problem.where.removeprefix("dbt_project/seeds/") for problem in seeds.refused()] == [
        f"domain_weights.csv, line {places[0]}, column weight",
        f"sub_domains.csv, line {places[1]}, column weighting",
        f"sub_domains.csv, line {places[1]}, column combination",
        f"indicators.csv, line {places[2]}, column direction",
        f"indicator_units.csv, line {places[3]}, column scale",
    ]


def test_repeated_unknown_partless_and_unequal_come_in_one_error(seeds: Seeds) -> None:
    seeds.repeat("indicator_units", "km")
    seeds.set("indicators", "imd2019, acute_morbidity", unit="furlongs")
    seeds.drop("indicators", "imd2025, overcrowding_by_rooms")
    seeds.set("indicators", "cni2019, hospital_travel_time", weight="0.3")
    seeds.set("sub_domains", "iod2019, indoors", weight="3")
    seeds.set("domain_weights", "iod2025, crime", weight="0.1")
    found = " / ".join(problem.found for problem in seeds.refused())
    for said in (
        "km: 2 rows",
        "'furlongs'",
        "overcrowding has no column and 1 part",
        "the domain weights of imd2025",
        "the sub-domain weights of iod2019, living_environment",
        "the indicator weights of cni2019, connectedness",
    ):
        assert said in found
    assert found.count(" / ") == 5


# --- Properties -----------------------------------------------------------------------------------

WEIGHED = [
    row.indicator
    for row in METHODOLOGY.indicators
    if (row.index_release, row.sub_domain) == ("cni2019", "connectedness")
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Seeds:
    """Seeds that examples of a property write over, each wholly."""
    folder = tmp_path_factory.mktemp("seeds")
    for name in NAMES:
        shutil.copyfile(SEEDS / f"{name}.csv", folder / f"{name}.csv")
    return Seeds(folder)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=len(WEIGHED), max_size=len(WEIGHED)),
    st.integers(-3, 3),
)
def test_given_weights_are_accepted_exactly_where_they_add_up_to_their_total(
    shared: Seeds, parts: list[int], off: int
) -> None:
    rows = Seeds(SEEDS).rows("indicators")
    for row in rows:
        if row["index_release"] == "cni2019" and row["indicator"] in WEIGHED:
            row["weight"] = f"{parts[WEIGHED.index(row['indicator'])] / 10**6:.6f}"
    shared.write("indicators", rows)
    sub_domains = Seeds(SEEDS).rows("sub_domains")
    for row in sub_domains:
        if key_of("sub_domains", row) == "cni2019, connectedness":
            row["weight_total"] = f"{(sum(parts) + off) / 10**6:.6f}"
    assume(sum(parts) + off > 0)
    shared.write("sub_domains", sub_domains)
    if off:
        (problem,) = shared.refused()
        assert f"add up to {sum(parts) / 10**6:.10g} " in problem.found
    else:
        shared.load()


headers = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text("aZ09 _-()%/,.'é£ß\u0130\u212a", max_size=14),
)


def matches(column_name: str, header: str) -> bool:
    """As a table looks for the column's header."""
    pattern = header_pattern([header], column_name)
    return re.compile(pattern, re.IGNORECASE).fullmatch(header) is not None


@settings(max_examples=300, deadline=None)
@given(headers)
@example("  Income Domain numerator ")
@example("Income of local charities per head (£)")
@example("\u212aelvin")
@example("\u0130")
@example("ſ")
@example("Core homelessness rate (% of households)")
def test_a_header_is_found_by_the_name_that_it_is_cleaned_to(header: str) -> None:
    name = cleaned(header)
    assume(name)
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name)
    assert cleaned(name) == name
    assert matches(name, header)


@settings(max_examples=300, deadline=None)
@given(
    st.from_regex(r"[a-c01]{1,3}(_[a-c01]{1,3}){0,2}", fullmatch=True),
    st.one_of(headers, st.text("aBc01 _-é", max_size=9)),
)
@example("s", "ſ")
@example("a_b", "a b_")
@example("a_b", "ab")
@example("a_b", "a % b")
def test_a_header_is_found_by_no_other_name(name: str, header: str) -> None:
    assert matches(name, header) == (cleaned(header) == name)


def test_no_column_of_the_shipped_seeds_is_found_by_the_name_of_another() -> None:
    for release in {row.index_release for row in METHODOLOGY.indicators}:
        names = list(METHODOLOGY.in_files_of(release))
        for name in names:
            assert [other for other in names if matches(name, other)] == [name]
