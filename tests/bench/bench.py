"""Measure a refresh of `england` beside its floor, in one run (`make bench`).

Machines are noisy, so read the ratios. Nothing here asserts a time. The figures go into
docs/performance.md by hand, with the date and what changed.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
REALDATA = Path(os.environ.get("LBN_REALDATA", ROOT.parent / "shared" / "realdata"))
REPEATS = 3
STEP = re.compile(r"^. (?P<step>.+) (?P<seconds>[\d.]+) s$")


@dataclass(frozen=True)
class Measured:
    seconds: float
    peak_mb: float
    steps: dict[str, float]


def measure(command: list[str], environment: dict[str, str]) -> Measured:
    """Wall time, peak memory of the process, and the steps that it reported."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{errors}")
    steps: dict[str, float] = {}
    for line in errors.splitlines():
        if match := STEP.match(line):
            # The guards together are one stage.
            step = "Guards" if match["step"].startswith("Guarding") else match["step"]
            steps[step] = steps.get(step, 0.0) + float(match["seconds"])
    return Measured(seconds, usage.ru_maxrss / 1024, steps)


def main() -> None:
    console = Console()
    if not REALDATA.is_dir():
        console.print(f"skipped: the real files are not in {REALDATA} (set LBN_REALDATA)")
        return
    lbn = [str(Path(sys.executable).with_name("lbn")), "refresh", "--profile", "england"]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"LBN_DATA": folder, "LBN_INBOX": str(REALDATA)}
        root = Path(folder) / "england"
        measure(lbn, environment)  # fills the vault, warms dbt's parse
        floors, refreshes, unchanged = [], [], []
        for _ in range(REPEATS):
            floor = [sys.executable, str(ROOT / "tests/bench/floor.py"), str(REALDATA)]
            floors.append(measure(floor, dict(os.environ)))
            shutil.rmtree(root / "releases")
            refreshes.append(measure(lbn, environment))
            unchanged.append(measure(lbn, environment))
    floor_seconds = statistics.median(run.seconds for run in floors)
    table = Table("what", "wall s (median)", "min-max", "peak MB", "ratio to the floor")
    for name, runs in (
        ("floor: plain DuckDB, no guards, no release", floors),
        ("refresh of england from the vault", refreshes),
        ("refresh with nothing changed", unchanged),
    ):
        seconds = [run.seconds for run in runs]
        table.add_row(
            name,
            f"{statistics.median(seconds):.2f}",
            f"{min(seconds):.2f}-{max(seconds):.2f}",
            f"{max(run.peak_mb for run in runs):.0f}",
            f"{statistics.median(seconds) / floor_seconds:.1f}",
        )
    console.print(table)
    table = Table("stage of the refresh", "s (median)")
    for step in refreshes[0].steps:
        table.add_row(step, f"{statistics.median(run.steps[step] for run in refreshes):.1f}")
    accounted = statistics.median(sum(run.steps.values()) for run in refreshes)
    total = statistics.median(run.seconds for run in refreshes)
    table.add_row("interpreter, imports of the command, exit", f"{total - accounted:.1f}")
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    console.print(f"{os.cpu_count()} cores; highest peak of any child {peak:.0f} MB")


if __name__ == "__main__":
    main()
