"""The source watch against a local server, and what Dagster and people are told of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.watch import build_watch
from orchestration.settings import Settings
from orchestration.sources.registry import Download, Registry, load_registry
from orchestration.sources.watch import Observed, watch
from tests.support.hook import listening

SOURCE = "population_mid2019"


@dataclass
class Publisher:
    """One address, the file that stands there, and which requests were answered in full."""

    port: int = 0
    body: bytes = b"the first issue"
    status: int = 200
    sent: list[int] = field(default_factory=list)


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    made = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            etag = f'"{hash(made.body)}"'
            known = self.headers.get("If-None-Match") == etag
            status = 304 if known and made.status == 200 else made.status
            made.sent.append(status)
            self.send_response(status)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", "0" if status == 304 else str(len(made.body)))
            self.end_headers()
            if status != 304:
                self.wfile.write(made.body)

        def log_message(self, *_: object) -> None:
            """Not in the output of the tests."""

    monkeypatch.setenv("NO_PROXY", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def registry(publisher: Publisher) -> Registry:
    """The sample's registry with one address, the local one."""
    found = load_registry("sample")
    sources = tuple(
        source.model_copy(
            update={"download": Download(url=f"http://127.0.0.1:{publisher.port}/file.csv")}
        )
        if source.id == SOURCE
        else source
        for source in found.sources
    )
    return found.model_copy(update={"sources": sources})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("sample", tmp_path, tmp_path / "inbox")


def seen(settings: Settings, registry: Registry) -> Observed:
    (observed,) = watch(settings, registry)
    return observed


def in_use(settings: Settings, content: bytes) -> None:
    settings.inbox.mkdir(exist_ok=True)
    (settings.inbox / "population_mid2019_lsoa11.csv").write_bytes(content)


def test_the_file_in_use_is_no_news_and_is_not_sent_twice(
    settings: Settings, registry: Registry, publisher: Publisher
) -> None:
    in_use(settings, publisher.body)
    for _ in range(2):
        observed = seen(settings, registry)
        assert not observed.differs
        assert not observed.is_news
    assert publisher.sent == [200, 304]


def test_a_reissue_differs_and_is_news_once_and_is_not_taken(
    settings: Settings, registry: Registry, publisher: Publisher
) -> None:
    in_use(settings, publisher.body)
    seen(settings, registry)
    publisher.body = b"the second issue"
    first, second = seen(settings, registry), seen(settings, registry)
    assert (first.differs, first.is_news) == (True, True)
    assert (second.differs, second.is_news) == (True, False)
    assert publisher.sent == [200, 200, 304]
    assert "not taken" in str(first)
    assert not settings.vault.exists()


def test_an_address_that_fails_is_told_and_the_next_look_goes_on(
    settings: Settings, registry: Registry, publisher: Publisher
) -> None:
    in_use(settings, publisher.body)
    publisher.status = 404
    assert "404" in seen(settings, registry).problem
    publisher.status = 200
    assert not seen(settings, registry).problem


def test_a_source_with_two_files_is_told_and_its_news_is_kept_for_the_next_look(
    settings: Settings, registry: Registry, publisher: Publisher
) -> None:
    in_use(settings, b"one")
    second = settings.inbox / "population_mid2019_lsoa11_again.csv"
    second.write_bytes(b"two")
    assert "several different files" in seen(settings, registry).problem
    second.unlink()
    assert seen(settings, registry).is_news


def test_the_job_observes_the_source_and_tells_people(
    settings: Settings, registry: Registry, publisher: Publisher
) -> None:
    in_use(settings, publisher.body)
    with listening() as hook, dg.instance_for_test() as instance:
        told = Settings(
            settings.profile,
            settings.data,
            settings.inbox,
            notify=(f"json://127.0.0.1:{hook.port}/lbn",),
        )
        job, schedule = build_watch(told, registry)
        assert job.execute_in_process(instance=instance).success
        assert hook.posts == []
        publisher.body = b"the second issue"
        result = job.execute_in_process(instance=instance)
        (observation,) = (
            event.asset_observation_data.asset_observation
            for event in result.all_events
            if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION
        )
    assert observation.asset_key == dg.AssetKey(["sample", "source", SOURCE])
    assert "another file than the one in use" in (observation.description or "")
    # While it looks it is alive, for whoever asks.
    alive = {path.stem for path in (settings.dagster_home / "alive").iterdir()}
    assert result.run_id in alive
    (post,) = hook.posts
    assert SOURCE in post["message"]
    assert schedule.cron_schedule == "0 7 1 * *"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
