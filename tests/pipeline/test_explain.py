"""`lbn explain` on the sample: every figure follows from its inputs, every line is the file's."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from scipy.special import ndtri

from tests.support.site import Site

EDITION = "lsoa21_imd2025_cni2023"
WARDS = "ward17_imd2019_cni2019"


def explained(site: Site, area: str, edition: str) -> dict[str, Any]:
    ran = site.lbn("explain", area, "--edition", edition, "--format", "json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def areas(site: Site) -> list[tuple[str, str]]:
    """One on the list, one off it, one with a value of its larger area, one of two parents."""
    with site.warehouse() as warehouse:
        rows = warehouse.execute(
            """
            (select area_code, edition_id from marts.double_disadvantage
             where edition_id = $1 and is_doubly_disadvantaged order by 1 limit 1)
            union all
            (select area_code, edition_id from marts.double_disadvantage
             where edition_id = $1 and not is_doubly_disadvantaged order by 1 limit 1)
            union all
            (select area_code, $1 from marts.fct_indicator
             where index_release = 'cni2023' and value_origin = 'larger_area' order by 1 limit 1)
            union all
            (select area_code, edition_id from marts.imd_carry
             where edition_id = 'lsoa21_imd2019_cni2023'
             group by all having count(*) = 2 order by 1 limit 1)
            union all
            (select area_code, edition_id from marts.double_disadvantage
             where edition_id = $2 and is_doubly_disadvantaged order by 1 limit 1)
            """,
            [EDITION, WARDS],
        ).fetchall()
    assert len(rows) == 5
    return rows


def indicators(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        indicator
        for index in found["indices"]
        for domain in index["domains"]
        for sub_domain in domain["sub_domains"]
        for indicator in sub_domain["indicators"]
    ]


def test_every_formula_gives_its_result_from_the_inputs_shown(sample: Site) -> None:
    origins = set()
    for area, edition in areas(sample):
        found = explained(sample, area, edition)
        for index in found["indices"]:
            total = math.fsum(
                domain["weight"] * domain["domain_score"] for domain in index["domains"]
            )
            assert total == pytest.approx(index["computed_score"], abs=1e-5)
            for domain in index["domains"]:
                f = transformed(domain["place"], domain["areas_ranked"])
                # CNI 2019 keeps R and f in single precision.
                assert f == pytest.approx(domain["domain_score"], rel=1e-5)
                check_domain(domain)
                for sub_domain in domain["sub_domains"]:
                    check_sub_domain(sub_domain)
        for indicator in indicators(found):
            origins.add(indicator["value_origin"])
            check_value(indicator)
            if indicator["standardisation"] == "rank_normal":
                count = indicator["areas_ranked"]
                z = float(ndtri((count - indicator["place"] + 1) / (count + 1)))
                assert z == pytest.approx(indicator["standard_score"], abs=1e-9)
    assert {"given", "rate", "shrunk_rate", "larger_area", "composite"} <= origins


def check_domain(domain: dict[str, Any]) -> None:
    """A domain of several sub-domains is their weighted mean, each transformed."""
    weighted = [row for row in domain["sub_domains"] if row["domain_weight"] is not None]
    if len(weighted) < 2 or domain["indicator_score"] is None:
        return
    total = math.fsum(
        row["domain_weight"] * transformed(row["place"], row["areas_ranked"]) for row in weighted
    )
    weights = math.fsum(row["domain_weight"] for row in weighted)
    assert total / weights == pytest.approx(domain["indicator_score"], abs=2e-9)


def transformed(place: float, areas: int) -> float:
    return -23 * math.log(1 - (areas - place + 1) / areas * (1 - math.exp(-100 / 23)))


def check_sub_domain(sub_domain: dict[str, Any]) -> None:
    weighted = [row for row in sub_domain["indicators"] if row["weighted_score"] is not None]
    if sub_domain["computed_score"] is None:
        assert sub_domain["not_rebuilt_because"] or not weighted
        return
    score = math.fsum(row["weight"] * row["standard_score"] for row in weighted)
    if weighted[0]["combination"] == "mean":
        score /= math.fsum(row["weight"] for row in weighted)
    assert score == pytest.approx(sub_domain["computed_score"], abs=2e-9)


def check_value(row: dict[str, Any]) -> None:
    if row["value_origin"] == "rate":
        rate = row["rate_scale"] * row["published_value"] / row["denominator"]
        assert rate == pytest.approx(row["value"], rel=1e-12)
    if row["value_origin"] == "shrunk_rate":
        periods = row["count_periods"] or 1
        r, n = row["published_value"] * periods, row["denominator"] * periods
        big, all_of = row["larger_area_numerator"], row["larger_area_denominator"]
        own = math.log((r + 0.5) / (n - r + 0.5))
        larger = math.log((big + 0.5) / (all_of - big + 0.5))
        variance = (n + 1) * (n + 2) / (n * (r + 1) * (n - r + 1))
        weight = row["larger_area_variance"] / (row["larger_area_variance"] + variance)
        assert weight == pytest.approx(row["own_weight"], rel=1e-12)
        shrunk = row["rate_scale"] / (1 + math.exp(-(weight * own + (1 - weight) * larger)))
        assert shrunk == pytest.approx(row["value"], rel=1e-12)


def cells(path: Path, sheet: str | None, line: int) -> list[str]:
    """The values of a line, as a person sees them in the file."""
    if sheet:
        rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet)
        return [str(cell) for cell in rows.to_python(skip_empty_area=False)[line - 1]]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[line - 1]


def test_the_lines_named_hold_the_area_and_the_value_and_the_hashes_are_the_files(
    sample: Site,
) -> None:
    inbox = {path.name: path for path in (sample.root / "inbox").rglob("*") if path.is_file()}
    area, edition = areas(sample)[0]
    found = explained(sample, area, edition)
    for file in found["files"].values():
        path = inbox[file["file_name"]]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
    looked_at = 0
    for indicator in indicators(found):
        if indicator["status"] != "given":
            continue
        file = found["files"][indicator["source_id"]]
        values = cells(inbox[file["file_name"]], indicator["sheet"], indicator["line_number"])
        assert values[0] == area
        numbers = []
        for value in values[1:]:
            try:
                numbers.append(float(value))
            except ValueError:
                continue
        assert indicator["published_value"] in numbers
        looked_at += 1
    assert looked_at > 40


def test_a_ward_shows_the_parts_that_its_imd_comes_from(sample: Site) -> None:
    area, edition = areas(sample)[-1]
    found = explained(sample, area, edition)
    people = math.fsum(part["part_population"] for part in found["carry"])
    total = math.fsum(part["part_imd_score"] * part["part_population"] for part in found["carry"])
    assert total / people == pytest.approx(found["verdict"]["imd_score"], rel=1e-12)


def test_the_text_names_the_verdict_a_formula_and_the_files(sample: Site) -> None:
    area, edition = areas(sample)[0]
    ran = sample.lbn("explain", area, "--edition", edition, "--full")
    assert ran.code == 0
    assert "SYNTHETIC" in ran.err
    for part in (area, "ON the list", "-23 ln(1 - R (1 - exp(-100/23)))", "sha256", "line "):
        assert part in ran.out


def test_an_unknown_area_or_edition_is_wrong_usage(sample: Site) -> None:
    nowhere = sample.lbn("explain", "X01999999")
    assert nowhere.code == 2
    assert "No area" in nowhere.err
    many = sample.lbn("explain", "00", "--edition", EDITION)
    assert many.code == 2
    assert "Several areas match" in many.err
    edition = sample.lbn("explain", "X01000001", "--edition", "lsoa21_imd1999")
    assert edition.code == 2
    assert EDITION in edition.err


def test_an_area_that_is_not_rated_says_why(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        row = warehouse.execute(
            "select area_code, not_rated_reason from marts.double_disadvantage "
            "where edition_id = $1 and not_rated_reason is not null order by 1 limit 1",
            [WARDS],
        ).fetchone()
    assert row is not None
    ran = sample.lbn("explain", row[0], "--edition", WARDS)
    assert ran.code == 0, ran.err
    assert f"Not rated: {row[1]}" in ran.out
