"""Refreshes that are ended from outside, one after the other, and what must be so after each."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import SECONDS
from tests.support.server import environment
from tests.support.site import LBN, Site

# What a refresh says when a step is done; it may be ended within each of those that follow.
STEPS = (
    "Looking for the source files",
    "Starting Dagster",
    "Taking the source files",
    "Reading the files",
    "Guarding raw.summary",
    "Guarding marts.threshold_sensitivity",
)
CODES = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}
INTERRUPTED = "Interrupted: nothing was published; the release that was current still is"
# Names of what is not yet whole, in every folder but those of people and of Dagster.
_LITTER = re.compile(r"\.(incoming|inbox)-|\.current\.|\.loading|\.tmp$|\.json\.\d+$")


@dataclass(frozen=True)
class End:
    """How a refresh is ended: a while after it has said that a step is done, or after its start."""

    after: str | None
    seconds: float
    how: signal.Signals


def ends(times: int, seed: int) -> list[End]:
    """One within each step, the others after seeded random whiles where a refresh is soon.

    From the first step to the last, so that each finds what those before it left.
    """
    drawn = random.Random(seed)  # noqa: S311
    steps: list[str | None] = [*STEPS, *drawn.choices((None, STEPS[0]), (3, 1), k=times)]
    order = [None, *STEPS]
    return [
        End(
            step,
            drawn.uniform(0, 1.5 if step else 2.5),
            # Before it has begun to listen, an interrupt is Python's own.
            drawn.choice([*CODES]) if step else signal.SIGKILL,
        )
        for step in sorted(steps[:times], key=order.index)
    ]


def end_refresh(site: Site, end: End) -> tuple[int, str]:
    """Begin a refresh and end it; gives its exit code and what it said last."""
    process = subprocess.Popen(
        [str(LBN), "refresh"],
        env=environment(site),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr if end.after else ():
        if end.after and end.after in line:
            break
    # No wait for anything: the moment is what is tried.
    time.sleep(end.seconds)
    process.send_signal(end.how)
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said


def survive(site: Site, endings: Iterable[End]) -> Iterator[End]:
    """End refreshes, and see after each that what was published is as it was."""
    before = published(site)
    for end in endings:
        code, said = end_refresh(site, end)
        assert code == CODES[end.how], (end, said)
        assert "Traceback" not in said, (end, said)
        if end.how is not signal.SIGKILL:
            assert said.splitlines()[-1] == INTERRUPTED, (end, said)
            assert litter(site) == [], end
        assert published(site) == before, end
        with site.warehouse() as warehouse:
            (release,) = warehouse.execute("select release_id from meta.release").fetchone() or ()
        assert release == site.current.resolve().name
        yield end


def published(site: Site) -> dict[str, bytes]:
    """Every file of what is current, and what says that it is."""
    files = {
        str(file.relative_to(site.current)): file.read_bytes()
        for file in site.current.rglob("*")
        if file.is_file()
    }
    told = (site.root / "releases/current.json").read_bytes()
    return files | {"current": site.current.resolve().name.encode(), "current.json": told}


def litter(site: Site) -> list[str]:
    """What bears the name of something that is not yet whole."""
    folders = [site.root / name for name in ("releases", "vault", "build")]
    found = [*site.root.iterdir(), *(each for folder in folders for each in folder.rglob("*"))]
    return sorted(str(each) for each in found if _LITTER.search(each.name))


def changed(site: Site, data: Path, people: int) -> Site:
    """A copy of the sample's site in which a refresh has a release to make: of an area's people."""
    made = Site(data, site.profile)
    shutil.copytree(site.data, made.data, symlinks=True, dirs_exist_ok=True)
    change(made, people)
    return made


def change(site: Site, people: int) -> None:
    file = site.root / "inbox/population/population_mid2019_lsoa11.csv"
    text, changes = re.subn(
        rb'(?<=X01000001,")1,\d+(?=")', f"{people:,}".encode(), file.read_bytes(), count=1
    )
    assert changes == 1
    file.write_bytes(text)


def lose_nothing(site: Site, times: int, seed: int) -> None:
    """End refreshes of a site one after the other, and let the one after the last come to its end.

    There is a new release to make, so each would publish if it were not ended.
    """
    before = published(site)
    assert len(list(survive(site, ends(times, seed)))) == times
    ran = site.lbn("status")
    assert ran.code == 0, ran.err
    assert site.current.resolve().name in ran.out
    ran = site.lbn("refresh")
    assert ran.code == 0, ran.err
    assert litter(site) == []
    assert published(site) != before
    assert site.lbn("status").code == 0
