"""The model of a suite: which rules guard a table, as data that is validated at load.

SQL puts what a value must be beside the value, over as many rows and tables as that takes; the
expectation compares the two. So the rule can be read in one place, and the verdict is Great
Expectations'. A typing error in a suite is reported with the file and the field.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

SUITES = Path(__file__).parent / "suites"

_TABLE = re.compile(r"\b(?:raw|seeds|staging|intermediate|marts|meta)\.[a-z_0-9]+\b")

Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Strict):
    """One rule: an expectation of Great Expectations, and what it means to people.

    ``details`` names columns that are shown with a failing row beside those that are compared.
    ``allowed`` names one that is true of a row that passes by a bound of its own alone: what the
    project puts up with is told, and not only what it refuses.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    type: Annotated[str, Field(pattern=r"^expect_[a-z_]+$")]
    kwargs: dict[str, Any]
    details: tuple[str, ...] = ()
    allowed: str | None = None
    expected: Text
    remedy: Text

    @property
    def columns(self) -> list[str]:
        """The columns that the rule looks at."""
        single = [self.kwargs.get(name) for name in ("column", "column_A", "column_B")]
        return [name for name in single if name] + list(self.kwargs.get("column_list", []))

    @model_validator(mode="after")
    def _looks_at_columns(self) -> Expectation:
        if not self.columns:
            raise ValueError("kwargs name no column")
        return self


class Bounds(_Strict):
    """Limits that differ from one subject to the next, and why they are what they are.

    A row names its subject and its limits, such as ``{source_id: cni2019, most_percent: 5}``.
    """

    reason: Text
    rows: tuple[dict[str, str | int | float | None], ...] = Field(min_length=1)


class Frame(_Strict):
    """Rows from the build database that expectations are about; ``keys`` name a failing row.

    No rows are nothing that could be judged, and refused; but where the query ``only_if`` gives
    none, there is nothing to judge: the file of an optional source is not there.
    """

    keys: tuple[str, ...] = Field(min_length=1)
    sql: Text
    only_if: Text | None = None
    expectations: tuple[Expectation, ...] = Field(min_length=1)

    @property
    def reads(self) -> set[str]:
        """The tables that its queries name, as ``schema.table``."""
        return set(_TABLE.findall(f"{self.sql} {self.only_if or ''}"))


class Suite(_Strict):
    """The rules that guard one table at one stage.

    Queries find the rows of ``bounds`` in the table ``bounds``: the columns that any row names,
    NULL where a row does not name them. What no row is about has no limits of its own.
    """

    name: Annotated[str, Field(pattern=r"^(raw|marts)_[a-z][a-z0-9_]*$")]
    description: Text
    bounds: tuple[Bounds, ...] = ()
    frames: tuple[Frame, ...] = Field(min_length=1)

    @property
    def stage(self) -> Literal["raw", "marts"]:
        """The schema of the table, which is the first word of the name."""
        return "raw" if self.name.startswith("raw_") else "marts"

    @property
    def table(self) -> str:
        return self.name.removeprefix(f"{self.stage}_")

    @property
    def reads(self) -> set[str]:
        """The tables that its queries name, and the one that it guards, as ``schema.table``."""
        return {f"{self.stage}.{self.table}"}.union(*(frame.reads for frame in self.frames))

    def of_marts_alone(self) -> Suite | None:
        """The part of it that can judge a release, which holds the marts and no other table."""
        frames = tuple(
            frame
            for frame in self.frames
            if all(table.startswith("marts.") for table in frame.reads)
        )
        return self.model_copy(update={"frames": frames}) if frames else None

    @property
    def bound_columns(self) -> dict[str, list[str | int | float | None]]:
        """The rows of all bounds as columns."""
        rows = [row for bounds in self.bounds for row in bounds.rows]
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}

    @property
    def expectations(self) -> list[Expectation]:
        return [expectation for frame in self.frames for expectation in frame.expectations]

    @model_validator(mode="after")
    def _names_its_expectations_apart(self) -> Suite:
        names = [expectation.name for expectation in self.expectations]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"expectations stand more than once: {sorted(twice)}")
        return self


def load_suites(folder: Path = SUITES) -> dict[str, Suite]:
    """Every suite of a folder, by name: the name is the file's, ``<schema>_<table>``.

    Raises:
        ValueError: a suite is wrong; names the file and the field.
    """
    suites = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            rules = yaml.safe_load(path.read_text(encoding="utf-8"))
            suites[path.stem] = Suite.model_validate({**rules, "name": path.stem})
        except (ValidationError, yaml.YAMLError, TypeError) as error:
            raise ValueError(f"{path}: {error}") from error
    return suites
