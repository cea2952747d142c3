"""Put small faults into the code, one at a time, and see whether the tests notice.

    python -m tests.mutants.run --draw 40 --seed 1 --minutes 120

Those of ``by_hand.yml`` first, then some that are drawn. Each is judged in a copy of the project by
the tests that are near, then the unit tests, the integration tests and, if all pass, the whole
refreshes. What is known already is not tried again, so it can be ended and begun again at any time.
The end is 1 when more than 3 of 100 survived for which ``reasons.yml`` has no reason.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from orchestration.fingerprint import files_hash
from orchestration.settings import PROJECT_ROOT
from tests.mutants.by_hand import Mutant, by_hand, reasons
from tests.mutants.drawn import draw
from tests.support.patience import SECONDS
from tests.support.project import copied, tracked

# Survivors of 100 that may stand without a reason.
ALLOWED = 3
TIERS = ("tests/unit", "tests/integration", "tests/pipeline")
_WORKERS = ["-n", "2", "--dist", "loadgroup"]
# It looks whether the faults can still be put in, so it notices each that is.
_APART = "--ignore=tests/unit/test_mutants.py"


class Bench:
    """A copy of the project in which mutants are judged."""

    def __init__(self, folder: Path, tiers: tuple[str, ...]) -> None:
        self.project, self._tiers = folder / "project", tiers
        self._told = folder / "told.jsonl"
        names = tracked()
        self._state = f"{files_hash([PROJECT_ROOT / n for n in names])[:12]} {' '.join(tiers)}"
        shutil.rmtree(self.project, ignore_errors=True)
        copied(self.project, names)
        # Some tests look at what git has.
        for step in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", "-C", str(self.project), *step], check=True)

    def judged(self, mutant: Mutant) -> str | None:
        """The tier that noticed a mutant, or None where it survived."""
        known = self._known()
        if mutant.name in known:
            return known[mutant.name]
        file = self.project / mutant.file
        kept = file.read_text(encoding="utf-8")
        file.write_text(mutant.text, encoding="utf-8")
        try:
            found = self._first_to_fail(mutant.file)
        finally:
            file.write_text(kept, encoding="utf-8")
        with self._told.open("a", encoding="utf-8") as told:
            entry = {"state": self._state, "name": mutant.name, "noticed": found}
            told.write(json.dumps(entry) + "\n")
        return found

    def _known(self) -> dict[str, str | None]:
        text = self._told.read_text(encoding="utf-8") if self._told.exists() else ""
        entries = map(json.loads, text.splitlines())
        return {each["name"]: each["noticed"] for each in entries if each["state"] == self._state}

    def _first_to_fail(self, mutated: str) -> str | None:
        near = self._near(mutated)
        if near and self._fails(near):
            return "near"
        return next((tier for tier in self._tiers if self._fails([tier])), None)

    def _near(self, mutated: str) -> list[str]:
        """The quick tests that name what was changed."""
        name = mutated.removesuffix(".py").replace("/", ".")
        words = {name} if mutated.endswith(".py") else {Path(mutated).stem}
        return [
            str(file.relative_to(self.project))
            for tier in self._tiers[:2]
            for file in sorted((self.project / tier).rglob("test_*.py"))
            if any(word in file.read_text(encoding="utf-8") for word in words)
        ]

    def _fails(self, tests: list[str]) -> bool:
        """Whether a test fails; one that does not end has noticed as well."""
        environment = {name: os.environ[name] for name in os.environ if not name.startswith("LBN_")}
        environment |= {"PYTHONPATH": str(self.project), "PYTHONDONTWRITEBYTECODE": "1"}
        # The real files take an hour; what makes them is made of the sample as well.
        environment |= {"LBN_REALDATA": str(self.project / "none")}
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        with subprocess.Popen(
            [*command, *_WORKERS, _APART, *tests],
            cwd=self.project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                text, _ = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return True
        # 5: no test was there to run.
        if process.returncode not in (0, 1, 2, 5):
            raise RuntimeError(text)
        return process.returncode in (1, 2)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draw", type=int, default=40, help="how many to draw")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--minutes", type=float, default=600, help="begin no other after this")
    asked.add_argument("--quick", action="store_true", help="without the whole refreshes")
    asked.add_argument("--only", default="", help="those with this in their name")
    folder = PROJECT_ROOT / "test-artefacts" / "mutants"
    asked.add_argument("--folder", type=Path, default=folder)
    given = asked.parse_args()
    end = time.monotonic() + 60 * given.minutes
    bench = Bench(given.folder.resolve(), TIERS[:2] if given.quick else TIERS)
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    if tier := bench.judged(Mutant("nothing at all", "README.md", readme)):
        raise SystemExit(f"{tier} fails with no fault in the code: put that right first")
    tried, survivors = 0, []
    for mutant in [*by_hand(), *draw(given.draw, given.seed)]:
        if given.only not in mutant.name or time.monotonic() > end:
            continue
        begun = time.monotonic()
        noticed = bench.judged(mutant)
        tried += 1
        print(
            f"{noticed or 'SURVIVED'}  {mutant.name}  {time.monotonic() - begun:.0f} s", flush=True
        )
        survivors += [] if noticed else [mutant.name]
    known = reasons()
    print(f"\n{tried} tried, {tried - len(survivors)} noticed, {len(survivors)} survived")
    for name in survivors:
        print(f"  {name}\n      {known.get(name, 'NO REASON')}")
    without = [name for name in survivors if name not in known]
    return int(len(without) * 100 > ALLOWED * tried)


if __name__ == "__main__":
    sys.exit(main())
