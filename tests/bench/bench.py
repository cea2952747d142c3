"""Measure what a refresh costs, by what has changed, beside its floor, in one run (`make bench`).

Machines are noisy, so read the ratios. Nothing here asserts a time. The figures go into
docs/performance.md by hand, with the date and what changed. With ``BEFORE``, the folder of another
checkout that is installed, its whole refresh is measured in turn with ours.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.support import keeping
from tests.support.keeping import Workshop
from tests.support.project import copied, tracked

ROOT = Path(__file__).resolve().parents[2]
REALDATA = Path(os.environ.get("LBN_REALDATA", ROOT.parent / "shared" / "realdata"))
BEFORE = os.environ.get("BEFORE")
REPEATS = int(os.environ.get("REPEATS", "3"))
STEP = re.compile(r"^. (?P<step>.+) (?P<seconds>[\d.]+) s$")
DRAW = random.Random(1)  # noqa: S311  # the same changes each time


@dataclass(frozen=True)
class Measured:
    """One run: seconds, processor time, peak memory of the whole process tree, and its steps."""

    seconds: float
    cpu: float
    peak_mb: float
    steps: dict[str, float]


def measure(command: list[str], environment: dict[str, str], folder: Path = ROOT) -> Measured:
    """Run a command and look at its processes every twentieth of a second."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = [0.0]
    watch = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watch.start()
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
    return Measured(seconds, usage.ru_utime + usage.ru_stime, peak[0], steps)


def _watch(pid: int, peak: list[float]) -> None:
    try:
        process = psutil.Process(pid)
        while True:
            each = [process, *process.children(recursive=True)]
            peak[0] = max(peak[0], sum(one.memory_info().rss for one in each) / 2**20)
            time.sleep(0.05)
    except psutil.NoSuchProcess:
        return


@dataclass
class Bench:
    """A copy of the project, which may be changed, with a data root and an inbox."""

    folder: Path
    profile: str = "england"
    runs: dict[str, list[Measured]] = field(default_factory=dict)

    @property
    def workshop(self) -> Workshop:
        return Workshop(self.folder)

    def refresh(self, what: str, *arguments: str, project: Path | None = None) -> None:
        """Measure a refresh of ours, or of another checkout from nothing."""
        name = "kept" if project is None else "before"
        environment = {
            **os.environ,
            "LBN_DATA": str(self.folder / name),
            "LBN_PROFILE": self.profile,
            "PYTHONPATH": str(project or self.workshop.project),
        }
        if self.profile == "england":
            environment["LBN_INBOX"] = str(self.folder / "inbox")
        command = (
            [sys.executable, "-m", "orchestration.cli", "refresh", *arguments]
            if project is None
            else [str(project / ".venv/bin/lbn"), "refresh", *arguments]
        )
        ran = measure(command, environment, project or self.workshop.project)
        self.runs.setdefault(what, []).append(ran)

    def clear(self, name: str, *parts: str) -> None:
        for part in parts:
            shutil.rmtree(self.folder / name / self.profile / part, ignore_errors=True)

    def edit_source(self, name: str, pattern: bytes, change: Callable[[bytes], bytes]) -> None:
        (path,) = (self.folder / "inbox").rglob(name)
        data, changes = re.subn(pattern, lambda found: change(found[0]), path.read_bytes(), count=1)
        assert changes == 1, f"{pattern!r} is not in {path}"
        path.write_bytes(data)


def scenarios(bench: Bench) -> None:
    """A refresh after each kind of change, once."""
    shop = bench.workshop
    if BEFORE:
        bench.clear("before", "build", "releases")
        bench.refresh("from nothing, before", project=Path(BEFORE).resolve())
    bench.clear("kept", "build", "releases", "rows")
    bench.refresh("everything from nothing")
    bench.clear("kept", "build", "releases")
    bench.refresh("everything, files read before")
    bench.edit_source("claimants_2022*", rb"[1-8]5(?=\r?\n)", lambda found: found[:1] + b"0")
    bench.refresh("one outcome file changed", "--accept", "claimants_2022=bench")
    # The score of the least deprived area in the file's last digit: no list changes.
    bench.edit_source(
        "file7_iod2025*", rb"(?<=,)0\.\d{3}(?=,)", lambda found: keeping.one_more(found)
    )
    bench.refresh("one value of the newest IMD changed", "--accept", "imd2025=bench")
    about = "orchestration/publish/explorer/script/about.js"
    shop.edit(about, r"About th\w+ edition[ \d]*", f"About the edition {DRAW.randrange(1000)}")
    bench.refresh("a word in the explorer")
    keeping.an_exporter(shop, DRAW)
    bench.refresh("a word in an exporter")
    keeping.a_description(shop, DRAW)
    bench.refresh("a description of a mart")
    keeping.a_mart_without_effect(shop, DRAW)
    bench.refresh("SQL of a mart, without effect")
    bench.refresh("nothing changed")


def sample(bench: Bench) -> None:
    """The synthetic country from nothing, in both checkouts."""
    if BEFORE:
        bench.clear("before", "build", "releases")
        bench.refresh("the sample from nothing, before", project=Path(BEFORE).resolve())
    bench.clear("kept", "build", "releases", "rows")
    bench.refresh("the sample from nothing")


def size_mb(folder: Path) -> float:
    """What the current release takes on disk."""
    files = folder.resolve().rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def told(console: Console, runs: dict[str, list[Measured]], against: float) -> None:
    table = Table("what", "s (median)", "min-max", "ratio", "peak MB", "cores")
    for what, measured in runs.items():
        seconds = [run.seconds for run in measured]
        middle = statistics.median(seconds)
        table.add_row(
            what,
            f"{middle:.1f}",
            f"{min(seconds):.1f}-{max(seconds):.1f}",
            f"{middle / against:.2f}",
            f"{max(run.peak_mb for run in measured):.0f}",
            f"{statistics.median(run.cpu / run.seconds for run in measured):.2f}",
        )
    console.print(table)


def main() -> None:
    console = Console()
    if not REALDATA.is_dir():
        console.print(f"skipped: the real files are not in {REALDATA} (set LBN_REALDATA)")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder / "project", tracked())
        shutil.copytree(REALDATA, folder / "inbox")
        england, small = Bench(folder), Bench(folder, "sample")
        # Fills the vault and warms dbt's parse.
        for bench in (england, small):
            if BEFORE:
                bench.refresh("warm", project=Path(BEFORE).resolve())
            bench.refresh("warm")
            bench.runs.clear()
        floors = []
        for _ in range(REPEATS):
            floor = [sys.executable, str(ROOT / "tests/bench/floor.py"), str(REALDATA)]
            floors.append(measure(floor, dict(os.environ)))
            scenarios(england)
            sample(small)
        first = "from nothing, before" if BEFORE else "everything from nothing"
        against = statistics.median(run.seconds for run in england.runs[first])
        told(console, {"floor: plain DuckDB, no guards, no release": floors}, against)
        told(console, england.runs, against)
        first = f"the sample {'from nothing, before' if BEFORE else 'from nothing'}"
        told(console, small.runs, statistics.median(run.seconds for run in small.runs[first]))
        steps = {what: runs[0].steps for what, runs in england.runs.items()}
        names = list(dict.fromkeys(step for each in steps.values() for step in each))
        table = Table("stage, s (median)", *steps)
        for step in names:
            row = []
            for runs in england.runs.values():
                seconds = [run.steps[step] for run in runs if step in run.steps]
                row.append(f"{statistics.median(seconds):.1f}" if seconds else "")
            table.add_row(step, *row)
        console.print(table)
        for which in ("before", "kept"):
            release = folder / which / "england/releases/current"
            if release.exists():
                console.print(f"release of england, {which}: {size_mb(release):.0f} MB")
        console.print(f"{os.cpu_count()} cores")


if __name__ == "__main__":
    main()
