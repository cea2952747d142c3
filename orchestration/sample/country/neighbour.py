"""Rows of the neighbouring nation, which the ONS lookups carry as they carry Wales."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.sample.country.names import NEIGHBOUR_DISTRICTS
from orchestration.sample.country.names import NEIGHBOUR_PREFIX as Y

LSOA_COUNT = 40


@dataclass(frozen=True)
class NeighbourLsoa:
    """One LSOA of Silverpit, unchanged since 2011, with its areas and names in two languages."""

    code: str
    name: str
    name_other: str
    msoa: tuple[str, str, str]
    ward: tuple[str, str, str]
    district: tuple[str, str, str]
    population: int


def neighbour_lsoas() -> list[NeighbourLsoa]:
    """Forty LSOAs, five to an MSOA and a ward, in two districts."""
    rows: list[NeighbourLsoa] = []
    for number in range(LSOA_COUNT):
        group, letter = divmod(number, 5)
        district = NEIGHBOUR_DISTRICTS[group % 2]
        serial = group // 2 + 1
        msoa = f"{district[1]} {serial:03d}", f"{district[2]} {serial:03d}"
        suffix = chr(ord("A") + letter)
        rows.append(
            NeighbourLsoa(
                code=f"{Y}01{number + 1:06d}",
                name=msoa[0] + suffix,
                name_other=msoa[1] + suffix,
                msoa=(f"{Y}02{group + 1:06d}", *msoa),
                ward=(f"{Y}05{group + 1:06d}", f"Pit Ward {serial}", f"Gröf {serial}"),
                district=district,
                population=940 + 37 * number,
            )
        )
    return rows
