"""What is new is rows: those of the runbook, word for word, in a copy of the project.

A release is three, a composite edition two.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb

from orchestration.settings import PROJECT_ROOT
from tests.support.site import Site

PARTS = (
    "orchestration",
    "data_quality",
    "dbt_project",
    "docs",
    "dagster.yaml",
    "workspace.yaml",
    "requirements.lock",
)
GROWN = (
    ("yaml", "orchestration/sources/catalogue/sources.yml"),
    ("csv", "dbt_project/seeds/index_releases.csv"),
    ("csv", "dbt_project/seeds/editions.csv"),
    ("csv", "dbt_project/seeds/comparability.csv"),
)
CHOSEN = (
    ("csv", "dbt_project/seeds/composite_rules.csv"),
    ("csv", "dbt_project/seeds/composite_editions.csv"),
)
NEW, OLD = "lsoa21_imd2025_cni2026", "lsoa21_imd2025_cni2023"


def rows_of_the_runbook(heading: str) -> list[tuple[str, str]]:
    """Language and text of each block under a heading."""
    runbook = (PROJECT_ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    section = runbook.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^ *```(\w+)\n(.*?)^ *```$", section, re.MULTILINE | re.DOTALL)
    return [(language, textwrap.dedent(body)) for language, body in blocks]


def in_pandas(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """The wards that the row of the runbook means."""
    parts = warehouse.execute(
        """
        select member.geography_code as ward, wards.lad_code as authority,
            imd.index_score as imd, cni.index_score as cni
        from marts.geography_membership as member
        inner join marts.dim_area as wards
            on wards.area_type = 'ward25' and wards.area_code = member.geography_code
        inner join marts.fct_index_score as imd
            on imd.index_release = 'imd2025' and imd.area_code = member.area_code
        inner join marts.fct_index_score as cni
            on cni.index_release = 'cni2023' and cni.area_code = member.area_code
        where member.area_type = 'lsoa21' and member.geography_type = 'ward25'
        """
    ).df()
    wards = parts.groupby(["ward", "authority"])[["imd", "cni"]].mean().reset_index()
    for index in ("imd", "cni"):
        wards[index] -= wards[index].min()
        wards[index] /= wards[index].max()
    wards["composite"] = 2 * wards["imd"] + wards["cni"]
    wards = wards.sort_values(["composite", "ward"], ascending=[False, True])
    return set(wards[wards.groupby("authority").cumcount() < 2]["ward"].head(10))


def test_rows_bring_a_release_with_its_edition_and_a_composite_one(
    sample: Site, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for part in PARTS:
        source = PROJECT_ROOT / part
        if source.is_dir():
            shutil.copytree(
                source, project / part, ignore=shutil.ignore_patterns("target", "__pycache__")
            )
        else:
            shutil.copyfile(source, project / part)
    for heading, grown in (
        ("Adding an edition", GROWN),
        ("Adding a composite edition", CHOSEN),
    ):
        rows = rows_of_the_runbook(heading)
        assert [language for language, _ in rows] == [language for language, _ in grown]
        for (language, text), (_, name) in zip(rows, grown, strict=True):
            with (project / name).open("a", encoding="utf-8") as file:
                file.write("\n" + textwrap.indent(text, "  ") if language == "yaml" else text)
    inbox = tmp_path / "inbox"
    shutil.copytree(sample.root / "inbox", inbox)
    (published,) = inbox.rglob("cni2023_doggerland_lsoa21.csv")
    header, _, rest = published.read_text(encoding="utf-8").partition("\n")
    # As a publisher of the next issue may head it.
    header = header.replace("lsoa21_code", "Area code").replace(" 2023", "").replace(" Domain", "")
    published.with_name("CNI_2026_UK.csv").write_text(f"{header}\n{rest}", encoding="utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "refresh"],
        cwd=project,
        env=os.environ
        | {"PYTHONPATH": str(project), "LBN_DATA": str(tmp_path / "data"), "LBN_INBOX": str(inbox)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    release = tmp_path / "data" / "sample" / "releases" / "current" / "warehouse.duckdb"
    with duckdb.connect(str(release), read_only=True) as warehouse:
        listed = dict(
            warehouse.execute("select edition_id, areas_listed from marts.dim_edition").fetchall()
        )
        assert listed[NEW] == listed[OLD] > 0
        assert len(listed) == 5
        pairs = warehouse.execute(
            "select edition_from, is_comparable, reason_not_comparable is not null "
            "from marts.dim_edition_pair where edition_to = $1 order by 1",
            [NEW],
        ).fetchall()
        assert pairs == [
            ("lsoa21_imd2019_cni2023", False, True),
            ("lsoa21_imd2025_cni2023", False, True),
            ("ward17_imd2015_cni2019", False, True),
            ("ward17_imd2019_cni2019", False, True),
        ]
        # By the framework of 2023: the same weights, hence the same scores.
        (differing,) = warehouse.execute(
            "select count(*) from ("
            "select area_code, domain, domain_score from marts.fct_domain_score "
            "where index_release = 'cni2026' except select area_code, domain, domain_score "
            "from marts.fct_domain_score where index_release = 'cni2023')"
        ).fetchall()[0]
        assert differing == 0
        chosen = {
            ward
            for (ward,) in warehouse.execute(
                "select area_code from marts.composite_selection "
                "where edition_id = 'ward25_worst_imd2025' and is_selected"
            ).fetchall()
        }
        assert len(chosen) == 10
        assert chosen == in_pandas(warehouse)
