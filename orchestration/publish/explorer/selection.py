"""The page of a composite edition: whom it chooses and why, without a line of script.

And what an edition of small areas says of the area of a composite edition that each is part of.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import duckdb
import numpy as np

from orchestration.publish.explorer.encode import Packer
from orchestration.queries import Row, query_rows

# How many near misses of each kind are named.
_NEAREST = 10
# What became of an area, as the script of the pages knows it; 0 where nothing is known.
_CHOSEN_BY_PROGRAMME, _CHOSEN_BY_RULE = 1, 2
_REASONS = {"excluded": 3, "behind in its group": 4, "beyond the number": 5}


def composites(warehouse: duckdb.DuckDBPyConnection) -> list[Row]:
    """The composite editions, that of a programme's own first, each with its programme's title."""
    return query_rows(
        warehouse,
        """
        select
            editions.*,
            sources.title as programme,
            sources.landing_page,
            types.geography as group_word
        from marts.dim_composite_edition as editions
        left join marts.dim_source as sources on editions.programme_source_id = sources.source_id
        left join marts.dim_area_type as types on editions.group_type = types.area_type
        order by not editions.is_programmes_own, editions.edition_id
        """,
    )


def selection_contents(warehouse: duckdb.DuckDBPyConnection, edition: Row) -> Row:
    """What the template of a composite edition's page shows."""
    named = {"edition_id": edition["edition_id"]}
    chosen = query_rows(
        warehouse,
        """
        select * from marts.composite_selection
        where edition_id = $edition_id and is_selected
        order by region_name, lad_name, place_in_line
        """,
        **named,
    )
    differences = query_rows(
        warehouse,
        """
        select * from marts.composite_reconciliation
        where edition_id = $edition_id and agreement <> 'agreed'
        order by agreement desc, composite_rank
        """,
        **named,
    )
    near = query_rows(
        warehouse,
        """
        select * from marts.composite_near_miss
        where edition_id = $edition_id and near_miss_place <= $nearest
        order by near_miss, near_miss_place
        """,
        nearest=_NEAREST,
        **named,
    )
    coverage = query_rows(
        warehouse,
        """
        select coverage.*, lists.label
        from marts.composite_coverage as coverage
        inner join marts.dim_edition as lists on coverage.list_edition_id = lists.edition_id
        where coverage.edition_id = $edition_id and coverage.geography_level = 'country'
        order by lists.imd_release desc
        """,
        **named,
    )
    return {
        "edition": edition,
        "regions": _nested(chosen, "region_name", "lad_name"),
        "differences": differences,
        "near": _grouped(near, "near_miss"),
        "coverage": coverage,
        "unique_names": _unique_names(warehouse, edition["area_type"]),
        "others": [
            other | _moved(warehouse, edition["edition_id"], other["edition_id"])
            for other in composites(warehouse)
            if other["composite_rule"] == edition["composite_rule"]
            and other["area_type"] == edition["area_type"]
            and other["edition_id"] != edition["edition_id"]
        ],
    }


def _unique_names(warehouse: duckdb.DuckDBPyConnection, area_type: str) -> set[str]:
    """The names that one area alone has: the page of a place is by its name."""
    rows = query_rows(
        warehouse,
        "select place_name from marts.dim_area where area_type = $1 and place_name is not null "
        "group by place_name having count(*) = 1",
        area_type,
    )
    return {row["place_name"] for row in rows}


def _moved(warehouse: duckdb.DuckDBPyConnection, before: str, after: str) -> Row:
    """Who is chosen by one edition and not by the other."""
    rows = query_rows(
        warehouse,
        """
        select later.*, if(later.is_selected, 'joined', 'departed') as change
        from marts.composite_selection as earlier
        inner join marts.composite_selection as later using (area_code)
        where
            earlier.edition_id = $before
            and later.edition_id = $after
            and earlier.is_selected <> later.is_selected
        order by later.region_name, later.lad_name, later.area_code
        """,
        before=before,
        after=after,
    )
    found: Row = {"joined": [], "departed": []}
    return found | dict(_grouped(sorted(rows, key=lambda row: str(row["change"])), "change"))


def _grouped(rows: Iterable[Row], name: str) -> list[tuple[str, list[Row]]]:
    return [(key, list(group)) for key, group in groupby(rows, key=lambda row: row[name])]


def _nested(rows: Iterable[Row], outer: str, inner: str) -> list[tuple[str, list[Any]]]:
    return [(key, _grouped(group, inner)) for key, group in _grouped(rows, outer)]


def pack_selection(
    warehouse: duckdb.DuckDBPyConnection, area_type: str, codes: list[str], packer: Packer
) -> Row | None:
    """What became of the area that each small area is part of: columns, and what they are of.

    ``chosen`` is what became of it, ``chosen_place`` its place in its group or in line. Nothing
    where no programme chose among areas that are made of areas of this type.
    """
    for edition in composites(warehouse):
        if edition["is_programmes_own"] and edition["part_type"] == area_type:
            break
    else:
        return None
    around = {
        row["area_code"]: row
        for row in query_rows(
            warehouse,
            """
            select member.area_code, around.* exclude (area_code)
            from marts.geography_membership as member
            inner join marts.composite_selection as around
                on member.geography_code = around.area_code
            where
                member.area_type = $area_type
                and member.geography_type = $geography_type
                and member.is_main
                and around.edition_id = $edition_id
            """,
            area_type=area_type,
            geography_type=edition["area_type"],
            edition_id=edition["edition_id"],
        )
    }
    became = [_became(around.get(code)) for code in codes]
    for name, at in (("chosen", 0), ("chosen_place", 1)):
        packer.add(name, np.array([each[at] for each in became], dtype=np.int64), alike=True)
    names = ("edition_id", "most_selected", "group_word")
    # 'Pride in Place Programme phase 2', without what the source has of it.
    programme = str(edition["programme"] or edition["label"]).partition(",")[0]
    return {name: edition[name] for name in names} | {"programme": programme}


def _became(row: Row | None) -> tuple[int, int]:
    if row is None:
        return 0, 0
    if row["published_flag"]:
        return _CHOSEN_BY_PROGRAMME, 0
    if row["is_selected"]:
        return _CHOSEN_BY_RULE, 0
    reason = _REASONS.get(row["selection_reason"], 0)
    place = row["place_in_line"] if reason == _REASONS["beyond the number"] else None
    return reason, (place if place is not None else row["place_in_group"] or 0)
