"""The three Indices of Deprivation files and the two CNI files, without their indicators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.register import Area
from orchestration.sample.country.society import CNI_DOMAINS
from orchestration.sample.files.csv_files import OCSI, Dialect, Row, write_table
from orchestration.sample.publisher.deprivation import Indices
from orchestration.sample.publisher.need import CommunityNeeds
from orchestration.sample.publisher.world import World

FILE_2015 = (
    "File_7_ID_2015_All_ranks__deciles_and_scores_for_the_Indices_of_Deprivation"
    "__and_population_denominators.csv"
)
FILE_2019 = "File_7_-_All_IoD2019_Scores__Ranks__Deciles_and_Population_Denominators_3.csv"
FILE_2025 = "File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"

_RANK = "Rank (where 1 is most deprived)"
_DECILE = "Decile (where 1 is most deprived 10% of LSOAs)"
_INDEX = [("imd", "Index of Multiple Deprivation (IMD)", "Score")]
_DOMAINS = [
    ("income", "Income", "Score (rate)"),
    ("employment", "Employment", "Score (rate)"),
    ("education", "Education, Skills and Training", "Score"),
    ("health", "Health Deprivation and Disability", "Score"),
    ("crime", "Crime", "Score"),
    ("barriers", "Barriers to Housing and Services", "Score"),
    ("living", "Living Environment", "Score"),
]
_SUB_DOMAINS = [
    ("children", "Children and Young People Sub-domain", "Score"),
    ("adult_skills", "Adult Skills Sub-domain", "Score"),
    ("geographical", "Geographical Barriers Sub-domain", "Score"),
    ("wider", "Wider Barriers Sub-domain", "Score"),
    ("indoors", "Indoors Sub-domain", "Score"),
]
_OUTDOORS = "Outdoors Sub-domain"
_IDACI = "Income Deprivation Affecting Children Index (IDACI)"
_IDAOPI = "Income Deprivation Affecting Older People (IDAOPI)"

Column = tuple[str, list[object]]


def iod_2015(world: World, folder: Path) -> Path:
    """ID 2015: the index only, by name and not by code, CRLF, with two blank columns at the end."""
    indices = world.imd_2015
    columns = [
        *area_columns(world, 2011, 2013, 2017),
        *_measures(indices, _INDEX),
        *_people_columns(indices, "mid 2012"),
    ]
    names = [name for _, name in world.areas.lsoa11]
    order = sorted(range(len(names)), key=names.__getitem__)
    dialect = Dialect(crlf=True, blank_columns=2)
    return _write(folder / FILE_2015, columns, dialect, order)


def iod_2019(world: World, folder: Path) -> Path:
    """IoD 2019: without the outdoors score, IDACI and IDAOPI as scores; one header ends blank."""
    indices = world.imd_2019
    columns = [
        *area_columns(world, 2011, 2019, 2019),
        *_measures(indices, _INDEX + _DOMAINS),
        (f"{_IDACI} Score (rate)", _three(indices.score["idaci"])),
        (f"{_IDAOPI} Score (rate)", _three(indices.score["idaopi"])),
        *_measures(indices, _SUB_DOMAINS),
        *_ranked(indices, "outdoors", _OUTDOORS),
        *_people_columns(indices, "mid 2015"),
    ]
    columns = [
        (f"{title} " if title.startswith("Total population") else title, values)
        for title, values in columns
    ]
    return _write(folder / FILE_2019, columns, Dialect(crlf=True))


def iod_2025(world: World, folder: Path) -> Path:
    """IoD 2025: IDACI and IDAOPI as ranks; one header is cut off, as the publisher left it."""
    indices = world.imd_2025
    columns = [
        *area_columns(world, 2021, 2024, 2024),
        *_measures(indices, _INDEX + _DOMAINS),
        *_ranked(indices, "idaci", _IDACI),
        *_ranked(indices, "idaopi", _IDAOPI),
        *_measures(indices, [*_SUB_DOMAINS, ("outdoors", _OUTDOORS, "Score")]),
        *_people_columns_2025(indices),
    ]
    cut = f"{_SUB_DOMAINS[0][1]} {_DECILE}"
    columns = [
        (title.removesuffix("As)") if title == cut else title, values) for title, values in columns
    ]
    return _write(folder / FILE_2025, columns, Dialect())


def cni_2019(world: World, folder: Path) -> Path:
    """CNI 2019: single-precision figures in full; `lad19` is headed so but holds 2017 districts."""
    needs = world.needs_2019
    header = [
        *("ward17_code", "ward17_name", "lad19_code", "lad19_name"),
        *("Civic Assets score", "Civic Assets rank", "Connectedness score", "Connectedness rank"),
        *("Engaged community score", "Engaged community rank"),
        *("Community Needs Index score", "Community Needs Index rank", "Left Behind Area?"),
    ]
    rows: list[Row] = []
    for position, ward in enumerate(world.cni_wards):
        measures: list[object] = []
        for domain in CNI_DOMAINS:
            measures.append(_fifteen_digits(needs.domain_score[domain][position]))
            measures.append(needs.domain_rank[domain][position])
        rows.append(
            [
                *world.areas.ward17[ward],
                *world.areas.district[2017][world.ward_district[ward]],
                *measures,
                _fifteen_digits(needs.score[position]),
                needs.rank[position],
                _flag(world.left_behind_2019[position]),
            ]
        )
    return write_table(folder / "cni2019_doggerland_ward17.csv", header, rows, OCSI)


def cni_2023(world: World, folder: Path) -> Path:
    """CNI 2023: two decimals, in rank order."""
    needs: CommunityNeeds = world.needs_2023
    index, domain_titles = (
        "Community Needs Index 2023",
        (
            "Civic Assets Domain",
            "Connectedness Domain",
            "Active and Engaged Community Domain",
        ),
    )
    header = ["lsoa21_code", "lsoa21_name", f"{index} Score", f"{index} Rank"]
    header += [f"{title} {kind}" for title in domain_titles for kind in ("Score", "Rank")]
    rows: list[Row] = []
    for area in np.argsort(needs.rank, kind="stable"):
        measures: list[object] = []
        for domain in CNI_DOMAINS:
            measures.append(round(float(needs.domain_score[domain][area]), 2))
            measures.append(needs.domain_rank[domain][area])
        rows.append(
            [
                *world.areas.lsoa21[area],
                round(float(needs.score[area]), 2),
                needs.rank[area],
                *measures,
                _flag(world.left_behind_2023[area]),
            ]
        )
    header.append("Left Behind Area?")
    return write_table(folder / "cni2023_doggerland_lsoa21.csv", header, rows, OCSI)


def area_columns(world: World, lsoa_year: int, lad_year: int, lad_vintage: int) -> list[Column]:
    """Codes and names; a header may state an earlier district year than the codes date from."""
    country = world.country
    district_of: Ints
    areas: list[Area]
    if lsoa_year == 2011:
        areas = world.areas.lsoa11
        district_of = country.msoa_district[world.lineage.lsoa11_msoa]
    else:
        areas, district_of = world.areas.lsoa21, country.district
    districts = [world.areas.district[lad_vintage][d] for d in district_of]
    return [
        (f"LSOA code ({lsoa_year})", [code for code, _ in areas]),
        (f"LSOA name ({lsoa_year})", [name for _, name in areas]),
        (f"Local Authority District code ({lad_year})", [code for code, _ in districts]),
        (f"Local Authority District name ({lad_year})", [name for _, name in districts]),
    ]


def _measures(indices: Indices, spec: Sequence[tuple[str, str, str]]) -> list[Column]:
    """Score, rank and decile columns."""
    columns: list[Column] = []
    for name, title, score in spec:
        columns.append((f"{title} {score}", _three(indices.score[name])))
        columns += _ranked(indices, name, title)
    return columns


def _ranked(indices: Indices, name: str, title: str) -> list[Column]:
    return [
        (f"{title} {_RANK}", list(indices.rank[name])),
        (f"{title} {_DECILE}", list(indices.decile(name))),
    ]


def _people_columns(indices: Indices, date: str) -> list[Column]:
    people, note = indices.people, "(excluding prisoners)"
    working_age = "Working age population 18-59/64: for use with Employment Deprivation Domain"
    return [
        (f"Total population: {date} {note}", list(people.total)),
        (f"Dependent Children aged 0-15: {date} {note}", list(people.children)),
        (f"Population aged 16-59: {date} {note}", list(people.middle)),
        (f"Older population aged 60 and over: {date} {note}", list(people.older)),
        (f"{working_age} {note}", [float(n) for n in people.working_age]),
    ]


def _people_columns_2025(indices: Indices) -> list[Column]:
    people = indices.people
    working_age = "Working age population 18-66 (for use with Employment Deprivation Domain)"
    return [
        ("Total population: mid 2022", list(people.total)),
        ("Dependent Children aged 0-15: mid 2022", list(people.children)),
        ("Population aged 16-59: mid 2022", list(people.middle)),
        ("Older population aged 60 and over: mid 2022", list(people.older)),
        (f"{working_age}: mid 2022", [int(n) for n in people.working_age]),
    ]


def _write(
    path: Path, columns: list[Column], dialect: Dialect, order: list[int] | None = None
) -> Path:
    rows = list(zip(*(values for _, values in columns), strict=True))
    if order is not None:
        rows = [rows[position] for position in order]
    return write_table(path, [title for title, _ in columns], rows, dialect)


def _three(values: Floats) -> list[object]:
    """At most three decimals, trailing zeros dropped."""
    return [round(float(value), 3) for value in values]


def _fifteen_digits(value: float) -> str:
    """A single-precision figure printed as if it were a double, as OCSI's export shows it."""
    return format(value, ".15g")


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"
