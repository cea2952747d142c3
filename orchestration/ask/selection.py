"""Whom a composite edition chooses, who would be next, and what changes to another edition.

What the mart says of the choice is read here; what it would be by another rule, in
``selection_whatif``, and why an area is chosen or not, in ``selection_explain``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import duckdb

from orchestration.ask.diff import Diff, NotComparableError
from orchestration.ask.editions import Edition
from orchestration.ask.lists import CHANGES
from orchestration.queries import Filters, Row, query_rows


def described(connection: duckdb.DuckDBPyConnection, edition: Edition) -> Row:
    """A composite edition's row of dim_composite_edition."""
    (row,) = query_rows(
        connection,
        "select * from marts.dim_composite_edition where edition_id = $1",
        edition.edition_id,
    )
    return row


def foot_notes(connection: duckdb.DuckDBPyConnection, *editions: Edition) -> list[str]:
    """What is to be said below every answer about composite editions, once."""
    # What makes exports takes a moment to import.
    from orchestration.publish.exports.selection import selection_notes

    return [
        *(f"{each.edition_id}: {each.label}." for each in editions),
        *selection_notes(connection, [each.edition_id for each in editions]),
    ]


def list_selected(
    connection: duckdb.DuckDBPyConnection, edition: Edition, filters: Filters
) -> list[Row]:
    """The areas that an edition chooses, the highest composite first."""
    return query_rows(
        connection,
        f"""
        select
            areas.edition_id,
            areas.area_code,
            areas.area_name,
            areas.place_name,
            areas.group_name,
            areas.lad_code,
            areas.lad_name,
            areas.region_name,
            areas.population,
            areas.composite,
            areas.composite_rank,
            areas.imd_rank,
            areas.cni_rank,
            areas.place_in_line,
            areas.published_flag,
            release.release_id,
            release.label as release_label
        from marts.composite_selection as areas
        cross join meta.release
        where
            areas.edition_id = $edition
            and areas.is_selected
            and {filters.condition("areas")}
        order by areas.place_in_line
        """,
        edition=edition.edition_id,
        **filters.parameters,
    )


def list_near_misses(
    connection: duckdb.DuckDBPyConnection, edition: Edition, filters: Filters
) -> list[Row]:
    """Who would be chosen next, the nearest first: in the country, then in each group."""
    return query_rows(
        connection,
        f"""
        select near.*, release.release_id, release.label as release_label
        from marts.composite_near_miss as near
        cross join meta.release
        where near.edition_id = $edition and {filters.condition("near")}
        -- As it happens, the order of the alphabet is that of interest.
        order by near.near_miss, near.near_miss_place
        """,
        edition=edition.edition_id,
        **filters.parameters,
    )


def diff_selections(
    connection: duckdb.DuckDBPyConnection,
    edition: Edition,
    other: Edition,
    filters: Filters,
    changes: Collection[str] = ("joined", "left"),
) -> Diff:
    """What joined, left and stayed between two editions of a rule, from the earlier IMD on.

    Joined comes first, then left, then stayed; in each the highest later composite.

    Raises:
        NotComparableError: they are of other areas or by another rule; it says which.
    """
    earlier, later = _comparable(connection, edition, other)
    what_changed = _what_changed(connection, earlier, later)
    rows = query_rows(
        connection,
        f"""
        with pairs as (
            select
                before.edition_id as edition_from,
                later.edition_id as edition_to,
                case
                    when not before.is_selected then 'joined'
                    when later.is_selected then 'stayed'
                    else 'left'
                end as change,
                later.area_code,
                later.area_name,
                later.place_name,
                later.lad_code,
                later.lad_name,
                later.region_name,
                later.population,
                later.group_name,
                before.composite as composite_from,
                before.composite_rank as composite_rank_from,
                before.imd_rank as imd_rank_from,
                before.cni_rank as cni_rank_from,
                later.composite as composite_to,
                later.composite_rank as composite_rank_to,
                later.imd_rank as imd_rank_to,
                later.cni_rank as cni_rank_to,
                before.reason_text as reason_from,
                later.reason_text as reason_to,
                $from_name || ': ' || before.reason_text || ' ' || $to_name || ': '
                || later.reason_text as reason,
                $what_changed::varchar as what_changed
            from marts.composite_selection as later
            inner join marts.composite_selection as before
                on before.edition_id = $edition_from and later.area_code = before.area_code
            where
                later.edition_id = $edition_to and (later.is_selected or before.is_selected)
        )
        select pairs.*, release.release_id, release.label as release_label
        from pairs
        cross join meta.release
        where {filters.condition("pairs")}
        -- As it happens, the order of the alphabet is that of interest.
        order by pairs.change, pairs.composite_rank_to nulls last, pairs.area_code
        """,
        edition_from=earlier["edition_id"],
        edition_to=later["edition_id"],
        from_name=_told_apart(earlier, later),
        to_name=_told_apart(later, earlier),
        what_changed=what_changed,
        **filters.parameters,
    )
    found = Counter(row["change"] for row in rows)
    (release,) = query_rows(connection, "select release_id, label from meta.release")
    return Diff(
        edition_from=earlier["edition_id"],
        edition_to=later["edition_id"],
        swapped=earlier["edition_id"] != edition.edition_id,
        what_changed=what_changed,
        counts={change: found[change] for change in CHANGES},
        rows=[row for row in rows if row["change"] in changes],
        release_id=release["release_id"],
        label=release["label"],
        regions=_by_region(rows),
    )


def _comparable(
    connection: duckdb.DuckDBPyConnection, edition: Edition, other: Edition
) -> tuple[Row, Row]:
    """Both editions, that of the earlier releases first."""
    ids = edition.edition_id, other.edition_id
    if edition == other:
        raise NotComparableError(*ids, "they are the same edition")
    if edition.is_composite != other.is_composite:
        raise NotComparableError(
            *ids,
            "one takes areas by a composite of both indices, the other lists other areas by two "
            "thresholds. How much of what is taken is on a list, and of a list in what is taken, "
            "say marts.composite_overlap and marts.composite_coverage",
        )
    pair = described(connection, edition), described(connection, other)
    if pair[0]["area_type"] != pair[1]["area_type"]:
        raise NotComparableError(*ids, "they are of other areas")
    if pair[0]["composite_rule"] != pair[1]["composite_rule"]:
        raise NotComparableError(
            *ids,
            f"they choose by other rules, {pair[0]['composite_rule']} and "
            f"{pair[1]['composite_rule']}",
        )
    earlier, later = sorted(
        pair, key=lambda row: (row["imd_release"], row["cni_release"], row["edition_id"])
    )
    return earlier, later


def _told_apart(edition: Row, other: Row) -> str:
    """An edition by what it has and the other has not: 'IMD 2019'."""
    said = [
        f"{index.upper()} {edition[f'{index}_release'].removeprefix(index)}"
        for index in ("imd", "cni")
        if edition[f"{index}_release"] != other[f"{index}_release"]
    ]
    return ", ".join(said) or str(edition["edition_id"])


def _what_changed(connection: duckdb.DuckDBPyConnection, earlier: Row, later: Row) -> str | None:
    """What changed in the method of the indices, as said of the lists that are made of the same."""
    rows = query_rows(
        connection,
        """
        select pairs.what_changed
        from marts.dim_edition_pair as pairs
        inner join marts.dim_edition as before on pairs.edition_from = before.edition_id
        inner join marts.dim_edition as later on pairs.edition_to = later.edition_id
        where
            pairs.is_comparable
            and before.imd_release = $1
            and before.cni_release = $2
            and later.imd_release = $3
            and later.cni_release = $4
        order by pairs.edition_from, pairs.edition_to
        limit 1
        """,
        *(row[f"{index}_release"] for row in (earlier, later) for index in ("imd", "cni")),
    )
    return rows[0]["what_changed"] if rows else None


def _by_region(rows: list[Row]) -> tuple[Row, ...]:
    """How many joined, left and stayed in each region."""
    found = Counter((row["region_name"] or "", row["change"]) for row in rows)
    regions = sorted({region for region, _ in found})
    return tuple(
        {"region_name": region} | {change: found[region, change] for change in CHANGES}
        for region in regions
    )
