"""An explanation as text: every figure behind its formula, the numbers in place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from orchestration.ask.selection_explanation import part_of
from orchestration.queries import Row
from orchestration.text import counted


def in_short(found: dict[str, Any]) -> Iterator[str]:
    """The same in about ten lines: both ranks, the domains behind them, and where it is from."""
    verdict = found["verdict"]
    yield from _verdict(verdict, found["domains"])
    if found["carry"]:
        parts = counted(len(found["carry"]), "part")
        yield f"  The IMD came here by {verdict['carry_rule']}, from {parts}."
    if found.get("composites"):
        yield part_of(found["composites"])
    yield f"Files: {', '.join(found['files'])}"
    if found["other_editions"]:
        yield f"Also in: {', '.join(found['other_editions'])}"
    yield "Every formula, value, file and line: --full"


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The text of what ``orchestration.ask.explain.explain`` found, two spaces a level."""
    yield from _verdict(found["verdict"])
    if found["carry"]:
        yield ""
        yield from _carry(found)
    for index in found["indices"]:
        yield ""
        yield from _index(index)
    if found.get("composites"):
        yield ""
        yield part_of(found["composites"])
    yield ""
    yield "Files (whole sha256: --format json)"
    for source_id, file in found["files"].items():
        yield f"  {source_id}: {file['file_name']}, sha256 {file['sha256'][:12]}"
    if found["other_editions"]:
        yield ""
        yield f"Also in: {', '.join(found['other_editions'])}"


def _number(value: float | None, digits: int = 6) -> str:
    if value is None:
        return "none"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.{digits}f}"


def _at(row: Row) -> str:
    """Where a figure stands: file, sheet and line."""
    if row.get("line_number") is None:
        return "computed here"
    sheet = f", sheet {row['sheet']!r}" if row.get("sheet") else ""
    return f"{row['source_id']}{sheet}, line {row['line_number']:,}"


def _verdict(row: Row, domains: Sequence[Row] | None = None) -> Iterator[str]:
    """The flag and both ranks; with the domains behind them in place of how the last is counted."""
    name = f"{row['place_name']} ({row['area_name']})" if row["place_name"] else row["area_name"]
    yield f"{row['area_code']} {name}, {row['lad_name']}, {row['region_name']}"
    yield f"{row['edition_id']}: {row['edition_label']}"
    if row["not_rated_reason"]:
        yield f"  Not rated: {row['not_rated_reason']}"
    listed = "ON the list" if row["is_doubly_disadvantaged"] else "not on the list"
    published = {True: "on it", False: "not on it", None: "no list published"}
    yield f"  {listed} (published: {published[row['published_flag']]})"
    for index in ("imd", "cni"):
        if row[f"{index}_rank"] is None:
            yield f"  {index.upper()}: no rank"
            continue
        rank, count = row[f"{index}_rank"], row[f"{index}_areas_ranked"]
        last, percent = row[f"{index}_threshold_rank"], row[f"{index}_threshold_percent"]
        within = "within" if rank <= last else "beyond"
        formula = "" if domains is not None else f"floor({count:,} x {percent} / 100) = "
        yield (
            f"  {index.upper()}: rank {rank:,} of {count:,} (1 = worst), {within} the last rank "
            f"{formula}{last:,}"
        )
        if behind := [each for each in domains or () if each["index_name"] == index]:
            yield f"    by domain: {'; '.join(map(_domain_rank, behind))}"


def _domain_rank(row: Row) -> str:
    rank = "no rank" if row["domain_rank"] is None else f"{row['domain_rank']:,}"
    return f"{row['domain_label']} {rank}"


def _carry(found: dict[str, Any]) -> Iterator[str]:
    verdict, parts = found["verdict"], found["carry"]
    yield f"The IMD came here by {verdict['carry_rule']}, from {counted(len(parts), 'part')}."
    yield f"  {verdict['carry_rule_label']}:"
    for row in parts:
        pieces = row["small_areas"]
        here = "" if pieces is None else f" in {counted(pieces, 'small area')} that lie here"
        first = "line" if pieces in (None, 1) else "from line"
        yield (
            f"  {row['part_code']}: score {_number(row['part_imd_score'], 3)}, "
            f"rank {row['part_imd_rank']:,}, population {_number(row['part_population'])}{here} "
            f"({_at(row)}; {row['lookup_source_id']}, {first} {row['lookup_line_number']:,})"
        )
    if verdict["carry_statistic"] == "mean_score":
        people = math.fsum(row["part_population"] for row in parts)
        total = math.fsum(row["part_imd_score"] * row["part_population"] for row in parts)
        yield (
            f"  score = sum(score x population) / sum(population) = {_number(total, 3)} / "
            f"{_number(people)} = {verdict['imd_score']:.6f}; then ranked among the areas "
            "that have one"
        )
    elif verdict["carry_statistic"] == "worst_part":
        yield f"  rank = the worst of them = {verdict['imd_rank']:,}"


def _index(row: Row) -> Iterator[str]:
    yield (
        f"{row['index_release']} of {row['area_code']}: rank {row['index_rank']:,} of "
        f"{row['areas_ranked']:,}, decile ceil(10 x {row['index_rank']:,} / "
        f"{row['areas_ranked']:,}) = {row['index_decile']}; from {row['index_origin']}"
    )
    if row["published_score"] is not None:
        yield f"  published score {_number(row['published_score'], 5)} ({_at(row)})"
    if row["domains"]:
        terms = " + ".join(
            f"{domain['weight']:g} x {domain['domain_score']:.4f}" for domain in row["domains"]
        )
        yield f"  computed score = {terms} = {_number(row['computed_score'], 5)}"
    for domain in row["domains"]:
        yield from _domain(domain)


def _domain(row: Row) -> Iterator[str]:
    place, count = row["place"], row["areas_ranked"]
    share = (count - place + 1) / count
    yield (
        f"  {row['domain']}: rank {row['domain_rank']:,} of {count:,}, from {row['rank_origin']}"
        + (f", tied at place {place:,.1f}" if place != row["domain_rank"] else "")
    )
    yield (
        f"    R = ({count:,} - {_number(place, 1)} + 1) / {count:,} = {share:.9f}; "
        f"-23 ln(1 - R (1 - exp(-100/23))) = {row['domain_score']:.6f}"
    )
    if row["published_rank"] is not None:
        yield (
            f"    published: score {_number(row['published_score'], 5)}, "
            f"rank {row['published_rank']:,} ({_at(row)})"
        )
    if row["indicator_rank"] is not None:
        yield (
            f"    from indicators: {_of_sub_domains(row['sub_domains'])}"
            f"score {row['indicator_score']:.6f}, rank {row['indicator_rank']:,}"
        )
    for sub_domain in row["sub_domains"]:
        yield from _sub_domain(sub_domain)


def _of_sub_domains(sub_domains: list[Row]) -> str:
    """How a domain comes from its sub-domains; nothing where it is its own only one."""
    weighted = [row for row in sub_domains if row["domain_weight"] is not None]
    if len(weighted) < 2:
        return ""
    terms = " + ".join(
        f"{row['domain_weight']:g} x f({row['sub_domain']}: place "
        f"{_number(row['place'], 1)} of {row['areas_ranked']:,})"
        for row in weighted
    )
    total = math.fsum(row["domain_weight"] for row in weighted)
    return f"({terms}) / {total:g} = "


def _sub_domain(row: Row) -> Iterator[str]:
    name = f"    {row['sub_domain']}: "
    if row["computed_rank"] is None:
        yield name + f"not computed here: {row['not_rebuilt_because'] or 'no indicators'}"
    else:
        weighted = [each for each in row["indicators"] if each["weighted_score"] is not None]
        total = math.fsum(each["weighted_score"] for each in weighted)
        formula = f"sum(weight x z) = {total:.6f}"
        if weighted and weighted[0]["combination"] == "mean":
            weights = math.fsum(each["weight"] for each in weighted)
            formula += f" / sum(weight) {weights:g} = {total / weights:.6f}"
        yield name + f"{formula}; rank {row['computed_rank']:,} of {row['areas_ranked']:,}"
    if row["published_rank"] is not None or row["published_score"] is not None:
        rank = "none" if row["published_rank"] is None else f"{row['published_rank']:,}"
        yield (
            f"      published: score {_number(row['published_score'], 5)}, rank {rank} ({_at(row)})"
        )
    for indicator in row["indicators"]:
        yield from _indicator(indicator)


def _indicator(row: Row) -> Iterator[str]:
    part = f" (part of {row['part_of']})" if row["part_of"] else ""
    yield f"      {row['indicator_label']}{part}, {row['unit_label']}, {row['direction']}"
    yield f"        {_value(row)} ({_at(row)})"
    if row["standard_score"] is None:
        return
    count, place = row["areas_ranked"], row["place"]
    line = f"        rank {row['indicator_rank']:,} of {count:,}"
    if row["standardisation"] == "rank_normal":
        line += (
            f"; z = inverse normal(({count:,} - {_number(place, 1)} + 1) / ({count:,} + 1) = "
            f"{(count - place + 1) / (count + 1):.9f}) = {row['standard_score']:.6f}"
        )
    else:
        line += f"; z = {row['standard_score']:.6f} ({row['standardisation']})"
    if row["weight"] is not None:
        line += f"; weight {row['weight']:.9g}"
    yield line


def _value(row: Row) -> str:
    """How the ranked value came about."""
    value, origin = _number(row["value"]), row["value_origin"]
    given, count = row["published_value"], row["denominator"]
    if origin == "excluded":
        return f"no value ({row['status']}): excluded"
    if origin == "composite":
        return f"mean of z of its parts = {value}"
    if origin == "larger_area":
        rate = row["larger_area_mean"]
        if rate is not None:
            return f"{row['status']}: mean of {row['larger_area_code']} = {value}"
        return (
            f"{row['status']}: rate of {row['larger_area_code']} = {row['rate_scale']:g} x "
            f"{_number(row['larger_area_numerator'])} / {_number(row['larger_area_denominator'])} "
            f"= {value}"
        )
    if origin == "assumed":
        given = row["counted_value"]
    if row["own_weight"] is not None:
        periods = row["count_periods"] or 1
        big, all_of = row["larger_area_numerator"], row["larger_area_denominator"]
        spread = _number(row["larger_area_variance"])
        weight = f"w = t2 / (t2 + s2) = {spread} / ({spread} + {row['own_variance']:.6f})"
        times = f" (counts x {periods})" if periods > 1 else ""
        return (
            f"r = {_number(given)}, n = {_number(count)}{times}{_assumed(row)}: "
            f"m = {row['own_logit']:.6f}, M = {row['larger_logit']:.6f} "
            f"({row['larger_area_code']}: {_number(big)} of {_number(all_of)}), "
            f"{weight} = {row['own_weight']:.6f}; "
            f"{row['rate_scale']:g} / (1 + exp(-(w m + (1 - w) M))) = {value}"
        )
    if count is not None:
        return (
            f"{row['rate_scale']:g} x {_number(given)} / {_number(count)}{_assumed(row)} = {value}"
        )
    return f"value {value}{_assumed(row)}"


def _assumed(row: Row) -> str:
    return f", assumed since {row['status']}" if row["value_origin"] == "assumed" else ""
