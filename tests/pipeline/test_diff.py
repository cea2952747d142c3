"""`lbn diff` on the sample: each change follows from the two lists, and is told with its reason."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.support.site import Ran, Site

FROM, TO = "lsoa21_imd2019_cni2023", "lsoa21_imd2025_cni2023"
WARDS = "ward17_imd2019_cni2019"


def listed(site: Site, edition: str) -> set[str]:
    with site.warehouse() as warehouse:
        found = warehouse.execute(
            "select area_code from marts.double_disadvantage "
            "where edition_id = $1 and is_doubly_disadvantaged",
            [edition],
        ).fetchall()
    return {code for (code,) in found}


def table(ran: Ran) -> list[dict[str, str]]:
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_the_change_is_the_difference_of_the_lists(sample: Site) -> None:
    before, after = listed(sample, FROM), listed(sample, TO)
    rows = table(sample.lbn("diff", FROM, TO, "--change", "all", "--format", "csv"))
    found = {
        change: {row["area_code"] for row in rows if row["change"] == change}
        for change in ("joined", "left", "stayed")
    }
    assert found == {"joined": after - before, "left": before - after, "stayed": before & after}
    assert all(found.values())
    assert {row["release_label"] for row in rows} == {"SYNTHETIC"}
    # Joined and left are what is asked for when nothing is said.
    default = table(sample.lbn("diff", FROM, TO, "--format", "csv"))
    assert {row["area_code"] for row in default} == found["joined"] | found["left"]


def test_ranks_and_nearest_miss_follow_from_the_marts(sample: Site) -> None:
    rows = json.loads(sample.lbn("diff", FROM, TO, "--format", "json").out)
    with sample.warehouse() as warehouse:
        ranks = {
            (edition, area): (imd, cni, imd_places, cni_places)
            for edition, area, imd, cni, imd_places, cni_places in warehouse.execute(
                "select edition_id, area_code, imd_rank, cni_rank, imd_ranks_to_threshold, "
                "cni_ranks_to_threshold from marts.double_disadvantage"
            ).fetchall()
        }
    assert rows
    for row in rows:
        was, became = ranks[FROM, row["area_code"]], ranks[TO, row["area_code"]]
        assert (row["imd_rank_from"], row["cni_rank_from"]) == was[:2]
        assert (row["imd_rank_to"], row["cni_rank_to"]) == became[:2]
        off = was if row["change"] == "joined" else became
        beyond = [places for places in off[2:] if places > 0]
        assert row["nearest_miss_ranks"] == max(beyond)
        assert row["index_crossed"] == "imd"
        assert f"{row['imd_rank_to']:,}" in row["reason"]


def test_it_is_told_in_sentences_and_counted(sample: Site) -> None:
    ran = sample.lbn("diff", FROM, TO)
    assert ran.code == 0, ran.err
    joined, left = (
        listed(sample, TO) - listed(sample, FROM),
        listed(sample, FROM) - listed(sample, TO),
    )
    assert f"{len(joined)} joined, {len(left)} left" in " ".join(ran.out.split())
    assert ran.out.count("Joined by the IMD") == len(joined)
    assert ran.out.count("Left by the IMD") == len(left)
    assert "55 indicators instead of 39, 20 of them new" in " ".join(ran.out.split())


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_the_change_of_method_is_told_apart_and_in_every_row(sample: Site, format_: str) -> None:
    ran = sample.lbn("diff", FROM, TO, "--format", format_)
    assert "income counted after housing costs" in " ".join(ran.err.split())
    for row in table(ran) if format_ == "csv" else json.loads(ran.out):
        assert "income counted after housing costs" in row["what_changed"]


def test_the_other_order_is_turned_round_and_said(sample: Site) -> None:
    ran = sample.lbn("diff", TO, FROM, "--format", "csv")
    assert f"{FROM} is the earlier one" in " ".join(ran.err.split())
    assert table(ran) == table(sample.lbn("diff", FROM, TO, "--format", "csv"))


def test_filters_take_a_region_or_an_authority(sample: Site) -> None:
    every = table(sample.lbn("diff", FROM, TO, "--format", "csv"))
    region, lad = every[0]["region_name"], every[0]["lad_code"]
    by_region = table(sample.lbn("diff", FROM, TO, "--region", region.upper(), "--format", "csv"))
    assert by_region == [row for row in every if row["region_name"] == region]
    by_lad = table(sample.lbn("diff", FROM, TO, "--lad", lad, "--format", "csv"))
    assert by_lad == [row for row in every if row["lad_code"] == lad]


@pytest.mark.parametrize("command", [("diff", FROM, TO), ("list", TO)], ids=["diff", "list"])
def test_a_place_that_is_not_there_is_wrong_usage(sample: Site, command: tuple[str, ...]) -> None:
    """An empty answer would say that nothing is listed there."""
    for option, what in (("--region", "region"), ("--lad", "authority")):
        ran = sample.lbn(*command, option, "Atlantis")
        assert ran.code == 2
        assert ran.out == ""
        assert f"No {what} 'Atlantis'. There are: " in " ".join(ran.err.split())


@pytest.mark.parametrize("command", [("diff", FROM, TO), ("list", TO), ("whatif", TO)], ids=str)
def test_a_release_of_other_code_says_what_to_do(
    sample: Site, tmp_path: Path, command: tuple[str, ...]
) -> None:
    old = Site(tmp_path, "sample")
    release = old.root / "releases" / "sample-old"
    release.mkdir(parents=True)
    manifest: dict[str, object] = {"release_id": "sample-old", "git_commit": "0123abcd"}
    manifest |= {"profile": "sample", "inputs": [], "editions": []}
    (release / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (release.parent / "current").symlink_to("sample-old")
    ran = old.lbn(*command)
    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert "sample-old has marts of version 1.0, and this command reads version " in ran.err
    assert "lbn refresh" in ran.err
    assert "commit 0123abcd" in ran.err


@pytest.mark.parametrize(
    ("editions", "said"),
    [
        ((WARDS, TO), "not comparable with CNI 2019"),
        ((TO, TO), "they are the same edition"),
        ((TO, "lsoa21_imd2030_cni2023"), "No edition 'lsoa21_imd2030_cni2023'"),
    ],
    ids=["another CNI", "the same", "unknown"],
)
def test_what_may_not_be_compared_is_wrong_usage(
    sample: Site, editions: tuple[str, str], said: str
) -> None:
    ran = sample.lbn("diff", *editions)
    assert ran.code == 2
    assert ran.out == ""
    assert said in " ".join(ran.err.split())
