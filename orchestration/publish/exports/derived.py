"""Tables for those who have no database, which are no mart: put together from several.

What their columns mean is said by the marts that these are of.
"""

from __future__ import annotations

import duckdb

from orchestration.publish.exports.about import About
from orchestration.publish.exports.tables import ExportTable, columns_of, comments_of, told

# The indicators behind each list: mart and column.
_INDICATORS = (
    ("edition_domain", "edition_id"),
    ("edition_domain", "area_code"),
    ("edition_domain", "index_name"),
    ("edition_domain", "index_release"),
    ("fct_indicator", "area_code"),
    ("dim_indicator", "domain"),
    ("dim_indicator", "sub_domain"),
    ("dim_indicator", "indicator"),
    ("dim_indicator", "indicator_label"),
    ("dim_indicator", "unit_label"),
    ("dim_indicator", "direction"),
    ("fct_indicator", "value"),
    ("fct_indicator", "indicator_rank"),
    ("dim_indicator", "areas_ranked"),
)
_MEASURED = "Code of the area that is measured: this area, or a part of it from which its IMD came."
# What became of each LSOA of 2011, and where that lies: mart and column.
_LOOKUP = (
    ("area_succession", "area_code"),
    ("area_succession", "became_code"),
    ("area_succession", "became_name"),
    ("area_succession", "how_matched"),
    ("area_succession", "share_of_residents"),
)
_LARGER = ("msoa21", "ward17", "ward24", "ward25", "lad19", "lad24", "lad25", "rgn")


def indicator_table(warehouse: duckdb.DuckDBPyConnection, about: About) -> ExportTable:
    """The indicators of the areas on each list, which say why an area has its domain ranks.

    Of an area to which the IMD was carried, they are those of each of its parts.
    """
    data = warehouse.execute(
        """
        with listed as (
            select edition_id, area_code, imd_release, cni_release
            from marts.double_disadvantage
            inner join marts.dim_edition using (edition_id)
            where is_doubly_disadvantaged
        ),
        measured as (
            select
                listed.edition_id,
                listed.area_code,
                'imd' as index_name,
                listed.imd_release as index_release,
                coalesce(imd_carry.part_code, listed.area_code) as measured_code
            from listed
            left join marts.imd_carry
                on
                    listed.edition_id = imd_carry.edition_id
                    and listed.area_code = imd_carry.area_code
            union all
            select edition_id, area_code, 'cni', cni_release, area_code from listed
        )
        select
            measured.*,
            dim_indicator.domain,
            dim_indicator.sub_domain,
            dim_indicator.indicator,
            dim_indicator.indicator_label,
            dim_indicator.unit_label,
            dim_indicator.direction,
            fct_indicator.value,
            fct_indicator.indicator_rank,
            dim_indicator.areas_ranked
        from measured
        inner join marts.fct_indicator
            on
                measured.index_release = fct_indicator.index_release
                and measured.measured_code = fct_indicator.area_code
        inner join marts.dim_indicator
            on
                fct_indicator.index_release = dim_indicator.index_release
                and fct_indicator.indicator = dim_indicator.indicator
        order by all
        """
    ).to_arrow_table()
    comments = comments_of(warehouse, [mart for mart, _ in _INDICATORS]) | {
        ("fct_indicator", "area_code"): _MEASURED
    }
    return told(
        about,
        "listed_indicators",
        "The indicators of the areas on each list",
        "A row an indicator of an area on a list; of an area to which the IMD was carried, a row "
        "an indicator of each of its parts. Why an area has its domain ranks.",
        columns_of(data, comments, _INDICATORS),
        ("edition_id", "area_code", "index_name", "measured_code", "indicator"),
        data,
    )


def lookup_table(warehouse: duckdb.DuckDBPyConnection, about: About) -> ExportTable:
    """Each LSOA of 2011 with what became of it in 2021, changed or not, and where that lies."""
    places = ", ".join(
        f"max(geography_{what}) filter (geography_type = '{kind}') as {kind}_{what}"
        for kind in _LARGER
        for what in ("code", "name")
    )
    data = warehouse.execute(
        f"""
        with lsoa11 as (
            select distinct area_code from marts.geography_membership where area_type = 'lsoa11'
        ),
        places as (
            select area_code, {places}
            from marts.geography_membership
            where area_type = 'lsoa21' and is_main
            group by area_code
        )
        select
            lsoa11.area_code as lsoa11_code,
            dim_area.area_code as lsoa21_code,
            dim_area.area_name as lsoa21_name,
            coalesce(became.how_matched, 'unchanged') as how_matched,
            coalesce(became.share_of_residents, 1) as share_of_residents,
            places.* exclude (area_code)
        from lsoa11
        left join marts.area_succession as became
            on
                became.area_type = 'lsoa11'
                and became.became_type = 'lsoa21'
                and lsoa11.area_code = became.area_code
        inner join marts.dim_area
            on
                dim_area.area_type = 'lsoa21'
                and dim_area.area_code = coalesce(became.became_code, lsoa11.area_code)
        left join places on dim_area.area_code = places.area_code
        order by all
        """
    ).to_arrow_table()
    kinds = dict(warehouse.execute("select area_type, label from marts.dim_area_type").fetchall())
    named = {
        (
            "geography_membership",
            f"{kind}_{what}",
        ): f"{what.title()} of that in which the LSOA of 2021 lies, most "
        f"of it where it is split: {kinds.get(kind, kind)}."
        for kind in _LARGER
        for what in ("code", "name")
    }
    said = {
        ("area_succession", "area_code"): "Code of the LSOA of 2011.",
        ("area_succession", "became_code"): "Code of an LSOA of 2021 that it is, or a part of it.",
        ("area_succession", "became_name"): "Name of that LSOA of 2021.",
        ("area_succession", "how_matched"): "unchanged, or how it is known what became of it.",
        ("area_succession", "share_of_residents"): "Share of the residents of the LSOA of 2011 who "
        "live there: multiply counts by it, and no rates.",
    }
    return told(
        about,
        "lookup_lsoa",
        "LSOAs of 2011, of 2021, and where they lie",
        "A row an LSOA of 2011 and an LSOA of 2021 that it became, changed or not.",
        columns_of(data, said | named, (*_LOOKUP, *named)),
        ("lsoa11_code", "lsoa21_code"),
        data,
    )
