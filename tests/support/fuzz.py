"""Readers given bytes that chance has changed: they give rows or refuse, and nothing else."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from random import Random

from orchestration.problems import RefreshError
from tests.support.mutations import File
from tests.support.mutations.archives import packed, unpacked
from tests.support.mutations.kinds import fuzzed
from tests.support.trial import Fate, flawed, read


def fuzz(file: File, seeds: range) -> tuple[Fate, str]:
    """Read a file with bytes changed by chance, many times: rows or a refusal, nothing else."""
    outcomes = Counter[str]()
    for seed in seeds:
        try:
            read(_spoilt(file, Random(f"{file.source_id} {file.suffix} {seed}")))  # noqa: S311
        except RefreshError as error:
            if flaw := flawed(error, file):
                return "FLAW", f"seed {seed}: {flaw}"
            outcomes["refused"] += 1
        except BaseException:  # whatever it is, it is a flaw
            return "FLAW", f"seed {seed}: {traceback.format_exc()}"
        else:
            outcomes["read"] += 1
    return "harmless", ", ".join(f"{count:,} {name}" for name, count in sorted(outcomes.items()))


def fuzzed_files(files: Mapping[tuple[str, str], File]) -> dict[str, File]:
    """A small file of each format."""
    few = {
        "index": ("cni2019", ".csv"),
        "lookup": ("lad24_rgn24", ".csv"),
        "population": ("population_mid2019", ".csv"),
        "outcome": ("claimants_2019", ".csv"),
        "indicators, wide": ("cni2019_indicators", ".csv"),
        "summary": ("imd2025_summary", ".csv"),
    }
    return {
        name: replace(files[key], data=b"".join(files[key].data.splitlines(keepends=True)[:20]))
        for name, key in few.items()
    } | {
        "zip of tables": files["census2021_tenure", ".zip"],
        "workbook": files["imd2019_summary", ".xlsx"],
        "GeoJSON": files["boundary_lad24", ".geojson"],
        "GeoPackage": files["boundary_lad24", ".gpkg"],
        "zipped shapefile": files["boundary_lad24", ".zip"],
    }


def _spoilt(file: File, random: Random) -> File:
    """Of an archive, now itself, now a member of it, since a changed archive is seldom opened."""
    if file.suffix in (".zip", ".xlsx") and random.random() < 0.7:
        members = unpacked(file.data)
        name = random.choice([*members])
        data = packed(members | {name: fuzzed(members[name], random)})
    else:
        data = fuzzed(file.data, random)
    return replace(file, data=data)
