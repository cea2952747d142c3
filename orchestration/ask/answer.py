"""What ``lbn explain`` asks: of lists by thresholds, or of composite editions."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.ask.editions import Edition, find_edition
from orchestration.ask.explain import UnknownAreaError, explain
from orchestration.ask.selection_explain import (
    composites_of,
    composites_with,
    explain_selected,
    meant,
)
from orchestration.problems import UsageError


def explained(
    connection: duckdb.DuckDBPyConnection,
    area: str,
    edition: str | None = None,
    part: str | None = None,
) -> tuple[dict[str, Any], list[Edition]]:
    """Why an area is on a list or chosen, or not, and the composite editions that this speaks of.

    What ``explain`` found, with ``composites``: the area that it is part of in each composite
    edition; or what ``explain_selected`` found. Without an edition, a small area or ward goes
    before an area of composite editions, unless several are called so and all are parts of that.

    Raises:
        UnknownEditionError: the release has no such edition.
        UnknownAreaError: no area of that name, or several.
        UsageError: what ``explain`` refuses; a part of what has none.
    """
    named = None if edition is None else find_edition(connection, edition)
    if named is None or not named.is_composite:
        try:
            found = explain(connection, area, edition, part)
        except UsageError as refused:
            code = None if named else _instead(connection, area, refused)
            if code is None:
                raise
            area = code
        else:
            verdict = found["verdict"]
            of = find_edition(connection, verdict["edition_id"])
            found["other_editions"] += composites_with(connection, verdict["area_code"])
            found["composites"] = composites_of(connection, verdict["area_code"], of.area_type)
            return found, [
                find_edition(connection, row["edition_id"]) for row in found["composites"]
            ]
    if part is not None:
        raise UsageError("--part is for areas of lists by thresholds whose IMD was carried.")
    found = explain_selected(connection, area, named)
    return found, [
        find_edition(connection, each["edition"]["edition_id"]) for each in found["editions"]
    ]


def _instead(connection: duckdb.DuckDBPyConnection, area: str, refused: UsageError) -> str | None:
    """The area of composite editions that is meant where no small area or ward surely is."""
    several = refused.several if isinstance(refused, UnknownAreaError) else []
    if code := meant(connection, area, exactly=bool(several)):
        return code
    code = meant(connection, area)
    wholes = [{row["area_code"] for row in composites_of(connection, each)} for each in several]
    return code if wholes and all(whole == {code} for whole in wholes) else None
