"""The files on how people fare: three census archives, disability, and two of claimants."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from orchestration.sample.country.geography import Ints
from orchestration.sample.country.names import BOTH_NATIONS, NATION, NEIGHBOUR_NATION
from orchestration.sample.country.neighbour import neighbour_lsoas
from orchestration.sample.country.register import Area
from orchestration.sample.files.archive import write_archive
from orchestration.sample.files.csv_files import Dialect, Row, write_table
from orchestration.sample.publisher.census import OCCUPATIONS, QUALIFICATIONS, TENURE, CensusTable
from orchestration.sample.publisher.outcomes import Outcomes, draw_outcomes
from orchestration.sample.publisher.world import World

CENSUS_YEAR = 2021
_REPUBLISHED = Dialect(bom=False)

_METADATA = """\
Title: {title}
Description: SYNTHETIC DATA. This dataset provides invented census estimates that classify {about}.
Issued: 2023-01-10T00:00:00.000Z
Identifier: {title}
Language: English
Unit of measure: {unit}
Version: {version}

Coverage

{both}, two invented nations. No figure describes a real place.

Protecting personal data

Counts of small areas carry a little noise, which differs between tables: totals of the same
people may differ by one.
"""


def write_outcomes(world: World, folder: Path, seed: int) -> list[Path]:
    """Write all six."""
    outcomes = draw_outcomes(world, seed)
    return [
        *(
            _census(world, outcomes, table, folder)
            for table in (QUALIFICATIONS, OCCUPATIONS, TENURE)
        ),
        _disability(world, outcomes, folder),
        *(_claimants(world, outcomes, year, folder) for year in outcomes.claimants),
    ]


def _census(world: World, outcomes: Outcomes, table: CensusTable, folder: Path) -> Path:
    """A bulk archive as Nomis has it: a member for each kind of area, and notes.

    The members for output areas and for counties are left out: the country has neither.
    """
    titles, counts = _with_totals(table, outcomes.answers[table.number])
    header = ["date", "geography", "geography code", *(f"{table.prefix}: {t}" for t in titles)]
    members: dict[str, str] = {}
    for kind, areas in _geographies(world).items():
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(_added_up(areas, counts))
        members[f"census2021-{table.number}-{kind}.csv"] = text.getvalue()
    notes = _METADATA.format(
        title=table.title,
        about=table.about,
        unit=table.unit,
        version=table.version,
        both=BOTH_NATIONS[1],
    )
    name = f"metadata/{table.number}-{CENSUS_YEAR}-{table.version}.txt"
    members[name] = notes.replace("\n", "\r\n")
    return write_archive(folder / f"census2021-{table.number}.zip", members)


def _with_totals(table: CensusTable, answers: Ints) -> tuple[list[str], Ints]:
    """Column titles and counts: the total first, and each heading before what it adds up."""
    titles, columns = [f"Total: {table.total}"], [answers.sum(axis=1)]
    for number, category in enumerate(table.categories):
        parent = category.parent
        if parent and parent not in titles:
            titles.append(parent)
            siblings = [c.parent == parent for c in table.categories]
            columns.append(answers[:, siblings].sum(axis=1))
        titles.append(f"{parent}: {category.title}" if parent else category.title)
        columns.append(answers[:, number])
    return titles, np.column_stack(columns)


def _geographies(world: World) -> dict[str, list[Area]]:
    """By kind of area, in the order of the archive: the area of each LSOA, in their order."""
    country, neighbours = world.country, neighbour_lsoas()
    districts, home = world.areas.district[CENSUS_YEAR], country.district
    ours = len(world.areas.lsoa21)
    return {
        "ctry": [*([NATION] * ours), *([NEIGHBOUR_NATION] * len(neighbours))],
        "lsoa": [*world.areas.lsoa21, *((n.code, n.name) for n in neighbours)],
        "ltla": [*(districts[d] for d in home), *(n.district[:2] for n in neighbours)],
        "msoa": [
            *(world.areas.msoa21[m] for m in country.msoa),
            *(n.msoa[:2] for n in neighbours),
        ],
        "rgn": [*(world.areas.region[d] for d in home), *([NEIGHBOUR_NATION] * len(neighbours))],
    }


def _added_up(areas: list[Area], counts: Ints) -> Sequence[Row]:
    """A row an area, in the order of codes; nations by name, and both of them together."""
    in_order = sorted(set(areas))
    number = {area: position for position, area in enumerate(in_order)}
    total = np.zeros((len(in_order), counts.shape[1]), dtype=np.int64)
    np.add.at(total, [number[area] for area in areas], counts)
    rows = [
        (CENSUS_YEAR, name, code, *total[number[code, name]].tolist()) for code, name in in_order
    ]
    if NATION in number:
        rows.append((CENSUS_YEAR, *BOTH_NATIONS[::-1], *total.sum(axis=0).tolist()))
        rows.sort(key=lambda row: row[1])
    return rows


def _disability(world: World, outcomes: Outcomes, folder: Path) -> Path:
    """Two rows an area; counts carry a point, as the republisher's export has them."""
    codes = [*(code for code, _ in world.areas.lsoa21), *(n.code for n in neighbour_lsoas())]
    rows: list[Row] = []
    for code, everybody, disabled in sorted(
        zip(codes, outcomes.residents.tolist(), outcomes.disabled.tolist(), strict=True)
    ):
        for answer, count in (("Disabled", disabled), ("Not disabled", everybody - disabled)):
            label = f"{answer} under the Equality Act"
            rows.append((code, label, float(count), float(everybody), count / everybody))
    header = ("lsoa21_code", "disability", "n", "total_residents", "prop")
    return write_table(folder / "disability_2021_lsoa21.csv", header, rows, _REPUBLISHED)


def _claimants(world: World, outcomes: Outcomes, year: int, folder: Path) -> Path:
    """Doggerland only, by region and name and so not by code. `pop` are those aged 16 and over."""
    found = outcomes.claimants[year]
    districts = world.country.msoa_district[world.lineage.lsoa11_msoa]
    regions = [world.areas.region[district][1] for district in districts]
    rows: list[tuple[str, Row]] = []
    for region, area, adults, count in zip(
        regions, world.areas.lsoa11, found.adults.tolist(), found.count.tolist(), strict=True
    ):
        rows.append((f"{region} {area[1]}", (*area, adults, count / adults, count)))
    header = ("area_code", "area_name", "pop", "claimant_rate", "claimant_count")
    in_order = [row for _, row in sorted(rows)]
    return write_table(folder / f"claimants_{year}_lsoa11.csv", header, in_order, _REPUBLISHED)
