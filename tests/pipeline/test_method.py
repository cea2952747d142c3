"""The formulas in a release: opened, attached under a name, and by the oldest client promised."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.queries import quoted
from tests.support.site import Site

OLDEST = Path(sys.prefix) / "oldest-duckdb"
NEWEST_EDITION = "lsoa21_imd2025_cni2023"


def examples(site: Site) -> list[tuple[str, str, str, str]]:
    with site.warehouse() as warehouse:
        return warehouse.execute(
            "select formula_name, kind, example, example_result from marts.dim_formula order by 1"
        ).fetchall()


def test_every_formula_of_a_release_is_described_and_its_example_is_right(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        made = warehouse.execute(
            "select distinct function_name from duckdb_functions() where schema_name = 'method'"
        ).fetchall()
        assert {name for (name,) in made} == {name for name, *_ in examples(sample)}
        for name, _, example, result in examples(sample):
            assert warehouse.execute(f"select ({example})::varchar").fetchone() == (result,), name


def test_attached_under_another_name_they_are_there_and_lists_after_use(sample: Site) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{quoted(str(sample.current / 'warehouse.duckdb'))}' as lbn (read_only)"
        )
        for name, kind, example, result in examples(sample):
            if kind != "table":
                said = example.replace("method.", "lbn.method.")
                assert connection.execute(f"select ({said})::varchar").fetchone() == (result,), name
        connection.execute("use lbn")
        for _, kind, example, result in examples(sample):
            if kind == "table":
                assert connection.execute(f"select ({example})::varchar").fetchone() == (result,)


def test_a_list_by_other_thresholds_is_that_of_threshold_sensitivity(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        rows = warehouse.execute(
            "select imd_threshold_percent, cni_threshold_percent, areas_listed "
            "from marts.threshold_sensitivity where edition_id = $1",
            [NEWEST_EDITION],
        ).fetchall()
        assert len(rows) > 50
        for imd, cni, listed in rows:
            found = warehouse.execute(
                f"select count(*) from method.edition_list('{NEWEST_EDITION}', "
                f"imd_numerator := {imd}, cni_numerator := {cni})"
            ).fetchone()
            assert found == (listed,)
        own = warehouse.execute(
            f"select bool_and(is_doubly_disadvantaged), count(*) "
            f"from method.edition_list('{NEWEST_EDITION}')"
        ).fetchone()
        assert own == (True, len(sample_list(warehouse)))


def sample_list(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str]]:
    return warehouse.execute(
        "select area_code from marts.double_disadvantage "
        "where edition_id = $1 and is_doubly_disadvantaged",
        [NEWEST_EDITION],
    ).fetchall()


@pytest.mark.parametrize("edition", ["msoa21_pride_imd2019", "msoa21_pride_imd2025"])
def test_a_composite_edition_by_its_own_rule_is_the_mart(sample: Site, edition: str) -> None:
    with sample.warehouse() as warehouse:
        asked = warehouse.execute(
            f"select * from method.composite_list('{edition}')"
        ).to_arrow_table()
        columns = ", ".join(asked.column_names)
        mart = warehouse.execute(
            f"select {columns} from marts.composite_selection where edition_id = $1 "
            "order by composite desc nulls last, area_code",
            [edition],
        ).to_arrow_table()
    assert asked.num_rows > 500
    assert asked.to_pylist() == mart.to_pylist()


def test_the_imd_of_another_composite_edition_gives_that_edition(sample: Site) -> None:
    with sample.warehouse() as warehouse:
        asked, other = (
            warehouse.execute(
                f"select area_code from {source} where is_selected order by area_code"
            ).fetchall()
            for source in (
                "method.composite_list('msoa21_pride_imd2019', "
                "imd_edition := 'msoa21_pride_imd2025')",
                "method.composite_list('msoa21_pride_imd2025')",
            )
        )
    assert asked == other != []


READ_EVERYTHING = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as warehouse:
    tables = warehouse.execute(
        "select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
    rows = {}
    for (table,) in tables:
        rows[table] = len(warehouse.execute(f"select * from {table}").fetchall())
    results = {}
    for name, example in warehouse.execute(
        "select formula_name, example from marts.dim_formula").fetchall():
        results[name] = warehouse.execute(f"select ({example})::varchar").fetchone()[0]
print(json.dumps([duckdb.__version__, rows, results]))
"""


def test_the_oldest_client_promised_reads_every_table_and_runs_every_formula(
    sample: Site, tmp_path: Path
) -> None:
    if not OLDEST.is_dir():
        pytest.fail(f"{OLDEST} is not there: make pipeline installs it")
    program = tmp_path / "read.py"
    program.write_text(READ_EVERYTHING, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-S", str(program), str(sample.current / "warehouse.duckdb")],
        env={"PYTHONPATH": str(OLDEST)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    version, rows, results = json.loads(done.stdout)
    assert version == "1.1.3"
    with sample.warehouse() as warehouse:
        for table, count in rows.items():
            assert warehouse.execute(f"select count(*) from {table}").fetchone() == (count,)
    assert results == {name: result for name, _, _, result in examples(sample)}
