"""Readers of what is current, in processes of their own, for as long as releases are published."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import SECONDS, wait_for

# Opens the pointer's file again and again, and asks it more than once: in a connection, meta and
# marts are of one release, whatever the pointer names meanwhile.
_READER = """
import json, sys
from collections import Counter
from pathlib import Path
import duckdb

path, marts, sign = sys.argv[1], sys.argv[2], Path(sys.argv[3])
seen = Counter()
while not sign.with_name("stop").exists():
    with duckdb.connect(path, read_only=True) as warehouse:
        for _ in range(3):
            ((release,),) = warehouse.sql("select release_id from meta.release").fetchall()
            ((told,),) = warehouse.sql(marts).fetchall()
            seen[f"{release} {told}"] += 1
    sign.touch()
print(json.dumps(seen))
"""


@contextmanager
def reading(releases: Path, marts: str, readers: int = 4) -> Iterator[Counter[str]]:
    """Have readers at work; gives, at the end, how often they read what, as 'release answer'.

    Args:
        releases: The folder with the pointer.
        marts: A query of the marts whose answer is another in each release.
        readers: How many processes.

    Raises:
        AssertionError: one of them met an error.
    """
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = str(releases / "current" / "warehouse.duckdb")
        signs = [Path(folder, str(number)) for number in range(readers)]
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", _READER, path, marts, str(sign)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for sign in signs
        ]
        try:
            wait_for(lambda: all(sign.exists() for sign in signs), "the first look of each reader")
            yield seen
        finally:
            Path(folder, "stop").touch()
            ends = [process.communicate(timeout=SECONDS) for process in processes]
        for process, (told, failed) in zip(processes, ends, strict=True):
            assert process.returncode == 0, failed
            seen.update(json.loads(told))
