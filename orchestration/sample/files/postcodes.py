"""The postcode directory: an archive with all postcodes, and again with a file a postcode area."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestration.sample.country.names import NATION_PREFIX, NEIGHBOUR_NATION
from orchestration.sample.country.neighbour import neighbour_lsoas
from orchestration.sample.files.archive import write_archive
from orchestration.sample.publisher.world import World

ISSUE = "ONSPD_MAY_2026"
HEADER = ("pcd7", "pcd8", "pcds", "dointr", "doterm", "ctry25cd", "lsoa21cd")
AN_LSOA = 5  # postcodes
ONE_ENDED_IN = 6
A_SECTOR = 150
STEP = 11  # from a first part to the next: one is how others begin, as XA1 and XA12
NOWHERE = "L99999999"  # of islands that have no small areas
# Royal Mail's letters of the last part: those that are not mistaken for others.
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
GUIDE = "SYNTHETIC DATA. No postcode in this archive is real.\n"

Row = tuple[str, ...]


def write_postcodes(world: World, folder: Path) -> list[Path]:
    """Write the archive."""
    by_area: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(world):
        by_area[row[2][:2]].append(row)
    members = {
        f"Data/multi_csv/{ISSUE}_UK_{area}.csv": _text(rows)
        for area, rows in sorted(by_area.items())
    }
    every_row = [row for _, rows in sorted(by_area.items()) for row in rows]
    members[f"Data/{ISSUE}_UK.csv"] = _text(every_row)
    members["User Guide/about.txt"] = GUIDE
    return [write_archive(folder / f"{ISSUE}.zip", members)]


def _rows(world: World) -> Iterator[Row]:
    """A postcode area a region, a first part a district: postcodes of an LSOA follow each other."""
    regions = sorted({code for code, _ in world.areas.region})
    given: Counter[str] = Counter()
    first_parts: dict[str, str] = {}
    in_region: Counter[int] = Counter()
    for lsoa, district in zip(world.areas.lsoa21, world.country.district, strict=True):
        code = world.areas.district[2024][district][0]
        if code not in first_parts:
            region = regions.index(world.areas.region[district][0])
            letters = f"{NATION_PREFIX}{LETTERS[region]}"
            first_parts[code] = f"{letters}{1 + STEP * in_region[region]}"
            in_region[region] += 1
        for _ in range(AN_LSOA):
            yield _row(first_parts[code], given, NATION_PREFIX, lsoa[0])
    for neighbour in neighbour_lsoas():
        yield _row("YA1", given, NEIGHBOUR_NATION[0][0], neighbour.code)
    yield _row("ZA1", given, "Z", NOWHERE)
    yield _row("ZA1", given, "Z", "")


def _row(first: str, given: Counter[str], nation: str, lsoa: str) -> Row:
    number = given[first]
    given[first] += 1
    sector, unit = divmod(number, A_SECTOR)
    last = f"{sector}{LETTERS[unit // len(LETTERS)]}{LETTERS[unit % len(LETTERS)]}"
    ended = "201606" if number % ONE_ENDED_IN == ONE_ENDED_IN - 1 else ""
    return (
        f"{first:<4}{last}",
        f"{first:<4} {last}",
        f"{first} {last}",
        "198001",
        ended,
        f"{nation}92000001",
        lsoa,
    )


def _text(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([HEADER, *rows])
    return text.getvalue()
