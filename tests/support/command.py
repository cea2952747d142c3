"""The command in this process, bound to a data root, and which options a test has seen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from typer.testing import CliRunner

from orchestration.cli.main import app

COVERED: set[tuple[str, str]] = set()
Test = TypeVar("Test", bound=Callable[..., None])


def of(command: str, *options: str) -> Callable[[Test], Test]:
    """Say which options of a command a test sees the effect of."""

    def mark(test: Test) -> Test:
        COVERED.update((command, option) for option in options)
        return test

    return mark


class Asked:
    """A command's answer."""

    def __init__(self, result: Any) -> None:
        self.code: int = result.exit_code
        self.out: str = result.stdout
        self.err: str = result.stderr
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        assert self.code == 0, self.err
        return list(csv.DictReader(io.StringIO(self.out)))


class Ask:
    """The command bound to a data root, in this process."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __call__(self, *arguments: str, **environment: str) -> Asked:
        variables = {
            "LBN_DATA": str(self.data),
            "LBN_PROFILE": "",
            "LBN_INBOX": "",
            "LBN_FETCH": "",
        } | environment
        return Asked(CliRunner().invoke(app, list(arguments), env=variables))
