"""The libraries that make a release, with their licences: a table, and a bill of materials.

``make lock`` writes both after the locks, and every release has a copy: so they are of the lock
that its id hangs on, and nothing more is needed where a release is made. What a lock does not know,
the licence, comes from what is installed. tests/unit/test_libraries.py holds both to the lock.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from orchestration.layout import LICENCES, SBOM
from orchestration.publish.companions import LIBRARIES
from orchestration.settings import PROJECT_ROOT

LOCK = PROJECT_ROOT / "requirements.lock"
# Longer than this it is no name of a licence but its text.
_NAME = 40
# They are for Windows alone, and so not installed where this runs.
_ELSEWHERE = {"pyreadline3": "BSD", "pywin32": "PSF"}


@dataclass(frozen=True)
class Library:
    """A library in one version; ``where`` is the marker under which it is installed, if any."""

    library: str
    version: str
    where: str
    licence: str


def locked() -> list[tuple[str, str, str]]:
    """Name, version and marker of everything that the lock of what runs holds, in its order."""
    text = LOCK.read_text(encoding="utf-8")
    return re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; (.+?))? \\$", text, re.MULTILINE)


def licence(name: str) -> str:
    """What a library says of its licence: an expression, a name, or the classifiers."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return _ELSEWHERE[name]
    if "License-Expression" in said:
        return said["License-Expression"]
    classifiers = said.get_all("Classifier") or []
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    if len(names) > 1:
        return " or ".join(names)
    for told in (*(said.get_all("License") or []), *names):
        if told and len(told) <= _NAME and "\n" not in told:
            return str(told.rpartition(" :: ")[2])
    raise LookupError(f"{name} says nothing of its licence that can be put into a table")


def table(libraries: Iterable[Library]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Library))
    writer.writerows(map(astuple, libraries))
    return text.getvalue()


def bill_of_materials(libraries: Iterable[Library]) -> str:
    """CycloneDX 1.6 in JSON, without a number or a time of its own: the same of the same lock."""
    settings = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    licences = LicenseFactory()
    bom = Bom()
    bom.metadata.component = root = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref="project",
        licenses=[licences.make_from_string("MIT")],
    )
    for each in libraries:
        marker = [Property(name="python:marker", value=each.where)] if each.where else []
        purl = PackageURL("pypi", name=each.library, version=each.version)
        bom.components.add(
            Component(
                name=each.library,
                version=each.version,
                purl=purl,
                bom_ref=str(purl),
                licenses=[licences.make_from_string(each.licence)],
                properties=marker,
            )
        )
    direct = {re.split(r"[<>=;]", each)[0] for each in project["dependencies"]}
    bom.register_dependency(root, [each for each in bom.components if each.name in direct])
    made: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del made["serialNumber"], made["metadata"]["timestamp"]
    return json.dumps(made, indent=1, sort_keys=True) + "\n"


def main() -> None:
    libraries = [Library(*each, licence(each[0])) for each in locked()]
    LIBRARIES.mkdir(exist_ok=True)
    (LIBRARIES / LICENCES).write_text(table(libraries), encoding="utf-8")
    (LIBRARIES / SBOM).write_text(bill_of_materials(libraries), encoding="utf-8")
    print(f"Written: {LIBRARIES / LICENCES} and {LIBRARIES / SBOM}. Read what changed: git diff")


if __name__ == "__main__":
    main()
