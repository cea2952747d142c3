"""The release at a glance, as the page of its asset shows it: tables, with bars of characters."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from orchestration.publish.differences import named_area
from orchestration.queries import open_release, query_rows

_BAR = 12
_MOVERS = 10
_NAMED = 50


def report(release: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Markdown by name: the lists and what changed, areas by region, greatest moves, guards."""
    with open_release(release) as connection:
        regions = query_rows(
            connection,
            """
            select edition_id, region_name, count(*) as areas_listed
            from marts.double_disadvantage
            where is_doubly_disadvantaged
            group by all
            order by edition_id, areas_listed desc, region_name
            """,
        )
        movers = query_rows(
            connection,
            """
            select edition_from, edition_to, area_name, region_name, change, imd_ranks_moved
            from marts.edition_change
            where change <> 'stayed' and imd_ranks_moved is not null
            order by abs(imd_ranks_moved) desc, area_code
            limit $1
            """,
            _MOVERS,
        )
    return {
        "lists": _lists(manifest),
        "areas_by_region": _by_region(regions),
        "greatest_moves": _table(
            ("from", "to", "area", "region", "change", "IMD ranks moved"),
            [tuple(row.values()) for row in movers],
        ),
        "differences": _differences(manifest),
        "guards": _table(
            ("guard", "expectations", "passed"),
            [(g["guard"], g["expectations"], g["passed"]) for g in manifest["guards"]],
        ),
    }


def _lists(manifest: dict[str, Any]) -> str:
    since = manifest["changes_since"]
    changes = {each["edition_id"]: each for each in since["editions"]} if since else {}
    rows = []
    for edition in manifest["editions"]:
        change = changes.get(edition["edition_id"], {})
        listed, published = edition["areas_listed"], edition["areas_published"]
        joined, departed = change.get("joined", ""), change.get("departed", "")
        rows.append((edition["edition_id"], listed, published or "", joined, departed))
    headings = ("edition", "on the list", "published list", "joined", "left")
    against = f"Joined and left since {since['release_id']}.\n\n" if since else ""
    return against + _table(headings, rows) + _composites(manifest)


def _composites(manifest: dict[str, Any]) -> str:
    """The composite editions, below the others; a release from before there were any has none."""
    rows = [
        (
            edition["edition_id"],
            edition["areas_selected"],
            *(edition[field] or "" for field in ("places_published", "areas_agreed")),
        )
        for edition in manifest.get("composite_editions", ())
    ]
    headings = ("composite edition", "chosen", "published", "agreed")
    return "\n\n" + _table(headings, rows) if rows else ""


def _differences(manifest: dict[str, Any]) -> str:
    """What else differs from the release before, and what a person accepted of it."""
    since = manifest["changes_since"]
    found = since.get("differences", []) if since else []
    named = [
        (edition["edition_id"], area["change"], named_area(area))
        for edition in (since["editions"] if since else ())
        for area in edition.get("areas", [])
    ]
    accepted = [(each["subject"], each["reason"]) for each in manifest.get("accepted", [])]
    more = f"\n\nAnd {len(named) - _NAMED:,} more in the manifest." if len(named) > _NAMED else ""
    return "\n\n".join(
        [
            _table(("accepted", "because"), accepted),
            _table(("subject", "differs"), [(each["subject"], each["found"]) for each in found]),
            _table(("list", "change", "area"), named[:_NAMED]) + more,
        ]
    )


def _by_region(rows: Sequence[dict[str, Any]]) -> str:
    most = max((row["areas_listed"] for row in rows), default=1)
    return _table(
        ("edition", "region", "areas", ""),
        [(*row.values(), "█" * max(1, round(_BAR * row["areas_listed"] / most))) for row in rows],
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def line(cells: Sequence[Any]) -> str:
        # A name or a reason may hold anything, and Dagster draws Markdown.
        texts = (
            f"{cell:,}"
            if isinstance(cell, int)
            else escape(" ".join(str(cell).split()), quote=False)
            for cell in cells
        )
        return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"

    rule = "|" + "---|" * len(headings)
    return "\n".join([line(headings), rule, *map(line, rows)])
