"""An area of a list worked out by hand, as a page: docs/worked-example.md.

What is taken from the release is what was published (ranks, scores and people of the parts), the
weights and, at the end, what the release says: the rest is plain arithmetic here, which the tests
hold to the release.
``python -m tests.tools.worked_example data/england/releases/current`` writes the page anew.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import duckdb

from orchestration.queries import open_release, query_rows
from orchestration.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "worked-example.md"
AREAS = (
    ("An LSOA", "lsoa21_imd2025_cni2023", "E01021988"),
    ("A ward", "ward17_imd2019_cni2019", "E05008879"),
)
_HEAD = """\
# A worked example

One LSOA and one ward, from what was published to their place on a list, with no more than a
calculator. Made from a release of England by `python -m tests.tools.worked_example`, and held to it
by a test. Rank 1 = worst. The formulas are those of [the methodology](methodology.md#formulas):
R = (N − place + 1) / N and f = −23 · ln(1 − R · (1 − exp(−100/23))).
"""


class WorkedError(AssertionError):
    """The release says something else than the calculation."""


def transform(place: float, areas: int) -> float:
    """f of a place among areas: 100 for the worst."""
    share = (areas - place + 1) / areas
    return -23 * math.log(1 - share * (1 - math.exp(-100 / 23)))


def worked_area(
    warehouse: duckdb.DuckDBPyConnection, title: str, edition_id: str, code: str
) -> str:
    """The calculation for one area, as Markdown.

    Raises:
        WorkedError: it does not come to what the release says.
    """
    (edition,) = query_rows(
        warehouse, "select * from marts.dim_edition where edition_id = $1", edition_id
    )
    (area,) = query_rows(
        warehouse,
        "select * from marts.double_disadvantage where edition_id = $1 and area_code = $2",
        edition_id,
        code,
    )
    lines = [
        f"## {title}: {area['area_name']}\n",
        f"{code}, {area['lad_name']}, in `{edition_id}`.\n",
        *_imd(warehouse, edition, area),
        *_from_domains(warehouse, edition["cni_release"], area, area["cni_score"]),
    ]
    verdicts = []
    for index in ("imd", "cni"):
        areas, percent = area[f"{index}_areas_ranked"], edition[f"{index}_threshold_percent"]
        last = areas * percent // 100
        rank = area[f"{index}_rank"]
        is_within = rank <= last
        _require(is_within, area[f"is_within_{index}_threshold"])
        verdicts.append(is_within)
        lines.append(
            f"{index.upper()}: the last rank within {percent}% of {areas:,} areas is {areas:,} · "
            f"{percent} / 100, rounded down: {last:,}. Rank {rank:,} is "
            f"{'within' if is_within else 'not within'}.\n"
        )
    _require(all(verdicts), area["is_doubly_disadvantaged"])
    lines.append(f"So the area is {'on' if all(verdicts) else 'not on'} the list.\n")
    return "\n".join(lines)


def _imd(
    warehouse: duckdb.DuckDBPyConnection, edition: dict[str, Any], area: dict[str, Any]
) -> list[str]:
    """From the domains where the IMD is on the edition's areas, else from the parts."""
    parts = query_rows(
        warehouse,
        "select part_code, part_imd_score, part_population from marts.imd_carry "
        "where edition_id = $1 and area_code = $2 order by part_code",
        edition["edition_id"],
        area["area_code"],
    )
    if not parts:
        return _from_domains(warehouse, edition["imd_release"], area, area["imd_score"])
    people = sum(part["part_population"] for part in parts)
    total = sum(part["part_imd_score"] * part["part_population"] for part in parts)
    _require_near(total / people, area["imd_score"], 1e-6)
    return [
        f"**{edition['imd_release']}** comes from {len(parts)} parts, each with its residents:\n",
        "| part | score | residents | score · residents |",
        "|---|---:|---:|---:|",
        *(
            f"| {part['part_code']} | {part['part_imd_score']:.3f} "
            f"| {part['part_population']:,.0f} "
            f"| {part['part_imd_score'] * part['part_population']:,.3f} |"
            for part in parts
        ),
        f"| sum | | {people:,.0f} | {total:,.3f} |",
        f"\nScore: {total:,.3f} / {people:,.0f} = {total / people:.3f}. Among "
        f"{area['imd_areas_ranked']:,} areas that is rank {area['imd_rank']:,}.\n",
    ]


def _from_domains(
    warehouse: duckdb.DuckDBPyConnection, release: str, area: dict[str, Any], score: float
) -> list[str]:
    rows = query_rows(
        warehouse,
        "select domain, place, areas_ranked, weight, domain_score from marts.fct_domain_score "
        "where index_release = $1 and area_code = $2 and weight is not null "
        "order by weight desc, domain",
        release,
        area["area_code"],
    )
    scores = [transform(row["place"], row["areas_ranked"]) for row in rows]
    for row, own in zip(rows, scores, strict=True):
        # CNI 2019 was computed with 32 bits.
        _require_near(own, row["domain_score"], 1e-3)
    total = sum(row["weight"] * own for row, own in zip(rows, scores, strict=True))
    # Published scores are printed with two or three decimals.
    _require_near(total, score, 0.006)
    (ranked,) = query_rows(
        warehouse,
        "select index_rank, areas_ranked from marts.fct_index_score "
        "where index_release = $1 and area_code = $2",
        release,
        area["area_code"],
    )
    return [
        f"**{release}** from its domains:\n",
        "| domain | place | N | f | weight | weight · f |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {row['domain'].replace('_', ' ')} | {row['place']:,g} | {row['areas_ranked']:,} "
            f"| {own:.4f} | {row['weight']:g} | {row['weight'] * own:.4f} |"
            for row, own in zip(rows, scores, strict=True)
        ),
        f"| sum | | | | | {total:.4f} |",
        f"\nThe release has {score:.3f}; among {ranked['areas_ranked']:,} areas that is rank "
        f"{ranked['index_rank']:,}.\n",
    ]


def _require(found: bool, said: bool) -> None:
    if found != said:
        raise WorkedError(f"the calculation gives {found}, the release says {said}")


def _require_near(found: float, said: float, within: float) -> None:
    if abs(found - said) > within:
        raise WorkedError(f"the calculation gives {found}, the release says {said}")


def worked_page(release: Path) -> str:
    """The page as it should be for a release of England."""
    with open_release(release) as warehouse:
        parts = [worked_area(warehouse, *area) for area in AREAS]
    return "\n".join([_HEAD, *parts]).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(worked_page(Path(sys.argv[1])), encoding="utf-8")
