"""The registry: which source releases exist, validated at load.

The facts are data, in ``catalogue/sources.yml`` and ``catalogue/profiles.yml``; this module is
their typed model. A typing error there is reported with the entry and the field.
"""

from __future__ import annotations

import csv
import fnmatch
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from orchestration.settings import DBT_PROJECT
from orchestration.sources.addresses import holds_secret

CATALOGUE = Path(__file__).parent / "catalogue"

Kind = Literal[
    "index",
    "indicators",
    "summary",
    "outcome",
    "lookup",
    "names",
    "postcodes",
    "programme",
    "population",
    "boundary",
]
MeasureColumn = Literal["score", "rank", "decile"]
Statistic = Literal[
    "average_rank", "average_score", "proportion", "extent", "local_concentration", "scale"
]


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_regex)]


class _Strict(BaseModel):
    # An error names entry and field; what stands there can be an address with a password.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_TABLE = (".csv", ".xlsx")
_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "index": _TABLE,
    "indicators": _TABLE,
    "summary": _TABLE,
    "outcome": (".csv", ".zip"),
    "lookup": _TABLE,
    "names": _TABLE,
    "postcodes": (".csv", ".zip"),
    "programme": _TABLE,
    "population": _TABLE,
    "boundary": (".geojson", ".gpkg", ".zip"),  # the last a zipped shapefile
}
# What a profile may say of all its sources at once.
_PUBLISHED_BY_PROFILE = ("publisher", "licence", "citation", "landing_page", "how_to_get")


class Profile(_Strict):
    """A country: which codes are its own, where it lies, and whether it is real."""

    label: str
    synthetic: bool
    nation_prefix: str = Field(min_length=1, max_length=1)
    bounds: tuple[float, float, float, float]
    metric_crs: str
    publisher: str | None = None
    licence: str | None = None
    citation: str | None = None
    landing_page: str | None = None
    how_to_get: str | None = None


class Measure(_Strict):
    """An index, domain or sub-domain in a file: columns '<stem> Score', '<stem> Rank', ...

    ``needs`` names the columns without which the file is refused; the others are read if present.
    """

    stem: Pattern
    needs: tuple[MeasureColumn, ...] = ("score", "rank", "decile")


class Summary(_Strict):
    """The statistics of an index or domain in a summary file: '<stem> Average rank', ..."""

    stem: Pattern
    statistics: tuple[Statistic, ...] = ("average_rank", "average_score", "proportion")


class OutcomeColumns(_Strict):
    """A count of people or households and what it is a count of: columns that are added up.

    ``category`` is (column, value) where a file has a row for each category of an area. ``total``
    is what the numerator adds up to in the nation, by profile, where that is known.
    """

    numerator: tuple[Pattern, ...] = Field(min_length=1)
    denominator: Pattern
    category: tuple[Pattern, str] | None = None
    total: dict[str, int] = {}


class Link(_Strict):
    """Two areas that a lookup relates: ``[area type, code column, name column]`` on either side.

    The name column is left out where the file has none. ``small_area`` links say by which small
    areas values are carried between two larger types; they lead to no parents. Nor do ``history``
    links, which say what an area was called from year to year.
    """

    from_: tuple[str, Pattern, Pattern] | tuple[str, Pattern] = Field(alias="from")
    to: tuple[str, Pattern, Pattern] | tuple[str, Pattern]
    relation: Literal["best_fit", "exact_fit", "member", "successor", "history", "small_area"]
    change: Pattern | None = None


Status = Literal["official", "republished", "assembled", "unknown", "synthetic"]
_STANDS = {
    "official": "official: {}",
    "republished": "republished by {}",
    "assembled": "assembled from {}",
    "unknown": "{}",
    "synthetic": "{}",
}


class Copy(_Strict):
    """What is known of a copy of a source's file: how near it is to what its publisher published.

    ``what`` is whose or from what it is; ``differs`` says how it differs from the official file.
    """

    status: Status
    what: str
    differs: str | None = None

    @model_validator(mode="after")
    def _says_how_it_differs(self) -> Copy:
        if (self.status in ("republished", "assembled")) != (self.differs is not None):
            raise ValueError("differs: what is republished or assembled needs it, nothing else")
        return self

    def __str__(self) -> str:
        return _STANDS[self.status].format(self.what)


class Download(_Strict):
    """An address. ``arcgis_*`` services answer in pages and are put together.

    It is the publisher's, unless ``republished_by`` says whose.
    """

    url: Annotated[str, Field(pattern=r"^https?://")]
    type: Literal["file", "arcgis_table", "arcgis_features"] = "file"
    republished_by: str | None = None

    @field_validator("url")
    @classmethod
    def _can_be_told(cls, url: str) -> str:
        # It stands in manifests, messages and logs.
        if holds_secret(url):
            raise ValueError("an address must hold no password and no signature or key")
        return url


class Source(_Strict):
    """One source release: what it is, how to get it, and how to read it.

    Of an indicator file, ``index_release`` says whose indicators it holds (they are declared in the
    seed ``indicators``), ``layout`` whether they are columns or rows, and ``ignored_columns`` which
    headers are no indicators and known not to be. ``may_lack`` is what stands in some copies of the
    file only: columns of an index file, indicators (by ``column_name``), these all together. Of a
    zip archive, ``member`` is the file to read, of a population workbook the sheet. A refresh goes
    on without a source that ``is_optional``, and what is made of it stays empty.

    By profile: ``rows`` that the file must have, ``may_lack_rows`` of them that not every copy of a
    lookup has, ``unmatched_areas`` that the dimension of their type does not know, and
    ``uncovered_areas`` that it knows and a lookup need not lead to.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    kind: Kind
    title: str
    official_file: str | None = None
    publisher: str
    licence: str
    landing_page: str
    citation: str
    inbox: tuple[str, ...] = Field(min_length=1)
    rows: dict[str, int]
    may_lack_rows: dict[str, int] = {}
    unmatched_areas: dict[str, int] = {}
    uncovered_areas: dict[str, int] = {}
    published_flags: dict[str, int] = {}
    download: Download | None = None
    how_to_get: str | None = None
    known: dict[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], Copy] = {}
    area_type: str | None = None
    is_optional: bool = False
    index: Literal["imd", "cni"] | None = None
    index_release: str | None = None
    layout: Literal["wide", "long"] = "wide"
    may_lack: tuple[str, ...] = ()
    ignored_columns: tuple[Pattern, ...] = ()
    member: Pattern | None = None
    columns: dict[str, Pattern] = {}
    denominators: dict[str, Pattern] = {}
    measures: dict[str, Measure] = {}
    summaries: dict[str, Summary] = {}
    outcomes: dict[str, OutcomeColumns] = {}
    links: tuple[Link, ...] = ()
    crs: str | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Source:
        needed: dict[Kind, tuple[str, ...]] = {
            "index": ("index", "area_type", "columns", "measures"),
            "indicators": ("index_release", "area_type", "columns"),
            "summary": ("index_release", "area_type", "columns", "summaries"),
            "outcome": ("area_type", "columns", "outcomes"),
            "lookup": ("links",),
            "names": ("area_type", "columns"),
            "postcodes": ("area_type", "columns", "member"),
            "programme": ("columns",),
            "population": ("area_type", "columns"),
            "boundary": ("area_type", "columns", "crs"),
        }
        missing = [field for field in needed[self.kind] if not getattr(self, field)]
        if missing:
            raise ValueError(f"a source of kind {self.kind} needs {', '.join(missing)}")
        if self.is_optional and self.download:
            raise ValueError("is_optional: what has an address is downloaded, and never missing")
        if self.kind == "indicators":
            wanted = {"area_code"} | ({"indicator", "value"} if self.layout == "long" else set())
            if lost := wanted - set(self.columns):
                raise ValueError(f"a {self.layout} indicator file needs columns {sorted(lost)}")
        if self.kind == "programme" and (lost := {"lad_name", "place_name"} - set(self.columns)):
            raise ValueError(f"a list of places needs columns {sorted(lost)}")
        return self

    @property
    def again(self) -> str:
        """What to do about a file that cannot be used."""
        return f"get the file again from {self.landing_page}"

    @property
    def data_set(self) -> str:
        """The data set as its publisher calls it."""
        return f"'{self.official_file or self.title}' of {self.publisher}"

    @property
    def to_get(self) -> str:
        """What a person does who must get the file."""
        return self.how_to_get or "look for that name on the page; put the file into the inbox"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The file-name endings that the reader of this kind opens; the first is the usual one."""
        return _SUFFIXES[self.kind]

    @property
    def named_like(self) -> str:
        """Under which names its file is taken, for people."""
        names = " or ".join(self.inbox)
        if all(name.endswith(self.suffixes) for name in self.inbox):
            return names
        return f"{names}, as {' or '.join(self.suffixes)}"

    def takes(self, name: str) -> bool:
        """Whether a file of this name is this source's."""
        name = name.lower()
        return name.endswith(self.suffixes) and any(
            fnmatch.fnmatchcase(
                name, pattern if pattern.endswith(self.suffixes) else f"{pattern}.*"
            )
            for pattern in map(str.lower, self.inbox)
        )

    def suffix_of(self, name: str) -> str:
        """File-name ending in the vault of a file that came under a name."""
        ending = PurePosixPath(name).suffix.lower()
        return ending if ending in self.suffixes else self.suffixes[0]


class Registry(_Strict):
    """The sources of one profile."""

    profile_name: str
    profile: Profile
    sources: tuple[Source, ...]

    def source(self, source_id: str) -> Source:
        return next(source for source in self.sources if source.id == source_id)

    def of_kind(self, kind: Kind) -> list[Source]:
        return [source for source in self.sources if source.kind == kind]

    def rows(self, source: Source) -> int:
        """How many rows of the nation the source must hold."""
        return source.rows[self.profile_name]

    def unmatched_areas(self, source: Source) -> int:
        """How many of its areas the dimension of their type may not know."""
        return source.unmatched_areas.get(self.profile_name, 0)

    def may_lack_rows(self, source: Source) -> int:
        """How many of the rows need not be in every copy."""
        return source.may_lack_rows.get(self.profile_name, 0)

    def uncovered_areas(self, source: Source) -> int:
        """How many areas of the dimension a lookup need not lead to."""
        return source.uncovered_areas.get(self.profile_name, 0)

    def published_flags(self, source: Source) -> int | None:
        """How many areas the publisher lists, where the registry knows."""
        return source.published_flags.get(self.profile_name)

    def copy_of(self, source: Source, sha256: str, origin: str) -> Copy:
        """What a file is, by its hash and, where that is not known, by where it came from."""
        if self.profile.synthetic:
            return Copy(status="synthetic", what="made by the project; no figure is real")
        if sha256 in source.known:
            return source.known[sha256]
        if source.download and origin != "inbox":
            by = source.download.republished_by
            return Copy(
                status="republished" if by else "official",
                what=by or "as downloaded from its publisher's address",
                differs="not compared with the official file" if by else None,
            )
        return Copy(status="unknown", what="another copy than those known, compared with none")

    def known_total(self, source: Source, outcome: str) -> int | None:
        """How many are counted in the nation under an outcome, where the registry knows."""
        return source.outcomes[outcome].total.get(self.profile_name)

    def code_pattern(self, area_type: str) -> str:
        """Regular expression of the nation's codes of an area type, such as ``E01\\d{6}``.

        A class of areas (rural, urban) is no area, and its codes are no nation's.
        """
        facts = area_types()[area_type]
        nation = "" if facts["is_class"] == "true" else self.profile.nation_prefix
        return nation + facts["code_digits"]


@cache
def area_types() -> dict[str, dict[str, str]]:
    """The seed ``area_types``, by area type: dbt and Python read the same file."""
    with (DBT_PROJECT / "seeds" / "area_types.csv").open(encoding="utf-8") as seed:
        return {row["area_type"]: row for row in csv.DictReader(seed)}


def catalogue_file(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((CATALOGUE / name).read_text(encoding="utf-8"))
    return {key: value for key, value in loaded.items() if not key.startswith("x-")}


def profile_names() -> list[str]:
    return list(catalogue_file("profiles.yml"))


@cache
def load_registry(profile_name: str) -> Registry:
    """The registry as one profile sees it.

    Raises:
        KeyError: the profile does not exist.
        pydantic.ValidationError: an entry of the catalogue is wrong; names entry and field.
    """
    profile = catalogue_file("profiles.yml")[profile_name]
    # A synthetic profile publishes everything itself and downloads nothing.
    overrides = {field: profile[field] for field in _PUBLISHED_BY_PROFILE if field in profile}
    if profile["synthetic"]:
        overrides |= {"download": None, "known": {}, "official_file": None}
    # A source belongs to the profiles that say how many rows it has there.
    sources = [
        entry | overrides
        for entry in catalogue_file("sources.yml")["sources"]
        if profile_name in entry.get("rows", {profile_name: 0})
    ]
    registry = Registry.model_validate(
        {"profile_name": profile_name, "profile": profile, "sources": sources}
    )
    ids = [source.id for source in registry.sources]
    if duplicates := {source_id for source_id in ids if ids.count(source_id) > 1}:
        raise ValueError(f"sources.yml: ids stand more than once: {sorted(duplicates)}")
    return registry
