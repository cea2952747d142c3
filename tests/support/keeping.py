"""A copy of the project that keeps what it made, and what may change from refresh to refresh."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ask.compare import compare
from tests.support.patience import SECONDS
from tests.support.project import copied, tracked


@dataclass(frozen=True)
class Workshop:
    """A copy of the project with a data root of its own, and one that is made from nothing."""

    folder: Path

    @classmethod
    def opened(cls, folder: Path) -> Workshop:
        copied(folder / "project", tracked())
        return cls(folder)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def root(self) -> Path:
        return self.folder / "kept" / "sample"

    def started(self, data: str, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("LBN_")
        }
        environment |= {
            "LBN_DATA": str(self.folder / data),
            "LBN_INBOX": str(self.root / "inbox"),
            "PYTHONPATH": str(self.project),
        }
        if data == "kept":
            # Its own is the sample's: the first refresh writes it.
            del environment["LBN_INBOX"]
        return subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "refresh", *arguments],
            cwd=self.project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def refreshed(self, data: str = "kept", *arguments: str) -> str:
        """What a refresh said; it has to publish."""
        process = self.started(data, *arguments)
        out, err = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, out + err
        return out

    def against_nothing_kept(self, name: str) -> list[str]:
        """What differs between the kept build's release and one of the same that is made anew."""
        anew = self.folder / name / "sample"
        # The vault says of a file which issue it is, by those that it has seen.
        shutil.copytree(self.root / "vault", anew / "vault")
        self.refreshed(name)
        kept, made = ((each / "releases/current").resolve() for each in (self.root, anew))
        found = [f"{each.where}: {each.what}" for each in compare(kept, made)]
        return found + sorted(map(str, declared(kept) ^ declared(made)))

    def made_anew(self) -> set[str]:
        """The tables, guards and tests that the last refresh did not keep."""
        with duckdb.connect(str(self.root / "build/warehouse.duckdb"), read_only=True) as build:
            return {
                part
                for (part,) in build.execute(
                    "select part from meta.part where not is_kept and (part in ("
                    "select schema_name || '.' || table_name from duckdb_tables() "
                    "where schema_name in ('intermediate', 'marts')) "
                    "or regexp_matches(part, '^(guard|test) '))"
                ).fetchall()
            }

    def versions(self) -> dict[str, str]:
        """What each table of the build holds, by a hash."""
        with duckdb.connect(str(self.root / "build/warehouse.duckdb"), read_only=True) as build:
            return dict(
                build.execute(
                    "select part, version from meta.part where part in ("
                    "select schema_name || '.' || table_name from duckdb_tables() "
                    "where schema_name in ('intermediate', 'marts'))"
                ).fetchall()
            )

    def edit(self, file: str, pattern: str, replacement: str) -> None:
        """Change the one place of a file of the project where a pattern stands."""
        path = self.project / file
        text, changes = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
        assert changes == 1, f"{pattern} is not in {file}"
        path.write_text(text, encoding="utf-8")

    def edit_source(self, name: str, pattern: bytes, replacement: Callable[[bytes], bytes]) -> None:
        """Change the first place of a file of the inbox where a pattern stands."""
        (path,) = (self.root / "inbox").rglob(name)
        data, changes = re.subn(
            pattern, lambda found: replacement(found[0]), path.read_bytes(), count=1
        )
        assert changes == 1
        path.write_bytes(data)

    def sql(self, statement: str) -> None:
        """Do something to the build by hand."""
        with duckdb.connect(str(self.root / "build/warehouse.duckdb")) as build:
            build.execute(statement)


def declared(release: Path) -> set[tuple[str | int | None, ...]]:
    """How a release declares its tables and their columns, in their order, and what it says of
    them: what a comparison of values does not see."""
    with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as warehouse:
        return {
            *warehouse.execute("select sql, comment from duckdb_tables()").fetchall(),
            *warehouse.execute(
                "select table_name, column_name, comment from duckdb_columns() where not internal"
            ).fetchall(),
        }


def one_more(number: bytes) -> bytes:
    """The number at the end, with another last digit."""
    return number[:-1] + b"%d" % ((int(number[-1:]) + 1) % 10)


Change = Callable[[Workshop, random.Random], None]


def a_population(workshop: Workshop, _: random.Random) -> None:
    workshop.edit_source("population_mid2019*", rb'X01000002,"?[\d,]+', one_more)


def an_outcome(workshop: Workshop, _: random.Random) -> None:
    # The last digit but one: what is published is rounded to 5.
    workshop.edit_source(
        "claimants_2022*", rb"[1-8]5(?=\r?\n)", lambda found: one_more(found[:1]) + b"5"
    )


def a_mart_without_effect(workshop: Workshop, draw: random.Random) -> None:
    file = "dbt_project/models/marts/lists/double_disadvantage.sql"
    workshop.edit(file, r"\A", f"-- {draw.random()}\n")


def an_early_model_without_effect(workshop: Workshop, draw: random.Random) -> None:
    file = "dbt_project/models/intermediate/areas/int_area_parents.sql"
    workshop.edit(file, r"\A", f"-- {draw.random()}\n")


def a_seed(workshop: Workshop, draw: random.Random) -> None:
    file = "dbt_project/seeds/stability_classes.csv"
    workshop.edit(file, r"the choice decides( \d+)?", f"the choice decides {draw.randrange(1000)}")


def a_formula_without_effect(workshop: Workshop, draw: random.Random) -> None:
    file = "dbt_project/macros/method/scores.sql"
    workshop.edit(file, r"\A", f"{{# {draw.random()} #}}\n")


def a_description(workshop: Workshop, draw: random.Random) -> None:
    file = "dbt_project/models/marts/outcomes/dim_outcome.yml"
    workshop.edit(
        file, r"(?m)^    description: >-\n      ", rf"\g<0>{draw.randrange(1000)} times. "
    )


def the_order_of_columns(workshop: Workshop, _: random.Random) -> None:
    """Two columns change places, there and back."""
    column = r"(      - name: {}\n(?:        .*\n)+)"
    workshop.edit(
        "dbt_project/models/marts/outcomes/dim_outcome.yml",
        column.format(r"(?:numerator|denominator)_label") * 2,
        r"\2\1",
    )


def words_of_tests(workshop: Workshop, draw: random.Random) -> None:
    """What a verdict says beside what it is made of."""
    file = "orchestration/defs/dbt_models.py"
    workshop.edit(file, r"see all rows( \d+ times)?", f"see all rows {draw.randrange(1000)} times")


def a_rule_of_a_suite(workshop: Workshop, draw: random.Random) -> None:
    file = "data_quality/suites/marts_dim_area.yml"
    workshop.edit(file, r"expected: (>-\n +)?", rf"\g<0>{draw.randrange(1000)} times ")


def a_rule_less(workshop: Workshop, draw: random.Random) -> None:
    """The rule of before is gone; one like it has another name."""
    file = "data_quality/suites/marts_dim_area.yml"
    workshop.edit(file, r"name: area_is_named\w*", f"name: area_is_named_{draw.randrange(1000)}")


def a_test_less(workshop: Workshop, draw: random.Random) -> None:
    """The test of before is gone; one like it has another name."""
    workshop.edit(
        "dbt_project/models/marts/outcomes/outcome_area.yml",
        r"      - outcome_totals_are_kept(:\n          name: \w+)?\n",
        f"      - outcome_totals_are_kept:\n          name: totals_{draw.randrange(1000)}\n",
    )


def an_exporter(workshop: Workshop, draw: random.Random) -> None:
    file = "orchestration/publish/exports/tables.py"
    workshop.edit(file, r"Use (\d+ times )?is_d", f"Use {draw.randrange(1000)} times is_d")


def code_of_a_python_model(workshop: Workshop, draw: random.Random) -> None:
    workshop.edit("orchestration/modelling/draws.py", r"\Z", f"# {draw.random()}\n")


def a_library(workshop: Workshop, draw: random.Random) -> None:
    workshop.edit("requirements.lock", r"\Z", f"# {draw.random()}\n")


def a_kept_table_by_hand(workshop: Workshop, draw: random.Random) -> None:
    table = draw.choice(["intermediate.int_area_parents", "intermediate.int_described_areas"])
    workshop.sql(f"insert into {table} from {table} limit 1")


def a_mart_by_hand(workshop: Workshop, _: random.Random) -> None:
    workshop.sql("update marts.dim_area set area_name = 'Nowhere' where area_code = 'X01000002'")


def a_comment_by_hand(workshop: Workshop, draw: random.Random) -> None:
    workshop.sql(f"comment on column marts.dim_area.area_name is 'by hand {draw.random()}'")


def verdicts_by_hand(workshop: Workshop, draw: random.Random) -> None:
    guard = draw.choice(["raw_population", "dbt_tests"])
    workshop.sql(f"update meta.guard_result set examples = 'by hand' where guard = '{guard}'")


def a_verdict_less(workshop: Workshop, _: random.Random) -> None:
    workshop.sql("delete from meta.guard_result where starts_with(expectation, 'unique_key_')")
    workshop.sql("delete from meta.guard_result where guard = 'raw_outcome'")


def a_raw_table_less(workshop: Workshop, _: random.Random) -> None:
    workshop.sql("drop table raw.population")


def a_raw_table_by_hand(workshop: Workshop, _: random.Random) -> None:
    workshop.sql("update raw.population set population = 1 where area_code = 'X01000002'")


def a_table_too_many(workshop: Workshop, _: random.Random) -> None:
    workshop.sql("create or replace table marts.left_over as select 1 as one")


def a_kept_file(workshop: Workshop, draw: random.Random) -> None:
    file = draw.choice(sorted((workshop.root / "rows").rglob("*.parquet")))
    data = bytearray(file.read_bytes())
    data[draw.randrange(len(data))] ^= 1
    file.write_bytes(data)


def a_kill(workshop: Workshop, draw: random.Random) -> None:
    process = workshop.started("kept", "--force")
    try:
        process.wait(timeout=draw.uniform(1, 40))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()


CHANGES: tuple[Change, ...] = (
    a_population,
    an_outcome,
    a_mart_without_effect,
    an_early_model_without_effect,
    a_seed,
    a_formula_without_effect,
    a_description,
    the_order_of_columns,
    words_of_tests,
    a_rule_of_a_suite,
    a_rule_less,
    a_test_less,
    an_exporter,
    code_of_a_python_model,
    a_library,
    a_kept_table_by_hand,
    a_mart_by_hand,
    a_comment_by_hand,
    verdicts_by_hand,
    a_verdict_less,
    a_raw_table_less,
    a_raw_table_by_hand,
    a_table_too_many,
    a_kept_file,
    a_kill,
)
