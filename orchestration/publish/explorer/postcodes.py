"""The postcodes, a small script a postcode area, which a page loads when somebody types one.

Beside the pages and not in them: those of England are more than a million. A script calls the
page's ``lbnPostcodes`` with the letters of its area and a text that ``encode.py`` packed: for each
postcode its first part, its last part as a number, its small area and whether it is in use still.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np

from orchestration.fingerprint import content_id
from orchestration.publish.explorer.encode import Packer
from orchestration.queries import query_rows

FOLDER = "postcodes"
SMALL_AREA = "lsoa21"
# '2HH' as a number in the order of its text: a digit and two letters.
_LAST = """
    676 * cast(left(last, 1) as integer)
    + 26 * (ascii(substring(last, 2, 1)) - ascii('A')) + ascii(right(last, 1)) - ascii('A')
"""


def postcode_areas(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """The letters of the postcode areas that the release knows; none without the directory."""
    rows = query_rows(
        warehouse, "select distinct postcode_area from marts.dim_postcode order by postcode_area"
    )
    return [row["postcode_area"] for row in rows]


def write_postcodes(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> dict[Path, str]:
    """Write the script of each postcode area; the same postcodes give the same bytes.

    Returns:
        The files written, each with its content id; none where the release has no postcodes.
    """
    within = _areas_of_editions(warehouse)
    written = {}
    for area in postcode_areas(warehouse):
        packed = _packed(warehouse, area, within)
        # Letters, digits and signs of base64: nothing that JavaScript could take for anything else.
        script = f"lbnPostcodes({json.dumps(area)}, {json.dumps(packed)});\n"
        path = folder / FOLDER / f"{area}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(script, encoding="ascii", newline="\n")
        written[path] = content_id(f"explorer_{FOLDER}_{area}", [script])
    return written


def _areas_of_editions(warehouse: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Of each small area the areas of editions that are no small areas, by type."""
    rows = query_rows(
        warehouse,
        """
        select area_code, map(list(geography_type), list(geography_code)) as areas
        from marts.geography_membership
        where
            area_type = $1
            and is_main
            and geography_type in (select area_type from marts.dim_edition)
        group by area_code
        """,
        SMALL_AREA,
    )
    return {row["area_code"]: row["areas"] for row in rows}


def _packed(
    warehouse: duckdb.DuckDBPyConnection, area: str, within: dict[str, dict[str, str]]
) -> str:
    # Columns and no rows of Python: there are millions.
    columns = warehouse.execute(
        f"""
        with parted as (
            select
                split_part(postcode, ' ', 1) as first,
                split_part(postcode, ' ', 2) as last,
                lsoa21_code,
                ended
            from marts.dim_postcode
            where postcode_area = $1
        )
        select
            first as first_part,
            lsoa21_code as code,
            dense_rank() over (order by first) - 1 as first,
            {_LAST} as last,
            dense_rank() over (order by lsoa21_code) - 1 as area,
            cast(ended is not null as integer) as is_ended
        from parted
        order by parted.first, parted.last
        """,  # the expression above
        [area],
    ).fetchnumpy()
    small = sorted(set(columns["code"]))
    types = sorted({area_type for code in small for area_type in within.get(code, {})})
    packer = Packer()
    for name in ("first", "last", "area"):
        packer.add(name, np.asarray(columns[name], dtype=np.int64), alike=True)
    packer.add("is_ended", np.asarray(columns["is_ended"], dtype=np.int64))
    return packer.text(
        {
            "first": sorted(set(columns["first_part"])),
            "areas": {SMALL_AREA: small}
            | {kind: [within.get(code, {}).get(kind) for code in small] for kind in types},
        }
    )
