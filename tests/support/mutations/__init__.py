"""Source files as they must not be: mutants of the sample's, by named kinds and by seed.

A kind is a function of the bytes of a file and of a source of chance (kinds.py); each module holds
the kinds of its formats. What is listed here is which kinds are tried on which of the sample's
files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from orchestration.settings import Settings
from orchestration.sources.inbox import find_in_inbox, inbox_files
from orchestration.sources.registry import Registry
from tests.support.mutations import archives, shapes, text, workbooks
from tests.support.mutations.archives import in_member
from tests.support.mutations.kinds import Kinds, Spoil

SEED = 12
# Kinds of delimited text are tried on so many of these, which are drawn.
_TEXTS_EACH = 3
_TEXTS = (
    "imd2019",
    "cni2019",
    "lad24_rgn24",
    "lsoa11_lsoa21",
    "lsoa21_ward24_lad24",
    "population_mid2019",
    "claimants_2019",
    "census2021_disability",
    "cni2019_indicators",
    "imd2025_indicators",
    "imd2025_summary",
)
# File by file: its kinds, and how many of them are drawn; 0: all.
_OTHERS: tuple[tuple[str, str, Kinds, int], ...] = (
    ("census2021_tenure", ".zip", archives.KINDS, 0),
    ("imd2019_summary", ".xlsx", workbooks.KINDS, 0),
    ("imd2019_indicators", ".xlsx", workbooks.KINDS, 40),
    ("boundary_lad24", ".geojson", shapes.GEOJSON, 0),
    ("boundary_ward17", ".geojson", shapes.GEOJSON, 25),
    ("boundary_lad24", ".gpkg", shapes.GEOPACKAGE, 0),
    ("boundary_lad24", ".zip", shapes.SHAPEFILE, 0),
)
# Files that could be taken for each other: vintages, or issues of one publisher.
_EXCHANGED = (
    ("imd2015", "imd2019"),
    ("imd2019", "imd2025"),
    ("cni2019", "cni2023"),
    ("imd2019_indicators", "imd2025_indicators"),
    ("cni2019_indicators", "cni2023_indicators"),
    ("imd2019_summary", "imd2025_summary"),
    ("claimants_2019", "claimants_2022"),
    ("census2021_tenure", "census2021_ns_sec"),
    ("census2021_qualifications", "census2021_ns_sec"),
    ("lsoa21_ward24_lad24", "lsoa21_msoa21"),
    ("lsoa11_ward17_lad17", "lsoa11_lsoa21"),
    ("lad24_rgn24", "lad19_rgn19"),
    ("boundary_lsoa21", "boundary_ward17"),
)


@dataclass(frozen=True)
class File:
    """A source file that is spoilt."""

    source_id: str
    suffix: str
    data: bytes


@dataclass(frozen=True)
class Mutant:
    """A file spoilt in one way; its bytes are made when they are asked for."""

    original: File
    format: str
    kind: str
    seed: str
    spoil: Spoil
    suffix: str

    def __str__(self) -> str:
        return f"{self.format}, {self.original.source_id}: {self.kind}"

    @property
    def file(self) -> File:
        """The file as it is spoilt."""
        data = self.spoil(self.original.data, Random(self.seed))  # noqa: S311  # no secret
        return File(self.original.source_id, self.suffix, data)


def base_files(registry: Registry, inbox: Path) -> dict[tuple[str, str], File]:
    """The sample's files by source and ending, and those that are made of them."""
    paths = inbox_files(Settings(registry.profile_name, inbox.parent, inbox))
    files = {}
    for source in registry.sources:
        path = find_in_inbox(source, paths)
        assert path is not None, source.id
        files[source.id, path.suffix] = File(source.id, path.suffix, path.read_bytes())
    authorities = files["boundary_lad24", ".geojson"].data
    for suffix, made in (
        (".gpkg", shapes.as_geopackage(authorities)),
        (".zip", shapes.as_shapefile(authorities)),
    ):
        files["boundary_lad24", suffix] = File("boundary_lad24", suffix, made)
    return files


def mutants(files: Mapping[tuple[str, str], File], seed: int = SEED) -> list[Mutant]:
    """All of them, the same for the same seed."""
    return [*_texts(files, seed), *_others(files, seed), *_exchanged(files)]


def _mutant(file: File, format_: str, kind: str, spoil: Spoil, seed: int) -> Mutant:
    return Mutant(file, format_, kind, f"{seed} {file.source_id} {kind}", spoil, file.suffix)


def _texts(files: Mapping[tuple[str, str], File], seed: int) -> Iterator[Mutant]:
    for kind, spoil in text.KINDS.spoils.items():
        chance = Random(f"{seed} {kind}")  # noqa: S311
        for source_id in chance.sample(_TEXTS, _TEXTS_EACH):
            yield _mutant(files[source_id, ".csv"], text.KINDS.format, kind, spoil, seed)
        if chance.random() < 1 / 4:
            file = files["census2021_tenure", ".zip"]
            yield _mutant(file, archives.KINDS.format, f"csv: {kind}", in_member(spoil), seed)


def _others(files: Mapping[tuple[str, str], File], seed: int) -> Iterator[Mutant]:
    for source_id, suffix, kinds, count in _OTHERS:
        chance = Random(f"{seed} {source_id} {suffix}")  # noqa: S311
        names = [*kinds.spoils]
        for kind in chance.sample(names, count) if count else names:
            file = files[source_id, suffix]
            yield _mutant(file, kinds.format, kind, kinds.spoils[kind], seed)


def _exchanged(files: Mapping[tuple[str, str], File]) -> Iterator[Mutant]:
    by_source: dict[str, File] = {}
    for (source_id, _), file in files.items():
        by_source.setdefault(source_id, file)
    for pair in _EXCHANGED:
        for one, other in (pair, pair[::-1]):
            file, instead = by_source[one], by_source[other]
            suffix = instead.suffix
            kind = f"exchanged for {other}"
            yield Mutant(file, suffix[1:], kind, "", _given(instead.data), suffix)


def _given(data: bytes) -> Spoil:
    return lambda *_: data
