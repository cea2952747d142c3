"""What is known against the libraries that are locked: ``make audit``.

pip-audit asks OSV, else the package index, about each library of every lock. It takes an index that
does not know of advisories for one that knows of none, so what it passed over is told, and counts
as not looked at.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from orchestration.settings import PROJECT_ROOT

PIP_AUDIT = (sys.executable, "-m", "pip_audit")
SOURCES = ("osv", "pypi")
# A library on which something is known; and where nobody could be asked.
FOUND, NOBODY = 1, 3


def audit(program: Sequence[str] = PIP_AUDIT) -> int:
    """Tell what is known; the exit code of the command."""
    for source in SOURCES:
        libraries, said = _asked(program, source)
        looked_at = [each for each in libraries if "skip_reason" not in each]
        if not looked_at:
            print(f"{source} could not be asked: {said}")
            continue
        known = [each for each in looked_at if each["vulns"]]
        for each in known:
            for advisory in each["vulns"]:
                fixed = " or ".join(advisory["fix_versions"]) or "no version yet"
                names = ", ".join([advisory["id"], *advisory["aliases"]])
                print(f"{each['name']} {each['version']}: {names}; put right in {fixed}")
        for each in libraries:
            if "skip_reason" in each:
                print(f"not looked at: {each['skip_reason']}")
        print(f"{len(known)} of {len(looked_at)} libraries have known faults ({source})")
        return FOUND if known else 0
    print("No source of advisories can be reached from here: nothing was looked at.")
    return NOBODY


def _asked(program: Sequence[str], source: str) -> tuple[list[dict[str, Any]], str]:
    """What a source says of each library, and the last line of what was said beside it."""
    locks = sorted(PROJECT_ROOT.glob("requirements*.lock"))
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    options += ["--vulnerability-service", source]
    for lock in locks:
        options += ["--requirement", str(lock)]
    ran = subprocess.run([*program, *options], capture_output=True, text=True, check=False)
    said = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
    try:
        libraries: list[dict[str, Any]] = json.loads(ran.stdout)["dependencies"]
    except ValueError:
        return [], said
    skipped = [each["skip_reason"] for each in libraries if "skip_reason" in each]
    return libraries, skipped[0] if skipped else said


if __name__ == "__main__":
    sys.exit(audit())
