"""A re-issue that differs too much is held, named, kept, and published when it is accepted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.site import Site

# Well-formed, and no other source says otherwise.
NEEDS = "cni2023/cni2023_doggerland_lsoa21.csv"
PEOPLE = "population/population_mid2019_lsoa11.csv"


@pytest.fixture
def site(sample: Site, tmp_path: Path) -> Site:
    copy = Site(tmp_path / "data", "sample")
    shutil.copytree(sample.root, copy.root, symlinks=True)
    return copy


def replaced(file: Path, before: str, after: str) -> None:
    text = file.read_bytes().decode()
    assert before in text
    file.write_bytes(text.replace(before, after, 1).encode())


def test_a_held_candidate_is_named_kept_and_published_when_it_is_accepted(
    site: Site, planted: Path
) -> None:
    lines = (planted / NEEDS).read_bytes().decode().split("\n")
    named = [line.replace(",", ",New ", 1) for line in lines[1:41]]
    area = named[0].split(",")[0]
    (planted / NEEDS).write_bytes("\n".join([lines[0], *named, *lines[41:]]).encode())
    # Within its band: told, and not held.
    replaced(planted / PEOPLE, 'X01000005,"1,777"', 'X01000005,"1,778"')
    before = site.release_bytes()

    held = site.lbn("refresh", inbox=planted)
    assert held.code == 4, held.err
    assert site.release_bytes() == before
    assert f"area_name: 40 of 3,007 differ ({area} line 2: " in held.err
    assert "no more than 1.0% of names" in held.err
    assert "lbn refresh --profile sample --accept cni2023='...'" in held.err
    assert "population_mid2019" not in held.err
    assert "Nothing was published" in held.err

    # Another subject is no help, and nobody has to build again to be told so.
    other = site.lbn("refresh", "--accept", "lad_changes=why", inbox=planted)
    assert other.code == 4
    assert "Reading the files" not in other.err
    assert site.release_bytes() == before

    reason = "OCSI's letter | <b>May</b>"
    accepted = site.lbn("refresh", "--accept", f"cni2023={reason}", inbox=planted)
    assert accepted.code == 0, accepted.err
    assert "Reading the files" not in accepted.err
    assert f"Accepted: cni2023, {reason}" in " ".join(accepted.out.split())
    assert "population_mid2019: population: 1 of" in accepted.out
    manifest = json.loads((site.current / "manifest.json").read_text())
    assert [(each["subject"], each["reason"]) for each in manifest["accepted"]] == [
        ("cni2023", reason)
    ]
    assert f"Accepted: cni2023, {reason}" in " ".join(site.lbn("status").out.split())

    # Back to what was published before is no candidate, and asks nobody.
    back = site.lbn("refresh", "--no-notify")
    assert back.code == 0, back.err
    assert "Built before" in back.out
