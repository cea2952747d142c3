"""The libraries that make a release: licences, bill of materials, and what is known of them."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from orchestration.layout import LICENCES, SBOM
from orchestration.publish.companions import LIBRARIES
from tests.tools.audit import FOUND, NOBODY, audit
from tests.tools.libraries import Library, bill_of_materials, licence, locked, table

TEXT = (LIBRARIES / LICENCES).read_text(encoding="utf-8")
LISTED = [Library(**row) for row in csv.DictReader(TEXT.splitlines())]
BILL = (LIBRARIES / SBOM).read_text(encoding="utf-8")


def test_the_licences_are_of_the_lock() -> None:
    assert [(each.library, each.version, each.where) for each in LISTED] == locked()
    assert table(LISTED) == TEXT


def test_each_licence_is_what_the_library_says() -> None:
    """Of one that has several versions, the others are not here to be asked."""
    counted = Counter(each.library for each in LISTED)
    asked = 0
    for each in LISTED:
        try:
            is_here = version(each.library) == each.version and counted[each.library] == 1
        except PackageNotFoundError:
            continue
        if is_here:
            assert each.licence == licence(each.library), each.library
            asked += 1
    assert asked > 100


def test_the_bill_of_materials_is_of_the_licences_and_valid_and_has_no_time() -> None:
    assert bill_of_materials(LISTED) == BILL
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(BILL) is None
    bill = json.loads(BILL)
    assert "serialNumber" not in bill
    assert "timestamp" not in bill["metadata"]
    assert len(bill["components"]) == len(LISTED)


# --- make audit -----------------------------------------------------------------------------------

CLEAN = {"name": "one", "version": "1", "vulns": []}
FAULTY = {
    "name": "two",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}],
}
PASSED_OVER = {"name": "three", "skip_reason": "three is not known"}


def stand_in(folder: Path, **answers: object) -> list[str]:
    """What answers as pip-audit does, by the source that it is to ask; else with an error."""
    script = folder / "pip_audit.py"
    printed = {name: json.dumps({"dependencies": said}) for name, said in answers.items()}
    script.write_text(
        "import sys\n"
        f"answers = {printed}\n"
        "given = sys.argv\n"
        "assert any(each.endswith('requirements.lock') for each in given)\n"
        "source = given[given.index('--vulnerability-service') + 1]\n"
        "if source not in answers:\n"
        "    sys.exit('ConnectionError: no way there')\n"
        "print(answers[source])\n"
        "sys.exit('PYSEC' in answers[source])\n"
    )
    return [sys.executable, str(script)]


@pytest.mark.parametrize(
    ("answers", "code", "told"),
    [
        ({"osv": [CLEAN]}, 0, ["0 of 1 libraries have known faults (osv)"]),
        (
            {"osv": [CLEAN, FAULTY, PASSED_OVER]},
            FOUND,
            [
                "two 2: PYSEC-1, CVE-1; put right in 2.1",
                "not looked at: three is not known",
                "1 of 2 libraries have known faults (osv)",
            ],
        ),
        (
            {"pypi": [CLEAN]},
            0,
            [
                "osv could not be asked: ConnectionError: no way there",
                "0 of 1 libraries have known faults (pypi)",
            ],
        ),
        (
            {"pypi": [PASSED_OVER]},
            NOBODY,
            [
                "osv could not be asked: ConnectionError: no way there",
                "pypi could not be asked: three is not known",
                "No source of advisories can be reached from here: nothing was looked at.",
            ],
        ),
    ],
)
def test_an_audit_tells_what_is_known_and_what_was_not_looked_at(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    answers: dict[str, object],
    code: int,
    told: list[str],
) -> None:
    assert audit(stand_in(tmp_path, **answers)) == code
    assert capsys.readouterr().out.splitlines() == told
