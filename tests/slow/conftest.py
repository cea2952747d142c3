"""What the slow tests counted is printed at the end, whichever process counted it."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = [
        value
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in report.user_properties
        if name == "counted"
    ]
    if told:
        terminalreporter.section("counted")
    for line in told:
        terminalreporter.line(str(line))
