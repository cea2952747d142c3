"""The registry: what the catalogue promises, and what its model refuses."""

from __future__ import annotations

import csv
import json
import re
import warnings
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydantic
import pytest
import yaml

from orchestration.publish.exports.about import OPEN_LICENCES
from orchestration.publish.provenance import provenance
from orchestration.sources import registry as registry_module
from orchestration.sources.registry import (
    CATALOGUE,
    Download,
    Registry,
    Source,
    area_types,
    load_registry,
    profile_names,
)
from tests.support.site import REALDATA

Change = Callable[[dict[str, Any]], None]


@cache
def as_written() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CATALOGUE / "sources.yml").read_text("utf-8"))
    return loaded


def catalogue() -> dict[str, Any]:
    """The catalogue's sources, to be changed at will."""
    return deepcopy(as_written())


def both() -> list[Registry]:
    return [load_registry(name) for name in ("sample", "england")]


def fits(registry: Registry, name: str) -> list[str]:
    """Ids of the sources that a file of this name is taken for."""
    return [source.id for source in registry.sources if source.takes(name)]


@pytest.fixture
def load_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Change], Registry]:
    """The registry of England after a change to the catalogue."""

    def load(change: Change) -> Registry:
        loaded = catalogue()
        change(loaded)
        # JSON is YAML, and quicker to write.
        (tmp_path / "sources.yml").write_text(json.dumps(loaded), "utf-8")
        (tmp_path / "profiles.yml").write_bytes((CATALOGUE / "profiles.yml").read_bytes())
        monkeypatch.setattr(registry_module, "CATALOGUE", tmp_path)
        return load_registry.__wrapped__("england")

    return load


def entry(source_id: str) -> dict[str, Any]:
    (found,) = (source for source in catalogue()["sources"] if source["id"] == source_id)
    return dict(found)


# --- The catalogue --------------------------------------------------------------------------------


def test_there_are_two_profiles_and_both_load_the_same_sources_but_for_the_cni_indicators() -> None:
    assert sorted(profile_names()) == ["england", "sample"]
    sample, england = both()
    # OCSI's indicators are not public: whoever has them adds them to england.
    assert [source.id for source in england.sources] == [
        source.id
        for source in sample.sources
        if source.id not in ("cni2019_indicators", "cni2023_indicators")
    ]
    assert {source.kind for source in sample.sources} == {
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
    }


def test_the_sample_says_that_it_is_synthetic_and_is_published_by_the_project() -> None:
    sample, england = both()
    assert sample.profile.synthetic
    assert not england.profile.synthetic
    for source in sample.sources:
        assert source.publisher == "left-behind-neighbourhoods project"
        assert "no figure is real" in source.citation
        assert source.licence.startswith("CC0")


def test_no_source_of_the_sample_is_downloaded_or_taken_for_an_official_issue() -> None:
    for source in load_registry("sample").sources:
        assert source.download is None
        assert source.known == {}


def test_every_source_of_england_names_its_official_file_and_a_copy_that_was_seen() -> None:
    england = load_registry("england")
    assert [source.id for source in england.sources if not source.official_file] == []
    # No copy of the directory was at hand.
    assert [source.id for source in england.sources if not source.known] == ["onspd"]


def test_a_copy_is_told_by_its_hash_and_else_by_where_it_came_from() -> None:
    sample, england = both()
    imd, cni = england.source("imd2025"), england.source("cni2023")
    address = "https://example.org/file.csv"
    (assembled, official) = imd.known
    assert england.copy_of(imd, official, "inbox").status == "official"
    # What is known of the bytes goes before what is known of the address.
    assert str(england.copy_of(imd, assembled, address)) == (
        "assembled from Files 1, 3, 6 and published score tables"
    )
    assert england.copy_of(imd, "0" * 64, "inbox").status == "unknown"
    assert england.copy_of(imd, "0" * 64, address).status == "official"
    downloaded = england.copy_of(cni, "0" * 64, address)
    assert (str(downloaded), bool(downloaded.differs)) == ("republished by humaniverse/IMD", True)
    assert sample.copy_of(sample.source("imd2025"), official, "inbox").status == "synthetic"


def test_a_release_says_in_one_line_how_much_of_it_is_official() -> None:
    rows = {"official": 30, "republished": 60, "unknown": 10}
    files = [{"provenance_status": status, "rows": count} for status, count in rows.items()]
    assert provenance(files) == (
        "1 of 3 source files are the publisher's own, with 30% of the rows read; "
        "1 republished, 1 unknown"
    )
    assert provenance(files[:1]) == (
        "1 of 1 source files are the publisher's own, with 100% of the rows read"
    )


def test_every_address_is_https_at_a_host_of_the_publishers() -> None:
    hosts = set()
    for source in load_registry("england").sources:
        assert source.landing_page.startswith("https://"), source.id
        if source.download:
            address = urlsplit(source.download.url)
            assert address.scheme == "https", source.id
            hosts.add(address.hostname)
            assert (address.hostname == "services1.arcgis.com") == (
                source.download.type != "file"
            ), source.id
            assert (source.kind == "boundary") == (source.download.type == "arcgis_features")
    assert hosts == {
        "assets.publishing.service.gov.uk",
        "raw.githubusercontent.com",
        "services1.arcgis.com",
        "www.nomisweb.co.uk",
    }


def test_a_source_of_england_without_an_address_can_be_got_by_hand() -> None:
    for source in load_registry("england").sources:
        assert source.download or urlsplit(source.landing_page).hostname, source.id


def test_every_source_says_for_both_profiles_how_many_rows_it_holds() -> None:
    for registry in both():
        for source in registry.sources:
            assert registry.rows(source) > 0, source.id
            assert 0 <= registry.unmatched_areas(source) < registry.rows(source), source.id


def test_counts_are_those_of_the_profile() -> None:
    sample, england = both()
    assert england.rows(england.source("imd2025")) == 33755
    assert sample.rows(sample.source("imd2025")) == 3007
    assert england.unmatched_areas(england.source("cni2019")) == 12
    assert england.unmatched_areas(england.source("imd2019")) == 0


def test_every_area_type_that_a_source_names_is_known() -> None:
    for source in load_registry("england").sources:
        named = {source.area_type} - {None}
        for link in source.links:
            named |= {link.from_[0], link.to[0]}
        # A programme's list has names of places, and no code.
        assert (source.kind == "programme") == (not named), source.id
        assert named <= set(area_types()), source.id


def test_sources_that_area_types_lean_on_are_registered() -> None:
    ids = {source.id for source in load_registry("england").sources}
    for facts in area_types().values():
        named = {facts["dimension_source_id"], facts["population_source_id"]} - {""}
        assert named <= ids


def test_no_licence_of_england_but_the_community_needs_indexs_is_called_not_open() -> None:
    sources = load_registry("england").sources
    assert {source.id for source in sources if source.licence not in OPEN_LICENCES} == {
        "cni2019",
        "cni2023",
    }


def test_every_kind_has_its_file_endings() -> None:
    endings = {source.kind: source.suffixes for source in load_registry("england").sources}
    table = (".csv", ".xlsx")
    assert endings == {
        "index": table,
        "indicators": table,
        "summary": table,
        "lookup": table,
        "names": table,
        "postcodes": (".csv", ".zip"),
        "programme": table,
        "population": table,
        "outcome": (".csv", ".zip"),
        "boundary": (".geojson", ".gpkg", ".zip"),
    }


def test_a_name_without_an_ending_has_any_of_its_kind_and_one_with_an_ending_that() -> None:
    boundary = Source.model_validate(entry("boundary_lad24") | {"inbox": ["a*", "b*.geojson"]})
    assert [boundary.takes(f"A 1{ending}") for ending in (".geojson", ".GPKG", ".zip")] == [
        True
    ] * 3
    assert [boundary.takes(f"b1{ending}") for ending in (".geojson", ".gpkg")] == [True, False]
    assert not any(boundary.takes(name) for name in ("a.csv", "a", "c.geojson", "xa.geojson"))
    assert boundary.named_like == "a* or b*.geojson, as .geojson or .gpkg or .zip"


@pytest.mark.parametrize(
    ("profile", "area_type", "code", "is_one"),
    [
        ("england", "lsoa11", "E01000001", True),
        ("england", "lsoa21", "E01035762", True),
        ("england", "lsoa21", "W01000001", False),
        ("england", "lsoa21", "X01000001", False),
        ("england", "lsoa21", "E02000001", False),
        ("england", "lsoa21", "E0100001", False),
        ("england", "lsoa21", "E010000011", False),
        ("england", "lsoa21", "e01000001", False),
        ("england", "msoa21", "E02000001", True),
        ("england", "ward17", "E05000026", True),
        ("england", "lad24", "E06000001", True),
        ("england", "lad24", "E07000008", True),
        ("england", "lad24", "E08000001", True),
        ("england", "lad24", "E09000001", True),
        ("england", "lad24", "E10000003", False),
        ("england", "rgn", "E12000001", True),
        ("sample", "lsoa11", "X01000001", True),
        ("sample", "lsoa11", "E01000001", False),
        ("sample", "lsoa11", "Y01000001", False),
    ],
)
def test_codes_of_the_nation_have_their_pattern(
    profile: str, area_type: str, code: str, is_one: bool
) -> None:
    pattern = load_registry(profile).code_pattern(area_type)
    assert bool(re.fullmatch(pattern, code)) == is_one


# --- File names -----------------------------------------------------------------------------------


def test_each_real_file_is_taken_for_one_source_and_each_source_finds_one() -> None:
    manifest = REALDATA / "MANIFEST.csv"
    if not manifest.exists():
        pytest.skip(f"no real files here: {manifest} is absent")
    with manifest.open(encoding="utf-8", newline="") as file:
        real = {Path(row["file"]).name: row["sha256"] for row in csv.DictReader(file)}
    england = load_registry("england")
    taken = {name: fits(england, name) for name in real}
    # The shelf is not the project: what nothing reads yet is told, never failed on.
    if unread := sorted(name for name, ids in taken.items() if not ids):
        warnings.warn(f"real files that no source reads: {', '.join(unread)}", stacklevel=1)
    once = sorted(source_id for ids in taken.values() for source_id in ids)
    assert once == sorted(set(once))
    assert set(once) >= {source.id for source in england.sources if not source.is_optional}
    for name, ids in taken.items():
        for source_id in ids:
            assert real[name] in england.source(source_id).known, source_id


# The names under which publishers serve, or served, what a source is; * is the ending.
OFFICIAL = {
    "imd2015": [
        "File_7_ID_2015_All_ranks__deciles_and_scores_for_the_Indices_of_Deprivation__and_"
        "population_denominators.*",
    ],
    "imd2019": [
        "File_7_-_All_IoD2019_Scores__Ranks__Deciles_and_Population_Denominators_3.*",
        "File_7_-_All_IoD2019_Scores__Ranks__Deciles_and_Population_Denominators.*",
    ],
    "imd2025": ["File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.*"],
    "cni2019": [
        "cni2019_england_ward17.*",
        "Community Needs Index domain scores.xlsx",
        "Community_Needs_Index_2019.*",
    ],
    "cni2023": ["cni2023_england_lsoa21.*", "Community Needs Index 2023.*", "CNI_2023_LSOA.*"],
    "imd2019_indicators": ["File_8_-_IoD2019_Underlying_Indicators.*"],
    "imd2025_indicators": ["File_8_IoD2025_Underlying_Indicators.*"],
    "imd2019_summary": [
        "File_10_-_IoD2019_Local_Authority_District_Summaries__lower-tier__.*",
    ],
    "imd2025_summary": [
        "File_10_-_IoD2025_Local_Authority_District_Summaries__lower-tier__v2.*",
        "File_10_IoD2025_Local_Authority_District_Summaries_lower-tier.*",
    ],
    "census2021_qualifications": ["census2021-ts067.zip"],
    "census2021_ns_sec": ["census2021-ts062.zip"],
    "census2021_tenure": ["census2021-ts054.zip"],
    "lsoa11_ward17_lad17": [
        "Lower_Layer_Super_Output_Area_(2011)_to_Ward_(2017)_Lookup_in_England_and_Wales.*",
        "Lower_Layer_Super_Output_Area__2011__to_Ward__2017__Lookup_in_England_and_Wales.*",
        "LSOA11_WD17_LAD17_EW_LU.*",
    ],
    "oa11_lsoa11": [
        "OA11_LSOA11_MSOA11_LAD11_EW_LU.*",
        "Output_Area_to_Lower_Layer_Super_Output_Area_to_Middle_Layer_Super_Output_Area_to_Local_"
        "Authority_District_(December_2011)_Lookup_in_England_and_Wales.*",
    ],
    "oa11_ward17": [
        "OA11_WD17_EW_LU.*",
        "Output_Area_(2011)_to_Ward_(2017)_Lookup_in_England_and_Wales.*",
    ],
    "population_2011_oa11": ["KS101EW_2011_OA.*"],
    "lsoa11_lsoa21": [
        "LSOA_(2011)_to_LSOA_(2021)_to_Local_Authority_District_(2022)_Exact_Fit_Lookup_for_EW_"
        "(V3).*",
        "LSOA11_LSOA21_LAD22_EW_LU_v3.*",
    ],
    "lsoa21_ward24_lad24": [
        "LSOA_(2021)_to_Electoral_Ward_(2024)_to_LAD_(2024)_Best_Fit_Lookup_in_EW.*",
        "LSOA21_WD24_LAD24_EW_LU.*",
    ],
    "lsoa21_msoa21": [
        "LSOA_(2021)_to_MSOA_(2021)_to_LAD_(2022)_Lookup_in_EW.*",
        "LSOA21_MSOA21_LAD22_RGN22_EW_LU.*",
    ],
    "lad24_rgn24": [
        "Local_Authority_District_(April_2024)_to_Region_(April_2024)_Lookup_in_EN.*",
        "LAD24_RGN24_EN_LU.*",
    ],
    "lad19_rgn19": [
        "Local_Authority_District_to_Region_(April_2019)_Lookup_in_England.*",
        "Local_Authority_District_to_Region__April_2019__Lookup_in_England.*",
        "LAD19_RGN19_EN_LU.*",
    ],
    "lsoa21_pcon24": [
        "LSOA_(2021)_to_Future_Parliamentary_Constituencies_(July_2024)_Best_Fit_Lookup_in_EW.*",
        "LSOA21_PCON24_EW_LU.*",
    ],
    "lsoa21_ward25_lad25": [
        "LSOA_(2021)_to_Electoral_Ward_(2025)_to_LAD_(2025)_Best_Fit_Lookup_in_EW.*",
        "LSOA21_WD25_LAD25_EW_LU.*",
    ],
    "lsoa21_icb24": [
        "LSOA_(2021)_to_Sub_ICB_Locations_to_Integrated_Care_Boards_to_LAD_(April_2024)_Lookup.*",
        "LSOA21_SICBL24_ICB24_LAD24_EN_LU.*",
    ],
    "lad23_cauth23": [
        "Local_Authority_District_to_Combined_Authority_(May_2023)_Lookup_in_EN.*",
        "LAD23_CAUTH23_EN_LU.*",
    ],
    "lsoa21_ruc21": [
        "Rural_Urban_Classification_(2021)_of_Lower_layer_Super_Output_Areas_in_EW.*",
        "Rural_Urban_Classification_(2021)_of_LSOAs_in_EW.*",
        "LSOA21_RUC21_EW_LU.*",
    ],
    "msoa21_names": ["MSOA-Names-2.2.*", "MSOA-Names-1.20.*"],
    "onspd": [
        "ONSPD_NOV_2025.*",
        "ONSPD_MAY_2024_UK.csv",
        "NSPL_AUG_2025.*",
        "NSPL21_FEB_2024.*",
    ],
    "population_mid2019": ["SAPE22DT2-mid-2019-lsoa-syoa-estimates-unformatted.*"],
    "boundary_lsoa21": [
        "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BSC_V4.*",
        "Lower_Layer_Super_Output_Areas_(Dec_2021)_Boundaries_Super_Generalised_Clipped_(BSC)_EW.*",
        "LSOA_2021_EW_BSC_V4.*",
    ],
    "boundary_ward17": [
        "Wards_December_2017_GCB_in_Great_Britain_2022.*",
        "Wards_(December_2017)_UK_BSC.*",
        "Wards_December_2017_Super_Generalised_Clipped_Boundaries_in_Great_Britain.*",
        "WD_DEC_2017_UK_BSC.*",
    ],
    "boundary_lad24": [
        "Local_Authority_Districts_May_2024_Boundaries_UK_BUC.*",
        "Local_Authority_Districts_(May_2024)_UK_BUC.*",
        "Local_Authority_Districts_December_2024_Boundaries_UK_BSC.*",
        "LAD_MAY_2024_UK_BUC.*",
    ],
}
# What publishers and browsers put behind a name.
BEHIND = ["", "_-4299016806856585929", "_6453788336260919790", " (1)", "(2)", "[1]", " - Copy"]
# Of the same publishers, but another edition, another level or another file.
OTHERS = [
    "File_1_-_IMD2019_Index_of_Multiple_Deprivation.xlsx",
    "File_8_ID_2015_Underlying_indicators.xlsx",
    "File_10_ID2015_Local_Authority_District_Summaries.xlsx",
    "File_11_-_IoD2019_Local_Authority_District_Summaries__upper-tier__.xlsx",
    "LSOA_(2011)_to_LSOA_(2021)_to_Local_Authority_District_(2022)_Best_Fit_Lookup_for_EW_(V2).csv",
    "LSOA_(2021)_to_Built_Up_Area_to_Local_Authority_District_to_Region_(December_2022)_Lookup.csv",
    "Output_Area_(2011)_to_Ward_(2018)_Lookup_in_England_and_Wales.csv",
    "OA11_WD18_EW_LU.csv",
    "OA21_LSOA21_MSOA21_LAD22_EW_LU.csv",
    "Ward_to_Local_Authority_District_to_County_to_Region_to_Country_(December_2017)_Lookup.csv",
    "Local_Authority_District_to_Region_(December_2022)_Lookup_in_England.csv",
    "SAPE23DT2-mid-2020-lsoa-syoa-estimates-unformatted.xlsx",
    "Lower_Layer_Super_Output_Areas_December_2011_Boundaries_EW_BSC_V4_-6453788202112017.geojson",
    "Middle_layer_Super_Output_Areas_December_2021_Boundaries_EW_BSC_V3.geojson",
    "Wards_December_2016_GCB_in_Great_Britain_2022_856513180533154279.geojson",
    "Wards_December_2018_GCB_UK_2022_-623525817862962017.geojson",
    "Local_Authority_Districts_May_2023_UK_BUC_-6423256087122024.geojson",
    "census2021-ts038.zip",
    "LSOA_(2021)_to_Electoral_Ward_(2023)_to_LAD_(2023)_Best_Fit_Lookup_in_EW.csv",
    "Rural_Urban_Classification_(2011)_of_Lower_Layer_Super_Output_Areas_in_England_and_Wales.csv",
    "Rural_Urban_Classification_(2021)_of_Middle_layer_Super_Output_Areas_in_EW.csv",
    "Local_Authority_District_to_Combined_Authority_(December_2024)_Lookup_in_EN.csv",
    "LSOA_(2011)_to_Parliamentary_Constituencies_(December_2020)_Lookup_in_EW.csv",
]


@pytest.mark.parametrize("source_id", OFFICIAL)
def test_a_source_is_found_by_its_official_names(source_id: str) -> None:
    for registry in both():
        endings = registry.source(source_id).suffixes
        for name in OFFICIAL[source_id]:
            stem, _, ending = name.rpartition(".")
            for end in endings if ending == "*" else [f".{ending}"]:
                for behind in BEHIND if ending in ("*", "zip") else [""]:
                    served = f"{stem}{behind}{end}"
                    # A title's blanks become underscores on some sites only; a code has none.
                    title = served.replace("_", " ") if "_(" in served else served
                    for asked in (served, served.upper(), served.lower(), title):
                        assert fits(registry, asked) == [source_id], asked


def test_every_source_that_has_an_official_file_is_in_the_list() -> None:
    # Put together by hand, or by a republisher: no publisher serves a file of these.
    without = {"census2021_disability", "claimants_2019", "claimants_2022", "lad_changes"}
    without |= {"pride_in_place_phase1", "pride_in_place_phase2"}
    assert {source.id for source in load_registry("england").sources} - set(OFFICIAL) == without


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_edition_or_level_is_no_source(name: str) -> None:
    assert fits(load_registry("england"), name) == []


def test_each_official_name_is_taken_for_the_source_that_downloads_it() -> None:
    england = load_registry("england")
    for source in england.sources:
        if source.download and source.download.type == "file":
            assert fits(england, source.download.url.rpartition("/")[2]) == [source.id]


# --- What the model refuses -----------------------------------------------------------------------


def test_an_unknown_field_is_refused_with_its_entry_and_name(
    load_changed: Callable[[Change], Registry],
) -> None:
    with pytest.raises(pydantic.ValidationError, match=r"sources\.2\.licens\b"):
        load_changed(lambda loaded: loaded["sources"][2].update(licens="typing error"))


def test_an_unknown_kind_is_refused(load_changed: Callable[[Change], Registry]) -> None:
    with pytest.raises(pydantic.ValidationError, match=r"sources\.0\.kind"):
        load_changed(lambda loaded: loaded["sources"][0].update(kind="indexes"))


def test_an_id_that_stands_twice_is_refused_and_named(
    load_changed: Callable[[Change], Registry],
) -> None:
    with pytest.raises(ValueError, match=r"more than once: \['cni2019'\]"):
        load_changed(lambda loaded: loaded["sources"].append(entry("cni2019")))


def test_the_catalogue_as_it_is_passes_the_same_way(
    load_changed: Callable[[Change], Registry],
) -> None:
    assert load_changed(lambda _: None) == load_registry("england")


@pytest.mark.parametrize(
    ("source_id", "field"),
    [
        ("imd2025", "index"),
        ("imd2025", "area_type"),
        ("imd2025", "columns"),
        ("imd2025", "measures"),
        ("imd2025_summary", "index_release"),
        ("imd2025_summary", "summaries"),
        ("census2021_tenure", "area_type"),
        ("census2021_tenure", "outcomes"),
        ("lad24_rgn24", "links"),
        ("population_mid2019", "area_type"),
        ("population_mid2019", "columns"),
        ("boundary_lad24", "area_type"),
        ("boundary_lad24", "columns"),
        ("boundary_lad24", "crs"),
    ],
)
def test_a_source_without_what_its_kind_needs_is_refused(source_id: str, field: str) -> None:
    whole = entry(source_id)
    Source.model_validate(whole)
    kind = whole["kind"]
    del whole[field]
    with pytest.raises(pydantic.ValidationError, match=f"of kind {kind} needs {field}"):
        Source.model_validate(whole)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "IMD 2025"),
        ("id", "../imd"),
        ("inbox", []),
        ("known", {"not a hash": {"status": "official", "what": "the file"}}),
        ("known", {"0" * 64: {"status": "trusted", "what": "the file"}}),
        ("known", {"0" * 64: {"status": "republished", "what": "somebody"}}),
        ("known", {"0" * 64: {"status": "official", "what": "the file", "differs": "a bit"}}),
        ("columns", {"area_code": "LSOA code (2021"}),
        ("measures", {"overall": {"stem": "IMD", "needs": ["quintile"]}}),
        ("summaries", {"overall": {"stem": "IMD", "statistics": ["median"]}}),
        ("outcomes", {"owned": {"numerator": [], "denominator": "Total"}}),
        ("download", {"url": "ftp://example.org/file.csv"}),
        ("download", {"url": "file:///etc/passwd"}),
        ("download", {"url": "https://example.org/file.csv", "type": "zip"}),
        ("rows", {"england": "many"}),
    ],
)
def test_a_field_of_the_wrong_shape_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(pydantic.ValidationError, match=rf"\n{field}"):
        Source.model_validate(entry("imd2025") | {field: value})


@pytest.mark.parametrize(
    "address",
    [
        "https://me:s3cret@example.org/file.csv",
        "https://s3cret@example.org/file.csv",
        "https://example.org/file.csv?v=1&sig=s3cret",
        "https://example.org/file.csv?X-Amz-Signature=s3cret",
        "https://example.org/file.csv?%74oken=s3cret",
        "https://example.org/file.csv?AWSAccessKeyId=s3cret",
        "https://example.org/file.csv#key=s3cret",
    ],
)
def test_an_address_with_a_password_or_a_signature_is_refused_and_not_told(address: str) -> None:
    wrong = entry("imd2025") | {"download": {"url": address}}
    with pytest.raises(pydantic.ValidationError, match=r"no password and no signature") as refused:
        Source.model_validate(wrong)
    assert "s3cret" not in str(refused.value)


def test_an_address_with_a_query_that_signs_nothing_is_taken() -> None:
    url = "https://example.org/query?where=1=1&outFields=key_stage,token&monkey=1&sign=2"
    assert Download(url=url).url == url


def test_a_relation_that_no_model_knows_is_refused() -> None:
    lookup = entry("lad24_rgn24")
    lookup["links"] = [dict(lookup["links"][0], relation="near")]
    with pytest.raises(pydantic.ValidationError, match=r"links\.0\.relation"):
        Source.model_validate(lookup)


def test_a_profile_that_does_not_exist_is_no_registry() -> None:
    with pytest.raises(KeyError, match="wales"):
        load_registry("wales")


def test_a_source_belongs_to_the_profiles_that_say_its_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A release of England alone is data: the sample need not have a file of it."""
    from orchestration.sources import registry

    entries = registry.catalogue_file("sources.yml")["sources"]
    new = next(entry for entry in entries if entry["id"] == "imd2025") | {
        "id": "imd2030",
        "rows": {"england": 33755},
    }
    read = registry.catalogue_file
    monkeypatch.setattr(
        registry,
        "catalogue_file",
        lambda name: {"sources": [*entries, new]} if name == "sources.yml" else read(name),
    )
    load_registry.cache_clear()
    try:
        england = {source.id for source in load_registry("england").sources}
        sample = {source.id for source in load_registry("sample").sources}
    finally:
        load_registry.cache_clear()
    assert england - sample == {"imd2030"}


def test_whoever_must_fetch_a_file_is_told_what_its_publisher_calls_it_and_where_it_is() -> None:
    for source in load_registry("england").sources:
        assert source.official_file, source.id
        assert source.official_file in source.data_set
        assert source.landing_page.startswith("https://")
