"""The sample from an empty folder to a published release, and what a second refresh does."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import stat
from pathlib import Path

import pytest

from orchestration.fingerprint import sha256_of
from orchestration.layout import OF_THE_RELEASE, read_manifest
from orchestration.publish.limits import limits
from orchestration.queries import quoted
from orchestration.settings import PROJECT_ROOT
from tests.support.site import Ran, Site
from tests.unit.test_docs import blocks

EDITION = "lsoa21_imd2025_cni2023"


def summary(sample: Site) -> str:
    return (sample.data / "first_refresh.txt").read_text(encoding="utf-8")


def test_the_summary_names_editions_guards_release_and_next_commands(sample: Site) -> None:
    text = summary(sample)
    for edition, areas, listed in rows_of_editions(sample):
        line = next(line for line in text.splitlines() if line.startswith(edition))
        assert f"{areas:,}" in line.split()
        assert f"{listed:,}" in line.split()
    assert "guards passed" in text
    assert str(sample.current / "warehouse.duckdb") in text
    assert str(sample.current / "explorer" / "index.html") in text
    _, _, after = text.partition("\nNext:\n")
    commands = [line for line in after.splitlines() if "lbn " in line]
    assert [line.split("lbn ", 1)[1].split()[0] for line in commands] == ["list", "status", "ui"]
    # Short: progress and summary together fit on a screen.
    assert len(text.splitlines()) <= 60


def test_the_readme_shows_what_the_first_refresh_says(sample: Site) -> None:
    """But for the id, which every change of the code changes, and for where the data lie."""
    (shown,) = [each for each in blocks(PROJECT_ROOT / "README.md", "text") if "Published" in each]
    _, _, stated = shown.partition("\n\nPublished ")
    _, _, said = summary(sample).partition("\nPublished ")
    expected = [line.replace("data/", f"{sample.data}/") for line in stated.splitlines()[1:]]
    assert expected == [line.rstrip() for line in said.splitlines()[1 : len(expected) + 1]]
    assert shown.splitlines()[0] == summary(sample).splitlines()[0]


def rows_of_editions(sample: Site) -> list[tuple[str, int, int]]:
    with sample.warehouse() as warehouse:
        return warehouse.execute(
            "select edition_id, areas, areas_listed from marts.dim_edition"
        ).fetchall()


def test_the_lists_have_their_known_sizes(sample: Site) -> None:
    assert {edition: listed for edition, _, listed in rows_of_editions(sample)} == {
        "lsoa21_imd2019_cni2023": 94,
        "lsoa21_imd2025_cni2023": 92,
        "ward17_imd2015_cni2019": 24,
        "ward17_imd2019_cni2019": 23,
    }


@pytest.mark.parametrize("release", ["cni2019", "cni2023"])
def test_cni_domains_are_ranked_from_their_indicators_as_published(
    sample: Site, release: str
) -> None:
    with sample.warehouse() as warehouse:
        found = warehouse.execute(
            f"""
            select domain, list(distinct rank_origin), count(*) = count(indicator_rank_difference),
                max(abs(indicator_rank_difference))
            from marts.fct_domain_score where index_release = '{release}'
            group by domain order by domain
            """
        ).fetchall()
    assert found == [
        (domain, ["indicators"], True, 0)
        for domain in ("civic_assets", "connectedness", "engaged_community")
    ]


def test_a_second_refresh_does_nothing_and_says_so(sample: Site) -> None:
    before = sample.release_bytes()
    began = os.stat(sample.current.resolve()).st_mtime_ns
    ran = sample.lbn("refresh")
    assert ran.code == 0
    assert "Nothing changed" in ran.out
    assert "Starting Dagster" not in ran.err
    assert sample.release_bytes() == before
    assert os.stat(sample.current.resolve()).st_mtime_ns == began


def sums(release: Path) -> dict[str, str]:
    lines = (release / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: sha256 for sha256, name in (line.split("  ", 1) for line in lines)}


def test_a_refresh_elsewhere_and_at_another_time_gives_the_same_release_but_for_the_named_files(
    sample: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    other = Site(tmp_path, "sample")
    ran = other.lbn("refresh")
    assert ran.code == 0, ran.err
    assert other.current.resolve().name == sample.current.resolve().name
    one, another = sums(sample.current.resolve()), sums(other.current.resolve())
    assert {name for name in one if one[name] != another.get(name)} == set(OF_THE_RELEASE)
    assert one.keys() == another.keys()
    moments = {guard["checked_at"] for guard in read_manifest(other.current.resolve())["guards"]}
    moments.add(read_manifest(other.current.resolve())["built_at"])
    assert moments == {"2023-11-14T22:13:20+00:00"}
    clocks = {"dim_source": "retrieved_at", "dim_indicator": "weight_estimated_on"}
    with sample.warehouse() as warehouse:
        warehouse.execute(
            f"attach '{quoted(str(other.current / 'warehouse.duckdb'))}' as other (read_only)"
        )
        for (table,) in warehouse.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'warehouse' and schema_name = 'marts'"
        ).fetchall():
            # When a file was received and a weight estimated may differ; nothing else may.
            columns = f"* exclude ({clocks[table]})" if table in clocks else "*"
            for here, there in (("warehouse", "other"), ("other", "warehouse")):
                surplus = warehouse.execute(
                    f"(select {columns} from {here}.marts.{table}) except all "
                    f"(select {columns} from {there}.marts.{table})"
                ).fetchall()
                assert surplus == [], table


def test_the_release_is_read_only_checksummed_and_says_synthetic(sample: Site) -> None:
    release = sample.current.resolve()
    files = [file for file in release.rglob("*") if file.is_file()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o444}
    assert sums(release) == {
        file.relative_to(release).as_posix(): sha256_of(file)
        for file in files
        if file.name != "SHA256SUMS"
    }
    assert {
        "warehouse.duckdb",
        "manifest.json",
        "README.md",
        "exports/datapackage.json",
        f"exports/{EDITION}.csv",
        "explorer/index.html",
        f"explorer/{EDITION}.html",
        "documentation/analyst-guide.md",
        "documentation/data-dictionary.md",
        "documentation/glossary.md",
        "documentation/limits-of-use.md",
        "documentation/methodology.md",
        "documentation/dbt-docs.html",
        "documentation/sbom.cdx.json",
        "documentation/licences.csv",
    } <= set(sums(release))


def test_the_readme_and_the_manifest_lead_from_a_content_id_to_the_release(sample: Site) -> None:
    release = sample.current.resolve()
    told = read_manifest(release)["content_ids"]
    assert {name for name in sums(release) if name.startswith(("exports/", "explorer/"))} == {*told}
    readme = (release / "README.md").read_text(encoding="utf-8")
    assert release.name in readme
    paths = re.findall(r"^\| `([^`]+)` \| [^`]", readme, re.MULTILINE)
    assert len(paths) > 8
    assert all((release / path).exists() for each in paths for path in each.split(", "))
    assert all(limit.title in readme for limit in limits())
    for file, content in told.items():
        assert f"| `{file}` | `{content}` |" in readme
        name = release / file
        # A line of a CSV file says it, and so does the file itself where it can.
        if name.suffix in (".csv", ".html", ".json", ".txt") and name.stem != "data_dictionary":
            assert content in name.read_text(encoding="utf-8")
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["label"] == "SYNTHETIC"
    assert manifest["release_id"] == release.name
    assert {entry["source_id"]: entry["sha256"] for entry in manifest["inputs"]}
    assert all(guard["passed"] == guard["expectations"] > 0 for guard in manifest["guards"])
    assert [each["expectation"] for each in manifest["allowed"]] == ["few_pairs_overlap"]
    assert all(f"Found: {each['found']}." in readme for each in manifest["allowed"])
    assert manifest["licences"]
    assert manifest["citations"]
    with sample.warehouse() as warehouse:
        assert warehouse.execute("select label, release_id from meta.release").fetchall() == [
            ("SYNTHETIC", release.name)
        ]
        for table, count in manifest["row_counts"].items():
            assert warehouse.execute(f"select count(*) from marts.{table}").fetchone() == (count,)
    pointer = json.loads((release.parent / "current.json").read_text(encoding="utf-8"))
    assert pointer["release_id"] == release.name
    assert (pointer["how"], pointer["accepted"], pointer["withdrawn"]) == ("published", [], {})


def test_the_release_holds_marts_and_meta_with_comments_and_keys(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        schemas = warehouse.execute(
            "select distinct schema_name from duckdb_tables() order by 1"
        ).fetchall()
        assert schemas == [("marts",), ("meta",)]
        uncommented = warehouse.execute(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name = 'marts' and comment is null"
        ).fetchall()
        assert uncommented == []
        keys = dict(warehouse.execute("select mart, key_columns from meta.mart_key").fetchall())
        marts = warehouse.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        assert sorted(keys) == sorted(mart for (mart,) in marts)
        for mart, columns in keys.items():
            repeated = warehouse.execute(
                f"select {', '.join(columns)} from marts.{mart} group by all having count(*) > 1"
            ).fetchall()
            assert repeated == [], mart
        # An index for a key would take as much room again as the tables.
        assert warehouse.execute("from duckdb_indexes()").fetchall() == []
        constraints = "select distinct constraint_type from duckdb_constraints()"
        assert warehouse.execute(constraints).fetchall() == [("NOT NULL",)]


def test_every_area_and_code_is_of_the_synthetic_country(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        strangers = warehouse.execute(
            # A class of areas (rural, urban) is no area, and its code no country's.
            "select area_code from marts.dim_area "
            "where not starts_with(area_code, 'X') and area_type <> 'ruc21'"
        ).fetchall()
    assert strangers == []


@pytest.mark.parametrize(
    "command",
    [("list", EDITION), ("list", EDITION, "--format", "csv"), ("status",), ("sources",)],
    ids=" ".join,
)
def test_every_command_on_the_sample_says_synthetic(sample: Site, command: list[str]) -> None:
    ran = sample.lbn(*command)
    assert ran.code == 0, ran.err
    assert "SYNTHETIC" in ran.out + ran.err


def test_list_gives_the_list_and_filters_it(sample: Site) -> None:
    every = listed(sample.lbn("list", EDITION, "--format", "csv"))
    with sample.warehouse() as warehouse:
        expected = warehouse.execute(
            "select area_code from marts.double_disadvantage "
            f"where edition_id = '{EDITION}' and is_doubly_disadvantaged "
            "order by imd_rank, area_code"
        ).fetchall()
    assert [(row["area_code"],) for row in every] == expected
    assert {row["release_label"] for row in every} == {"SYNTHETIC"}
    region, lad, name = every[0]["region_name"], every[0]["lad_name"], every[0]["area_name"]
    by_region = listed(sample.lbn("list", EDITION, "--region", region.upper(), "--format", "csv"))
    assert by_region == [row for row in every if row["region_name"] == region]
    by_lad = listed(sample.lbn("list", EDITION, "--lad", lad, "--format", "csv"))
    assert by_lad == [row for row in every if row["lad_name"] == lad]
    by_name = listed(sample.lbn("list", EDITION, "--name", name, "--format", "csv"))
    assert [row["area_name"] for row in by_name] == [name]
    as_json = json.loads(sample.lbn("list", EDITION, "--format", "json").out)
    assert [row["area_code"] for row in as_json] == [row["area_code"] for row in every]


def listed(ran: Ran) -> list[dict[str, str]]:
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_an_unknown_edition_or_profile_is_wrong_usage(sample: Site) -> None:
    ran = sample.lbn("list", "lsoa21_imd2030_cni2023")
    assert ran.code == 2
    assert EDITION in ran.err
    ran = sample.lbn("status", "--profile", "wales")
    assert ran.code == 2
    assert "sample, england" in ran.err.replace("england, sample", "sample, england")


def test_before_the_first_release_there_is_nothing_to_show(tmp_path: Path) -> None:
    ran = Site(tmp_path, "sample").lbn("status")
    assert ran.code == 3
    assert "lbn refresh" in ran.err


def test_status_tells_a_release_that_somebody_changed(sample: Site, tmp_path: Path) -> None:
    copy = Site(tmp_path, "sample")
    shutil.copytree(sample.root / "releases", copy.root / "releases", symlinks=True)
    manifest = copy.current / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    ran = copy.lbn("status")
    assert ran.code == 1
    assert "manifest.json" in ran.err
    assert "lbn rollback" in ran.err


def test_the_profiles_keep_apart(sample: Site) -> None:
    ran = sample.lbn("status", "--profile", "england")
    assert ran.code == 3
    assert not (sample.data / "england").exists()


def test_earlier_inputs_bring_back_the_earlier_release(
    sample: Site, planted: Path, tmp_path: Path
) -> None:
    """Built before from the same inputs and code: made current again, not built again."""
    site = Site(tmp_path / "data", "sample")
    shutil.copytree(sample.root, site.root, symlinks=True)
    first = site.current.resolve().name
    # A harmless re-issue: an empty line more at the end of a file.
    lookup = planted / "lookups" / "lad24_rgn24.csv"
    content = lookup.read_bytes()
    lookup.write_bytes(content + (b"\r\n" if b"\r\n" in content else b"\n"))
    ran = site.lbn("refresh", inbox=planted)
    assert ran.code == 0, ran.err
    second = site.current.resolve().name
    assert second != first
    assert "every list the same" in ran.out
    assert "lad24_rgn24: re-issue: differs from" in ran.out
    assert "re-issue: differs from" in site.lbn("status").out
    ran = site.lbn("refresh", inbox=site.root / "inbox")
    assert ran.code == 0, ran.err
    assert "Built before" in ran.out
    assert site.current.resolve().name == first
    assert (site.root / "releases" / second).is_dir()


def test_without_an_inbox_the_published_files_are_used_from_the_vault(
    sample: Site, tmp_path: Path
) -> None:
    site = Site(tmp_path / "data", "sample")
    shutil.copytree(sample.root, site.root, symlinks=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "mid2019_population.csv").write_bytes(b"of a name that no source has")
    ran = site.lbn("refresh", inbox=empty)
    assert ran.code == 0, ran.err
    assert "Nothing changed" in ran.out
    assert "mid2019_population.csv: no source takes a file of this name" in ran.out
