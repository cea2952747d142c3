"""File 10 of the Indices of Deprivation: the summaries of local authorities, 2019 and 2025."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.register import Area
from orchestration.sample.files.csv_files import Dialect, write_table
from orchestration.sample.files.workbooks import Cell, SampleSheet, write_workbook
from orchestration.sample.publisher.deprivation import Indices
from orchestration.sample.publisher.summaries import ranked, summarise
from orchestration.sample.publisher.world import World

FILE_2019 = "file10_iod2019_lad_summaries.xlsx"
FILE_2025 = "file10_iod2025_lad_summaries.csv"

_DECIMALS = {
    "average rank": 2,
    "average score": 3,
    "proportion": 4,
    "extent": 4,
    "local concentration": 2,
    "scale": 2,
}
# Sheet, and how the measure is called in its headers.
_SHEETS = {
    "imd": ("IMD", "IMD"),
    "income": ("Income", "Income"),
    "employment": ("Employment", "Employment"),
    "education": ("Education", "Education, Skills and Training"),
    "health": ("Health", "Health Deprivation and Disability"),
    "crime": ("Crime", "Crime"),
    "barriers": ("Barriers", "Barriers to Housing and Services"),
    "living": ("Living", "Living Environment"),
    "idaci": ("IDACI", "IDACI"),
    "idaopi": ("IDAOPI", "IDAOPI"),
}
_IN_2025 = [name for name in _SHEETS if name not in ("idaci", "idaopi")]

Titled = tuple[str, list[Cell]]
Titles = Callable[[str, str], tuple[str, str]]  # name, measure -> header, header of its rank


def write_summaries(world: World, inbox: Path) -> list[Path]:
    """Write both."""
    return [_iod_2019(world, inbox / "iod2019"), _iod_2025(world, inbox / "iod2025")]


def _iod_2019(world: World, folder: Path) -> Path:
    """A workbook: notes, then a sheet a measure. Many of its headers end with a blank."""
    authority = world.areas.group(2019)[world.country.msoa_district[world.lineage.lsoa11_msoa]]
    authorities = _authorities(world, 2019)
    notes = (
        "SYNTHETIC DATA: Doggerland is an invented country. No figure describes a real place.",
        "English Indices of Deprivation 2019: local authority district summaries (format only)",
        "Rank 1 is the most deprived district. Every measure is higher where it is worse.",
    )
    sheets = [SampleSheet("Notes", [[line] for line in notes])]
    for name, (sheet, _) in _SHEETS.items():
        columns: list[Titled] = [
            ("Local Authority District code (2019)", [code for code, _ in authorities]),
            ("Local Authority District name (2019)", [name for _, name in authorities]),
            *_columns(world.imd_2019, name, authority, _titles_2019),
        ]
        rows = zip(*(cells for _, cells in columns), strict=True)
        sheets.append(SampleSheet(sheet, [[title for title, _ in columns], *rows]))
    return write_workbook(folder / FILE_2019, sheets)


def _iod_2025(world: World, folder: Path) -> Path:
    """As it is republished for R: one wide table, cleaned headers, text quoted.

    Without IDACI and IDAOPI.
    """
    authority = world.areas.group(2024)[world.country.district]
    authorities = _authorities(world, 2024)
    columns: list[Titled] = [
        ("ltla24_code", [code for code, _ in authorities]),
        ("ltla24_name", [name for _, name in authorities]),
    ]
    for name in _IN_2025:
        columns += _columns(world.imd_2025, name, authority, _titles_2025)
    rows = zip(*(cells for _, cells in columns), strict=True)
    dialect = Dialect(bom=False, quote_text=True)
    return write_table(folder / FILE_2025, [title for title, _ in columns], rows, dialect)


def _authorities(world: World, year: int) -> list[Area]:
    """Districts of a year as `Register.group` numbers them."""
    return sorted(set(world.areas.district[year]))


def _columns(indices: Indices, name: str, authority: Ints, titles: Titles) -> list[Titled]:
    """Each measure as printed, with the rank of each authority, which is of unrounded figures."""
    columns: list[Titled] = []
    for measure, values in summarise(indices, name, authority).items():
        title, title_of_rank = titles(name, measure)
        columns.append((title, _printed(values, _DECIMALS[measure])))
        columns.append((title_of_rank, ranked(values).tolist()))
    return columns


def _printed(values: Floats, decimals: int) -> list[Cell]:
    """Rounded; whole numbers lose the point."""
    return [int(v) if v.is_integer() else v for v in values.round(decimals).tolist()]


def _titles_2019(name: str, measure: str) -> tuple[str, str]:
    """Blanks at the end are the publisher's, and so is where there are none."""
    label = _SHEETS[name][1]
    if measure == "scale":
        blank = " " if name == "employment" else ""
        return f"{label} scale{blank}", f"Rank of {label} Scale"
    if measure == "proportion":
        blank = "" if name == "education" else " "
        of_areas = f"roportion of LSOAs in most deprived 10% nationally{blank}"
        return f"{label} - P{of_areas}", f"{label} - Rank of p{of_areas}"
    year = " 2019" if measure in ("extent", "local concentration") else ""
    return f"{label}{year} - {measure.capitalize()} ", f"{label}{year} - Rank of {measure} "


def _titles_2025(name: str, measure: str) -> tuple[str, str]:
    """Snake case, as R's janitor has it: it takes 'LSOAs' for two words."""
    label = re.sub("[^a-z]+", "_", _SHEETS[name][1].lower())
    if measure == "scale":
        return f"{label}_scale", f"rank_of_{label}_scale"
    if measure == "proportion":
        measure = "proportion_of_lso_as_in_most_deprived_10_percent_nationally"
    year = "25" if measure in ("extent", "local concentration") else ""
    words = measure.replace(" ", "_")
    return f"{label}{year}_{words}", f"{label}{year}_rank_of_{words}"
