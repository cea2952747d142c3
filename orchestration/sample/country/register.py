"""Codes and names of every area, and the district changes between 2016 and 2024."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample.country import names
from orchestration.sample.country.geography import Country, Floats, Ints
from orchestration.sample.country.lineage import Lineage
from orchestration.sample.country.names import NATION_PREFIX as X
from orchestration.sample.country.shapes import SmallWards

YEARS = range(2016, 2025)
FIRST_NEW_LSOA_NUMBER = 10_001  # codes coined for 2021 stand well apart from those of 2011
FIRST_WARD24_NUMBER = 20_001
METROPOLITAN, UNITARY = 6, 8  # the largest districts take these classes; the others are X07

Area = tuple[str, str]  # code, name


@dataclass(frozen=True)
class Register:
    """(code, name) of each area by its index, and the districts as they stood each year."""

    lsoa11: list[Area]
    lsoa21: list[Area]
    msoa21: list[Area]
    ward17: list[Area]
    ward24: list[Area]
    district: dict[int, list[Area]]  # year -> the district that each 2017 district then was
    region: list[Area]  # per 2017 district

    def group(self, year: int) -> Ints:
        """Number of the district that each 2017 district was in that year: 0, 1, ..., no gap."""
        codes = [code for code, _ in self.district[year]]
        return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def register_areas(country: Country, lineage: Lineage, small_wards: SmallWards) -> Register:
    """Code and name everything, in the order in which `country` and `lineage` number it."""
    base = _districts_2017(country)
    region = _regions(country)
    msoa21 = _msoas(country, base)
    lsoa11, lsoa21 = _lsoas(country, lineage, msoa21)
    ward_names = _ward_names(country)
    small_names = [f"{ward_names[country.ward[host]]} Without" for host in small_wards.host]
    return Register(
        lsoa11=lsoa11,
        lsoa21=lsoa21,
        msoa21=msoa21,
        ward17=[
            (f"{X}05{number:06d}", name)
            for number, name in enumerate([*ward_names, *small_names], start=1)
        ],
        ward24=[
            (f"{X}05{number:06d}", name)
            for number, name in enumerate(ward_names, start=FIRST_WARD24_NUMBER)
        ],
        district=_districts_by_year(country, base, region),
        region=region,
    )


def _districts_2017(country: Country) -> list[Area]:
    by_size = np.argsort(-np.bincount(country.district), kind="stable")
    labels = [*names.MAINLAND_DISTRICTS, names.ISLAND_DISTRICT]
    island = len(labels) - 1
    areas: dict[int, Area] = {}
    used = {"06": 0, "07": 0, "08": 0}
    for position, code in enumerate(by_size):
        size_class = "07"
        if position < METROPOLITAN:
            size_class = "08"
        elif position < METROPOLITAN + UNITARY or code == island:
            size_class = "06"
        used[size_class] += 1
        areas[int(code)] = (f"{X}{size_class}{used[size_class]:06d}", labels[code])
    return [areas[i] for i in range(len(labels))]


def _district_centres(country: Country) -> Floats:
    count = len(names.MAINLAND_DISTRICTS) + 1
    return np.array([country.xy[country.district == d].mean(axis=0) for d in range(count)])


def _regions(country: Country) -> list[Area]:
    """Four regions: the northern and southern thirds, and the middle cut into west and east."""
    centre = _district_centres(country)
    by_north = np.argsort(-centre[:, 1], kind="stable")
    third = len(by_north) // 4
    middle = by_north[third:-third]
    eastward = middle[np.argsort(-centre[middle, 0], kind="stable")]
    half = len(eastward) // 2
    region: dict[int, Area] = {}
    quarters = (by_north[:third], eastward[:half], by_north[-third:], eastward[half:])
    for number, (name, members) in enumerate(zip(names.REGIONS, quarters, strict=True), start=1):
        region |= {int(d): (f"{X}12{number:06d}", name) for d in members}
    return [region[d] for d in range(len(centre))]


def _districts_by_year(
    country: Country, base: list[Area], region: list[Area]
) -> dict[int, list[Area]]:
    """Apply the mergers: each joins the two nearest X07 districts of a region still separate."""
    centre = _district_centres(country)
    rural = [d for d, (code, _) in enumerate(base) if code.startswith(f"{X}07")]
    pairs = sorted(
        (float(np.hypot(*(centre[a] - centre[b]))), a, b)
        for a in rural
        for b in rural
        if a < b and region[a] == region[b]
    )
    unitaries = sum(code.startswith(f"{X}06") for code, _ in base)
    moves: list[tuple[int, Area, tuple[int, int]]] = []
    taken: set[int] = set()
    for number, (year, name) in enumerate(names.MERGERS, start=unitaries + 1):
        a, b = next((a, b) for _, a, b in pairs if not {a, b} & taken)
        taken |= {a, b}
        moves.append((year, (f"{X}06{number:06d}", name), (a, b)))
    by_year: dict[int, list[Area]] = {}
    for year in YEARS:
        current = list(base)
        for since, merged, members in moves:
            if year >= since:
                for member in members:
                    current[member] = merged
        by_year[year] = current
    return by_year


def _msoas(country: Country, base: list[Area]) -> list[Area]:
    areas: list[Area] = []
    seen = [0] * len(base)
    for number, district in enumerate(country.msoa_district, start=1):
        seen[district] += 1
        areas.append((f"{X}02{number:06d}", f"{base[district][1]} {seen[district]:03d}"))
    return areas


def _lsoas(country: Country, lineage: Lineage, msoa21: list[Area]) -> tuple[list[Area], list[Area]]:
    """Name LSOAs by MSOA and letter; what changed in 2021 takes the next free letters."""
    letters = [0] * len(msoa21)

    def next_name(msoa: int) -> str:
        letters[msoa] += 1
        return f"{msoa21[msoa][1]}{chr(ord('A') + letters[msoa] - 1)}"

    lsoa11 = [
        (f"{X}01{number:06d}", next_name(int(msoa)))
        for number, msoa in enumerate(lineage.lsoa11_msoa, start=1)
    ]
    kept = {
        int(child): lsoa11[parent]
        for parent, child, change in zip(
            lineage.lsoa11, lineage.lsoa21, lineage.change, strict=True
        )
        if change == "U"
    }
    lsoa21: list[Area] = []
    coined = FIRST_NEW_LSOA_NUMBER
    for child, msoa in enumerate(country.msoa):
        if child in kept:
            lsoa21.append(kept[child])
        else:
            lsoa21.append((f"{X}01{coined:06d}", next_name(int(msoa))))
            coined += 1
    return lsoa11, lsoa21


def _ward_names(country: Country) -> list[str]:
    """Deal names out so that no district has the same one twice."""
    pool = names.ward_names()
    specials = names.WARD_SPECIALS
    built = len(pool) - specials
    dealt: list[str] = []
    position: Ints = np.zeros(len(names.MAINLAND_DISTRICTS) + 1, dtype=np.int64)
    for district in country.ward_district:
        nth = int(position[district])
        position[district] += 1
        # Some districts open with the common names; the rest step through the pool in strides
        # that share no factor with its length.
        if nth < specials and (district + nth) % 4 == 0:
            dealt.append(pool[nth])
        else:
            dealt.append(pool[specials + (int(district) * 53 + nth * 25) % built])
    return dealt
