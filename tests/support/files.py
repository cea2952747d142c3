"""A publisher of one source of the sample, on the loopback interface."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestration.sources.registry import Download, Registry, load_registry


@dataclass
class Publisher:
    """One address, what stands there, and the sample's registry with that address in it."""

    url: str
    registry: Registry
    body: bytes = b""
    requests: int = 0


def _with_address(source_id: str, url: str) -> Registry:
    registry = load_registry("sample")
    sources = tuple(
        source.model_copy(update={"download": Download(url=url)})
        if source.id == source_id
        else source
        for source in registry.sources
    )
    return registry.model_copy(update={"sources": sources})


@contextmanager
def publishing(monkeypatch: pytest.MonkeyPatch, source_id: str) -> Iterator[Publisher]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.requests += 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(here.body)))
            self.end_headers()
            self.wfile.write(here.body)

        def log_message(self, *_: object) -> None:
            """Not in the output of the tests."""

    monkeypatch.setenv("NO_PROXY", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/official.csv"
        here = Publisher(url, _with_address(source_id, url))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield here
        server.shutdown()
