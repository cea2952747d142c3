"""Another release beside one: whole, and of its own name, made without a refresh."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from orchestration.fingerprint import release_id, sha256_of
from orchestration.layout import CHECKSUMS, MANIFEST, WAREHOUSE, read_manifest

Change = Callable[[duckdb.DuckDBPyConnection], object]


def another(release: Path, built_at: str, change: Change = lambda _: None, **manifest: Any) -> Path:
    """A copy of a release, as if other inputs had given it.

    Args:
        built_at: When, which is also what makes its inputs others.
        change: What is done to its warehouse.
        manifest: What its manifest says beside.
    """
    told = read_manifest(release) | {"built_at": built_at} | manifest
    told["inputs"] = [{**each, "sha256": f"{each['sha256']} {built_at}"} for each in told["inputs"]]
    inputs = {each["source_id"]: each["sha256"] for each in told["inputs"]}
    name = told["release_id"] = release_id(told["profile"], inputs, told["code_version"])
    copy = release.parent / name
    shutil.copytree(release.resolve(), copy)
    for file in copy.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    with duckdb.connect(str(copy / WAREHOUSE)) as warehouse:
        warehouse.execute(
            "update meta.release set release_id = $1, built_at = $2", [name, built_at]
        )
        change(warehouse)
    told["warehouse_sha256"] = sha256_of(copy / WAREHOUSE)
    (copy / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    seal(copy)
    return copy


def seal(release: Path) -> None:
    """Give a release the sums of its files as they are."""
    files = sorted(file for file in release.rglob("*") if file.is_file())
    sums = [
        f"{sha256_of(file)}  {file.relative_to(release).as_posix()}\n"
        for file in files
        if file.name != CHECKSUMS
    ]
    (release / CHECKSUMS).write_text("".join(sums), encoding="utf-8")
    for file in files:
        file.chmod(0o444)
