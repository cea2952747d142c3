"""The downloader against a real HTTP server on the loopback interface, friendly and hostile."""

import csv
import gzip
import hashlib
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import trustme

from orchestration.sources.arcgis import download_arcgis_features, download_arcgis_table
from orchestration.sources.download import (
    Downloaded,
    DownloadError,
    Limits,
    Validators,
    download_file,
    download_if_changed,
)

QUICK = Limits(connect_seconds=2, read_seconds=2, total_seconds=20, retries=2, backoff_seconds=0)
CSV = "lsoa21_code,name\nE01000001,Bwthyn Tŷ\n".encode()
Query = dict[str, str]


@dataclass
class Reply:
    body: bytes = CSV
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_length: int | None = -1  # -1: the truth, None: not sent
    pause_seconds: float = 0  # before each of its bytes


@dataclass
class Site:
    """Answers each path with a reply, or with what a function makes of the query."""

    url: str
    replies: dict[str, Reply | Callable[[Query], Reply]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    user_agents: set[str] = field(default_factory=set)
    connections: int = 0

    def serve(self, path: str, reply: Reply | Callable[[Query], Reply]) -> str:
        self.replies[path] = reply
        return self.url + path

    def serve_in_turn(self, path: str, *replies: Reply) -> str:
        turns = iter(replies)
        return self.serve(path, lambda _: next(turns))


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            here.requests.append(path)
            here.user_agents.add(self.headers["User-Agent"])
            reply = here.replies.get(path, Reply(b"not here", 404))
            if callable(reply):
                reply = reply({name: values[-1] for name, values in query.items()})
            self.send_response(reply.status)
            self.send_header("Connection", "close")
            if reply.content_length is not None:
                truth = reply.content_length == -1
                self.send_header(
                    "Content-Length", str(len(reply.body) if truth else reply.content_length)
                )
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            pieces = [reply.body]
            if reply.pause_seconds:
                pieces = [reply.body[i : i + 1] for i in range(len(reply.body))]
            try:
                for piece in pieces:
                    time.sleep(reply.pause_seconds)
                    self.wfile.write(piece)
            except ConnectionError:
                pass  # the client has left, as it should

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def get_request(self) -> tuple[socket.socket, Any]:
            here.connections += 1
            return super().get_request()

        def handle_error(self, *_: object) -> None:
            assert tls, "only a client that does not trust us may break off"

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    here = Site(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_proxy_and_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as here:
        yield here


Fetch = Callable[..., Downloaded]


def refused(
    url: str, folder: Path, because: str, limits: Limits = QUICK, fetch: Fetch = download_file
) -> str:
    """The message of a download that must fail, leaving what stood there and nothing else."""
    destination = folder / "file"
    destination.write_bytes(b"the previous file")
    with pytest.raises(DownloadError, match=because) as failure:
        fetch(url, destination, limits=limits)
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert destination.read_bytes() == b"the previous file"
    return str(failure.value)


# --- One file -------------------------------------------------------------------------------------


def test_a_file_arrives_with_its_provenance(site: Site, tmp_path: Path) -> None:
    url = site.serve("/file.csv", Reply(headers={"Content-Type": "text/csv"}))
    got = download_file(url, tmp_path / "file.csv", limits=QUICK)
    assert (tmp_path / "file.csv").read_bytes() == CSV
    assert got == Downloaded(
        path=tmp_path / "file.csv",
        url=url,
        sha256=hashlib.sha256(CSV).hexdigest(),
        bytes=len(CSV),
        retrieved_at=got.retrieved_at,
        content_type="text/csv",
    )
    assert datetime.fromisoformat(got.retrieved_at).utcoffset() is not None
    assert len(got.retrieved_at) == len("2025-11-20T09:30:00+00:00")
    assert site.user_agents == {"left-behind-neighbourhoods"}
    assert [path.name for path in tmp_path.iterdir()] == ["file.csv"]


def test_a_file_that_is_known_is_not_sent_again(site: Site, tmp_path: Path) -> None:
    said = {"ETag": '"one"', "Last-Modified": "Thu, 20 Nov 2025 09:30:00 GMT"}
    url = site.serve_in_turn("/file.csv", Reply(headers=said), Reply(b"", 304), Reply(b"another"))
    known = download_file(url, tmp_path / "file", limits=QUICK).validators
    assert known == Validators(said["ETag"], said["Last-Modified"])
    assert download_if_changed(url, tmp_path / "file", known, limits=QUICK) is None
    assert (tmp_path / "file").read_bytes() == CSV
    changed = download_if_changed(url, tmp_path / "file", known, limits=QUICK)
    assert changed is not None
    assert (tmp_path / "file").read_bytes() == b"another"


def test_a_304_that_nobody_asked_for_is_refused(site: Site, tmp_path: Path) -> None:
    refused(site.serve("/file.csv", Reply(b"", 304)), tmp_path, "304")


def test_a_reissue_at_the_same_address_has_another_hash(site: Site, tmp_path: Path) -> None:
    url = site.serve_in_turn("/file.csv", Reply(b"October"), Reply(b"November"))
    first = download_file(url, tmp_path / "file", limits=QUICK)
    second = download_file(url, tmp_path / "file", limits=QUICK)
    assert first.sha256 != second.sha256
    assert (tmp_path / "file").read_bytes() == b"November"


def test_a_truncated_body_is_retried_then_refused(site: Site, tmp_path: Path) -> None:
    url = site.serve("/file.csv", Reply(content_length=len(CSV) + 1))
    refused(url, tmp_path, "failed 3 times")
    assert len(site.requests) == 3


def test_a_body_that_is_whole_at_the_second_attempt_is_written_once(
    site: Site, tmp_path: Path
) -> None:
    url = site.serve_in_turn("/file.csv", Reply(b"broken off", content_length=99), Reply())
    got = download_file(url, tmp_path / "file", limits=QUICK)
    assert got.sha256 == hashlib.sha256(CSV).hexdigest()
    assert (tmp_path / "file").read_bytes() == CSV


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"Sorry!", headers={"Content-Type": "text/html; charset=utf-8"}),
        Reply(b"\xef\xbb\xbf \r\n<!DOCTYPE HTML><p>Moved", headers={"Content-Type": "text/csv"}),
        Reply(b"\n<html lang=en>"),
    ],
)
def test_a_web_page_is_not_a_data_file(site: Site, tmp_path: Path, reply: Reply) -> None:
    refused(site.serve("/file.csv", reply), tmp_path, "web page.*landing page")


def test_an_empty_file_is_refused(site: Site, tmp_path: Path) -> None:
    refused(site.serve("/file.csv", Reply(b"")), tmp_path, "received nothing")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_missing_file_is_not_asked_for_twice(site: Site, tmp_path: Path, status: int) -> None:
    url = site.serve("/file.csv", Reply(b"no", status))
    message = refused(url, tmp_path, f"{status} .*may have moved.*landing page")
    assert url in message
    assert len(site.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(site: Site, tmp_path: Path, status: int) -> None:
    busy = Reply(b"busy", status, {"Retry-After": "0"})
    url = site.serve_in_turn("/file.csv", busy, busy, Reply())
    assert download_file(url, tmp_path / "file", limits=QUICK).bytes == len(CSV)
    assert len(site.requests) == 3


def test_a_server_that_stays_busy_is_given_up(site: Site, tmp_path: Path) -> None:
    busy = Reply(b"busy", 503, {"Retry-After": "86400"})
    started = time.monotonic()
    limits = Limits(retries=1, backoff_seconds=0, max_wait_seconds=0.1)
    refused(site.serve("/file.csv", busy), tmp_path, "failed 2 times: .*503", limits)
    assert 0.1 <= time.monotonic() - started < 2


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    refused("http://127.0.0.1:9/file.csv", tmp_path, "failed 3 times, at last with ConnectError")


def test_a_silent_server_is_given_up(site: Site, tmp_path: Path) -> None:
    url = site.serve("/file.csv", Reply(pause_seconds=0.5))
    limits = Limits(read_seconds=0.1, retries=1, backoff_seconds=0)
    refused(url, tmp_path, "failed 2 times, at last with ReadTimeout", limits)


def test_a_dripping_server_is_given_up(site: Site, tmp_path: Path) -> None:
    url = site.serve("/file.csv", Reply(b"x" * 100, pause_seconds=0.05))
    refused(url, tmp_path, "not finished after 0.2 seconds", Limits(total_seconds=0.2))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(b"x", content_length=11), id="by its Content-Length"),
        pytest.param(Reply(b"x" * 11, content_length=None), id="by what arrives"),
        pytest.param(
            Reply(gzip.compress(b"x" * 1_000_000), headers={"Content-Encoding": "gzip"}),
            id="once unzipped",
        ),
    ],
)
def test_a_file_that_is_too_large_is_refused(site: Site, tmp_path: Path, reply: Reply) -> None:
    limits = Limits(max_bytes=5_000 if reply.headers else 10)
    refused(site.serve("/file.csv", reply), tmp_path, "larger than .* raise the limit", limits)
    assert len(site.requests) == 1


def test_a_zipped_reply_is_unzipped(site: Site, tmp_path: Path) -> None:
    url = site.serve("/file.csv", Reply(gzip.compress(CSV), headers={"Content-Encoding": "gzip"}))
    got = download_file(url, tmp_path / "file", limits=QUICK)
    assert (got.sha256, got.bytes) == (hashlib.sha256(CSV).hexdigest(), len(CSV))
    assert (tmp_path / "file").read_bytes() == CSV


@pytest.mark.parametrize(
    "body",
    [gzip.compress(CSV)[:-9], gzip.compress(CSV) + b"more", CSV],
    ids=["broken off", "with more behind it", "not zipped"],
)
def test_a_broken_zipped_reply_is_refused(site: Site, tmp_path: Path, body: bytes) -> None:
    reply = Reply(body, headers={"Content-Encoding": "gzip"}, content_length=None)
    refused(site.serve("/file.csv", reply), tmp_path, "failed 3 times")


def test_an_unknown_encoding_is_refused(site: Site, tmp_path: Path) -> None:
    reply = Reply(headers={"Content-Encoding": "gzip, gzip"})
    refused(site.serve("/file.csv", reply), tmp_path, "unknown encoding")


# --- Time -----------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LIMIT = Limits(read_seconds=5, total_seconds=0.6)


@contextmanager
def dripping(first: bytes, drip: bytes) -> Iterator[str]:
    """An address that answers with some bytes and then with ever the same, until we are gone."""
    done = threading.Event()

    def answer(server: socket.socket) -> None:
        while not done.is_set():
            with suppress(OSError), server.accept()[0] as connection:
                connection.sendall(first)
                # Far more often than the longest silence, so that no time-out of httpx is met.
                while not done.wait(0.05):
                    connection.sendall(drip)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,), daemon=True)
        thread.start()
        yield "127.0.0.1:{1}/file.csv".format(*server.getsockname())
        done.set()
        # Nobody is accepted any more.
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    ("scheme", "first", "drip"),
    [
        pytest.param("http", HEAD + b"X-Long: ", b"x", id="a header"),
        pytest.param("http", HEAD, b"X-Many: x\r\n", id="headers"),
        pytest.param("http", b"", CONTINUE, id="100 Continue"),
        pytest.param(
            "http", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;", b"x", id="a chunk's extension"
        ),
        pytest.param("http", HEAD + b"Content-Length: 999\r\n\r\n", b"x", id="a body"),
        pytest.param("http", HEAD + b"\r\n", b"x", id="a body without an end"),
        # A record of a handshake, of 16 KB, that never gets there.
        pytest.param("https", b"\x16\x03\x03\x3f\xff", b"\x02", id="a handshake"),
    ],
)
def test_the_limit_is_on_the_clock_whatever_drips(
    tmp_path: Path, scheme: str, first: bytes, drip: bytes
) -> None:
    with dripping(first, drip) as place:
        began = time.monotonic()
        refused(f"{scheme}://{place}", tmp_path, "not finished after 0.6 seconds", LIMIT)
        assert time.monotonic() - began < 2


def test_a_layer_that_drips_is_given_up_too(tmp_path: Path) -> None:
    with dripping(HEAD + b"X-Long: ", b"x") as place:
        url = f"http://{place}"
        refused(url, tmp_path, "not finished after", LIMIT, download_arcgis_features)


def test_a_file_without_a_length_that_the_limit_cuts_off_is_not_taken_for_whole(
    site: Site, tmp_path: Path
) -> None:
    """The last byte is here, and the server says no more and does not hang up."""
    with dripping(HEAD + b"\r\n" + CSV, b"") as place:
        refused(f"http://{place}", tmp_path, "not finished after", LIMIT)


def test_a_pause_ends_with_the_limit(site: Site, tmp_path: Path) -> None:
    busy = site.serve("/file.csv", Reply(b"busy", 503, {"Retry-After": "30"}))
    began = time.monotonic()
    refused(busy, tmp_path, "not finished after 0.6 seconds", LIMIT)
    assert time.monotonic() - began < 2


# --- Addresses and redirects ----------------------------------------------------------------------


def to(location: str) -> Reply:
    return Reply(b"", 302, {"Location": location})


def test_a_redirect_is_followed_and_recorded(site: Site, tmp_path: Path) -> None:
    start, end = site.serve("/old", to("/new")), site.serve("/new", Reply())
    assert download_file(start, tmp_path / "file", limits=QUICK).url == end
    assert site.requests == ["/old", "/new"]


def test_redirects_end(site: Site, tmp_path: Path) -> None:
    refused(site.serve("/round", to("/round")), tmp_path, "more than 5 times")
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/hostname", "ftp://127.0.0.1/file", "data:text/csv,a", "gopher:x"]
)
def test_a_redirect_stays_on_http(site: Site, tmp_path: Path, location: str) -> None:
    refused(site.serve("/old", to(location)), tmp_path, "only http and https|cannot be made")
    assert site.requests == ["/old"]


def test_a_redirect_from_https_to_http_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insecure = httpx.MockTransport(
        lambda _: httpx.Response(302, headers={"Location": "http://127.0.0.1/file"})
    )
    client = httpx.Client(transport=insecure)
    monkeypatch.setattr(httpx, "Client", lambda **_: client)
    refused("https://127.0.0.1/file", tmp_path, "from https to insecure http")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/hostname", "ftp://127.0.0.1/x", "/etc/hostname", "http://", "http://a:b/", ""],
)
def test_only_web_addresses_are_fetched(tmp_path: Path, url: str) -> None:
    refused(url, tmp_path, "only http and https|not an address")


def test_a_password_is_neither_sent_nor_shown(site: Site, tmp_path: Path) -> None:
    url = site.url.replace("//", "//me:secret@")
    assert "secret" not in refused(url, tmp_path, "must not hold a password")
    assert not site.requests


@pytest.mark.parametrize("url", ["http://example.org/file.csv", "http://10.0.0.1/file.csv"])
def test_only_this_machine_is_asked_without_tls(site: Site, tmp_path: Path, url: str) -> None:
    refused(url, tmp_path, "https is needed")
    refused(site.serve("/old", to(url)), tmp_path, f"redirected to {url}: .*https is needed")


SIGNED = (
    "/file.csv?X-Amz-Signature=s3cret&v=1&sig=s3cret&Key=s3cret&access_token=s3cret#token=s3cret"
)


def test_a_signed_redirect_is_followed_and_its_signature_kept_out(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site.serve("/file.csv", Reply())
    got = download_file(site.serve("/old", to(SIGNED)), tmp_path / "file", limits=QUICK)
    assert got.url.startswith(f"{site.url}/file.csv?X-Amz-Signature=...&v=1&sig=...")
    assert "s3cret" not in got.url + caplog.text


@pytest.mark.parametrize("reply", [Reply(b"no", 404), Reply(b"busy", 503), Reply(b"")])
def test_a_failure_behind_a_signed_redirect_does_not_tell_the_signature(
    site: Site, tmp_path: Path, reply: Reply
) -> None:
    site.serve("/file.csv", reply)
    url = site.serve("/old", to(SIGNED))
    assert "s3cret" not in refused(url, tmp_path, "404|503|nothing")


def test_a_redirect_with_a_password_is_not_followed(site: Site, tmp_path: Path) -> None:
    url = site.serve("/old", to(site.url.replace("//", "//me:s3cret@") + "/file.csv"))
    assert "s3cret" not in refused(url, tmp_path, "must not hold a password")
    assert site.requests == ["/old"]


# --- Certificates ---------------------------------------------------------------------------------


@pytest.fixture
def authority() -> trustme.CA:
    """An authority that no machine knows, as the proxy of an office has one."""
    return trustme.CA()


def certified(authority: trustme.CA, *hosts: str, **how: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts, **how).configure_cert(context)
    return context


def trust(authority: trustme.CA, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    authority.cert_pem.write_to_path(str(folder / "office.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "office.pem"))


def test_the_certificate_of_an_office_proxy_is_met_once_and_what_to_set_helps(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder := tmp_path / "download").mkdir()
    with serving(certified(authority, "127.0.0.1")) as office:
        url = office.serve("/file.csv", Reply())
        message = refused(
            url, folder, "no safe connection to 127.0.0.1 .*CERTIFICATE_VERIFY_FAILED"
        )
        assert "set SSL_CERT_FILE" in message
        assert "runbook" in message
        assert (office.connections, office.requests) == (1, [])
        trust(authority, tmp_path / "trusted", monkeypatch)
        assert download_file(url, folder / "file", limits=QUICK).bytes == len(CSV)
        assert office.requests == ["/file.csv"]


def test_a_layer_behind_an_office_proxy_is_met_once_too(
    authority: trustme.CA, tmp_path: Path
) -> None:
    with serving(certified(authority, "127.0.0.1")) as office:
        url = office.serve(QUERY, Layer(records=7))
        refused(url, tmp_path, "set SSL_CERT_FILE", fetch=download_arcgis_table)
        assert office.connections == 1


def test_a_certificate_that_has_expired(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder := tmp_path / "download").mkdir()
    trust(authority, tmp_path / "trusted", monkeypatch)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with serving(certified(authority, "127.0.0.1", not_after=yesterday)) as late:
        message = refused(late.serve("/file.csv", Reply()), folder, "expired.*clock")
        assert "SSL_CERT_FILE" not in message
        assert late.connections == 1


def test_a_certificate_of_another_host(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder := tmp_path / "download").mkdir()
    trust(authority, tmp_path / "trusted", monkeypatch)
    with serving(certified(authority, "wifi.example.org")) as other:
        message = refused(other.serve("/file.csv", Reply()), folder, "Another site answers")
        assert "SSL_CERT_FILE" not in message
        assert other.connections == 1


def test_a_server_that_talks_no_tls_is_asked_once(site: Site, tmp_path: Path) -> None:
    url = site.serve("/file.csv", Reply()).replace("http:", "https:")
    refused(url, tmp_path, "no safe connection to 127.0.0.1 .*landing page")
    assert site.connections == 1


def test_a_redirect_to_a_host_that_is_not_trusted_names_that_host(
    site: Site, authority: trustme.CA, tmp_path: Path
) -> None:
    with serving(certified(authority, "127.0.0.1")) as office:
        url = site.serve("/old", to(office.serve("/file.csv", Reply())))
        assert office.url in refused(url, tmp_path, "set SSL_CERT_FILE")
        assert (site.connections, office.connections) == (1, 1)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_certificates_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    (folder := tmp_path / "download").mkdir()
    pem = tmp_path / "office.pem"
    if content is not None:
        pem.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    refused("https://127.0.0.1/", folder, f"SSL_CERT_FILE is '{pem}', which holds no certificates")


# --- ArcGIS ---------------------------------------------------------------------------------------


@dataclass
class Layer:
    """A small imitation of an ArcGIS FeatureServer layer, and of what is wrong with some."""

    records: int = 4_500
    most: int = 2_000  # records that it sends at once
    advances: bool = True  # knows resultOffset
    knows_ids: bool = True  # knows objectIds
    stumbles_over: int = 1_000_000  # more than so many records asked for: the error
    error: dict[str, Any] | None = None  # to every request for records, unless it stumbles
    empty_pages: list[int] = field(default_factory=list)  # which of its answers are, by number
    asked: list[Query] = field(default_factory=list)

    def __call__(self, query: Query) -> Reply:
        self.asked.append(query)
        assert query["where"] == "1=1"
        return Reply(json.dumps(self.answer(query)).encode())

    @property
    def pages_asked(self) -> list[Query]:
        return [query for query in self.asked if "returnIdsOnly" not in query]

    def answer(self, query: Query) -> dict[str, Any]:
        ids = range(1, self.records + 1)
        if query.get("returnIdsOnly") == "true":
            # In no order: none is promised.
            return {"objectIdFieldName": "FID", "objectIds": [*reversed(ids)]}
        if "objectIds" in query and self.knows_ids:
            assert len(query["objectIds"]) < 2_000
            wanted = [int(each) for each in query["objectIds"].split(",")]
            count, page = len(wanted), [*reversed(wanted[: self.most])]
        else:
            count = int(query.get("resultRecordCount", self.most))
            start = int(query.get("resultOffset", 0)) if self.advances else 0
            page = [*ids[start : start + min(self.most, count)]]
            assert query.get("orderByFields") == "FID" or not self.knows_ids
        if count > self.stumbles_over or (self.error and self.stumbles_over > self.records):
            return {"error": self.error or {"code": 500, "message": "Error performing query"}}
        if len(self.pages_asked) in self.empty_pages:
            return {"features": [], "exceededTransferLimit": True}
        rows = [
            {"FID": i, "LAD24CD": f"E{i:08}", "LAD24NM": 'Tŷ, "upper"\r', "area": 0.1, "note": None}
            for i in page
        ]
        more = {"exceededTransferLimit": True} if page and page[-1] < self.records else {}
        if query["f"] == "geojson":
            assert query["outSR"] == "4326"
            point = {"type": "Point", "coordinates": [-1.5, 53.25]}
            features = [{"type": "Feature", "geometry": point, "properties": row} for row in rows]
            return {"type": "FeatureCollection", "properties": more, "features": features}
        assert query["returnGeometry"] == "false"
        return {"features": [{"attributes": row} for row in rows], **more}


def ids_in(file: Path) -> list[int]:
    """The object ids of what was downloaded, as it stands there."""
    text = file.read_text(encoding="utf-8")
    if text.startswith("{"):
        return [each["properties"]["FID"] for each in json.loads(text)["features"]]
    return [int(row["FID"]) for row in csv.DictReader(text.splitlines(keepends=True))]


QUERY = "/FeatureServer/0/query"
EITHER = pytest.mark.parametrize("fetch", [download_arcgis_table, download_arcgis_features])


def test_a_table_arrives_in_pages_as_one_csv(site: Site, tmp_path: Path) -> None:
    layer = Layer()
    url = site.serve(QUERY, layer)
    got = download_arcgis_table(url, tmp_path / "lad.csv", limits=QUICK)
    with got.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["FID", "LAD24CD", "LAD24NM", "area", "note"]
    assert rows[-1] == ["4500", "E00004500", 'Tŷ, "upper"\r', "0.1", ""]
    assert [int(row[0]) for row in rows[1:]] == list(range(1, 4_501))
    assert [query["resultOffset"] for query in layer.asked[1:]] == ["0", "2000", "4000"]
    assert got.sha256 == hashlib.sha256(got.path.read_bytes()).hexdigest()
    assert (got.url, got.content_type) == (url, "text/csv")
    assert got.bytes == got.path.stat().st_size


def test_features_arrive_in_pages_as_one_geojson(site: Site, tmp_path: Path) -> None:
    url = site.serve(QUERY, layer := Layer(most=1_000))  # fewer a page than asked for
    got = download_arcgis_features(url, tmp_path / "lad.geojson", limits=QUICK)
    collection = json.loads(got.path.read_text(encoding="utf-8"))
    assert collection["type"] == "FeatureCollection"
    assert [each["properties"]["FID"] for each in collection["features"]] == list(range(1, 4_501))
    assert collection["features"][0]["geometry"]["coordinates"] == [-1.5, 53.25]
    assert len(layer.asked) == 1 + 5
    assert got.sha256 == hashlib.sha256(got.path.read_bytes()).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == ["lad.geojson"]


@EITHER
def test_a_single_full_page_ends(site: Site, tmp_path: Path, fetch: Fetch) -> None:
    url = site.serve(QUERY, Layer(records=2_000))
    fetch(url, tmp_path / "file", limits=QUICK)
    assert len(site.requests) == 2


# As they are met: what the layer does, and how many requests it then takes, ids included.
MET = {
    "caps its pages": (Layer(records=7, most=3), 1 + 3),
    "does not know an offset": (Layer(records=7, most=3, advances=False), 1 + 2 + 2),
    "does not know an offset and sends all": (Layer(records=7, advances=False), 1 + 1),
    "sends an empty page": (Layer(records=7, most=3, empty_pages=[2]), 1 + 3 + 1),
    "sends empty pages for long": (Layer(records=7, most=3, empty_pages=[2, 3, 4]), 1 + 1 + 3 + 2),
    "fails on large pages": (Layer(records=7, stumbles_over=4), 1 + 3 + 4),
    "fails on large pages and knows no ids": (
        Layer(records=7, stumbles_over=4, knows_ids=False),
        1 + 3 + 4,
    ),
    "refuses large pages": (
        Layer(records=7, stumbles_over=4, error={"code": 400, "message": "Cannot perform query"}),
        1 + 1 + 4,
    ),
    "fails on every large page and offset": (
        Layer(records=7, most=3, advances=False, stumbles_over=4),
        1 + 3 + 1 + 1 + 1 + 3,
    ),
}


@EITHER
@pytest.mark.parametrize("met", MET)
def test_every_record_of_a_layer_arrives_in_order_and_once(
    site: Site, tmp_path: Path, fetch: Fetch, met: str
) -> None:
    layer, requests = MET[met]
    layer.asked.clear()
    fetch(site.serve(QUERY, layer), tmp_path / "file", limits=QUICK)
    assert ids_in(tmp_path / "file") == [1, 2, 3, 4, 5, 6, 7]
    assert len(layer.asked) == requests


@EITHER
def test_a_layer_without_pages_is_asked_for_its_ids_in_batches(
    site: Site, tmp_path: Path, fetch: Fetch
) -> None:
    layer = Layer(records=450, most=200, advances=False)
    fetch(site.serve(QUERY, layer), tmp_path / "file", limits=QUICK)
    assert ids_in(tmp_path / "file") == [*range(1, 451)]
    by_ids = [query["objectIds"].split(",") for query in layer.asked if "objectIds" in query]
    assert [len(each) for each in by_ids] == [100, 100, 50]


@EITHER
@pytest.mark.parametrize(("code", "attempts"), [(400, 1), (503, 3), (None, 1), (429, 3)])
def test_an_arcgis_error_with_status_200(
    site: Site, tmp_path: Path, fetch: Fetch, code: int | None, attempts: int
) -> None:
    layer = Layer(error={"code": code, "message": "Unable to complete operation."})
    refused(site.serve(QUERY, layer), tmp_path, "Unable to complete operation", fetch=fetch)
    # Then once for each smaller size, and by id: but not of a service that is busy as it is.
    assert len(layer.asked) == 1 + attempts + (0 if code == 429 else 6 + 5)


@EITHER
def test_a_service_that_never_advances(site: Site, tmp_path: Path, fetch: Fetch) -> None:
    layer = Layer(advances=False, knows_ids=False)
    message = refused(
        site.serve(QUERY, layer), tmp_path, "after 2,000 of 4,500 records", fetch=fetch
    )
    assert "smaller pages or by id" in message
    assert len(layer.asked) == 1 + 2 + 5


@EITHER
def test_a_server_that_is_gone_between_pages_is_not_asked_in_other_ways(
    site: Site, tmp_path: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def gone(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if "returnIdsOnly" in asked[-1]:
            ids = b'{"objectIdFieldName": "FID", "objectIds": [1, 2]}'
            return httpx.Response(200, stream=httpx.ByteStream(ids))
        raise httpx.ConnectError("refused")

    client = httpx.Client(transport=httpx.MockTransport(gone))
    monkeypatch.setattr(httpx, "Client", lambda **_: client)
    refused("http://127.0.0.1/query", tmp_path, "failed 3 times.*ConnectError", fetch=fetch)
    assert len(asked) == 1 + 3


@EITHER
@pytest.mark.parametrize(
    ("limits", "because"),
    [
        (Limits(max_pages=2), "4,500 records"),
        (Limits(max_pages=3), "not finished after 3 pages"),
        (Limits(max_bytes=150_000), "larger than"),
        (Limits(max_page_bytes=50_000), "larger than 50,000 bytes"),
    ],
)
def test_a_layer_that_is_too_large(
    site: Site, tmp_path: Path, fetch: Fetch, limits: Limits, because: str
) -> None:
    refused(site.serve(QUERY, Layer(most=1_000)), tmp_path, because, limits, fetch)


@EITHER
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"7",
        b'"error"',
        b"{}",
        b'{"error": "no"}',
        b"not json",
        b"[" * 100_000,
        b'{"objectIds": 7, "objectIdFieldName": "FID"}',
        b'{"objectIds": null, "objectIdFieldName": "FID"}',
        b'{"objectIds": [1], "objectIdFieldName": "FID"}',
        b'{"objectIds": [1], "objectIdFieldName": "FID", "features": [{}]}',
        b'{"objectIds": [1], "objectIdFieldName": "FID", "features": []}',
        (
            rb'{"objectIds": [1], "objectIdFieldName": "FID", "features": '
            rb'[{"attributes": {"FID": 1, "a": "\ud800"}, '
            rb'"properties": {"FID": 1, "a": "\ud800"}}]}'
        ),
    ],
)
def test_what_is_not_an_arcgis_reply(site: Site, tmp_path: Path, fetch: Fetch, body: bytes) -> None:
    refused(
        site.serve(QUERY, Reply(body)),
        tmp_path,
        "not the replies of an ArcGIS layer|holds no records|sent none",
        fetch=fetch,
    )


def test_fields_that_change_between_pages(site: Site, tmp_path: Path) -> None:
    pages = [
        {"objectIds": [1, 2], "objectIdFieldName": "FID"},
        {"features": [{"attributes": {"FID": 1, "name": "x"}}]},
        {"features": [{"attributes": {"FID": 2, "label": "x"}}]},
    ]
    url = site.serve_in_turn(QUERY, *(Reply(json.dumps(page).encode()) for page in pages))
    refused(url, tmp_path, "fields that differ", fetch=download_arcgis_table)
