"""Kill refreshes at every stage, by command and in the UI, and see that the next one succeeds.

Too long for the tests, which kill one of each; its figures are in docs/performance.md.

    python -m tests.tools.kills FOLDER [COMMAND_KILLS] [UI_KILLS] [PAIRS]

FOLDER is a data root of its own; nothing of it is kept from the last time but the vault.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.server import Server, environment, serving
from tests.support.site import LBN, Site

# A refresh of the sample takes about this long; kills fall anywhere in it.
SECONDS = 40.0


def refresh(site: Site) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(LBN), "refresh", "--force"],
        env=environment(site),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_commands(site: Site, times: int) -> int:
    """Kills of ``lbn refresh`` that were followed by a refresh that succeeded untouched."""
    good = 0
    for each in range(times):
        process = refresh(site)
        time.sleep(0.5 + SECONDS * each / times)
        process.send_signal(signal.SIGKILL if each % 2 else signal.SIGHUP)
        process.wait()
        ran = site.lbn("refresh", "--force")
        good += ran.code == 0
        print("command", each, process.returncode, ran.code, ran.err[-300:] if ran.code else "")
    return good


def worker(run_id: str) -> int | None:
    """The process of a run of the server, told by the lock that it holds open."""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(f"alive/{run_id}" in os.readlink(file) for file in folder.iterdir()):
                return int(folder.parent.name)
        except OSError:
            continue
    return None


def kill_runs(site: Site, server: Server, times: int) -> int:
    """Kills of runs of the UI that were followed by a run that succeeded untouched."""
    config = {"ops": {"take_source_files": {"config": {"force": True}}}}
    good = 0
    for each in range(times):
        run = server.launch(config=config)
        while (pid := worker(run)) is None:
            time.sleep(0.1)
        time.sleep(SECONDS * each / times)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            print("ui", each, "had ended")
        following = server.launch(config=config)
        ended = server.wait(following)
        good += ended == "SUCCESS"
        print("ui", each, server.run(run)["status"], ended, server.tags(run).get("lbn/outcome"))
    return good


def pairs(site: Site, times: int) -> int:
    """Pairs of refreshes begun at random offsets of which neither failed."""
    good = 0
    for each in range(times):
        # An input that changes, so that the first has something to do and the second nothing.
        first = refresh(site)
        time.sleep(random.uniform(0, SECONDS))  # noqa: S311
        second = site.lbn("refresh")
        codes = (first.wait(), second.code)
        good += codes == (0, 0)
        print("pair", each, codes)
    return good


def main() -> None:
    folder, *counts = sys.argv[1:]
    commands, runs, twos = (*map(int, counts), 20, 20, 20)[:3]
    site = Site(Path(folder), "sample")
    site.lbn("refresh")
    print(f"{kill_commands(site, commands)} of {commands} kills of the command were survived")
    with serving(site) as server:
        print(f"{kill_runs(site, server, runs)} of {runs} kills of runs were survived")
    print(f"{pairs(site, twos)} of {twos} pairs ended well")


if __name__ == "__main__":
    main()
