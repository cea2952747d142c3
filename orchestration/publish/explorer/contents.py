"""What a page carries, asked of the warehouse.

Three packed texts an edition, in the order in which a page needs them: ``core`` (names, ranks: the
list, the search and the slider), ``shapes`` (the map) and ``detail`` (an area's page, comparisons,
summaries, outcomes). Areas come in the order of their codes; elsewhere an area is its place there.
Ranks are 0 where there is none; counts that may be missing are kept one higher.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from statistics import mode
from typing import Any

import duckdb
import numpy as np

from orchestration.modelling.seeds import load_methodology
from orchestration.publish.explorer.encode import Numbers, Packer, names_text
from orchestration.publish.explorer.fares import fares
from orchestration.publish.explorer.postcodes import postcode_areas
from orchestration.publish.explorer.selection import pack_selection
from orchestration.publish.explorer.shapes import (
    UNIT,
    Geometries,
    Rings,
    dissolved,
    projected,
    rings_of,
)
from orchestration.publish.provenance import provenance
from orchestration.queries import Row, editions, query_rows
from orchestration.sources.registry import load_registry

# Kinds of larger area, beside authority and region, that a reader may ask for: the newest of each.
ASKED_FOR = ("constituency", "ward", "icb")
# Rates of every ward would take more room than those of all areas.
NOT_FARED_IN = "ward"
# Authorities are outlined from areas that share their borders exactly.
OUTLINED_FROM = "lsoa21"
_NO_RESTRICTION = ("Open Government Licence", "CC0")
# What people call an area (one, several), and what its publisher calls it.
_AREA_WORDS = {
    "lsoa": ("neighbourhood", "neighbourhoods", "LSOA"),
    "ward": ("ward", "wards", "ward"),
}


@dataclass(frozen=True)
class ExplorerRelease:
    """A release's warehouse and what all its pages share."""

    warehouse: duckdb.DuckDBPyConnection

    @cached_property
    def about(self) -> Row:
        (row,) = query_rows(
            self.warehouse,
            "select profile, country, label from meta.release",
        )
        return row

    @cached_property
    def provenance(self) -> str:
        return provenance(
            query_rows(self.warehouse, "select provenance_status, rows from marts.dim_source")
        )

    @cached_property
    def postcode_areas(self) -> list[str]:
        """The letters of those postcode areas for which there is a script beside the pages."""
        return postcode_areas(self.warehouse)

    @property
    def is_synthetic(self) -> bool:
        return bool(self.about["label"] == "SYNTHETIC")

    @cached_property
    def editions(self) -> list[Row]:
        return [
            row | {"areas_words": area_words(row["area_type"])} for row in editions(self.warehouse)
        ]

    @property
    def newest(self) -> Row:
        """The edition to begin with: of the latest IMD, then of the latest CNI."""
        return max(
            self.editions,
            key=lambda row: [row[name][-4:] for name in ("imd_release", "cni_release")],
        )

    @property
    def country(self) -> str:
        """The name without what is said of it in brackets."""
        return str(self.about["country"]).split(" (")[0]

    @cached_property
    def _shapes(self) -> dict[str, dict[str, Any]]:
        """Shapes by area type and code, for the types of the editions and that of the outlines."""
        metric_crs = load_registry(self.about["profile"]).profile.metric_crs
        found: dict[str, dict[str, Any]] = {}
        for area_type in sorted({OUTLINED_FROM, *(row["area_type"] for row in self.editions)}):
            rows = query_rows(
                self.warehouse,
                "select area_code, geometry_wkb, crs from marts.area_boundary "
                "where area_type = $1 order by area_code",
                area_type,
            )
            for crs in sorted({row["crs"] for row in rows}):
                here = [row for row in rows if row["crs"] == crs]
                shapes = projected([row["geometry_wkb"] for row in here], crs, metric_crs)
                found.setdefault(area_type, {}).update(
                    zip((row["area_code"] for row in here), shapes, strict=True)
                )
        return found

    def shapes(self, area_type: str, codes: Sequence[str]) -> Geometries:
        known = self._shapes.get(area_type, {})
        return np.array([known.get(code) for code in codes], dtype=object)

    @cache  # noqa: B019  (a release lives as long as its pages are written)
    def packed_shapes(self, area_type: str, codes: tuple[str, ...]) -> str:
        """Areas and outlines; editions of the same areas share them."""
        packer = Packer()
        rings_of(self.shapes(area_type, codes)).pack(packer, "area")
        self.outlines.pack(packer, "lad")
        return packer.text({"unit": UNIT})

    @cached_property
    def outlines(self) -> Rings:
        rows = query_rows(
            self.warehouse,
            "select area_code, lad_code from marts.dim_area "
            "where area_type = $1 and lad_code is not null order by area_code",
            OUTLINED_FROM,
        )
        shapes = self.shapes(OUTLINED_FROM, [row["area_code"] for row in rows])
        there = np.array([shape is not None for shape in shapes], dtype=bool)
        lads = [row["lad_code"] for row, is_there in zip(rows, there, strict=True) if is_there]
        return rings_of(dissolved(shapes[there], lads))


def area_words(area_type: str) -> dict[str, str]:
    """What an area of the type is called: one, several, and officially."""
    words = _AREA_WORDS.get(re.sub(r"\d+$", "", area_type), ("area", "areas", "area"))
    return dict(zip(("one", "several", "official"), words, strict=True))


def index_words(index_release: str) -> str:
    """imd2025 is the IMD 2025."""
    return re.sub(r"^([a-z]+)(\d+)$", lambda found: f"{found[1].upper()} {found[2]}", index_release)


class ExplorerEdition:
    """What the page of an edition carries."""

    def __init__(self, release: ExplorerRelease, edition: Row) -> None:
        self.release = release
        self.edition = edition

    @cached_property
    def areas(self) -> list[Row]:
        return self._rows(
            "select * from marts.double_disadvantage where edition_id = $1 order by area_code",
            self.edition["edition_id"],
        )

    @cached_property
    def codes(self) -> list[str]:
        return [row["area_code"] for row in self.areas]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {code: place for place, code in enumerate(self.codes)}

    @cached_property
    def _boundaries(self) -> dict[str, Row]:
        """By area: where its shape stands and is from, and whether it is approximate."""
        rows = self._rows(
            "select area_code, source_id, feature_number, boundary_source, is_approximate "
            "from marts.area_boundary where area_type = $1 order by area_code",
            self.edition["area_type"],
        )
        return {row["area_code"]: row for row in rows}

    @cached_property
    def _origins(self) -> list[tuple[str, bool]]:
        """Where shapes are from, as a file that was put together says, and if so approximate."""
        return sorted(
            {
                (row["boundary_source"], row["is_approximate"])
                for row in self._boundaries.values()
                if row["boundary_source"]
            }
        )

    def _origin(self, code: str) -> int:
        """Place of where the shape of an area is from, plus one; 0 where its file does not say."""
        row = self._boundaries.get(code)
        if not row or not row["boundary_source"]:
            return 0
        return self._origins.index((row["boundary_source"], row["is_approximate"])) + 1

    def packed(self) -> dict[str, str]:
        return {"core": self.core(), "shapes": self.shapes(), "detail": self.detail()}

    def _rows(self, query: str, *parameters: Any) -> list[Row]:
        return query_rows(self.release.warehouse, query, *parameters)

    def _columns(self, query: str, *parameters: Any) -> dict[str, Numbers]:
        """The same, by columns, of queries that give no NULL."""
        columns: Any = self.release.warehouse.execute(query, parameters).fetchnumpy()
        return dict(columns)

    @cached_property
    def _stability(self) -> dict[str, Row]:
        return {
            row["area_code"]: row
            for row in self._rows(
                "select * from marts.flag_stability where edition_id = $1 order by area_code",
                self.edition["edition_id"],
            )
        }

    def _draws(self, column: str) -> Numbers:
        """In how many draws, plus one; 0 where an area was not drawn."""
        return _numbers(
            round(self._stability[code][column] * self._stability[code]["draws"]) + 1
            if code in self._stability
            else 0
            for code in self.codes
        )

    def core(self) -> str:
        packer = Packer()
        lads = sorted(
            {(row["lad_code"], row["lad_name"], row["region_name"]) for row in self.areas}
        )
        lad_place = {lad: place for place, lad in enumerate(lads)}
        reasons = sorted({row["not_rated_reason"] for row in self.areas} - {None})
        packer.add("code", _numbers(int(code[1:]) for code in self.codes), alike=True)
        packer.add(
            "lad",
            _numbers(
                lad_place[row["lad_code"], row["lad_name"], row["region_name"]]
                for row in self.areas
            ),
            alike=True,
        )
        packer.add("residents", _one_higher(row["population"] for row in self.areas))
        for index in ("imd", "cni"):
            packer.add(index, _numbers(row[f"{index}_rank"] or 0 for row in self.areas))
        packer.add(
            "reason",
            _numbers(
                reasons.index(row["not_rated_reason"]) + 1 if row["not_rated_reason"] else 0
                for row in self.areas
            ),
        )
        packer.add("published", _one_higher(row["published_flag"] for row in self.areas))
        packer.add("draws", self._draws("probability"))
        packer.add("origin", _numbers(map(self._origin, self.codes)))
        places = sorted({row["place_name"] for row in self.areas if row["place_name"]})
        place_at = {name: number for number, name in enumerate(places, start=1)}
        packer.add(
            "known", _numbers(place_at.get(row["place_name"], 0) for row in self.areas), alike=True
        )
        return packer.text(
            {
                "larger": self._larger_areas(packer),
                "chosen": pack_selection(
                    self.release.warehouse, self.edition["area_type"], self.codes, packer
                ),
                "places": places,
                "formerly": self._formerly(),
                "release": self.release.about | {"postcode_areas": self.release.postcode_areas},
                "licence": self.licence,
                "is_restricted": bool(self.restricted()),
                "edition": self.edition,
                "editions": [
                    {"edition_id": row["edition_id"], "label": row["label"]}
                    for row in self.release.editions
                ],
                "words": self.edition["areas_words"],
                "prefix": self.codes[0][0],
                "names": names_text([row["area_name"] for row in self.areas]),
                "lads": lads,
                "reasons": reasons,
                "origins": self._origins,
                "indices": {index: self._index(index) for index in ("imd", "cni")},
                "draws": next((row["draws"] for row in self._stability.values()), 0),
                "classes": self._stability_classes(),
            }
        )

    @cached_property
    def _memberships(self) -> dict[str, list[Row]]:
        """By each geography that may be asked for: which of its newest kind each area is in."""
        found = {}
        for geography in ASKED_FOR:
            rows = self._rows(
                """
                select member.area_code, member.geography_type, member.geography_code as code,
                    member.geography_name as name, types.label
                from marts.geography_membership as member
                inner join marts.dim_area_type as types on member.geography_type = types.area_type
                where
                    member.area_type = $1
                    and member.geography = $2
                    and member.geography_type <> $1
                    and member.is_main
                qualify member.geography_type = max(member.geography_type) over ()
                """,
                self.edition["area_type"],
                geography,
            )
            if rows:
                found[geography] = rows
        return found

    def _larger_areas(self, packer: Packer) -> list[Row]:
        """The larger areas of each kind that may be asked for, and in which one each area is."""
        found = []
        for geography, rows in self._memberships.items():
            larger = sorted({(row["code"], row["name"]) for row in rows})
            at = {code: number for number, (code, _) in enumerate(larger, start=1)}
            inside = {row["area_code"]: at[row["code"]] for row in rows}
            kind = rows[0]["geography_type"]
            packer.add(
                f"in_{kind}", _numbers(inside.get(code, 0) for code in self.codes), alike=True
            )
            found.append(
                {"kind": kind, "geography": geography, "label": rows[0]["label"], "areas": larger}
            )
        return found

    def _formerly(self) -> list[Row]:
        """What became of authorities, and of small areas, of another time."""
        return self._rows(
            """
            select
                changed.area_code as code,
                changed.area_name as name,
                changed.how_matched as how,
                changed.since_year as year,
                list([changed.became_code, changed.became_name]
                    order by changed.share_of_residents desc, changed.became_code) as became
            from marts.area_succession as changed
            where changed.became_type = $1 or starts_with(changed.became_type, 'lad')
            group by all
            order by all
            """,
            self.edition["area_type"],
        )

    def _index(self, index: str) -> Row:
        return {
            "release": self.edition[f"{index}_release"],
            "label": index_words(self.edition[f"{index}_release"]),
            "ranked": max((row[f"{index}_areas_ranked"] or 0 for row in self.areas), default=0),
            "percent": self.edition[f"{index}_threshold_percent"],
        }

    def _stability_classes(self) -> list[list[Any]]:
        """The words for how sure a flag is, surest first, each with its least probability."""
        found = {
            (row["class_least_probability"], row["stability_class"])
            for row in self._stability.values()
        }
        return [[word, least] for least, word in sorted(found, reverse=True)]

    def shapes(self) -> str:
        return self.release.packed_shapes(self.edition["area_type"], tuple(self.codes))

    def detail(self) -> str:
        packer = Packer()
        domains = self._domains(packer)
        if self._stability:
            packer.add("draws_imd", self._draws("probability_imd"))
            packer.add("draws_cni", self._draws("probability_cni"))
        return packer.text(
            {
                "domains": domains,
                "lines": (lines := self._lines(packer)),
                "files": self._files(lines),
                "stability": self._stability_notes(),
                "changes": self._changes(packer),
                "not_comparable": self._not_comparable(),
                "reconciliation": self._reconciliation(),
                "summary": self._summary(),
                "outcomes": self._outcomes(),
                "fares": fares(
                    self.release.warehouse,
                    self.edition["edition_id"],
                    [
                        rows[0]["geography_type"]
                        for geography, rows in self._memberships.items()
                        if geography != NOT_FARED_IN
                    ],
                    packer,
                ),
            }
        )

    def _domains(self, packer: Packer) -> list[Row]:
        """Ranks in the domains: those of the edition's areas or, averaged, those of the parts."""
        methodology = load_methodology()
        names = self._rows(
            """
            select
                index_name as index,
                index_release,
                domain,
                any_value(domain_label) as label,
                bool_or(parts is not null and rank_scale = 'areas') as averaged,
                if(averaged, max(parts_ranked), max(areas_ranked)) as ranked
            from marts.edition_domain
            where edition_id = $1
            group by all
            """,
            self.edition["edition_id"],
        )
        names.sort(
            key=lambda row: (
                row["index"] != "imd",
                methodology.domains_of(row["index_release"]).index(row["domain"]),
            )
        )
        for name in names:
            index, domain = name["index"], name["domain"]
            ranks = self._columns(
                """
                select
                    coalesce(domains.domain_rank, 0) as own,
                    coalesce(domains.part_mean_rank, 0) as mean,
                    coalesce(domains.part_worst_rank, 0) as worst,
                    coalesce(domains.part_best_rank, 0) as best
                from marts.double_disadvantage as lists
                left join marts.edition_domain as domains
                    on
                        lists.edition_id = domains.edition_id
                        and lists.area_code = domains.area_code
                        and domains.index_name = $2
                        and domains.domain = $3
                where lists.edition_id = $1
                order by lists.area_code
                """,
                self.edition["edition_id"],
                index,
                domain,
            )
            shown = ("mean", "worst", "best") if name["averaged"] else ("own",)
            for column in shown:
                suffix = "" if column == "own" else f"_{column}"
                packer.add(f"{index}_{domain}{suffix}", ranks[column])
        return [
            {key: name[key] for key in ("index", "domain", "label", "ranked", "averaged")}
            for name in names
        ]

    def _lines(self, packer: Packer) -> Row:
        """Where each figure stands: the file, and the line of every area or of its parts."""
        edition_id = self.edition["edition_id"]
        sources: Row = {}
        for index in ("imd", "cni"):
            rows = self._rows(
                "select area_code, source_id, line_number from marts.fct_index_score "
                "where index_release = $1 and area_type = $2 order by area_code",
                self.edition[f"{index}_release"],
                self.edition["area_type"],
            )
            if rows:
                lines = {row["area_code"]: row["line_number"] for row in rows}
                sources[index] = rows[0]["source_id"]
                packer.add(f"{index}_line", _one_higher(map(lines.get, self.codes)), alike=True)
        if self._boundaries:
            features = {code: row["feature_number"] for code, row in self._boundaries.items()}
            sources["boundary"] = next(iter(self._boundaries.values()))["source_id"]
            packer.add("boundary_line", _one_higher(map(features.get, self.codes)), alike=True)
        residents = self._rows(
            "select min(population_source_id) as source_id from marts.dim_area "
            "where area_type = $1",
            self.edition["area_type"],
        )
        sources["residents"] = residents[0]["source_id"]
        parts = self._rows(
            "select * from marts.imd_carry where edition_id = $1 order by area_code, part_code",
            edition_id,
        )
        if parts:
            counts = dict.fromkeys(self.codes, 0)
            for row in parts:
                counts[row["area_code"]] += 1
            sources["imd"] = parts[0]["source_id"]
            lookup = mode(row["lookup_source_id"] for row in parts)
            sources["lookup"] = lookup
            sources["parts_ranked"] = parts[0]["parts_ranked"]
            packer.add("parts", _numbers(counts.values()))
            packer.add(
                "part_code", _numbers(int(row["part_code"][1:]) for row in parts), alike=True
            )
            packer.add("part_rank", _numbers(row["part_imd_rank"] for row in parts))
            packer.add("part_residents", _numbers(round(row["part_population"]) for row in parts))
            packer.add("part_line", _numbers(row["line_number"] for row in parts), alike=True)
            # A part whose small areas lie nowhere is in another lookup: 0, and no line of this one.
            packer.add(
                "part_lookup_line",
                _numbers(
                    row["lookup_line_number"] if row["lookup_source_id"] == lookup else 0
                    for row in parts
                ),
                alike=True,
            )
        return sources

    def _files(self, lines: Row) -> list[Row]:
        """The files that the page's figures and shapes come from."""
        return self._rows(
            """
            select
                source_id, title, publisher, licence, citation, file_name, sha256,
                coalesce(provenance || ': ' || differs, provenance) as provenance
            from marts.dim_source
            where
                list_contains($1, source_id)
                or (kind = 'boundary' and area_type = $2)
                or source_id in (
                    select source_id from marts.outcome_comparison where edition_id = $3
                    union all
                    select lookup_source_id from marts.imd_carry where edition_id = $3
                    union all
                    select unnest([part_lookup_id, area_lookup_id, population_source_id])
                    from marts.carry_small_area
                    semi join (
                        from marts.imd_carry where edition_id = $3 and small_areas is not null
                    ) using (area_code, part_code)
                )
            order by source_id
            """,
            [value for value in lines.values() if isinstance(value, str)],
            OUTLINED_FROM,
            self.edition["edition_id"],
        )

    def restricted(self) -> list[str]:
        """The files of the edition's indices whose licence is not open, by title."""
        rows = self._rows(
            "select distinct title, licence from marts.dim_source inner join marts.fct_index_score "
            "using (source_id) where index_release in ($1, $2) order by title",
            self.edition["imd_release"],
            self.edition["cni_release"],
        )
        return [row["title"] for row in rows if not row["licence"].startswith(_NO_RESTRICTION)]

    @property
    def licence(self) -> str:
        """Under what the figures of the edition may be passed on, if they may."""
        if titles := self.restricted():
            return f"Not for redistribution: no open licence is known of {'; '.join(titles)}"
        return "CC0 1.0" if self.release.is_synthetic else "Open Government Licence v3.0"

    def _stability_notes(self) -> Row | None:
        for row in self._stability.values():
            return {"varied": row["varied"], "draws": row["draws"]}
        return None

    def _changes(self, packer: Packer) -> list[Row]:
        """The editions that this one may be set against: what joined and left, and their ranks."""
        edition_id = self.edition["edition_id"]
        labels = {row["edition_id"]: row["label"] for row in self.release.editions}
        found = []
        pairs = self._rows(
            "select * from marts.dim_edition_pair where is_comparable "
            "and $1 in (edition_from, edition_to) order by edition_from, edition_to",
            edition_id,
        )
        for number, pair in enumerate(pairs):
            other = pair["edition_to" if pair["edition_from"] == edition_id else "edition_from"]
            theirs = {
                row["area_code"]: row
                for row in self._rows(
                    "select * from marts.double_disadvantage where edition_id = $1", other
                )
            }
            for index in ("imd", "cni"):
                packer.add(
                    f"other_{number}_{index}",
                    _numbers(
                        (theirs[code][f"{index}_rank"] or 0) if code in theirs else 0
                        for code in self.codes
                    ),
                )
            (declared,) = [row for row in self.release.editions if row["edition_id"] == other]
            rows = self._rows(
                "select * from marts.edition_change where edition_from = $1 and edition_to = $2 "
                "order by change, imd_rank_to nulls last, area_code",
                pair["edition_from"],
                pair["edition_to"],
            )
            found.append(
                {
                    "from": pair["edition_from"],
                    "to": pair["edition_to"],
                    "label_from": labels[pair["edition_from"]],
                    "label_to": labels[pair["edition_to"]],
                    "other": other,
                    "what_changed": pair["what_changed"],
                    "indices": {
                        index: {
                            "label": index_words(declared[f"{index}_release"]),
                            "ranked": max(
                                (row[f"{index}_areas_ranked"] or 0 for row in theirs.values()),
                                default=0,
                            ),
                        }
                        for index in ("imd", "cni")
                    },
                    "rows": [
                        [self._place[row["area_code"]], row["change"], row["reason"]]
                        for row in rows
                        if row["area_code"] in self._place
                    ],
                }
            )
        return found

    def _not_comparable(self) -> list[Row]:
        return self._rows(
            """
            select editions.edition_id, editions.label, pairs.reason_not_comparable as reason
            from marts.dim_edition_pair as pairs
            inner join marts.dim_edition as editions
                on editions.edition_id
                = if(pairs.edition_from = $1, pairs.edition_to, pairs.edition_from)
            where not pairs.is_comparable and $1 in (pairs.edition_from, pairs.edition_to)
            order by editions.edition_id
            """,
            self.edition["edition_id"],
        )

    def _reconciliation(self) -> list[list[Any]]:
        """Where our list and the published one differ, and the likely reason."""
        return [
            [self._place[row["area_code"]], row["agreement"], row["likely_reason_text"]]
            for row in self._rows(
                "select * from marts.reconciliation where edition_id = $1 "
                "and agreement <> 'agreed' order by area_code",
                self.edition["edition_id"],
            )
        ]

    def _summary(self) -> Row:
        """The higher-level measures of the edition's IMD; the lists are counted in the browser."""
        return {
            "region": {
                row["geography_name"]: [row["proportion"], row["extent"]]
                for row in self._larger("rgn")
            },
            "lad": {
                row["geography_code"]: [row["proportion"], row["extent"]]
                for row in self._larger(self.edition["lad_type"])
            },
        }

    def _larger(self, geography_type: str) -> list[Row]:
        return self._rows(
            "select * from marts.summary_geography "
            "where edition_id = $1 and geography_type = $2 order by geography_code",
            self.edition["edition_id"],
            geography_type,
        )

    def _outcomes(self) -> list[Row]:
        """The rates of the groups of areas, outcome by outcome."""
        found: dict[tuple[str, str], Row] = {}
        for row in self._rows(
            """
            select
                comparison.*, outcomes.is_part_of_imd,
                outcomes.rounding, outcomes.rate_error_at_most, outcomes.caveat
            from marts.outcome_comparison as comparison
            inner join marts.dim_outcome as outcomes on comparison.outcome = outcomes.outcome
            where comparison.edition_id = $1
            order by outcomes.is_part_of_imd, comparison.outcome, comparison.method
            """,
            self.edition["edition_id"],
        ):
            outcome = found.setdefault(
                (row["outcome"], row["method"]),
                {
                    "outcome": row["outcome"],
                    "method": row["method"],
                    "label": row["outcome_label"],
                    "of": row["denominator_label"],
                    "when": row["reference_period"],
                    "direction": row["direction"],
                    "in_imd": row["is_part_of_imd"],
                    "rounding": row["rounding"],
                    "error": row["rate_error_at_most"],
                    "caveat": row["caveat"],
                    "groups": {},
                },
            )
            outcome["groups"][row["area_group"]] = [row["rate"], row["ci_low"], row["ci_high"]]
        return list(found.values())


def _numbers(values: Any) -> Numbers:
    return np.fromiter(values, dtype=np.int64)


def _one_higher(values: Any) -> Numbers:
    """Whole numbers from 0, kept one higher so that 0 is 'none'."""
    return _numbers(0 if value is None else int(value) + 1 for value in values)
