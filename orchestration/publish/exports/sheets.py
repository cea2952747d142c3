"""Which sheets the workbook has: for people, so the newest list comes first, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

import pyarrow.compute as pc

from orchestration.publish.exports.about import About
from orchestration.publish.exports.tables import ExportTable
from orchestration.queries import Row

# A near miss is beyond a threshold by no more than this share of the areas that are ranked.
NEAR_PERCENT = 1
# An area for people: by its names, without the codes of what has one.
_AREA = (
    "area_code",
    "place_name",
    "area_name",
    "lad_name",
    "region_name",
    "pcon24_name",
    "population",
    "imd_rank",
    "cni_rank",
)
_TO_THRESHOLD = ("imd_ranks_to_threshold", "cni_ranks_to_threshold")
_OF_THE_FLAG = ("published_flag", "stability_class")
_DOMAIN_RANK = re.compile(r"(imd|cni)_\w+_rank")
# A larger area for people: how it fares on a list, and the IoD's measures of it.
_LARGER = (
    "edition_id",
    "geography_code",
    "geography_name",
    "region_name",
    "areas",
    "areas_listed",
    "share_of_areas",
    "rank_of_share_of_areas",
    "population",
    "population_listed",
    "share_of_population",
    "areas_within_imd_threshold",
    "areas_within_cni_threshold",
    "average_rank",
    "average_score",
    "proportion",
    "extent",
    "local_concentration",
)
_CHANGE = (
    "edition_from",
    "edition_to",
    "area_code",
    "area_name",
    "lad_name",
    "region_name",
    "change",
    "imd_rank_from",
    "imd_rank_to",
    "cni_rank_from",
    "cni_rank_to",
    "is_boundary_changed",
    "reason",
    "what_changed",
)
_OUTCOME = (
    "edition_id",
    "outcome_label",
    "reference_period",
    "method",
    "area_group",
    "areas",
    "residents",
    "numerator",
    "denominator",
    "rate",
    "ci_low",
    "ci_high",
    "left_behind_gap",
    "left_behind_gap_ci_low",
    "left_behind_gap_ci_high",
)
# A chosen area for people.
_CHOSEN = (
    "edition_id",
    "near_miss",
    "near_miss_place",
    "place_in_line",
    "area_code",
    "place_name",
    "area_name",
    "lad_name",
    "region_name",
    "group_name",
    "population",
    "composite",
    "composite_rank",
    "composite_short",
    "imd_rank",
    "cni_rank",
    "published_flag",
    "reason_text",
)
_OF_CONTENT = ("content_id", "release_label")


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, at most 31 characters, and its table."""

    name: str
    table: ExportTable


@dataclass(frozen=True)
class Overview:
    """The first sheet: the authorities of the newest list, and what that is called."""

    list_name: str
    authorities: ExportTable


def sheets_for_people(
    about: About, editions: Mapping[str, ExportTable], marts: Mapping[str, ExportTable]
) -> tuple[Overview, list[Sheet]]:
    """The first sheet and those after it.

    Args:
        about: The release.
        editions: Of each edition, of either kind, every area, by its id.
        marts: The other tables, by the name of their mart.
    """
    newest_first = sorted(about.editions, key=_age, reverse=True)
    names = list_names(newest_first)
    lists, missed = [], []
    for edition, name in names.items():
        areas = editions[edition].in_order("imd_rank", "area_code")
        domains = [c.name for c in areas.columns if _DOMAIN_RANK.fullmatch(c.name)]
        columns = (*_AREA, *domains, *_OF_THE_FLAG, *_OF_CONTENT)
        on_list = areas.having(pc.field("is_doubly_disadvantaged"))
        lists.append(Sheet(name, on_list.only(columns)))
        # Lists differ in their domains.
        missed.append(
            areas.having(_is_near_miss()).only(("edition_id", *_AREA, *_TO_THRESHOLD, *_OF_CONTENT))
        )
    larger = marts["summary_geography"]
    of_lists = (
        (pc.field("edition_id") == row["edition_id"])
        & (pc.field("geography_type") == row["lad_type"])
        for row in about.editions
    )
    authorities = larger.having(reduce(or_, of_lists))
    (newest, *_) = names
    overview = Overview(names[newest], authorities.having(pc.field("edition_id") == newest))
    columns = (*_LARGER, *_OF_CONTENT)
    constituencies = larger.having(pc.field("geography") == "constituency")
    regions = larger.having(pc.field("geography") == "region")
    others = {
        "Changes": marts["edition_change"].only((*_CHANGE, *_OF_CONTENT)),
        "Authorities, every list": authorities.only(columns),
        "Constituencies": constituencies.only(columns),
        "Regions": regions.only(columns),
        "Outcomes": marts["outcome_comparison"].only((*_OUTCOME, *_OF_CONTENT)),
        "Other thresholds": marts["threshold_sensitivity"],
        "Against published lists": marts["reconciliation"],
        "Editions": marts["dim_edition"],
    }
    near = Sheet("Near misses", missed[0].with_rows_of(missed[1:]))
    after = [Sheet(name, _in_order(table, list(names))) for name, table in others.items()]
    return overview, [*lists, near, *after, *_of_composites(about, editions, marts)]


def _of_composites(
    about: About, editions: Mapping[str, ExportTable], marts: Mapping[str, ExportTable]
) -> Iterator[Sheet]:
    """Whom each composite edition chooses, who would be next, and against the published list."""
    columns = (*_CHOSEN, *_OF_CONTENT)
    said = set()
    for row in about.composites:
        areas = editions[row["edition_id"]].in_order("place_in_line", "area_code")
        index = re.sub(r"(\d)", r" \1", row["imd_release"].upper(), count=1)
        name = sheet_name(f"Chosen, {index}")
        # By its id, where another of the same index came before.
        name = sheet_name(row["edition_id"]) if name in said else name
        said.add(name)
        yield Sheet(name, areas.having(pc.field("is_selected")).only(columns))
    if about.composites:
        yield Sheet("Next to be chosen", marts["composite_near_miss"].only(columns))
        yield Sheet("Chosen, against published", marts["composite_reconciliation"])


def _in_order(table: ExportTable, editions: list[str]) -> ExportTable:
    """The table with the rows of each edition, or of what changed to it, in the order of these."""
    has = {column.name for column in table.columns}
    by = "edition_id" if "edition_id" in has else "edition_to"
    parts = [table.having(pc.field(by) == each) for each in editions]
    return parts[0].with_rows_of(parts[1:])


def _is_near_miss() -> pc.Expression:
    """Whether an area is not on the list and would be, were each threshold a little wider."""
    imd, cni = (
        pc.field(f"{index}_ranks_to_threshold") * 100
        <= pc.field(f"{index}_areas_ranked") * NEAR_PERCENT
        for index in ("imd", "cni")
    )
    return ~pc.field("is_doubly_disadvantaged") & imd & cni


def list_names(editions: Iterable[Row]) -> dict[str, str]:
    """What the sheet of each edition is called: its label as far as a name can have it.

    By its id, where another edition is called the same.
    """
    names: dict[str, str] = {}
    for row in editions:
        said = re.sub(r" \(.*?\)", "", row["label"]).replace(": ", ", ").replace(" and ", ", ")
        name = sheet_name(said)
        names[row["edition_id"]] = sheet_name(row["edition_id"]) if name in names.values() else name
    return names


def sheet_name(name: str) -> str:
    """A name that Excel takes: none of []:*?/\\, no apostrophe at an end, 31 characters."""
    return re.sub(r"[\[\]:*?/\\]", "_", name)[:31].strip("'") or "_"


def _age(edition: Row) -> tuple[str, ...]:
    return edition["imd_release"], edition["cni_release"], edition["edition_id"]
