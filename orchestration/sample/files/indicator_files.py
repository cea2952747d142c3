"""The four files of underlying indicators: two of the Indices of Deprivation, two of the CNI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestration.sample.country.geography import Floats
from orchestration.sample.country.society import CNI_DOMAINS
from orchestration.sample.files.csv_files import OCSI, Dialect, write_table
from orchestration.sample.files.indices_files import area_columns
from orchestration.sample.files.workbooks import Cell, SampleSheet, write_workbook
from orchestration.sample.publisher.deprivation import Indices
from orchestration.sample.publisher.indicators import Printed
from orchestration.sample.publisher.iod_indicators import IOD_2019, IOD_2025
from orchestration.sample.publisher.world import World

IOD_2019_FILE = "File_8_-_IoD2019_Underlying_Indicators.xlsx"
IOD_2025_FILE = "file8_iod2025_indicators.csv"
CNI_2019_FILE = "cni2019_indicators_doggerland_ward17.csv"
CNI_2023_FILE = "cni2023_indicators_doggerland_lsoa21.xlsx"

_SYNTHETIC = "SYNTHETIC DATA: Doggerland is an invented country. No figure describes a real place."
_NUMERATOR = {
    "income": "Income Domain numerator",
    "idaci": "Income Deprivation Affecting Children Index (IDACI) numerator",
    "idaopi": "Income Deprivation Affecting Older People Index (IDAOPI) numerator",
    "employment": "Employment Domain numerator",
}
_IOD_2019_SHEETS = {
    "IoD2019 Income Domain": ("income", "idaci", "idaopi"),
    "IoD2019 Employment Domain": ("employment",),
    "IoD2019 Education Domain": ("children", "adult_skills"),
    "IoD2019 Health Domain": ("health",),
    "IoD2019 Barriers Domain": ("geographical", "wider"),
    "IoD2019 Living Env Domain": ("indoors", "outdoors"),
}
_CNI_2023_SHEETS = dict(
    zip(CNI_DOMAINS, ("Civic Assets", "Connectedness", "Active and Engaged Community"), strict=True)
)

Titled = tuple[str, list[Cell]]


def write_indicators(world: World, inbox: Path) -> list[Path]:
    """Write all four."""
    return [
        _iod_2019(world, inbox / "iod2019"),
        _iod_2025(world, inbox / "iod2025"),
        _cni_2019(world, inbox / "cni2019"),
        _cni_2023(world, inbox / "cni2023"),
    ]


def _iod_2019(world: World, folder: Path) -> Path:
    """File 8 as the publisher has it: notes, then a sheet for each domain that has indicators."""
    indices = world.imd_2019
    areas: list[Titled] = [
        (title, [str(value) for value in values])
        for title, values in area_columns(world, 2011, 2019, 2019)
    ]
    sheets = [
        _notes(
            "English Indices of Deprivation 2019: underlying indicators (format only)",
            "Numerators are rounded to the nearest 5; what rounds to less than 10 is left empty.",
        )
    ]
    for name, parts in _IOD_2019_SHEETS.items():
        columns = [
            *areas,
            *_numerators(indices, parts),
            *(
                (column.indicator.title, _cells(indices.printed[column.indicator.name]))
                for column in IOD_2019.columns
                if column.follows in parts
            ),
        ]
        rows = zip(*(cells for _, cells in columns), strict=True)
        sheets.append(SampleSheet(name, [[title for title, _ in columns], *rows]))
    return write_workbook(folder / IOD_2019_FILE, sheets)


def _iod_2025(world: World, folder: Path) -> Path:
    """File 8 as it is republished for R: one wide table under cleaned headers."""
    indices = world.imd_2025
    columns: list[Titled] = [
        ("LSOA21 code", [code for code, _ in world.areas.lsoa21]),
        *_numerators(indices, ("income", "idaci", "idaopi", "employment")),
        *(
            (column.indicator.title, _cells(indices.printed[column.indicator.name]))
            for column in IOD_2025.columns
        ),
    ]
    header = [_cleaned(title) for title, _ in columns]
    rows = zip(*(_numbers_as_text(cells) for _, cells in columns), strict=True)
    dialect = Dialect(bom=False, quote_first=True)
    return write_table(folder / IOD_2025_FILE, header, rows, dialect)


def _cni_2019(world: World, folder: Path) -> Path:
    """Wide: a row a ward, a column an indicator, and one for each denominator."""
    wards = [world.areas.ward17[number] for number in world.cni_wards]
    columns: list[Titled] = [
        ("ward17_code", [code for code, _ in wards]),
        ("ward17_name", [name for _, name in wards]),
    ]
    for domain in CNI_DOMAINS:
        for printed in world.needs_2019.printed[domain]:
            heading = printed.indicator.out_of
            if heading and heading not in (title for title, _ in columns):
                columns.append((heading, _denominators(printed)))
            columns.append((printed.indicator.title, _cells(printed)))
    rows = zip(*(_numbers_as_text(cells) for _, cells in columns), strict=True)
    return write_table(folder / CNI_2019_FILE, [title for title, _ in columns], rows, OCSI)


def _cni_2023(world: World, folder: Path) -> Path:
    """Long: a sheet a domain, a row for each area and indicator."""
    sheets = [
        _notes(
            "Community Needs Index 2023: underlying indicators (format only)",
            "Names of indicators are stand-ins; those of the publisher are not public.",
            "Where a denominator is given, the value is a numerator. * is a suppressed value;",
            "an empty one is none at all, and counts as 0.",
        )
    ]
    sheets += [
        SampleSheet(sheet, _long(world, world.needs_2023.printed[domain]))
        for domain, sheet in _CNI_2023_SHEETS.items()
    ]
    return write_workbook(folder / CNI_2023_FILE, sheets)


def _long(world: World, columns: list[Printed]) -> Iterator[list[Cell]]:
    yield ["LSOA code (2021)", "Indicator", "Value", "Denominator"]
    printed = [(each.indicator.title, _cells(each), _denominators(each)) for each in columns]
    for number, (code, _) in enumerate(world.areas.lsoa21):
        for title, values, denominators in printed:
            yield [code, title, values[number], denominators[number]]


def _notes(*lines: str) -> SampleSheet:
    return SampleSheet("Notes", [[line] for line in (_SYNTHETIC, *lines)])


def _numerators(indices: Indices, names: Iterable[str]) -> list[Titled]:
    return [
        (_NUMERATOR[name], _from_figures(indices.printed_numerator(name)))
        for name in names
        if name in indices.numerator
    ]


def _cells(printed: Printed) -> list[Cell]:
    """Figures, and the marker (or nothing) where there is none."""
    marker = printed.indicator.marker
    return _from_figures(printed.value, None if marker in ("", "blank") else marker)


def _denominators(printed: Printed) -> list[Cell]:
    if printed.denominator is None:
        return [None] * len(printed.value)
    return _from_figures(printed.denominator)


def _from_figures(values: Floats, otherwise: Cell = None) -> list[Cell]:
    """NaN is `otherwise`; whole numbers lose the point."""
    return [
        otherwise if value != value else int(value) if value.is_integer() else value
        for value in values.tolist()
    ]


def _numbers_as_text(cells: Iterable[Cell]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in cells]


def _cleaned(title: str) -> str:
    """Snake case, as R's janitor has it."""
    return re.sub("[^a-z0-9]+", "_", title.lower().replace("%", " percent ")).strip("_")
