"""How people fare in each area and in each larger one, beside the groups of the edition.

Of the outcomes that are no part of the IMD and of which one way is worse: the others say by
construction, or say nothing, about how a place does.
"""

from __future__ import annotations

import duckdb
import numpy as np

from orchestration.publish.explorer.encode import Packer
from orchestration.queries import Row, query_rows

# Rates are kept in thousandths, one higher so that 0 is 'none'.
PER = 1000

_OUTCOMES = """
    select distinct outcome
    from marts.dim_outcome
    inner join marts.outcome_comparison using (outcome, direction)
    where edition_id = $1 and not is_part_of_imd and direction <> 'neither'
    order by outcome
"""

_OF_AREAS = """
    select coalesce(round(outcomes.rate * $3)::int + 1, 0) as rate
    from marts.double_disadvantage as lists
    left join marts.dim_edition as edition on lists.edition_id = edition.edition_id
    left join marts.outcome_area as outcomes
        on
            edition.area_type = outcomes.area_type
            and lists.area_code = outcomes.area_code
            and outcomes.outcome = $2
    where lists.edition_id = $1
    order by lists.area_code
"""

# Authority and region are the edition's own; the other kinds are those that the page has.
_OF_LARGER = """
    with lists as (
        select area_code, area_type, lad_code, region_name
        from marts.double_disadvantage
        inner join marts.dim_edition using (edition_id)
        where edition_id = $1
    ),

    inside as (
        select area_code, area_type, lad_code as key from lists
        union all
        select area_code, area_type, region_name from lists
        union all
        select member.area_code, member.area_type, member.geography_code
        from marts.geography_membership as member
        semi join lists on member.area_type = lists.area_type
        where member.is_main and list_contains($3, member.geography_type)
    )

    select key, round(sum(numerator) / sum(denominator) * $4)::int as rate
    from inside
    inner join marts.outcome_area using (area_type, area_code)
    where outcome = $2 and key is not null
    group by key
    having sum(denominator) > 0
    order by key
"""


def fares(
    warehouse: duckdb.DuckDBPyConnection, edition_id: str, kinds: list[str], packer: Packer
) -> list[Row]:
    """The outcomes, each with its rates in the larger areas of the kinds; columns go to packer."""
    found = []
    for number, (outcome,) in enumerate(warehouse.execute(_OUTCOMES, [edition_id]).fetchall()):
        rates = warehouse.execute(_OF_AREAS, [edition_id, outcome, PER]).fetchnumpy()["rate"]
        packer.add(f"fare_{number}", np.asarray(rates, dtype=np.int64))
        larger = query_rows(warehouse, _OF_LARGER, edition_id, outcome, kinds, PER)
        found.append(
            {"outcome": outcome, "per": PER, "larger": {row["key"]: row["rate"] for row in larger}}
        )
    return found
