"""What Doggerland is counted by besides: constituencies, care boards, rural and urban classes.

Nothing is drawn here: all follows from the land, so that the rest of the country stays as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from orchestration.sample.country.geography import Country, Ints, nest
from orchestration.sample.country.names import NATION_PREFIX as X
from orchestration.sample.country.register import Area, Register

LSOAS_A_CONSTITUENCY = 62  # as in England
REVIEWED = 3  # the district whose wards were drawn anew in 2025
RECODED = 5  # the district that has another code since 2025
COMBINED = 2  # regions with a combined authority, of all their districts but the rural ones
FIRST_WARD25_NUMBER = 30_001
RECODED_NUMBER = 91
URBAN, LARGER = 2.0, 4.0  # so many spreads round a town's centre
NEAR_MAJOR_TOWN, MAJOR_TOWNS = 15_000, 12  # metres; the largest of the towns
SIDES = ("North", "South", "East", "West", "Central", "Mid", "Outer", "Inner")
RURAL_URBAN = (
    ("UN1", "Urban: Nearer to a major town or city", "Urban"),
    ("UF1", "Urban: Further from a major town or city", "Urban"),
    ("RLN1", "Larger rural: Nearer to a major town or city", "Rural"),
    ("RLF1", "Larger rural: Further from a major town or city", "Rural"),
    ("RSN1", "Smaller rural: Nearer to a major town or city", "Rural"),
    ("RSF1", "Smaller rural: Further from a major town or city", "Rural"),
)


@dataclass(frozen=True)
class Geographies:
    """Of each LSOA 2021 its larger areas (code, name); of districts 2023 the combined authority."""

    constituency: list[Area]
    ward25: list[Area]
    district25: list[Area]
    sub_board: list[Area]
    board: list[Area]
    rural_urban: list[tuple[str, str, str]]
    combined: list[tuple[Area, Area]]  # district 2023, combined authority
    msoa_name: list[str]


def draw_up(country: Country, areas: Register) -> Geographies:
    """Everything that the country is counted by besides its wards and districts."""
    regions = sorted({code for code, _ in areas.region})
    region = np.array([regions.index(areas.region[d][0]) for d in country.district], dtype=np.int64)
    sub_board, board = _care_boards(country, areas)
    return Geographies(
        constituency=_constituencies(country, areas, region),
        ward25=_wards_2025(country, areas),
        district25=_districts_2025(country, areas),
        sub_board=sub_board,
        board=board,
        rural_urban=_classes(country),
        combined=_combined(areas, regions[:COMBINED]),
        msoa_name=_msoa_names(country, areas),
    )


def _constituencies(country: Country, areas: Register, region: Ints) -> list[Area]:
    """Of near-equal size, each within a region and across districts; named after the greatest."""
    seats = np.maximum(1, np.round(np.bincount(region) / LSOAS_A_CONSTITUENCY).astype(np.int64))
    label, _ = nest(country.xy, country.xy, region, seats)
    districts = [areas.district[2024][d][1] for d in country.district]
    named = _distinct([_most(districts, label == number) for number in range(int(label.max()) + 1)])
    return [(f"{X}14{number + 1:06d}", named[number]) for number in label]


def _wards_2025(country: Country, areas: Register) -> list[Area]:
    """Those of 2024, but for a district whose wards were drawn anew."""
    wards = [areas.ward24[ward] for ward in country.ward]
    old = [name for _, name in wards]
    there = np.flatnonzero(country.district == REVIEWED)
    one_less = np.array([len(np.unique(country.ward[there])) - 1])
    label, _ = nest(-country.xy[there, ::-1], country.xy[there], np.zeros_like(there), one_less)
    groups = [there[label == number] for number in range(int(label.max()) + 1)]
    named = _distinct([_both([old[lsoa] for lsoa in group]) for group in groups])
    for number, (group, name) in enumerate(zip(groups, named, strict=True)):
        for lsoa in group:
            wards[lsoa] = (f"{X}05{FIRST_WARD25_NUMBER + number:06d}", name)
    return wards


def _districts_2025(country: Country, areas: Register) -> list[Area]:
    """Those of 2024, one of them under another code."""
    districts = list(areas.district[2024])
    code, name = districts[RECODED]
    recoded = (f"{code[:3]}{RECODED_NUMBER:06d}", name)
    return [recoded if districts[d] == (code, name) else districts[d] for d in country.district]


def _care_boards(country: Country, areas: Register) -> tuple[list[Area], list[Area]]:
    """A sub-location for each district of 2024, a board for some three of a region."""
    located = sorted(set(zip(areas.region, areas.district[2024], strict=True)))
    sub_of: dict[Area, tuple[Area, Area]] = {}
    number = 0
    for region in sorted(set(areas.region)):
        districts = [district for home, district in located if home == region]
        for first in range(0, len(districts), 3):
            number += 1
            members = districts[first : first + 3]
            name = f"NHS {members[0][1]} and {region[1]}"
            board = (f"{X}54{number:06d}", f"{name} Integrated Care Board")
            for nth, district in enumerate(members, start=1):
                serial = 10 * number + nth
                sub = (f"{X}38{serial:06d}", f"{name} ICB - {number:02d}{'ABC'[nth - 1]}")
                sub_of[district] = (sub, board)
    pairs = [sub_of[areas.district[2024][d]] for d in country.district]
    return [sub for sub, _ in pairs], [board for _, board in pairs]


def _combined(areas: Register, regions: Sequence[str]) -> list[tuple[Area, Area]]:
    """The towns' districts of some regions under one authority each; the others are in none."""
    pairs = set()
    for number, code in enumerate(regions, start=1):
        for district, region in zip(areas.district[2023], areas.region, strict=True):
            if region[0] == code and not district[0].startswith(f"{X}07"):
                pairs.add((district, (f"{X}47{number:06d}", f"{region[1]} Combined")))
    return sorted(pairs)


def _classes(country: Country) -> list[tuple[str, str, str]]:
    """Urban within a town, rural beyond; nearer where one of the largest towns is near."""
    towns = country.towns
    distance, nearest = cKDTree(towns.centre).query(country.xy)
    spreads = distance / towns.spread[nearest]
    major, _ = cKDTree(towns.centre[:MAJOR_TOWNS]).query(country.xy)
    step = np.where(spreads < URBAN, 0, np.where(spreads < LARGER, 1, 2))
    return [
        RURAL_URBAN[2 * int(kind) + int(far)]
        for kind, far in zip(step, major > NEAR_MAJOR_TOWN, strict=True)
    ]


def _msoa_names(country: Country, areas: Register) -> list[str]:
    """After the wards that most of an MSOA lies in; never twice in a district."""
    wards = [areas.ward24[ward][1] for ward in country.ward]
    inside: dict[int, list[str]] = defaultdict(list)
    for msoa, ward in zip(country.msoa, wards, strict=True):
        inside[int(msoa)].append(ward)
    named = [_both(inside[msoa]) for msoa in range(len(country.msoa_district))]
    for district in np.unique(country.msoa_district):
        members = np.flatnonzero(country.msoa_district == district)
        for msoa, name in zip(members, _distinct([named[m] for m in members]), strict=True):
            named[msoa] = name
    return named


def _most(names: Sequence[str], chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    return Counter(names[int(n)] for n in np.flatnonzero(chosen)).most_common(1)[0][0]


def _both(names: Sequence[str]) -> str:
    """The commonest name, with the next where there is one."""
    return " & ".join(name for name, _ in Counter(names).most_common(2))


def _distinct(names: Sequence[str]) -> list[str]:
    """The same names, with a side of the compass where one stands more than once."""
    often = Counter(names)
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        told.append(f"{name} {SIDES[seen[name]]}" if often[name] > 1 else name)
        seen[name] += 1
    return told
