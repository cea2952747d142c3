"""Every file of the Indices, the CNI and population as its publisher lays it out.

Sheets and headers are the publishers', figures are not. What is read is told by number, so that a
column that is taken for another is noticed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, cast

import duckdb
import pytest
import xlsxwriter

from orchestration.modelling.seeds import load_methodology
from orchestration.problems import Problem, RefreshError
from orchestration.raw.readers import read_all
from orchestration.sources.registry import Registry, load_registry
from orchestration.sources.vault import Vault, VaultFile

REGISTRY = load_registry("england")
METHODOLOGY = load_methodology()
Sheets = dict[str, list[list[Any]]]

LSOA_2011 = ("LSOA code (2011)", "LSOA name (2011)")
LSOA_2021 = ("LSOA code (2021)", "LSOA name (2021)")


def authority(year: int) -> tuple[str, str]:
    return (
        f"Local Authority District code ({year})",
        f"Local Authority District name ({year})",
    )


# --- File 7 ---------------------------------------------------------------------------------------

FIRST = "(where 1 is most deprived)"
TENTH = "(where 1 is most deprived 10% of LSOAs)"
MEASURES = {
    "overall": "Index of Multiple Deprivation (IMD)",
    "income": "Income",
    "employment": "Employment",
    "education": "Education, Skills and Training",
    "health": "Health Deprivation and Disability",
    "crime": "Crime",
    "barriers": "Barriers to Housing and Services",
    "living_environment": "Living Environment",
    "idaci": "Income Deprivation Affecting Children Index (IDACI)",
    "idaopi": "Income Deprivation Affecting Older People (IDAOPI)",
    "children": "Children and Young People Sub-domain",
    "adult_skills": "Adult Skills Sub-domain",
    "geographical_barriers": "Geographical Barriers Sub-domain",
    "wider_barriers": "Wider Barriers Sub-domain",
    "indoors": "Indoors Sub-domain",
    "outdoors": "Outdoors Sub-domain",
}
RATES = ("income", "employment", "idaci", "idaopi")
PEOPLE: dict[str, tuple[str, ...]] = {
    "imd2015": (
        "Total population: mid 2012 (excluding prisoners)",
        "Dependent Children aged 0-15: mid 2012 (excluding prisoners)",
        "Population aged 16-59: mid 2012 (excluding prisoners)",
        "Older population aged 60 and over: mid 2012 (excluding prisoners)",
        "Working age population 18-59/64: for use with Employment Deprivation Domain "
        "(excluding prisoners)",
    ),
    "imd2025": (
        "Total population: mid 2022",
        "Dependent Children aged 0-15: mid 2022",
        "Population aged 16-59: mid 2022",
        "Older population aged 60 and over: mid 2022",
        "Working age population 18-66 (for use with Employment Deprivation Domain): mid 2022",
    ),
}
PEOPLE["imd2019"] = tuple(header.replace("2012", "2015") for header in PEOPLE["imd2015"])


def file_7(release: str) -> list[str]:
    """The headers of File 7."""
    area, year = {
        "imd2015": (LSOA_2011, 2013),
        "imd2019": (LSOA_2011, 2019),
        "imd2025": (LSOA_2021, 2024),
    }[release]
    columns = [*area, *authority(year)]
    for measure, stem in MEASURES.items():
        score = f"{stem} Score (rate)" if measure in RATES else f"{stem} Score"
        columns += [score, f"{stem} Rank {FIRST}", f"{stem} Decile {TENTH}"]
    columns += PEOPLE[release]
    if release == "imd2025":
        # As the publisher cut it off.
        cut = MEASURES["children"] + " Decile (where 1 is most deprived 10% of LSO"
        columns = [cut if header.startswith(cut) else header for header in columns]
    return columns


# --- File 8 ---------------------------------------------------------------------------------------

NUMERATORS = {
    "Income": [
        "Income Domain numerator",
        "Income Deprivation Affecting Children Index (IDACI) numerator",
        "Income Deprivation Affecting Older People Index (IDAOPI) numerator",
    ],
    "Employment": ["Employment Domain numerator"],
}
HOUSING = [
    "Owner-occupation affordability (component of housing affordability indicator)",
    "Private rental affordability (component of housing affordability indicator)",
    "Housing affordability indicator",
]
AIR = [
    "Nitrogen dioxide (component of air quality indicator)",
    "Benzene (component of air quality indicator)",
    "Sulphur dioxide (component of air quality indicator)",
    "Particulates (component of air quality indicator)",
    "Air quality indicator",
]
FILE_8 = {
    "imd2019_indicators": {
        **NUMERATORS,
        "Education": [
            "Staying on in education post 16 indicator",
            "Entry to higher education indicator",
            "Adult skills and English language proficiency indicator",
        ],
        "Health": [
            "Years of potential life lost indicator",
            "Comparative illness and disability ratio indicator",
            "Acute morbidity indicator",
            "Mood and anxiety disorders indicator",
        ],
        "Barriers": [
            "Road distance to a post office indicator (km)",
            "Road distance to a primary school indicator (km)",
            "Road distance to general store or supermarket indicator (km)",
            "Road distance to a GP surgery indicator (km)",
            "Household overcrowding indicator",
            "Homelessness indicator (rate per 1000 households)",
            *HOUSING,
        ],
        "Living Env": [
            "Housing in poor condition indicator",
            "Houses without central heating indicator",
            "Road traffic accidents indicator",
            *AIR,
        ],
    },
    "imd2025_indicators": {
        **NUMERATORS,
        "Education": [
            "Adult skills and English language proficiency indicator",
            "Entry to higher education indicator",
        ],
        "Health": [
            "Acute morbidity indicator",
            "Comparative illness and disability ratio indicator",
            "Mental health indicator",
            "Years of potential life lost indicator",
        ],
        "Crime": [
            "Violence with injury, rate per 1,000 'at-risk population'",
            "Violence without injury, rate per 1,000 'at-risk population'",
            "Stalking and harassment, rate per 1,000 'at-risk population'",
            "Burglary, rate per 1,000 'at-risk properties'",
            "Theft, rate per 1,000 'at-risk population'",
            "Criminal damage, rate per 1,000 'at-risk population'",
            "Public order and Possession of weapons, rate per 1,000 'at-risk population'",
            "Anti-Social Behaviour, rate per 1,000 'at-risk population'",
        ],
        "Barriers": [
            "Connectivity Score",
            *HOUSING,
            "Digital Connectivity (Broadband download and upload speeds)",
            "Core homelessness rate (% of households)",
            "Patient-to-GP Ratio",
            "Homelessness indicator (rate per 1,000 households)",
            "Household overcrowding indicator (rooms)",
            "Household overcrowding indicator (bedrooms)",
        ],
        "Living Env": [
            "Housing in poor condition indicator",
            "Housing energy performance deprivation Score",
            "Housing lacking private outdoor space deprivation score",
            "Noise pollution",
            "Road traffic casualties involving injury to pedestrians and cyclists",
            *AIR,
        ],
    },
}
# Which indicator stands where, for some that could be mixed up: sheet, column of it, value.
KNOWN_INDICATORS = {
    "imd2019_indicators": {
        "homelessness": ("IoD2019 Barriers Domain", 5),
        "housing_affordability": ("IoD2019 Barriers Domain", 8),
        "air_quality": ("IoD2019 Living Env Domain", 7),
    },
    "imd2025_indicators": {
        "core_homelessness": ("IoD25 Barriers Domain", 5),
        "homelessness_applications": ("IoD25 Barriers Domain", 7),
        "theft": ("IoD25 Crime Domain", 4),
        "energy_performance": ("IoD25 Living Env Domain", 1),
        "no_outdoor_space": ("IoD25 Living Env Domain", 2),
        "road_casualties": ("IoD25 Living Env Domain", 4),
        "air_quality": ("IoD25 Living Env Domain", 9),
    },
}


def file_8(source_id: str) -> Sheets:
    """Notes, and a sheet a domain, whose columns hold 0, 1, 2, ..."""
    area, year, prefix = {
        "imd2019_indicators": (LSOA_2011, 2019, "IoD2019"),
        "imd2025_indicators": (LSOA_2021, 2024, "IoD25"),
    }[source_id]
    notes: list[list[Any]] = [[]] * 10
    notes += [["", "", "Domain", "Indicator", "Published"], ["", "", "Income", "Numerator", "Yes"]]
    sheets: Sheets = {"Notes": notes}
    for domain, headers in FILE_8[source_id].items():
        sheets[f"{prefix} {domain} Domain"] = [
            [*area, *authority(year), *headers],
            [
                "E01000001",
                "City of London 001A",
                "E09000001",
                "City of London",
                *range(len(headers)),
            ],
        ]
    return sheets


# --- File 10 --------------------------------------------------------------------------------------

FILE_10 = {
    "IMD": "IMD",
    "Income": "Income",
    "Employment": "Employment",
    "Education": "Education, Skills and Training",
    "Health": "Health Deprivation and Disability",
    "Crime": "Crime",
    "Barriers": "Barriers to Housing and Services",
    "Living": "Living Environment",
}
SUPPLEMENTS = {"IDACI": "IDACI", "IDAOPI": "IDAOPI"}


def file_10(source_id: str) -> Sheets:
    """Notes, and a sheet a measure; headers end with blanks, differently by sheet."""
    code, name, overall, measures = {
        "imd2019_summary": (*authority(2019), "IMD 2019", FILE_10 | SUPPLEMENTS),
        "imd2025_summary": (*authority(2024), "IMD25", FILE_10),
    }[source_id]
    sheets: Sheets = {"Notes": [["Notes"], ["Measure", "What it is"], ["Extent", "of the worst"]]}
    for sheet, stem in measures.items():
        headers = []
        for statistic in (
            "average rank",
            "average score",
            "proportion of LSOAs in most deprived 10% nationally",
        ):
            headers += [f"{stem} - {statistic.capitalize().replace('lsoas', 'LSOAs')} "]
            headers += [f"{stem} - Rank of {statistic} "]
        if sheet == "IMD":
            for statistic in ("extent", "local concentration"):
                headers += [f"{overall} - {statistic.capitalize()}"]
                headers += [f"{overall} - Rank of {statistic}"]
        if sheet in ("Income", "Employment"):
            headers += [f"{sheet} scale", f"Rank of {sheet} Scale"]
        sheets[sheet] = [
            [code, name, *headers],
            ["E06000001", "Hartlepool", *range(len(headers))],
        ]
    return sheets


# --- CNI and population ---------------------------------------------------------------------------

CNI_2023 = [
    "LSOA Code",
    "LSOA Name",
    "Community Needs Index 2023 Score",
    "Community Needs Index 2023 Rank",
    "Civic Assets Domain Score",
    "Civic Assets Domain Rank",
    "Connectedness Domain Score",
    "Connectedness Domain Rank",
    "Active and Engaged Community Domain Score",
    "Active and Engaged Community Domain Rank",
]


def people(sheet: str, everybody: int) -> Sheets:
    """A sheet of the ONS workbook of population by single years of age."""
    return {
        sheet: [
            [f"{sheet}: Lower layer Super Output Areas in England and Wales"],
            ["Population Estimates by age and sex"],
            [],
            [],
            ["LSOA Code", "LSOA Name", "LA Code (2019 boundaries)", "All Ages", 0, 1],
            ["E01011949", "Hartlepool 009A", "E06000001", everybody, 30, 25],
            ["W01000003", "Isle of Anglesey 001A", "W06000001", 1400, 12, 13],
        ]
    }


# --- Reading --------------------------------------------------------------------------------------


class Shelf:
    """Gives the readers the bytes of one file, as the vault does."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, _: VaultFile) -> bytes:
        return self._data


def workbook(sheets: Sheets) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return held.getvalue()


def table(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def as_served(suffix: str, rows: list[list[Any]]) -> bytes:
    return table(rows) if suffix == ".csv" else workbook({"Sheet": rows})


def read(
    connection: duckdb.DuckDBPyConnection,
    source_id: str,
    data: bytes,
    suffix: str,
    registry: Registry = REGISTRY,
) -> None:
    fields = dict.fromkeys(("sha256", "origin", "retrieved_at", "issue"), "")
    name = f"tiny{suffix}"
    file = VaultFile(source_id, bytes=len(data), file_name=name, path=name, **fields)
    read_all(connection, registry, cast(Vault, Shelf(data)), [file], METHODOLOGY)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def refused(source_id: str, data: bytes, suffix: str) -> list[Problem]:
    with duckdb.connect() as opened, pytest.raises(RefreshError) as failure:
        read(opened, source_id, data, suffix)
    return failure.value.problems


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("release", ["imd2015", "imd2019", "imd2025"])
def test_file_7_is_read_whole(
    connection: duckdb.DuckDBPyConnection, release: str, suffix: str
) -> None:
    headers = file_7(release)
    names = ["E01000001", "City of London 001A", "E09000001", "City of London"]
    read(
        connection, release, as_served(suffix, [headers, [*names, *range(4, len(headers))]]), suffix
    )
    got = {
        measure: figures
        for measure, *figures in connection.execute(
            "select measure, score, rank, decile from raw.index_measure"
        ).fetchall()
    }
    # The values are the numbers of the columns.
    expected = {
        measure: [4 + 3 * place, 5 + 3 * place, 6 + 3 * place]
        for place, measure in enumerate(MEASURES)
    }
    if release == "imd2015":
        # Its domains are no part of any edition.
        expected = {"overall": expected["overall"]}
    assert got == expected
    first = len(headers) - len(PEOPLE[release])
    assert connection.execute(
        "select area_code, area_name, lad_code, lad_name, total_population, children, "
        "older_people, working_age from raw.index_area"
    ).fetchall() == [(*names, first, first + 1, first + 3, first + 4)]


@pytest.mark.parametrize("source_id", FILE_8)
def test_file_8_is_read_with_every_sheet(
    connection: duckdb.DuckDBPyConnection, source_id: str
) -> None:
    read(connection, source_id, workbook(file_8(source_id)), ".xlsx")
    rows = connection.execute(
        "select indicator, sheet, value from raw.indicator where area_code = 'E01000001'"
    ).fetchall()
    got = {indicator: (sheet, value) for indicator, sheet, value in rows}
    release = str(REGISTRY.source(source_id).index_release)
    declared = [row.indicator for row in METHODOLOGY.in_files_of(release).values()]
    assert sorted(indicator for indicator, *_ in rows) == sorted(declared)
    known = KNOWN_INDICATORS[source_id]
    assert {indicator: got[indicator] for indicator in known} == known


def test_a_sheet_of_file_8_that_lacks_a_column_is_refused() -> None:
    sheets = file_8("imd2025_indicators")
    living = sheets["IoD25 Living Env Domain"]
    sheets["IoD25 Living Env Domain"] = [row[:7] + row[8:] for row in living]
    (problem,) = refused("imd2025_indicators", workbook(sheets), ".xlsx")
    assert problem.found == ("no data for 1 declared indicator(s): noise (column noise_pollution)")


@pytest.mark.parametrize("source_id", ["imd2019_summary", "imd2025_summary"])
def test_file_10_is_read_with_every_sheet(
    connection: duckdb.DuckDBPyConnection, source_id: str
) -> None:
    sheets = file_10(source_id)
    read(connection, source_id, workbook(sheets), ".xlsx")
    got = {
        (sheet, statistic): value
        for sheet, statistic, value in connection.execute(
            "select sheet, statistic, value from raw.summary"
        ).fetchall()
    }
    expected = {
        (sheet, statistic): 2 * place
        for sheet in sheets
        if sheet != "Notes"
        for place, statistic in enumerate(("average_rank", "average_score", "proportion"))
    }
    expected |= {("IMD", "extent"): 6, ("IMD", "local_concentration"): 8}
    expected |= {("Income", "scale"): 6, ("Employment", "scale"): 6}
    assert got == expected


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_cni_is_read_under_its_makers_headers(
    connection: duckdb.DuckDBPyConnection, suffix: str
) -> None:
    row = ["E01000001", "City of London 001A", 4.97, 33559, -1.2, 30000, 2.1, 33000, 1.9, 33010]
    read(connection, "cni2023", as_served(suffix, [CNI_2023, row]), suffix)
    assert connection.execute(
        "select area_code, area_name, published_flag from raw.index_area"
    ).fetchall() == [(*row[:2], None)]
    assert connection.execute(
        "select measure, score, rank from raw.index_measure order by rank"
    ).fetchall() == [
        ("civic_assets", -1.2, 30000),
        ("connectedness", 2.1, 33000),
        ("engaged_community", 1.9, 33010),
        ("overall", 4.97, 33559),
    ]


@pytest.mark.parametrize(
    ("code", "name", "stems"),
    [
        (
            "LSOA21CD",
            "LSOA21NM",
            ("CNI", "Civic Assets", "Connectedness", "Active & Engaged Community"),
        ),
        (
            "LSOA 2021 code",
            "LSOA 2021 name",
            (
                "Community Needs 2023",
                "Civic Assets domain",
                "Connectedness domain",
                "Engaged Community",
            ),
        ),
    ],
)
def test_the_cni_of_2023_is_read_whatever_the_wording_of_its_headers(
    connection: duckdb.DuckDBPyConnection, code: str, name: str, stems: tuple[str, ...]
) -> None:
    headers = [code, name, *(f"{stem} {part}" for stem in stems for part in ("score", "rank"))]
    row = ["E01000001", "City of London 001A", 4.97, 4, -1.2, 1, 2.1, 2, 1.9, 3]
    read(connection, "cni2023", table([headers, row]), ".csv")
    assert connection.execute("select measure from raw.index_measure order by rank").fetchall() == [
        ("civic_assets",),
        ("connectedness",),
        ("engaged_community",),
        ("overall",),
    ]


def test_the_cni_of_wards_is_read_under_its_makers_headers_with_the_published_flag(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    headers = ["Ward Code", "Ward Name", "Local Authority Code", "Local Authority Name"]
    for stem in ("Civic Assets", "Connectedness", "Engaged community", "Community Needs Index"):
        headers += [f"{stem} score", f"{stem} rank"]
    row = ["E05000026", "Abbey", "E09000002", "Barking and Dagenham", 1, 2, 3, 4, 5, 6, 7, 8]
    read(connection, "cni2019", table([[*headers, "Left Behind Area?"], [*row, "FALSE"]]), ".csv")
    assert connection.execute(
        "select area_code, lad_code, published_flag from raw.index_area"
    ).fetchall() == [("E05000026", "E09000002", False)]
    # By it the list of 225 is checked: without, the check would pass in silence.
    (problem,) = refused("cni2019", table([headers, row]), ".csv")
    assert problem.where.endswith("column published_flag")


def test_population_is_read_of_persons_below_the_titles(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sheets = {
        "Contents": [["Contents"], ["Sheet", "What it holds"], ["1", "Persons"]],
        **people("Mid-2019 Males", 954),
        **people("Mid-2019 Persons", 1954),
        **people("Mid-2019 Females", 1000),
        **people("Mid-2018 Persons", 1940),
    }
    read(connection, "population_mid2019", workbook(sheets), ".xlsx")
    assert connection.execute(
        "select line_number, area_code, population from raw.population order by 1"
    ).fetchall() == [(6, "E01011949", 1954), (7, "W01000003", 1400)]


@pytest.mark.parametrize(
    "sheets",
    [
        people("Mid-2019 Males", 954),
        people("Mid-2018 Persons", 1954),
        people("Mid-2018 Persons", 1954) | people("Mid-2020 Persons", 1960),
    ],
)
def test_a_workbook_without_the_persons_of_the_year_is_refused(sheets: Sheets) -> None:
    (problem,) = refused("population_mid2019", workbook(sheets), ".xlsx")
    assert problem.where == "source population_mid2019, file tiny.xlsx"
    assert all(repr(name) in problem.found for name in sheets)
    assert problem.expected == "one sheet of areas, named like Mid-2019 Persons"
