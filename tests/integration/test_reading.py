"""Who reads while releases are published meets no error and no mixture, and the newest at once."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.publish.pointer import point_to
from tests.support.reading import reading

SWAPS = 50


def release(releases: Path, name: str) -> None:
    (releases / name).mkdir(parents=True)
    with duckdb.connect(str(releases / name / "warehouse.duckdb")) as warehouse:
        warehouse.execute("create schema meta; create schema marts")
        warehouse.execute("create table meta.release as select $1 as release_id", [name])
        # More than one block, so that it is read in several goes.
        warehouse.execute(
            "create table marts.areas as select $1 as of_release from range(200000)", [name]
        )


def test_readers_meet_one_release_or_the_other_while_the_pointer_moves(tmp_path: Path) -> None:
    for name in ("one", "two"):
        release(tmp_path, name)
    point_to(tmp_path, "two")
    with reading(tmp_path, "select distinct of_release from marts.areas") as seen:
        for swap in range(SWAPS):
            name = ("one", "two")[swap % 2]
            point_to(tmp_path, name)
            path = str(tmp_path / "current" / "warehouse.duckdb")
            with duckdb.connect(path, read_only=True) as newest:
                assert newest.sql("from meta.release").fetchall() == [(name,)]
    assert set(seen) == {"one one", "two two"}
