"""Why a composite edition chooses an area or not: from the choice down to the line of each file.

Reads a published release and gives plain nested data, as ``explain`` does for lists by thresholds.
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.ask.editions import Edition
from orchestration.ask.explain import UnknownAreaError, files_of
from orchestration.ask.names import How, Names
from orchestration.problems import UsageError
from orchestration.queries import Row, query_rows


def meant(connection: duckdb.DuckDBPyConnection, area: str, *, exactly: bool = False) -> str | None:
    """The area of the composite editions that a code or name surely means, if any.

    Args:
        connection: A published release.
        area: A code, a name or that of a place, or, unless ``exactly``, a part of it.
        exactly: Only whole codes and names.
    """
    sure = _sure(connection, area)
    if len(sure) == 1 and (sure[0][1] is How.exact or not exactly):
        return str(sure[0][0]["area_code"])
    return None


def explain_selected(
    connection: duckdb.DuckDBPyConnection, area: str, edition: Edition | None = None
) -> dict[str, Any]:
    """Everything that the choice of an area in composite editions stands on.

    Args:
        connection: A published release.
        area: Its code, its name or that of its place, or a part of it.
        edition: A composite one; None for all that have the area.

    Returns:
        ``area``, ``editions`` (each with ``selection``, ``moments`` of both scores over all areas,
        ``parts`` with the scores that they have and where those stand, the ``groups`` its
        residents live in, ``near_misses``, ``published`` places of the programme's list,
        ``reconciled`` with that list, ``stability``, and ``lists``, how much of it is on those of
        small areas) and ``files``.

    Raises:
        UnknownAreaError: no area of that name, or several.
        UsageError: it is a part of an area; it says of which.
    """
    code = _code(connection, area)
    declared = query_rows(
        connection,
        """
        select editions.*
        from marts.dim_composite_edition as editions
        inner join marts.composite_selection as areas
            on editions.edition_id = areas.edition_id and areas.area_code = $1
        where $2 is null or editions.edition_id = $2
        order by editions.edition_id
        """,
        code,
        edition.edition_id if edition else None,
    )
    editions = [_in_edition(connection, row, code) for row in declared]
    (described,) = query_rows(
        connection,
        "select area_type, area_code, area_name, place_name, lad_name, region_name, population, "
        "population_source_id from marts.dim_area where area_type = $1 and area_code = $2",
        declared[0]["area_type"],
        code,
    )
    return {
        "area": described,
        "editions": editions,
        "files": files_of(connection, [described, editions]),
    }


def _sure(connection: duckdb.DuckDBPyConnection, area: str) -> list[tuple[Row, How]]:
    """The areas that were found as surely as the first; none by close spelling."""
    rows = query_rows(
        connection,
        "select distinct area_code, area_name, place_name from marts.composite_selection "
        "order by all",
    )
    found = Names((name, row) for row in rows for name in row.values() if name).find(area)
    return [(row, how) for row, how in found if how is found[0][1] and how is not How.close]


def _code(connection: duckdb.DuckDBPyConnection, area: str) -> str:
    sure = [row for row, _ in _sure(connection, area)]
    if len(sure) == 1:
        return str(sure[0]["area_code"])
    if not sure and (whole := composites_of(connection, area)):
        name = whole[0]["place_name"] or whole[0]["area_name"]
        raise UsageError(
            f"{area} is a part of {whole[0]['area_code']} {name}.",
            f"lbn explain {whole[0]['area_code']} says why that is chosen or not.",
        )
    candidates = [f"{row['area_code']} {row['place_name'] or row['area_name']}" for row in sure]
    raise UnknownAreaError(area, candidates, several=bool(sure))


def composites_of(
    connection: duckdb.DuckDBPyConnection, part: str, part_type: str | None = None
) -> list[Row]:
    """Of each composite edition the area that a small area is part of, and why it is chosen or not.

    Args:
        connection: A published release.
        part: The code of a small area.
        part_type: Its type; None for whatever has the code.
    """
    return query_rows(
        connection,
        """
        select
            areas.edition_id,
            areas.area_code,
            areas.area_name,
            areas.place_name,
            areas.is_selected,
            areas.selection_reason,
            areas.reason_text
        from marts.dim_composite_edition as editions
        inner join marts.geography_membership as member
            on
                editions.part_type = member.area_type
                and editions.area_type = member.geography_type
                and member.is_main
        inner join marts.composite_selection as areas
            on
                editions.edition_id = areas.edition_id
                and member.geography_code = areas.area_code
        where
            lower(member.area_code) = lower($1)
            and ($2 is null or member.area_type = $2)
        order by areas.edition_id
        """,
        part.strip(),
        part_type,
    )


def composites_with(connection: duckdb.DuckDBPyConnection, code: str) -> list[str]:
    """The composite editions that choose among areas of which this is one, as of wards."""
    rows = query_rows(
        connection,
        "select edition_id from marts.composite_selection where area_code = $1 order by edition_id",
        code,
    )
    return [row["edition_id"] for row in rows]


def _in_edition(connection: duckdb.DuckDBPyConnection, edition: Row, code: str) -> Row:
    its = edition["edition_id"], code

    def of(mart: str, order: str) -> list[Row]:
        return query_rows(
            connection,
            f"select * from {mart} where edition_id = $1 and area_code = $2 order by {order}",
            *its,
        )

    (selection,) = of("marts.composite_selection", "all")
    stability = of("marts.composite_stability", "all")
    reconciled = of("marts.composite_reconciliation", "all")
    return {
        "edition": edition,
        "selection": selection,
        "moments": _moments(connection, edition["edition_id"]),
        "parts": _parts(connection, edition, code),
        "groups": query_rows(
            connection,
            "select geography_code, geography_name, geography, share_of_residents, is_main "
            "from marts.geography_membership "
            "where area_type = $1 and area_code = $2 and geography_type = $3 "
            "order by is_main desc, share_of_residents desc, geography_code",
            edition["area_type"],
            code,
            edition["group_type"],
        ),
        "near_misses": of("marts.composite_near_miss", "near_miss"),
        "published": query_rows(
            connection,
            "select source_id, line_number, lad_name, published_name, how_matched "
            "from marts.programme_place where source_id = $1 and area_type = $2 "
            "and area_code = $3 and place_role = 'neighbourhood' order by line_number",
            edition["programme_source_id"],
            edition["area_type"],
            code,
        ),
        "reconciled": reconciled[0] if reconciled else None,
        "stability": stability[0] if stability else None,
        "lists": of("marts.composite_overlap", "list_edition_id"),
    }


def _moments(connection: duckdb.DuckDBPyConnection, edition: str) -> Row:
    """What scores are standardised by, over all areas of the edition."""
    measures = ", ".join(
        f"""
        list_avg(list({index}_score order by area_code)) as {index}_mean,
        list_stddev_samp(list({index}_score order by area_code)) as {index}_deviation,
        min({index}_score) as {index}_least,
        max({index}_score) as {index}_most
        """
        for index in ("imd", "cni")
    )
    (row,) = query_rows(
        connection,
        f"select {measures} from marts.composite_selection where edition_id = $1",
        edition,
    )
    return row


def _parts(connection: duckdb.DuckDBPyConnection, edition: Row, code: str) -> list[Row]:
    """The parts of an area, with residents, both scores, and where each of them stands."""
    parts = query_rows(
        connection,
        """
        select
            parts.area_code as part_code,
            parts.area_name as part_name,
            parts.population,
            parts.population_source_id
        from marts.geography_membership as member
        inner join marts.dim_area as parts
            on member.area_type = parts.area_type and member.area_code = parts.area_code
        where
            member.area_type = $1
            and member.geography_type = $2
            and member.geography_code = $3
            and member.is_main
        order by parts.area_code
        """,
        edition["part_type"],
        edition["area_type"],
        code,
    )
    for part in parts:
        part["imd"] = _imd(connection, edition, part["part_code"])
        part["cni"] = query_rows(
            connection,
            "select area_code, index_score, source_id, line_number from marts.fct_index_score "
            "where index_release = $1 and area_code = $2",
            edition["cni_release"],
            part["part_code"],
        )
        for index in ("imd", "cni"):
            scores = [row["index_score"] for row in part[index] if row["index_score"] is not None]
            part[f"{index}_score"] = sum(scores) / len(scores) if scores else None
    return parts


def _imd(connection: duckdb.DuckDBPyConnection, edition: Row, part: str) -> list[Row]:
    """The scores that a part's is the mean of: its own, or those of the areas that it came from."""
    if edition["imd_lookup_id"] is None:
        return query_rows(
            connection,
            "select area_code, index_score, source_id, line_number from marts.fct_index_score "
            "where index_release = $1 and area_code = $2",
            edition["imd_release"],
            part,
        )
    return query_rows(
        connection,
        """
        select distinct
            scores.area_code,
            scores.index_score,
            scores.source_id,
            scores.line_number,
            parents.lookup_source_id,
            parents.lookup_line_number
        from marts.imd_carry as parents
        inner join marts.fct_index_score as scores
            on scores.index_release = $1 and parents.part_code = scores.area_code
        where parents.lookup_source_id = $2 and parents.area_code = $3
        order by scores.area_code
        """,
        edition["imd_release"],
        edition["imd_lookup_id"],
        part,
    )
