"""What the newest list says, in a few sentences for the first page: each is asked of the marts."""

from __future__ import annotations

import re
from itertools import accumulate

import duckdb

from orchestration.queries import Row, query_rows


def findings(warehouse: duckdb.DuckDBPyConnection, edition: Row, country: str) -> list[str]:
    """The sentences; one for which the release has nothing to say is left out."""
    return [
        sentence
        for sentence in (
            _how_many(warehouse, edition, country),
            _where(warehouse, edition),
            _change(warehouse, edition),
            _outcome(warehouse, edition, country),
        )
        if sentence
    ]


def _how_many(warehouse: duckdb.DuckDBPyConnection, edition: Row, country: str) -> str:
    (row,) = query_rows(
        warehouse,
        "select sum(population) filter (is_doubly_disadvantaged) as listed, sum(population) as "
        "residents from marts.double_disadvantage where edition_id = $1",
        edition["edition_id"],
    )
    share = edition["areas_listed"] / (edition["areas_rated"] or 1)
    rated = "" if edition["areas_rated"] == edition["areas"] else "rated "
    told = (
        f"{edition['areas_listed']:,} of the {edition['areas_rated']:,} {rated}"
        f"{edition['areas_words']['several']} of {country} ({share:.1%}) "
        f"{'is' if edition['areas_listed'] == 1 else 'are'} on it"
    )
    if not row["residents"]:
        return f"{told}."
    people = row["listed"] or 0
    return f"{told}. {people:,} people live there, {people / row['residents']:.1%} of all."


def _where(warehouse: duckdb.DuckDBPyConnection, edition: Row) -> str | None:
    """How few councils have half of the list, how many none, and which has the largest share."""
    rows = query_rows(
        warehouse,
        "select geography_name, areas, areas_listed from marts.summary_geography "
        "where edition_id = $1 and geography_type = $2 and areas > 0 "
        "order by areas_listed / areas desc, geography_code",
        edition["edition_id"],
        edition["lad_type"],
    )
    whole = sum(row["areas_listed"] for row in rows)
    if not whole:
        return None
    held = accumulate(sorted((row["areas_listed"] for row in rows), reverse=True))
    few = next(count for count, listed in enumerate(held, start=1) if 2 * listed >= whole)
    none = sum(1 for row in rows if not row["areas_listed"])
    first = rows[0]
    return (
        f"{few:,} of {len(rows):,} councils {_have(few)} half of them, and "
        f"{none:,} {_have(none)} none. The largest share is in {_spoken(first['geography_name'])}: "
        f"{first['areas_listed']:,} of {first['areas']:,} {edition['areas_words']['several']}."
    )


def _change(warehouse: duckdb.DuckDBPyConnection, edition: Row) -> str | None:
    rows = query_rows(
        warehouse,
        """
        select pairs.*, editions.label
        from marts.dim_edition_pair as pairs
        inner join marts.dim_edition as editions on pairs.edition_from = editions.edition_id
        where pairs.is_comparable and pairs.edition_to = $1
        order by pairs.edition_from desc limit 1
        """,
        edition["edition_id"],
    )
    for row in rows:
        return (
            f"Compared with the list before it ({row['label']}), {row['areas_joined']:,} joined, "
            f"{row['areas_left']:,} left and {row['areas_stayed']:,} stayed."
        )
    return None


def _outcome(warehouse: duckdb.DuckDBPyConnection, edition: Row, country: str) -> str | None:
    """Where the list is furthest from other deprived areas, of what it is not chosen by."""
    rows = query_rows(
        warehouse,
        """
        pivot (
            select outcome_label, denominator_label, area_group, rate
            from marts.outcome_comparison
            inner join marts.dim_outcome using (outcome, outcome_label, denominator_label)
            where
                edition_id = $1 and method = 'pooled'
                and not is_part_of_imd and dim_outcome.direction <> 'neither'
        )
        on area_group in ('left_behind', 'other_deprived', 'nation')
        using first(rate)
        order by abs(left_behind - other_deprived) desc nulls last, outcome_label
        limit 1
        """,
        edition["edition_id"],
    )
    for row in rows:
        if None in (row["left_behind"], row["other_deprived"], row["nation"]):
            return None
        # What a label says in brackets is for those who look the outcome up.
        label = re.sub(r" \(.*\)$", "", row["outcome_label"])
        return (
            f"{label}: {row['left_behind']:.1%} of {row['denominator_label']} there, "
            f"{row['other_deprived']:.1%} in other deprived {edition['areas_words']['several']} "
            f"and {row['nation']:.1%} in {country}."
        )
    return None


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _spoken(name: str) -> str:
    """'Bristol, City of' is the City of Bristol."""
    return re.sub(r"^(.*), (.* of)$", r"the \2 \1", name)
