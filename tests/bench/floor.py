"""The floor: one plain DuckDB script that loads the same files and computes the same lists.

No registry, no vault, no guards, no lineage, no release; it trusts every byte. What a refresh
costs more than this is the price of those. Run by bench.py: ``floor.py INBOX`` prints JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

SCORES = {
    "imd2015": ("iod2015", "file7_id2015_index_only.csv"),
    "imd2019": ("iod2019", "file7_iod2019.csv"),
    "imd2025": ("iod2025", "file7_iod2025.csv"),
    "cni2019": ("cni2019", "cni2019_england_ward17.csv"),
    "cni2023": ("cni2023", "cni2023_england_lsoa21.csv"),
    "ward17": ("lookups", "lsoa11_ward17_lad17.csv"),
    "lsoa21": ("lookups", "lsoa11_lsoa21_lad22_v3.csv"),
    "lad24": ("lookups", "lsoa21_ward24_lad24.csv"),
    "rgn22": ("lookups", "lsoa21_msoa21_lad22_rgn22.csv"),
    "rgn24": ("lookups", "lad24_rgn24.csv"),
    "rgn19": ("lookups", "lad19_rgn19.csv"),
    "changes": ("lookups", "lad_changes_2016_2024.csv"),
    "population": ("population", "population_mid2019_lsoa11.csv"),
}
BOUNDARIES = ("lsoa21_england", "ward17_england_mixed_vintage", "lad24_england")
IMD = '"Index of Multiple Deprivation (IMD)'


def lists(inbox: Path) -> dict[str, int]:
    """Size of each list, and the number of shapes loaded."""
    connection = duckdb.connect()
    for name, (folder, file) in SCORES.items():
        connection.execute(
            f"create table {name} as select * from read_csv('{inbox / folder / file}')"
        )
    shapes = 0
    for name in BOUNDARIES:
        connection.execute(
            f"create table {name} as select unnest(features) as feature from "
            f"read_json('{inbox / 'boundaries' / name}.geojson', maximum_object_size=100000000)"
        )
        shapes += connection.execute(f"select count(*) from {name}").fetchall()[0][0]

    def one(query: str) -> int:
        return int(connection.execute(query).fetchall()[0][0])

    def wards(imd: str, year: str) -> int:
        people = f'"Total population: mid {year} (excluding prisoners)"'
        return one(f"""
            with carried as (
                select WD17CD as ward, sum({IMD} Score" * {people}) / sum({people}) as score
                from ward17 join {imd} on LSOA11CD = "LSOA code (2011)" group by 1
            ), ranked as (
                select ward, rank() over (order by score desc) as r, count(*) over () as n
                from carried
            )
            select count(*) from ranked join cni2019 on ward = ward17_code
            where 10 * r <= n and 10 * "Community Needs Index rank" <= 7433
        """)

    return {
        "ward17_imd2015_cni2019": wards("imd2015", "2012"),
        "ward17_imd2019_cni2019": wards("imd2019", "2015"),
        "lsoa21_imd2019_cni2023": one(f"""
            select count(*) from cni2023
            where 10 * "Community Needs Index 2023 Rank" <= 33755 and lsoa21_code in (
                select LSOA21CD from lsoa21 join imd2019 on LSOA11CD = "LSOA code (2011)"
                where 10 * {IMD} Rank (where 1 is most deprived)" <= 32844)
        """),
        "lsoa21_imd2025_cni2023": one(f"""
            select count(*) from cni2023 join imd2025 on lsoa21_code = "LSOA code (2021)"
            where 10 * "Community Needs Index 2023 Rank" <= 33755
            and 10 * {IMD} Rank (where 1 is most deprived)" <= 33755
        """),
        "shapes": shapes,
    }


if __name__ == "__main__":
    print(json.dumps(lists(Path(sys.argv[1]))))
