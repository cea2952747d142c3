"""The explanation of a composite edition's choice as text: every figure behind its formula."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from orchestration.queries import Row
from orchestration.text import counted

_INDICES = ("imd", "cni")


def in_short(found: dict[str, Any]) -> Iterator[str]:
    """The choice of each edition, both scores and the composite behind it, and where it is from."""
    yield _area(found["area"])
    for each in found["editions"]:
        yield from _verdict(each)
    yield f"Files: {', '.join(found['files'])}"
    yield "Every part, value, file and line: --full"


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The text of what ``selection_explain.explain_selected`` found, two spaces a level."""
    yield _area(found["area"])
    for each in found["editions"]:
        yield ""
        yield from _verdict(each)
        yield from _composite(each)
        yield from _parts(each)
    yield ""
    yield "Files (whole sha256: --format json)"
    for source_id, file in found["files"].items():
        yield f"  {source_id}: {file['file_name']}, sha256 {file['sha256'][:12]}"


def part_of(composites: list[Row]) -> str:
    """Of a small area in a line: which area it is part of, and whether that is chosen."""
    first = composites[0]
    told = "; ".join(
        f"{'chosen' if row['is_selected'] else 'not chosen'} in {row['edition_id']} "
        f"({row['reason_text'].removesuffix('.')})"
        for row in composites
    )
    return f"Part of {first['area_code']} {first['place_name'] or first['area_name']}: {told}"


def _area(area: Row) -> str:
    name = f"{area['place_name']} ({area['area_name']})" if area["place_name"] else None
    where = [name or area["area_name"], area["lad_name"], area["region_name"]]
    people = "" if area["population"] is None else f"; {area['population']:,} residents"
    return f"{area['area_code']} {', '.join(each for each in where if each)}{people}"


def _verdict(each: Row) -> Iterator[str]:
    edition, row = each["edition"], each["selection"]
    yield f"{row['edition_id']}: {edition['label']}"
    chosen = "CHOSEN" if row["is_selected"] else "not chosen"
    yield f"  {chosen}{_published(each)}"
    yield f"  {row['reason_text']}"
    by = "weighted by residents" if edition["weighting"] == "residents" else "each as much"
    yield (
        f"  Scores are means of {counted(row['parts'] or 0, 'part')}, {by}: "
        + "; ".join(_score(row, index) for index in _INDICES)
    )
    if row["composite"] is not None:
        terms = " + ".join(
            f"{edition[f'{index}_weight']:g} x {row[f'{index}_standardised']:.3f}"
            for index in _INDICES
        )
        yield (
            f"  composite = {terms} = {row['composite']:.3f}, rank {row['composite_rank']:,} of "
            f"{row['areas_ranked']:,} (1 = worst)"
        )
    if each["groups"]:
        yield f"  {_groups(each['groups'])}"
    for near in each["near_misses"]:
        yield (
            f"  Near miss: {near['near_miss']}, number {near['near_miss_place']:,} by how much it "
            f"is short ({near['composite_short']:.3f})"
        )
    if stability := each["stability"]:
        yield (
            f"  How sure: {stability['stability_class']}, chosen in "
            f"{100 * stability['probability']:.0f}% of {stability['draws']:,} choices by other "
            "weights and ways to make scores alike"
        )
    if each["reconciled"] and each["reconciled"]["likely_reason_text"]:
        yield f"  Likely why the lists differ: {each['reconciled']['likely_reason_text']}"


def _groups(groups: list[Row]) -> str:
    """The group that it could be taken of, and how many of its residents live there."""
    first, *others = groups
    kind = first["geography"][:1].upper() + first["geography"][1:]
    elsewhere = "".join(
        f", {100 * group['share_of_residents']:.0f}% in {group['geography_name']}"
        for group in others
    )
    here = f"{100 * first['share_of_residents']:.0f}% of its residents"
    return f"{kind}: {first['geography_name']}, with {here}{elsewhere}"


def _published(each: Row) -> str:
    flag = each["selection"]["published_flag"]
    if flag is None:
        return " (no list published)"
    if not flag:
        return " (not on the programme's published list)"
    names = ", ".join(
        f"'{place['published_name']}'" + (", an alias" if place["how_matched"] == "alias" else "")
        for place in each["published"]
    )
    return f" (on the programme's published list, as {names})"


def _score(row: Row, index: str) -> str:
    if row[f"{index}_score"] is None:
        return f"{index.upper()} none"
    return (
        f"{index.upper()} {row[f'{index}_score']:.3f}, rank {row[f'{index}_rank']:,} of "
        f"{row['areas_ranked']:,}"
    )


def _composite(each: Row) -> Iterator[str]:
    """How each score becomes a standardised one, over all areas."""
    row, moments = each["selection"], each["moments"]
    for index in _INDICES:
        score, z = row[f"{index}_score"], row[f"{index}_standardised"]
        if z is None:
            continue
        less, by = (
            (moments[f"{index}_mean"], moments[f"{index}_deviation"])
            if each["edition"]["standardisation"] == "z_score"
            else (
                moments[f"{index}_least"],
                moments[f"{index}_most"] - moments[f"{index}_least"],
            )
        )
        yield (
            f"  {index.upper()} standardised by {each['edition']['standardisation']}: "
            f"({score:.6f} - {less:.6f}) / {by:.6f} = {z:.6f}"
        )


def _parts(each: Row) -> Iterator[str]:
    parts, is_by_residents = each["parts"], each["edition"]["weighting"] == "residents"
    for part in parts:
        people = (
            "residents unknown"
            if part["population"] is None
            else f"{part['population']:,} residents ({part['population_source_id']})"
        )
        yield f"  {part['part_code']}: {people}"
        for index in _INDICES:
            if scores := part[index]:
                mean = f" = mean of {len(scores)}" if len(scores) > 1 else ""
                yield (
                    f"    {index.upper()} {_number(part[f'{index}_score'])}{mean}: "
                    + "; ".join(map(_at, scores))
                )
    for index in _INDICES:
        rated = [part for part in parts if part[f"{index}_score"] is not None]
        weights = [(part["population"] or 0) if is_by_residents else 1 for part in rated]
        total = math.fsum(
            weight * part[f"{index}_score"] for weight, part in zip(weights, rated, strict=True)
        )
        if score := each["selection"][f"{index}_score"]:
            yield (
                f"  {index.upper()} = sum(score x weight) / sum(weight) = {total:,.3f} / "
                f"{sum(weights):,} = {score:.6f}"
            )


def _at(row: Row) -> str:
    """A score, of which area, and where it stands."""
    line = f"line {row['line_number']:,}" if row["line_number"] else "computed here"
    lookup = (
        f"; {row['lookup_source_id']}, line {row['lookup_line_number']:,}"
        if row.get("lookup_source_id")
        else ""
    )
    return (
        f"{_number(row['index_score'])} of {row['area_code']} ({row['source_id']}, {line}{lookup})"
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.5f}"
