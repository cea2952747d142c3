"""The lookups between area types and vintages, names of MSOAs, both populations."""

from __future__ import annotations

from pathlib import Path

from orchestration.sample.country.geographies import RURAL_URBAN
from orchestration.sample.country.names import (
    NATION_PREFIX,
    NEIGHBOUR,
    NEIGHBOUR_DISTRICTS,
    NEIGHBOUR_REGION_CODE,
)
from orchestration.sample.country.neighbour import neighbour_lsoas
from orchestration.sample.country.output_areas import NOWHERE
from orchestration.sample.country.register import YEARS, Area
from orchestration.sample.files.csv_files import GEOGRAPHR, OCSI, ONS, Dialect, Row, write_table
from orchestration.sample.publisher.world import World

ACROSS = (211, 1299)  # an LSOA 2021 of one district that fits best with one of another


def write_lookups(world: World, folder: Path) -> list[Path]:
    """Write all lookups, and the names of MSOAs."""
    return [
        _lsoa11_ward17(world, folder),
        _lsoa11_lsoa21(world, folder),
        _lsoa21_ward24(world, folder),
        _lsoa21_msoa21(world, folder),
        _districts_to_regions(world, folder, 24),
        _districts_to_regions(world, folder, 19),
        _district_changes(world, folder),
        _oa11_lsoa11(world, folder),
        _oa11_ward17(world, folder),
        _lsoa21_constituencies(world, folder),
        _lsoa21_care_boards(world, folder),
        _combined_authorities(world, folder),
        _rural_urban(world, folder),
        _msoa_names(world, folder),
    ]


def write_populations(world: World, folder: Path) -> list[Path]:
    """Write both populations."""
    return [_mid_2019(world, folder), _census_2011(world, folder)]


def _oa11_lsoa11(world: World, folder: Path) -> Path:
    """In code order, without names; the neighbour nation too."""
    rows: list[Row] = [
        (code, world.areas.lsoa11[lsoa][0])
        for code, lsoa in zip(_output_areas(world), world.output_areas.lsoa11, strict=True)
    ]
    rows += [(f"{n.code[0]}00{n.code[3:]}", n.code) for n in neighbour_lsoas()]
    return write_table(folder / "oa11_lsoa11.csv", ("OA11CD", "LSOA11CD"), rows, ONS)


def _oa11_ward17(world: World, folder: Path) -> Path:
    """By a point inside each, so that what lies in no ward shape is left out."""
    rows: list[Row] = [
        (code, world.areas.ward17[ward][0])
        for code, ward in zip(_output_areas(world), world.output_areas.ward, strict=True)
        if ward != NOWHERE
    ]
    path = folder / "oa11_ward17_by_inner_point.csv"
    return write_table(path, ("OA11CD", "WD17CD"), rows, OCSI)


def _census_2011(world: World, folder: Path) -> Path:
    """Usual residents by output area."""
    residents = world.output_areas.residents.tolist()
    rows = list(zip(_output_areas(world), residents, strict=True))
    header = ("OA11CD", "usual_residents_2011")
    return write_table(folder / "population_2011_oa11.csv", header, rows, OCSI)


def _output_areas(world: World) -> list[str]:
    """Their codes; not all numbers are taken, as in the original."""
    count = len(world.output_areas.lsoa11)
    return [f"{NATION_PREFIX}00{number + number // 7:06d}" for number in range(1, count + 1)]


def _mid_2019(world: World, folder: Path) -> Path:
    """Mid-2019 people by LSOA 2011: quoted thousands, and a total left over at the end."""
    rows: list[Row] = [
        (code, f"{int(people):,}")
        for (code, _), people in zip(world.areas.lsoa11, world.population_2019, strict=True)
    ]
    neighbours = neighbour_lsoas()
    rows += [(n.code, f"{n.population:,}") for n in neighbours]
    rows.append(("Grand Total", sum(n.population for n in neighbours)))
    return write_table(folder / "population_mid2019_lsoa11.csv", ("lsoa", "pop"), rows, ONS)


def _lsoa11_ward17(world: World, folder: Path) -> Path:
    """Best fit, CRLF, in the order of ward names: codes come mixed, as in the original."""
    rows: list[list[object]] = []
    for number, ward in enumerate(world.ward_of_lsoa11):
        district = world.areas.district[2017][world.ward_district[ward]]
        rows.append([*world.areas.lsoa11[number], *world.areas.ward17[ward], "", *district])
    rows.sort(key=lambda row: (str(row[3]), str(row[0])))
    rows += [[n.code, n.name, *n.ward, *n.district[:2]] for n in neighbour_lsoas()]
    header = "LSOA11CD LSOA11NM WD17CD WD17NM WD17NMW LAD17CD LAD17NM FID"
    path = folder / "lsoa11_ward17_lad17.csv"
    return write_table(path, header.split(), _numbered(rows), Dialect(crlf=True))


def _lsoa11_lsoa21(world: World, folder: Path) -> Path:
    """Exact fit, many to many, in the order of LSOA 2011 names."""
    lineage = world.lineage
    rows: list[list[object]] = []
    links = zip(lineage.lsoa11, lineage.lsoa21, lineage.change, strict=True)
    for parent, child, change in links:
        district = world.areas.district[2022][world.country.district[child]]
        areas = *world.areas.lsoa11[parent], *world.areas.lsoa21[child]
        rows.append([*areas, change, *district, ""])
    rows += [[n.code, n.name, n.code, n.name, "U", *n.district] for n in neighbour_lsoas()]
    rows.sort(key=lambda row: (str(row[1]), str(row[2])))
    header = "LSOA11CD LSOA11NM LSOA21CD LSOA21NM CHGIND LAD22CD LAD22NM LAD22NMW ObjectId"
    return write_table(folder / "lsoa11_lsoa21_lad22_v3.csv", header.split(), _numbered(rows), ONS)


def _lsoa21_ward24(world: World, folder: Path) -> Path:
    """Best fit, in the order of ward codes; one area fits best in a ward of the next district."""
    country = world.country
    rows: list[list[object]] = []
    for number, lsoa in enumerate(world.areas.lsoa21):
        fits = ACROSS[1] if number == ACROSS[0] else number
        district = world.areas.district[2024][country.district[fits]]
        ward = world.areas.ward24[country.ward[fits]]
        rows.append([*lsoa, "", *ward, "", *district, ""])
    rows.sort(key=lambda row: str(row[3]))
    rows += [[n.code, n.name, n.name_other, *n.ward, *n.district] for n in neighbour_lsoas()]
    header = "LSOA21CD LSOA21NM LSOA21NMW WD24CD WD24NM WD24NMW LAD24CD LAD24NM LAD24NMW ObjectId"
    return write_table(folder / "lsoa21_ward24_lad24.csv", header.split(), _numbered(rows), ONS)


def _lsoa21_msoa21(world: World, folder: Path) -> Path:
    """In code order; the neighbour nation stands in the region column under a pseudo-code."""
    country = world.country
    rows: list[Row] = []
    for number, lsoa in enumerate(world.areas.lsoa21):
        home = country.district[number]
        msoa = world.areas.msoa21[country.msoa[number]]
        district, region = world.areas.district[2022][home], world.areas.region[home]
        rows.append([*lsoa, "", *msoa, "", *district, *region])
    rows.sort(key=lambda row: str(row[0]))
    nation = NEIGHBOUR_REGION_CODE, NEIGHBOUR
    rows += [
        [n.code, n.name, n.name_other, *n.msoa, *n.district[:2], *nation] for n in neighbour_lsoas()
    ]
    header = (
        "LSOA21CD LSOA21NM LSOA21NMW MSOA21CD MSOA21NM MSOA21NMW LAD22CD LAD22NM RGN22CD RGN22NM"
    )
    return write_table(folder / "lsoa21_msoa21_lad22_rgn22.csv", header.split(), rows, ONS)


def _lsoa21_constituencies(world: World, folder: Path) -> Path:
    """Constituency, ward and district of 2025, put together by somebody from two lookups."""
    found = world.geographies
    rows: list[Row] = [
        [lsoa[0], *found.constituency[n], *found.ward25[n], *found.district25[n]]
        for n, lsoa in enumerate(world.areas.lsoa21)
    ]
    rows += [
        [n.code, f"{n.code[0]}14{n.district[0][-6:]}", n.district[1], *n.ward[:2], *n.district[:2]]
        for n in neighbour_lsoas()
    ]
    rows.sort(key=lambda row: str(row[0]))
    header = "lsoa21cd pcon24cd pcon24nm wd25cd wd25nm lad25cd lad25nm"
    return write_table(folder / "lsoa21_pcon24_wd25_lad25.csv", header.split(), rows, OCSI)


def _lsoa21_care_boards(world: World, folder: Path) -> Path:
    """Of one nation only: the neighbour has no such boards."""
    found = world.geographies
    rows = [
        [*lsoa, *found.sub_board[n], *found.board[n]] for n, lsoa in enumerate(world.areas.lsoa21)
    ]
    areas = ("lsoa21", "sicbl24", "icb24")
    header = [f"{area}_{part}" for area in areas for part in ("code", "name")]
    return write_table(folder / "lsoa21_icb24.csv", header, rows, OCSI)


def _combined_authorities(world: World, folder: Path) -> Path:
    rows = [[*district, *combined] for district, combined in world.geographies.combined]
    header = ("ltla23_code", "ltla23_name", "cauth23_code", "cauth23_name")
    return write_table(folder / "lad23_cauth23.csv", header, rows, OCSI)


def _rural_urban(world: World, folder: Path) -> Path:
    classes = world.geographies.rural_urban
    rows = [[lsoa[0], *classes[n]] for n, lsoa in enumerate(world.areas.lsoa21)]
    rows += [[n.code, *RURAL_URBAN[4]] for n in neighbour_lsoas()]
    header = ("lsoa21_code", "ruc21_code", "classification", "ruc")
    return write_table(folder / "lsoa21_ruc21.csv", header, rows, OCSI)


def _msoa_names(world: World, folder: Path) -> Path:
    """Names that people know, the neighbour nation's too."""
    names = world.geographies.msoa_name
    rows: list[Row] = [[code, names[n]] for n, (code, _) in enumerate(world.areas.msoa21)]
    rows += sorted({(n.msoa[0], f"{n.ward[1]} & Shore") for n in neighbour_lsoas()})
    header = ("msoa21cd", "msoa21hclnm")
    return write_table(folder / "msoa21_hcl_names.csv", header, rows, OCSI)


def _districts_to_regions(world: World, folder: Path, year: int) -> Path:
    """LAD to region, in the order of region names and not of codes; everything quoted."""
    districts = world.areas.district[2000 + year]
    pairs: set[tuple[Area, Area]] = set(zip(districts, world.areas.region, strict=True))
    in_order = sorted(pairs, key=lambda pair: (pair[1][1], pair[0][1]))
    rows = [(lad[1], lad[0], region[1], region[0]) for lad, region in in_order]
    header = [f"{area}{year}_{part}" for area in ("ltla", "region") for part in ("name", "code")]
    return write_table(folder / f"lad{year}_rgn{year}.csv", header, rows, GEOGRAPHR)


def _district_changes(world: World, folder: Path) -> Path:
    """One row per 2016 district, one code and name per year, the neighbour nation included."""
    header = [f"ltla{year % 100}_{part}" for year in YEARS for part in ("code", "name")]
    chains = zip(*(world.areas.district[year] for year in YEARS), strict=True)
    rows = sorted([part for area in chain for part in area] for chain in chains)
    rows += [[code, name] * len(YEARS) for code, name, _ in NEIGHBOUR_DISTRICTS]
    return write_table(folder / "lad_changes_2016_2024.csv", header, rows, GEOGRAPHR)


def _numbered(rows: list[list[object]]) -> list[Row]:
    """Append the running number that the portal adds (FID, ObjectId)."""
    return [[*row, number] for number, row in enumerate(rows, start=1)]
