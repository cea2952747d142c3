"""The sample inbox: which file goes where. The formats are in the modules that write them."""

from __future__ import annotations

from pathlib import Path

from orchestration.sample.files import indices_files as indices
from orchestration.sample.files.boundaries import write_boundaries
from orchestration.sample.files.indicator_files import write_indicators
from orchestration.sample.files.lookups import write_lookups, write_populations
from orchestration.sample.files.outcome_files import write_outcomes
from orchestration.sample.files.postcodes import write_postcodes
from orchestration.sample.files.programme_files import write_programmes
from orchestration.sample.files.summary_files import write_summaries
from orchestration.sample.publisher.world import build_world

README = """\
SYNTHETIC DATA. Nothing in this folder describes a real place.

Doggerland is an invented country, generated from seed {seed}. Its files have the formats of the
official English ones (Indices of Deprivation and their district summaries, Community Needs Index,
ONS lookups, postcodes, population and boundaries, census tables, disability and claimants), quirks
included.
Its area codes begin with X; Y is its equally invented neighbour, Silverpit. No figure may be
quoted as evidence of anything.
"""


def write_all(inbox: Path, seed: int) -> list[Path]:
    """Build the country of `seed` and write its files; see `write_sample`."""
    world = build_world(seed)
    paths = [
        indices.iod_2015(world, inbox / "iod2015"),
        indices.iod_2019(world, inbox / "iod2019"),
        indices.iod_2025(world, inbox / "iod2025"),
        indices.cni_2019(world, inbox / "cni2019"),
        indices.cni_2023(world, inbox / "cni2023"),
        *write_indicators(world, inbox),
        *write_summaries(world, inbox),
        *write_lookups(world, inbox / "lookups"),
        *write_postcodes(world, inbox / "postcodes"),
        *write_populations(world, inbox / "population"),
        *write_boundaries(world, inbox / "boundaries"),
        *write_outcomes(world, inbox / "outcomes", seed),
        *write_programmes(world, inbox / "lists"),
    ]
    readme = inbox / "README.txt"
    readme.write_bytes(README.format(seed=seed).encode())
    return [*paths, readme]
