"""Why an area is on a list or not: from the flag down to the line of each file.

Reads a published release and gives plain nested data, which the command prints and other pages may
use. Every figure comes with the inputs of its formula, so that a calculator can check it.
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.ask.editions import known_edition
from orchestration.ask.names import How, Names
from orchestration.ask.postcodes import small_area_of
from orchestration.ask.succession import became
from orchestration.problems import UsageError
from orchestration.queries import Row, query_rows

CANDIDATES = 8


class UnknownAreaError(UsageError):
    """No such area, or several of that name; ``candidates`` are 'code name' of those near.

    ``several`` has the codes of those that it is the name of.
    """

    def __init__(self, area: str, candidates: list[str], *, several: bool) -> None:
        what = "Several areas match" if several else "No area"
        shown = "; ".join(candidates[:CANDIDATES])
        more = f"; and {len(candidates) - CANDIDATES} more" if len(candidates) > CANDIDATES else ""
        near = f"Did you mean: {shown}{more}?" if candidates else ""
        self.several = [each.partition(" ")[0] for each in candidates] if several else []
        super().__init__(f"{what} '{area}'.", near)


def explain(
    connection: duckdb.DuckDBPyConnection,
    area: str,
    edition: str | None = None,
    part: str | None = None,
) -> dict[str, Any]:
    """Everything that an area's flag in an edition stands on.

    Args:
        connection: A published release.
        area: Its code, its name or that of its place, or a part of it, as ``names`` finds it.
        edition: None for the newest edition that has the area.
        part: Of an area whose IMD was carried: the part whose domains to show, by its code; None
            for the worst.

    Returns:
        ``verdict`` (the area's row of double_disadvantage with thresholds), ``carry`` (the parts
        that the IMD came from, none where it is the area's own), ``domains`` (of both indices on
        the edition's areas, the worst first), ``indices`` (the IMD and the CNI,
        each with its ``domains``, their ``sub_domains`` and their ``indicators``), ``files`` (of
        every source named above, by id) and ``other_editions``.

    Raises:
        UnknownEditionError: the release has no such edition.
        UnknownAreaError: no area of that name, or several; or no such part.
        UsageError: it is an area of another time or type; it says what it became, or which areas
            of the edition hold it or lie in it.
    """
    if edition is not None:
        edition = known_edition(connection, edition)
    code = _code(connection, area, edition)
    having = query_rows(
        connection,
        "select edition_id from marts.double_disadvantage inner join marts.dim_edition "
        "using (edition_id) where area_code = $1 order by imd_release, cni_release, edition_id",
        code,
    )
    chosen = edition or having[-1]["edition_id"]
    verdict = _verdict(connection, code, chosen)
    carry = query_rows(
        connection,
        "select * from marts.imd_carry where edition_id = $1 and area_code = $2 "
        "order by part_imd_rank, part_code",
        chosen,
        code,
    )
    codes = [row["part_code"] for row in carry]
    part = part and part.strip().upper()
    if part is not None and part not in codes:
        raise UnknownAreaError(part, codes, several=False)
    imd_area = part or (codes[0] if codes else code)
    indices = [
        _index(connection, verdict["imd_release"], imd_area),
        _index(connection, verdict["cni_release"], code),
    ]
    found = [index for index in indices if index]
    return {
        "verdict": verdict,
        "carry": carry,
        "domains": query_rows(
            connection,
            "select * from marts.edition_domain where edition_id = $1 and area_code = $2 "
            "order by index_name desc, domain_rank, domain",
            chosen,
            code,
        ),
        "indices": found,
        "files": files_of(connection, [carry, found]),
        "other_editions": [row["edition_id"] for row in having if row["edition_id"] != chosen],
    }


def _code(connection: duckdb.DuckDBPyConnection, area: str, edition: str | None) -> str:
    area = small_area_of(connection, area) or area
    rows = query_rows(
        connection,
        "select distinct area_code, area_name, place_name from marts.double_disadvantage "
        "where $1 is null or edition_id = $1 order by all",
        edition,
    )
    areas = {row["area_code"]: row for row in rows}
    found = Names((name, row) for row in areas.values() for name in row.values() if name).find(area)
    sure = [row for row, how in found if how is found[0][1] and how is not How.close]
    if len(sure) == 1:
        return str(sure[0]["area_code"])
    if sure:
        raise UnknownAreaError(area, list(map(_label, sure)), several=True)
    if told := [*became(connection, area), *_elsewhere(connection, area, edition)]:
        raise UsageError(". ".join(told) + ".")
    raise UnknownAreaError(area, [_label(row) for row, _ in found], several=False)


def _label(row: Row) -> str:
    place = f" ({row['place_name']})" if row["place_name"] else ""
    return f"{row['area_code']} {row['area_name']}{place}"


def _elsewhere(connection: duckdb.DuckDBPyConnection, code: str, edition: str | None) -> list[str]:
    """Where an area of another type lies that the edition has, or which of them lie in it."""
    rows = query_rows(
        connection,
        """
        with rated as (
            select distinct editions.area_type, types.label
            from marts.dim_edition as editions
            inner join marts.dim_area_type as types on editions.area_type = types.area_type
            where $2 is null or editions.edition_id = $2
        )
        select member.area_code, rated.label, member.geography_code as other, true as is_inside
        from marts.geography_membership as member
        inner join rated on member.geography_type = rated.area_type
        where lower(member.area_code) = lower($1) and member.is_main
        union
        select member.geography_code, rated.label, member.area_code, false
        from marts.geography_membership as member
        inner join rated on member.area_type = rated.area_type
        where lower(member.geography_code) = lower($1) and member.is_main
        order by all
        """,
        code.strip(),
        edition,
    )
    told = []
    for kind in (True, False):
        there = [row for row in rows if row["is_inside"] is kind]
        if there:
            others = [row["other"] for row in there]
            more = f" and {len(others) - CANDIDATES} more" if len(others) > CANDIDATES else ""
            which = "; ".join(others[:CANDIDATES]) + more
            what = "The area of this edition that holds" if kind else "The areas of this edition in"
            told.append(f"{what} {there[0]['area_code']} ({there[0]['label']}): {which}")
    return told


def _verdict(connection: duckdb.DuckDBPyConnection, code: str, edition: str) -> Row:
    rows = query_rows(
        connection,
        """
        select
            areas.*,
            editions.label as edition_label,
            editions.imd_release,
            editions.cni_release,
            editions.carry_rule,
            editions.carry_rule_label,
            editions.carry_statistic,
            editions.imd_threshold_percent,
            editions.cni_threshold_percent,
            method.threshold_rank(areas.imd_areas_ranked, editions.imd_threshold_percent)
                as imd_threshold_rank,
            method.threshold_rank(areas.cni_areas_ranked, editions.cni_threshold_percent)
                as cni_threshold_rank
        from marts.double_disadvantage as areas
        inner join marts.dim_edition as editions on areas.edition_id = editions.edition_id
        where areas.edition_id = $1 and areas.area_code = $2
        """,
        edition,
        code,
    )
    return rows[0]


def _index(connection: duckdb.DuckDBPyConnection, release: str, code: str) -> Row | None:
    rows = query_rows(
        connection,
        "select * from marts.fct_index_score where index_release = $1 and area_code = $2",
        release,
        code,
    )
    if not rows:
        return None
    domains = query_rows(
        connection,
        "select * from marts.fct_domain_score where index_release = $1 and area_code = $2 "
        "order by domain",
        release,
        code,
    )
    for domain in domains:
        domain["sub_domains"] = _sub_domains(connection, release, code, domain["domain"])
    return {**rows[0], "domains": domains}


def _sub_domains(
    connection: duckdb.DuckDBPyConnection, release: str, code: str, domain: str
) -> list[Row]:
    sub_domains = query_rows(
        connection,
        """
        select scores.*, reconciled.method, reconciled.not_rebuilt_because
        from marts.fct_sub_domain_score as scores
        left join marts.indicator_reconciliation as reconciled
            on
                scores.index_release = reconciled.index_release
                and scores.sub_domain = reconciled.measure
                and reconciled.measure_level = 'sub_domain'
        where
            scores.index_release = $1
            and scores.area_code = $2
            and scores.domain = $3
        order by scores.sub_domain
        """,
        release,
        code,
        domain,
    )
    for sub_domain in sub_domains:
        sub_domain["indicators"] = query_rows(
            connection,
            """
            select
                described.* exclude (index_release, sub_domain, domain, source_id),
                found.* exclude (index_release, indicator, area_code),
                described.weight * found.standard_score as weighted_score,
                -- What a shrunken rate comes from: r of n, counted over all periods.
                coalesce(
                    found.published_value,
                    if(described.missing_rule = 'value', described.missing_value, 0)
                ) as counted_value,
                least(counted_value, found.denominator) * coalesce(described.count_periods, 1)
                    as r,
                found.denominator * coalesce(described.count_periods, 1) as n,
                if(found.own_weight is not null, method.logit(r, n), null) as own_logit,
                if(found.own_weight is not null, method.logit_variance(r, n), null)
                    as own_variance,
                if(
                    found.own_weight is not null,
                    method.logit(found.larger_area_numerator, found.larger_area_denominator),
                    null
                ) as larger_logit
            from marts.fct_indicator as found
            inner join marts.dim_indicator as described
                on
                    found.index_release = described.index_release
                    and found.indicator = described.indicator
            where
                found.index_release = $1
                and found.area_code = $2
                and described.sub_domain = $3
            order by coalesce(described.part_of, found.indicator), described.part_of nulls first,
                found.indicator
            """,
            release,
            code,
            sub_domain["sub_domain"],
        )
    return sub_domains


def files_of(connection: duckdb.DuckDBPyConnection, found: Any) -> dict[str, Row]:
    """Every source that is named anywhere in what was found."""
    named = _named_sources(found)
    rows = query_rows(
        connection,
        "select source_id, title, file_name, sha256, publisher, licence, landing_page "
        "from marts.dim_source order by source_id",
    )
    return {row["source_id"]: row for row in rows if row["source_id"] in named}


def _named_sources(found: Any) -> set[str]:
    if isinstance(found, list):
        return set().union(*map(_named_sources, found))
    if not isinstance(found, dict):
        return set()
    keys = ("source_id", "lookup_source_id", "population_source_id")
    names = {str(found[key]) for key in keys if found.get(key)}
    return names.union(*map(_named_sources, found.values()))
