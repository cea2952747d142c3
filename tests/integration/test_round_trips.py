"""Every export and page, read back: exact columns, and every value as SQL gives it.

Without a browser, and without the code that wrote them. What each holds by name stands here, since
a column that goes missing from our lists of columns goes missing from whatever is compared by them.
"""

from __future__ import annotations

import csv
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import pytest
import python_calamine
import shapely

from orchestration.publish.explorer import write_explorer
from orchestration.publish.exports import write_exports
from tests.support.packed import Unpacked, carried, names_of

# One worker builds the release, and all of these read it.
pytestmark = pytest.mark.xdist_group("release")

Row = tuple[Any, ...]

EDITIONS = {
    "lsoa21_imd2019_cni2023": "lsoa21",
    "lsoa21_imd2025_cni2023": "lsoa21",
    "ward17_imd2015_cni2019": "ward17",
    "ward17_imd2019_cni2019": "ward17",
}
each_edition = pytest.mark.parametrize("edition", EDITIONS)

# An edition's export: each column, and how SQL gives it. Domains' ranks go before the last two.
_LIST = {
    "edition_id": "lists.edition_id",
    "area_type": "editions.area_type",
    "area_code": "lists.area_code",
    "area_name": "lists.area_name",
    "place_name": "lists.place_name",
    "msoa21_code": "areas.msoa21_code",
    "msoa21_name": "(select area_name from marts.dim_area as msoa "
    "where msoa.area_type = 'msoa21' and msoa.area_code = areas.msoa21_code)",
    "ward25_code": "lists.ward25_code",
    "ward25_name": "lists.ward25_name",
    "pcon24_code": "lists.pcon24_code",
    "pcon24_name": "lists.pcon24_name",
    "lad_type": "areas.lad_type",
    "lad_code": "lists.lad_code",
    "lad_name": "lists.lad_name",
    "region_code": "areas.region_code",
    "region_name": "lists.region_name",
    "population": "lists.population",
    "population_source_id": "areas.population_source_id",
    "area_ha": "areas.area_ha",
    "centroid_longitude": "areas.centroid_longitude",
    "centroid_latitude": "areas.centroid_latitude",
    "boundary_source": "boundaries.boundary_source",
    "is_boundary_approximate": "boundaries.is_approximate",
    "is_doubly_disadvantaged": "lists.is_doubly_disadvantaged",
    "imd_score": "lists.imd_score",
    "imd_rank": "lists.imd_rank",
    "imd_areas_ranked": "lists.imd_areas_ranked",
    "imd_decile": "lists.imd_decile",
    "is_within_imd_threshold": "lists.is_within_imd_threshold",
    "imd_ranks_to_threshold": "lists.imd_ranks_to_threshold",
    "cni_score": "lists.cni_score",
    "cni_rank": "lists.cni_rank",
    "cni_areas_ranked": "lists.cni_areas_ranked",
    "cni_decile": "lists.cni_decile",
    "is_within_cni_threshold": "lists.is_within_cni_threshold",
    "cni_ranks_to_threshold": "lists.cni_ranks_to_threshold",
    "published_flag": "lists.published_flag",
    "not_rated_reason": "lists.not_rated_reason",
    "stability_probability": "stability.probability",
    "stability_class": "stability.stability_class",
}
_LAST = {"content_id": "$content", "release_label": "release.label"}
_IMD = ("barriers", "crime", "education", "employment", "health", "income", "living_environment")
_CNI = ("civic_assets", "connectedness", "engaged_community")


def domains(edition: str) -> dict[str, str]:
    """The ranks in the domains, by column; of IMD 2015 there are none."""
    indices = {"imd": () if "imd2015" in edition else _IMD, "cni": _CNI}
    return {
        f"{index}_{domain}_rank": "(select domain_rank from marts.edition_domain as domains "
        "where domains.edition_id = lists.edition_id and domains.area_code = lists.area_code "
        f"and index_name = '{index}' and domain = '{domain}')"
        for index, named in indices.items()
        for domain in named
    }


def listed_by(edition: str) -> dict[str, str]:
    return _LIST | domains(edition) | _LAST


# The sheets of the lists, the newest first, and what they show, by their headings.
SHEETS = {
    "lsoa21_imd2025_cni2023": "LSOA 2021, IMD 2025, CNI 2023",
    "lsoa21_imd2019_cni2023": "LSOA 2021, IMD 2019, CNI 2023",
    "ward17_imd2019_cni2019": "Wards 2017, IMD 2019, CNI 2019",
    "ward17_imd2015_cni2019": "Wards 2017, IMD 2015, CNI 2019",
}
_AREA = {
    "Area code": "area_code",
    "Place name": "place_name",
    "Area name": "area_name",
    "LAD name": "lad_name",
    "Region name": "region_name",
    "Constituency 2024 name": "pcon24_name",
    "Population": "population",
    "IMD rank": "imd_rank",
    "CNI rank": "cni_rank",
}
_CONTENT = {"Content id": "content_id", "Release label": "release_label"}


def sheet_of(edition: str) -> dict[str, str]:
    ranks = {f"{c[:3].upper()}{c[3:].replace('_', ' ')}": c for c in domains(edition)}
    flag = {"Published flag": "published_flag", "Stability class": "stability_class"}
    return _AREA | ranks | flag | _CONTENT


NEAR_MISSES = {
    "Edition id": "edition_id",
    **_AREA,
    "IMD ranks to threshold": "imd_ranks_to_threshold",
    "CNI ranks to threshold": "cni_ranks_to_threshold",
    **_CONTENT,
}
CHANGES = [
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
]
OUTCOMES = [
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
]
LARGER_COLUMNS = [
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
]
# The marts that are exported as they are: the file, the sheet, and what that shows if not all.
MARTS: dict[str, tuple[str, str, list[str]]] = {
    "dim_edition": ("editions", "Editions", []),
    "reconciliation": ("reconciliation", "Against published lists", []),
    "edition_change": ("edition_change", "Changes", CHANGES),
    "outcome_comparison": ("outcome_comparison", "Outcomes", OUTCOMES),
    "threshold_sensitivity": ("threshold_sensitivity", "Other thresholds", []),
}
# One mart in a file, but for the smallest kinds of geography, and in three sheets.
LARGER = "summary_geography"
OF_EDITION = "(select lad_type from marts.dim_edition where edition_id = mart.edition_id)"
LARGER_SHEETS = {
    "Authorities, every list": f"mart.geography_type = {OF_EDITION}",
    "Constituencies": "mart.geography = 'constituency'",
    "Regions": "mart.geography = 'region'",
}
each_mart = pytest.mark.parametrize("mart", MARTS)


class Made:
    """A release and what was made of it."""

    def __init__(self, warehouse: Path, folder: Path) -> None:
        self.warehouse, self.folder = warehouse, folder
        self.content_ids: dict[str, str] = {}
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            for name, write in (("exports", write_exports), ("explorer", write_explorer)):
                (folder / name).mkdir()
                written = write(connection, folder / name)
                self.content_ids |= {file.name: content for file, content in written.items()}

    def read(self, query: str, *values: Any, **named: Any) -> list[Row]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query, named or values).fetchall()

    def edition(self, edition: str, columns: Sequence[str], *, listed: bool = False) -> list[Row]:
        return self.read(
            f"""
            select {", ".join(listed_by(edition)[column] for column in columns)}
            from marts.double_disadvantage as lists
            inner join marts.dim_edition as editions on lists.edition_id = editions.edition_id
            left join marts.dim_area as areas
                on editions.area_type = areas.area_type and lists.area_code = areas.area_code
            left join marts.area_boundary as boundaries
                on
                    editions.area_type = boundaries.area_type
                    and lists.area_code = boundaries.area_code
            left join marts.flag_stability as stability
                on
                    lists.edition_id = stability.edition_id
                    and lists.area_code = stability.area_code
            cross join meta.release as release
            where
                lists.edition_id = $edition
                {"and lists.is_doubly_disadvantaged" if listed else ""}
                and $content is not null
            order by lists.area_code
            """,
            edition=edition,
            content=self.content_ids[f"{edition}.csv"],
        )

    def mart(self, mart: str, which: str = "true") -> tuple[list[str], list[Row]]:
        """The names of a mart's columns, and those of its rows, each with its content id."""
        names = [
            name
            for (name,) in self.read(
                "select column_name from duckdb_columns() where schema_name = 'marts' "
                "and table_name = $1 order by column_index",
                mart,
            )
        ]
        rows = self.read(
            f"select mart.*, $1, release.label from marts.{mart} as mart "
            f"cross join meta.release as release where {which}",
            self.content_ids[f"{MARTS[mart][0] if mart in MARTS else mart}.csv"],
        )
        return [*names, "content_id", "release_label"], rows

    def page(self, edition: str, part: str) -> Unpacked:
        return carried((self.folder / f"explorer/{edition}.html").read_text("utf-8"), part)


@pytest.fixture(scope="module")
def made(sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(sample_warehouse, tmp_path_factory.mktemp("made"))


def by_text(rows: Iterator[Row] | list[Row]) -> list[Row]:
    """Rows in one order, whatever order they came in."""
    return sorted(rows, key=lambda row: [str(value) for value in row])


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def as_written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    # What a spreadsheet would run is text with an apostrophe before it.
    begins = text.startswith(("=", "+", "-", "@", "\t", "\r", "'"))
    return f"'{text}" if isinstance(value, str) and begins else text


@each_edition
def test_csv_of_an_edition(made: Made, edition: str) -> None:
    header, rows = read_csv(made.folder / f"exports/{edition}.csv")
    assert header == list(listed_by(edition))
    assert rows == [list(map(as_written, row)) for row in made.edition(edition, header)]


@each_edition
def test_parquet_of_an_edition(made: Made, edition: str) -> None:
    held = list(listed_by(edition))
    expected = made.edition(edition, held)
    for name, more in ((edition, []), (f"{edition}_boundaries", ["geometry"])):
        file = made.folder / f"exports/{name}.parquet"
        columns = [row[0] for row in made.read(f"describe select * from '{file}'")]
        assert columns == [*held, *more]
        assert made.read(f"select {', '.join(held)} from '{file}' order by area_code") == expected
    frame = geopandas.read_parquet(file).set_index("area_code")["geometry"]
    known: dict[str, bytes] = dict(
        made.read(
            "select area_code, geometry_wkb from marts.area_boundary where area_type = $1",
            EDITIONS[edition],
        )
    )
    for code, shape in frame.items():
        expected_shape = shapely.from_wkb(bytes(known[code])) if code in known else None
        assert (shape is None) == (expected_shape is None), code
        if expected_shape is not None:
            assert shape.equals_exact(expected_shape, 1e-6, normalize=True), code


@each_edition
def test_geopackage_of_the_lists(made: Made, edition: str) -> None:
    assert_layer(made, edition, "left_behind.gpkg", listed=True)


@each_edition
def test_geopackage_of_all_areas(made: Made, edition: str) -> None:
    assert_layer(made, edition, "left_behind_all_areas.gpkg", listed=False)


def assert_layer(made: Made, edition: str, name: str, *, listed: bool) -> None:
    held = list(listed_by(edition))
    with closing(sqlite3.connect(made.folder / "exports" / name)) as package:
        columns = [row[1] for row in package.execute(f"pragma table_info({edition})")]
        assert set(columns) - {"fid"} - {*held} <= {"geom", "geometry"}
        assert [name for name in columns if name in held] == held
        rows = package.execute(
            f"select {', '.join(held)} from {edition} order by area_code"
        ).fetchall()
    assert rows == made.edition(edition, held, listed=listed)


def sheet(made: Made, name: str) -> tuple[list[str], list[Row]]:
    book = python_calamine.CalamineWorkbook.from_path(str(made.folder / "exports/left_behind.xlsx"))
    header, *rows = book.get_sheet_by_name(name).to_python()
    return [str(each) for each in header], [tuple(row) for row in rows]


def assert_cells(found: list[Row], expected: list[Row]) -> None:
    """A cell keeps 16 digits of a number, and an empty cell is NULL or an empty text."""
    assert len(found) == len(expected)
    for found_row, row in zip(found, expected, strict=True):
        for cell, value in zip(found_row, row, strict=True):
            if isinstance(value, float):
                assert math.isclose(cell, value, rel_tol=1e-14, abs_tol=1e-300), (found_row, row)
            else:
                assert cell == ("" if value is None else value), (found_row, row)


def told_once(made: Made, title: str, columns: Sequence[str], rows: list[Row]) -> list[int]:
    """The places of the columns that a sheet has: those that differ, and what is made up.

    What is the same in every row stands on the sheet Columns.
    """
    header, told = sheet(made, "Columns")
    at = {name: header.index(name) for name in ("Sheet", "Column", "In every row")}
    said = {row[at["Column"]]: row[at["In every row"]] for row in told if row[at["Sheet"]] == title}
    assert list(said) == list(columns)
    kept = []
    for place, column in enumerate(columns):
        (value, *others) = {row[place] for row in rows}
        if others or column == "release_label":
            kept.append(place)
        else:
            assert said[column] == ("" if value is None else str(value))
    assert all(said[columns[place]] == "" for place in kept)
    return kept


def assert_sheet(made: Made, title: str, columns: Sequence[str], rows: list[Row]) -> list[str]:
    """The sheet has these rows in their order, as far as they differ; gives its headings."""
    kept = told_once(made, title, columns, rows)
    header, cells = sheet(made, title)
    assert len(header) == len(set(header)) == len(kept)
    assert_cells(cells, [tuple(row[place] for place in kept) for row in rows])
    return header


@each_edition
def test_sheet_of_a_list(made: Made, edition: str) -> None:
    headings = sheet_of(edition)
    columns = list(headings.values())
    rank, code = columns.index("imd_rank"), columns.index("area_code")
    rows = made.edition(edition, columns, listed=True)
    rows.sort(key=lambda row: (row[rank], row[code]))
    shown = assert_sheet(made, SHEETS[edition], columns, rows)
    assert shown == [name for name in headings if name in shown]


def test_near_misses_of_all_lists(made: Made) -> None:
    columns = list(NEAR_MISSES.values())
    rows = []
    for edition in SHEETS:
        more = ("imd_areas_ranked", "cni_areas_ranked", "is_doubly_disadvantaged")
        areas = made.edition(edition, [*columns, *more])
        areas.sort(key=lambda row: (row[8] is None, row[8], row[1]))
        for *area, imd_ranked, cni_ranked, is_listed in areas:
            by_name = dict(zip(columns, area, strict=True))
            beyond = [by_name["imd_ranks_to_threshold"], by_name["cni_ranks_to_threshold"]]
            if is_listed or None in beyond:
                continue
            # By no more than a hundredth of the areas.
            if beyond[0] / imd_ranked <= 0.01 and beyond[1] / cni_ranked <= 0.01:
                rows.append(tuple(area))
    assert rows
    assert assert_sheet(made, "Near misses", columns, rows) == list(NEAR_MISSES)


def test_the_first_sheet_counts_the_newest_list_by_authority(made: Made) -> None:
    newest, title = next(iter(SHEETS.items()))
    rows = made.read(
        """
        select
            geography_name, region_name, areas, areas_listed, share_of_areas, population,
            population_listed, share_of_population, rank_of_share_of_areas
        from marts.summary_geography
        where edition_id = $1 and geography_type = (
            select lad_type from marts.dim_edition where edition_id = $1
        )
        order by areas_listed desc, geography_name
        """,
        newest,
    )
    header, cells = sheet(made, "By authority")
    assert title in header[0]
    top = next(number for number, row in enumerate(cells) if row[0] == "Authority")
    assert cells[top][3] == "On the list"
    assert_cells([row[:9] for row in cells[top + 1 : top + 1 + len(rows)]], rows)
    assert cells[top + 1 + len(rows)][0] == "All of them"
    for place in (2, 3, 5, 6):
        assert cells[top + 1 + len(rows)][place] == sum(row[place] for row in rows)
    ((areas, listed),) = made.read(
        "select areas, areas_listed from marts.dim_edition where edition_id = $1", newest
    )
    assert (cells[top + 1 + len(rows)][2:4]) == (areas, listed)


def newest_first(names: Sequence[str], rows: list[Row]) -> list[Row]:
    by = names.index("edition_id" if "edition_id" in names else "edition_to")
    order = list(SHEETS)
    return sorted(rows, key=lambda row: order.index(row[by]))


@each_mart
def test_csv_and_sheet_of_a_mart(made: Made, mart: str) -> None:
    names, expected = made.mart(mart)
    file, title, shown = MARTS[mart]
    header, rows = read_csv(made.folder / f"exports/{file}.csv")
    assert header == names
    assert by_text([tuple(row) for row in rows]) == by_text(
        [tuple(map(as_written, row)) for row in expected]
    )
    # In the order of the CSV file, whose rows are compared above, the newest list first.
    keyed = {tuple(map(as_written, row)): row for row in expected}
    in_order = newest_first(names, [keyed[tuple(row)] for row in rows])
    columns = [*(shown or names[:-2]), *names[-2:]]
    places = [names.index(column) for column in columns]
    assert_sheet(made, title, columns, [tuple(row[place] for place in places) for row in in_order])


def test_larger_areas_in_a_file_and_sheets_by_kind(made: Made) -> None:
    names, expected = made.mart(LARGER, "mart.geography not in ('ward', 'msoa')")
    header, rows = read_csv(made.folder / f"exports/{LARGER}.csv")
    assert header == names
    assert rows == [list(map(as_written, row)) for row in expected]
    columns = [*LARGER_COLUMNS, *names[-2:]]
    places = [names.index(column) for column in columns]
    for title, which in LARGER_SHEETS.items():
        _, of_kind = made.mart(LARGER, which)
        in_order = newest_first(names, of_kind)
        shown = [tuple(row[place] for place in places) for row in in_order]
        assert_sheet(made, title, columns, shown)


@each_edition
def test_page_says_where_shapes_are_from_and_which_are_approximate(
    made: Made, edition: str
) -> None:
    core = made.page(edition, "core")
    origins = [(None, None), *map(tuple, core.document["origins"])]
    expected = made.read(
        """
        select
            boundaries.boundary_source,
            if(boundary_source is null, null, boundaries.is_approximate)
        from marts.double_disadvantage as lists
        inner join marts.dim_edition as editions using (edition_id)
        left join marts.area_boundary as boundaries
            on
                editions.area_type = boundaries.area_type
                and lists.area_code = boundaries.area_code
        where lists.edition_id = $1 order by lists.area_code
        """,
        edition,
    )
    assert [origins[at] for at in core.column("origin")] == expected
    assert any(origin[1] for origin in origins) == edition.startswith("ward17")


@each_edition
def test_page_carries_every_area(made: Made, edition: str) -> None:
    core = made.page(edition, "core")
    document = core.document
    areas = made.read(
        """
        select
            area_code, area_name, lad_code, lad_name, region_name, population, imd_rank, cni_rank,
            not_rated_reason, published_flag
        from marts.double_disadvantage where edition_id = $1 order by area_code
        """,
        edition,
    )
    columns = {
        name: core.column(name)
        for name in ("code", "lad", "residents", "imd", "cni", "reason", "published")
    }
    carried_areas = [
        (
            f"{document['prefix']}{code:08d}",
            name,
            *document["lads"][lad],
            residents - 1 if residents else None,
            imd or None,
            cni or None,
            document["reasons"][reason - 1] if reason else None,
            bool(published - 1) if published else None,
        )
        for name, code, lad, residents, imd, cni, reason, published in zip(
            names_of(document["names"]), *columns.values(), strict=True
        )
    ]
    assert carried_areas == areas
    ((imd, cni, imd_percent, cni_percent),) = made.read(
        "select max(imd_areas_ranked), max(cni_areas_ranked), any_value(imd_threshold_percent), "
        "any_value(cni_threshold_percent) from marts.double_disadvantage "
        "inner join marts.dim_edition using (edition_id) where edition_id = $1",
        edition,
    )
    indices = document["indices"]
    assert [(indices[each]["ranked"], indices[each]["percent"]) for each in ("imd", "cni")] == [
        (imd, imd_percent),
        (cni, cni_percent),
    ]
    stability: dict[str, int] = dict(
        made.read(
            "select area_code, round(probability * draws)::int from marts.flag_stability "
            "where edition_id = $1",
            edition,
        )
    )
    drawn = zip((area[0] for area in areas), core.column("draws"), strict=True)
    assert {code: times - 1 for code, times in drawn if times} == stability


@each_edition
def test_page_carries_the_ranks_in_every_domain(made: Made, edition: str) -> None:
    """Those of the areas; where the IMD is that of parts, the mean by residents, least and most."""
    detail = made.page(edition, "detail")
    ((rule, release, codes),) = made.read(
        "select any_value(carry_rule), any_value(imd_release), list(area_code order by area_code) "
        "from marts.double_disadvantage inner join marts.dim_edition using (edition_id) "
        "where edition_id = $1",
        edition,
    )
    averaged = rule == "output_area_mean"
    seen = set()
    for domain in detail.document["domains"]:
        index, name = domain["index"], domain["domain"]
        seen.add((index, name))
        assert domain["averaged"] == (averaged and index == "imd"), (index, name)
        if not domain["averaged"]:
            rows: dict[str, int] = dict(
                made.read(
                    "select area_code, coalesce(domain_rank, 0) from marts.edition_domain "
                    "where edition_id = $1 and index_name = $2 and domain = $3",
                    edition,
                    index,
                    name,
                )
            )
            assert detail.column(f"{index}_{name}") == [rows.get(code, 0) for code in codes]
            continue
        parts = {
            code: rest
            for code, *rest in made.read(
                """
                select
                    carry.area_code,
                    round(
                        sum(scores.domain_rank * carry.part_population)
                        / sum(carry.part_population)
                    )::bigint,
                    min(scores.domain_rank),
                    max(scores.domain_rank)
                from marts.imd_carry as carry
                inner join marts.fct_domain_score as scores
                    on carry.part_code = scores.area_code and scores.index_release = $2
                where carry.edition_id = $1 and scores.domain = $3
                group by carry.area_code
                """,
                edition,
                release,
                name,
            )
        }
        for place, which in enumerate(("mean", "worst", "best")):
            found = detail.column(f"{index}_{name}_{which}")
            assert found == [parts[code][place] if code in parts else 0 for code in codes]
    assert seen == {
        tuple(row)
        for row in made.read(
            "select distinct index_name, domain from marts.edition_domain where edition_id = $1",
            edition,
        )
    }


@each_edition
def test_page_cites_a_line_only_of_the_lookup_that_it_names(made: Made, edition: str) -> None:
    """A part that came by best fit is in another file, and has no line of this one."""
    detail = made.page(edition, "detail")
    named = detail.document["lines"].get("lookup")
    lines = [
        line
        for (line,) in made.read(
            "select if(lookup_source_id = $2, lookup_line_number, 0) from marts.imd_carry "
            "where edition_id = $1 order by area_code, part_code",
            edition,
            named,
        )
    ]
    assert (named is not None) == bool(lines)
    if lines:
        assert detail.column("part_lookup_line") == lines
        assert (0 in lines) == edition.startswith("ward17")


@each_edition
def test_page_carries_outcomes_with_the_lower_end_first(made: Made, edition: str) -> None:
    found = {
        (each["label"], each["method"], group): tuple(values)
        for each in made.page(edition, "detail").document["outcomes"]
        for group, values in each["groups"].items()
    }
    expected = {
        tuple(key): tuple(values)
        for *key, values in (
            (*row[:3], row[3:])
            for row in made.read(
                "select outcome_label, method, area_group, rate, ci_low, ci_high "
                "from marts.outcome_comparison where edition_id = $1",
                edition,
            )
        )
    }
    assert found == expected
    assert any(low < rate < high for rate, low, high in found.values() if low is not None)


@each_edition
def test_page_carries_how_people_fare_in_areas_and_councils(made: Made, edition: str) -> None:
    """In thousandths; those of areas one higher, so that 0 is none."""
    detail = made.page(edition, "detail")
    lads: dict[str, str] = dict(
        made.read(
            "select area_code, lad_code from marts.double_disadvantage "
            "where edition_id = $1 order by area_code",
            edition,
        )
    )
    fares = detail.document["fares"]
    assert fares
    for number, fare in enumerate(fares):
        counts = {
            code: (numerator, denominator)
            for code, numerator, denominator in made.read(
                "select area_code, numerator, denominator from marts.outcome_area "
                "inner join marts.dim_edition using (area_type) "
                "where edition_id = $1 and outcome = $2 and denominator > 0",
                edition,
                fare["outcome"],
            )
        }
        for code, shown in zip(lads, detail.column(f"fare_{number}"), strict=True):
            numerator, denominator = counts.get(code, (0, 0))
            assert (shown == 0) == (denominator == 0), code
            assert not shown or abs(shown - 1 - 1000 * numerator / denominator) <= 0.501, code
        for lad in set(lads.values()) - {None}:
            inside = [counts[code] for code, its in lads.items() if its == lad and code in counts]
            people, all_people = (sum(part) for part in zip(*inside, strict=True))
            assert abs(fare["larger"][lad] - 1000 * people / all_people) <= 0.501, lad


@each_edition
def test_page_carries_changes_summaries_and_differences(made: Made, edition: str) -> None:
    document = made.page(edition, "detail").document
    codes = [
        code
        for (code,) in made.read(
            "select area_code from marts.double_disadvantage where edition_id = $1 order by 1",
            edition,
        )
    ]
    for change in document["changes"]:
        rows = made.read(
            "select area_code, change, reason from marts.edition_change "
            "where edition_from = $1 and edition_to = $2",
            change["from"],
            change["to"],
        )
        known = [row for row in rows if row[0] in set(codes)]
        assert by_text([(codes[place], *rest) for place, *rest in change["rows"]]) == by_text(known)
    pairs = made.read(
        "select edition_from, edition_to, what_changed from marts.dim_edition_pair "
        "where is_comparable and $1 in (edition_from, edition_to)",
        edition,
    )
    assert {
        (each["from"], each["to"], each["what_changed"]) for each in document["changes"]
    } == set(pairs)
    assert all(what_changed for _, _, what_changed in pairs)
    assert [(codes[place], *rest) for place, *rest in document["reconciliation"]] == made.read(
        "select area_code, agreement, likely_reason_text from marts.reconciliation "
        "where edition_id = $1 and agreement <> 'agreed' order by area_code",
        edition,
    )
    for level, code, kind in (
        ("region", "geography_name", "'rgn'"),
        ("lad", "geography_code", OF_EDITION),
    ):
        assert {key: tuple(each) for key, each in document["summary"][level].items()} == {
            key: tuple(rest)
            for key, *rest in made.read(
                f"select {code}, proportion, extent from marts.{LARGER} as mart "
                f"where edition_id = $1 and geography_type = {kind}",
                edition,
            )
        }
