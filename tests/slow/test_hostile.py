"""Source files as they must not be: each is refused in words, or does no harm, or is noticed.

Slow tier: some eight hundred mutants of the sample's files, each read in a process of its own.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.support.build import build_sample
from tests.support.mutations.kinds import HERE

# What one file may take of the machine. An archive may unpack to 1 GB, which is held once packed
# and once more as it is handed on.
MOST_MEMORY = 2_500_000_000
# The slowest takes 20 s on two cores that are shared.
MOST_SECONDS = 180


@pytest.fixture(scope="module")
def build(sample_inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    only = ("--resource-type", "seed")
    return build_sample(tmp_path_factory.mktemp("build"), sample_inbox, *only)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """Who called the server that mutants name."""
    callers: list[str] = []

    class Heard(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            callers.append(repr(self.request.recv(1000)))

    with socketserver.TCPServer(HERE, Heard) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield callers
        server.shutdown()
