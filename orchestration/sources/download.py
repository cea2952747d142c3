"""Fetch one official file over http(s), whole or not at all.

What belongs here: HTTP, its failures and its limits. What does not: services that answer in pages
(arcgis.py), which files exist (the registry), where they are kept (the vault), and what they mean
(the readers).

Every address and every reply is treated as hostile: schemes, redirects, sizes and time are bounded,
and what arrives lies under a temporary name until it is complete. A redirect may be signed: nothing
that is written down of an address opens a door.
"""

import hashlib
import logging
import os
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from uuid import uuid4

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exception,
    wait_random_exponential,
)

from orchestration.sources.addresses import is_loopback, without_secrets

# They log whole addresses.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)

USER_AGENT = "left-behind-neighbourhoods"
MAX_REDIRECTS = 5
HTML_OPENINGS = (b"<!doctype html", b"<html")
FIND_ANEW = "The publisher may have moved the file: look for its address on the landing page."
TRY_LATER = "Try again later, or fetch the file by hand."
RAISE_LIMIT = "If the file really is that large, raise the limit."
FIX_ADDRESS = "Correct the address in the registry."
SET_CERTIFICATES = (
    "If a proxy of your office stands between, set SSL_CERT_FILE to a PEM file with the "
    "certificate of its authority; whoever runs it has that (docs/runbook.md, A download fails)."
)
# OpenSSL's codes for what is wrong with a certificate of an authority that is trusted.
FIX_CERTIFICATE = {
    **dict.fromkeys((9, 10), "Set this machine's clock right; if it is, the publisher must renew."),
    **dict.fromkeys((62, 64), f"Another site answers, such as a network's sign-in. {FIND_ANEW}"),
}

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What one download may cost. The defaults leave room above every file of the registry."""

    connect_seconds: float = 15.0
    read_seconds: float = 60.0  # the longest silence within a reply
    # Of the whole download, retries and pauses too. Only the look-up of a name can outlast it, by
    # what the system's resolver allows itself.
    total_seconds: float = 3600.0
    retries: int = 4  # of each request, after its first attempt
    backoff_seconds: float = 1.0  # doubles with each retry, with jitter
    max_wait_seconds: float = 60.0  # the longest pause, whatever Retry-After asks for
    max_bytes: int = 500_000_000  # decoded; for ArcGIS the sum of all replies
    max_page_bytes: int = 100_000_000  # one ArcGIS reply, which is parsed in memory
    page_records: int = 2_000
    ids_a_request: int = 100  # an address of 2,000 characters is refused by many servers
    max_pages: int = 1_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Downloaded:
    """What arrived, and where it was found: the file's provenance."""

    path: Path
    url: str  # after redirects, without a signature
    sha256: str
    bytes: int
    retrieved_at: str  # UTC, ISO 8601, to the second
    content_type: str
    validators: "Validators" = field(default_factory=lambda: Validators())


@dataclass(frozen=True)
class Validators:
    """What a server said of a file, to be asked with whether it is still the same."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, reply: httpx.Response) -> "Validators":
        return cls(reply.headers.get("etag", ""), reply.headers.get("last-modified", ""))

    @property
    def conditions(self) -> dict[str, str]:
        """The headers of a request for the file if it is another one by now."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in given.items() if value}


class DownloadError(Exception):
    """The file could not be had. The message says from where, what happened and what to do."""

    def __init__(self, url: httpx.URL | str, happened: str, remedy: str) -> None:
        self.happened, self.remedy = happened, remedy
        super().__init__(without_secrets(f"{url}: {happened} {remedy}"))


class KeptFailingError(DownloadError):
    """A failure that might have passed did not, at any attempt; its cause is the last one's."""


def download_file(url: str, destination: Path, *, limits: Limits = DEFAULT_LIMITS) -> Downloaded:
    """Fetch `url` into `destination`, which is replaced only once all of the file is here."""
    with session(url, limits) as opened, replacing(destination) as sink:
        reply = opened.fetch(sink)
    return sink.downloaded(
        destination, reply.url, reply.headers.get("content-type", ""), Validators.of(reply)
    )


def download_if_changed(
    url: str, destination: Path, known: Validators, *, limits: Limits = DEFAULT_LIMITS
) -> Downloaded | None:
    """Fetch `url` as `download_file` does; None where the server says that it is still the same."""
    try:
        with session(url, limits, known.conditions) as opened, replacing(destination) as sink:
            reply = opened.fetch(sink)
    except _NotModifiedError:
        return None
    return sink.downloaded(
        destination, reply.url, reply.headers.get("content-type", ""), Validators.of(reply)
    )


# --- The file on disk -----------------------------------------------------------------------------


class Sink:
    """A file being written, with its hash and its size."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.restart()

    def restart(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.size += len(data)

    def downloaded(
        self,
        path: Path,
        url: httpx.URL,
        content_type: str,
        validators: Validators = Validators(),
    ) -> Downloaded:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        sha256 = self.sha256.hexdigest()
        told = without_secrets(str(url))
        return Downloaded(path, told, sha256, self.size, now, content_type, validators)


@contextmanager
def replacing(destination: Path) -> Iterator[Sink]:
    """A file beside `destination` that takes its place if the block succeeds, or else vanishes."""
    part = destination.with_name(f".{uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            yield Sink(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, destination)
    finally:
        part.unlink(missing_ok=True)


# --- HTTP -----------------------------------------------------------------------------------------


class _NotModifiedError(Exception):
    """The server has the file that the request knows of."""


class PassingError(Exception):
    """A failure that may be gone at the next attempt, and the pause the server asks for."""

    def __init__(self, happened: str, wait_seconds: float = 0) -> None:
        super().__init__(happened)
        self.wait_seconds = wait_seconds


class BusyError(PassingError):
    """The server asks to be left alone for a while."""


# httpx reports a body shorter than its Content-Length, or unfinished chunks, as RemoteProtocolError
PASSING = (
    PassingError,
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,
    zlib.error,
)


def passing_failure(status: str) -> type[PassingError] | None:
    """The kind of failure that a status is, if it may pass."""
    if status == "429":
        return BusyError
    return PassingError if re.fullmatch("5[0-9]{2}", status) else None


@contextmanager
def session(
    url: str, limits: Limits, conditions: Mapping[str, str] | None = None
) -> Iterator["Session"]:
    # identity: these files are fetched once, and Content-Length then speaks of the file itself
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(conditions or {})}
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise DownloadError(url, f"this is not an address ({error}).", FIX_ADDRESS) from error
    try:
        client = httpx.Client(headers=headers)
    except OSError as error:  # httpx reads SSL_CERT_FILE here
        named = os.environ.get("SSL_CERT_FILE")
        happened = f"SSL_CERT_FILE is '{named}', which holds no certificates ({error})."
        raise DownloadError(url, happened, SET_CERTIFICATES) from error
    with client, Deadline(limits.total_seconds) as deadline:
        yield Session(client, address, limits, deadline)


class Deadline:
    """The end of a download, kept whatever its connections wait for.

    A time-out of httpx begins anew with each byte, so a server could drip for ever: headers, the
    extensions of chunks, one ``100 Continue`` after the other. So the end shuts the sockets down.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def traced(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by httpcore what a connection does; that it has a socket now, for one."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            if not self.seconds_left:
                self._hang_up()

    def _hang_up(self) -> None:
        for each in list(self._sockets):
            # One that was closed, or that a secure one has taken over, is not there any more.
            with suppress(OSError):
                # Not the method of a secure socket, which the thread that reads from it uses too.
                socket.socket.shutdown(each, socket.SHUT_RDWR)


class Session:
    """The requests of one download, which share a connection, a deadline and a budget of bytes."""

    def __init__(
        self, client: httpx.Client, url: httpx.URL, limits: Limits, deadline: Deadline
    ) -> None:
        self.client = client
        self.url = url
        self.limits = limits
        self.deadline = deadline
        self.bytes_left = limits.max_bytes

    def fetch(self, sink: Sink) -> httpx.Response:
        """Write the file at the session's address to `sink`; the reply returned is closed."""
        return self.retrying(self.url, lambda: self.fetch_into(self.url, sink, self.bytes_left))

    def retrying(self, url: httpx.URL, attempt: Callable[[], T], retries: int | None = None) -> T:
        """What an attempt gives that succeeds; of those that fail, passing failures are repeated.

        Raises:
            KeptFailingError: no attempt succeeded.
            DownloadError: a failure that stays.
        """
        most = self.limits.retries if retries is None else retries
        retrying = Retrying(
            retry=retry_if_exception_type(PASSING),
            stop=stop_after_attempt(most + 1),
            wait=wait_random_exponential(self.limits.backoff_seconds, self.limits.max_wait_seconds)
            + wait_exception(self._requested_wait),
            sleep=lambda seconds: time.sleep(min(seconds, self.deadline.seconds_left)),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except PASSING as error:
            self._check_deadline(url)
            attempts = retrying.statistics["attempt_number"]
            happened = f"failed {attempts} times, at last with {type(error).__name__} ({error})."
            if isinstance(error, PassingError):
                happened = f"failed {attempts} times: {error}"
            raise KeptFailingError(url, happened, TRY_LATER) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            happened = f"the request cannot be made ({error})."
            raise DownloadError(url, happened, FIX_ADDRESS) from error

    def _requested_wait(self, error: BaseException) -> float:
        wait = error.wait_seconds if isinstance(error, PassingError) else 0
        return min(wait, self.limits.max_wait_seconds)

    def fetch_into(self, url: httpx.URL, sink: Sink, max_bytes: int) -> httpx.Response:
        """One attempt at the file at an address."""
        sink.restart()
        with self._opened(url) as response:
            too_large = DownloadError(url, f"larger than {max_bytes:,} bytes.", RAISE_LIMIT)
            if int(response.headers.get("content-length", 0)) > max_bytes:
                raise too_large
            opening = b""
            for piece in _decoded(response):
                self._check_deadline(url)
                if sink.size + len(piece) > max_bytes:
                    raise too_large
                if len(opening) < 1024:
                    opening += piece[:1024]
                sink.write(piece)
            # A connection that was shut down can look like the end of the file.
            self._check_deadline(url)
        media_type = response.headers.get("content-type", "").lower()
        words = opening.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        if media_type.startswith("text/html") or words.startswith(HTML_OPENINGS):
            raise DownloadError(url, "expected a data file, received a web page.", FIND_ANEW)
        if sink.size == 0:
            raise DownloadError(url, "expected a data file, received nothing.", FIND_ANEW)
        return response

    @contextmanager
    def _opened(self, url: httpx.URL) -> Iterator[httpx.Response]:
        """The reply with status 200 at the end of the redirects, its body still to be read.

        Redirects are followed here, not by httpx, which would read their bodies into memory and
        leave https for http.
        """
        request = self.client.build_request("GET", url)
        for _ in range(MAX_REDIRECTS + 1):
            self._check_deadline(url)
            _check_address(url, request.url)
            response = self._sent(request)
            try:
                if response.next_request is None:
                    _check_status(url, response)
                    yield response
                    return
            finally:
                response.close()
            if request.url.scheme == "https" and response.next_request.url.scheme == "http":
                raise DownloadError(url, "redirected from https to insecure http.", FIND_ANEW)
            request = response.next_request
        raise DownloadError(url, f"redirected more than {MAX_REDIRECTS} times.", FIND_ANEW)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        # Not 0, which would be not to wait at all.
        left = self.deadline.seconds_left + 0.01
        timeout = httpx.Timeout(
            min(left, self.limits.read_seconds), connect=min(left, self.limits.connect_seconds)
        )
        given = {"timeout": timeout.as_dict(), "trace": self.deadline.traced}
        request.extensions = {**request.extensions, **given}
        try:
            return self.client.send(request, stream=True)
        except httpx.NetworkError as error:
            # What a certificate lacks it lacks at the next attempt too.
            if refusal := _tls_refusal(error):
                host = request.url.host
                happened = f"no safe connection to {host} ({refusal.strerror or refusal})."
                raise DownloadError(request.url, happened, _tls_remedy(refusal)) from error
            raise

    def _check_deadline(self, url: httpx.URL) -> None:
        if not self.deadline.seconds_left:
            raise DownloadError(
                url, f"not finished after {self.limits.total_seconds:g} seconds.", TRY_LATER
            )


def _tls_refusal(error: BaseException | None) -> ssl.SSLError | None:
    """Why either side refused to talk, at the bottom of an error; not a connection that broke."""
    while error and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    broken = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return error if isinstance(error, ssl.SSLError) and not broken else None


def _tls_remedy(refusal: ssl.SSLError) -> str:
    if isinstance(refusal, ssl.SSLCertVerificationError):
        return FIX_CERTIFICATE.get(refusal.verify_code, SET_CERTIFICATES)
    return f"The server, or a proxy between, talks no TLS that this machine takes. {FIND_ANEW}"


def _check_address(asked: httpx.URL, url: httpx.URL) -> None:
    if url.userinfo:
        shown = asked.copy_with(userinfo=b"")
        raise DownloadError(shown, "an address must not hold a password.", FIX_ADDRESS)
    led = "" if url == asked else f"redirected to {url}: "
    if url.scheme not in ("http", "https") or not url.host:
        raise DownloadError(asked, f"{led}only http and https addresses are fetched.", FIX_ADDRESS)
    if url.scheme == "http" and not is_loopback(url.host):
        happened = f"{led}whoever sits between can change what http brings; https is needed."
        raise DownloadError(asked, happened, FIX_ADDRESS)


def _check_status(asked: httpx.URL, response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    if response.status_code == httpx.codes.NOT_MODIFIED and _is_conditional(response.request):
        raise _NotModifiedError
    status = f"{response.status_code} {httpx.codes.get_reason_phrase(response.status_code)}".strip()
    place = "" if response.url == asked else f" at {response.url}"
    happened = f"the server answered {status}{place}."
    if passing := passing_failure(str(response.status_code)):
        wait = response.headers.get("retry-after", "")
        raise passing(happened, int(wait) if re.fullmatch("[0-9]{1,6}", wait) else 0)
    raise DownloadError(asked, happened, FIND_ANEW)


def _is_conditional(request: httpx.Request) -> bool:
    return "if-none-match" in request.headers or "if-modified-since" in request.headers


def _decoded(response: httpx.Response) -> Iterator[bytes]:
    """The body as it arrives, unzipped where the server zips although it was asked not to.

    httpx would unzip too, but takes a gzip stream that breaks off for a whole one.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        yield from response.iter_raw()
    elif encoding in ("gzip", "x-gzip"):
        unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        for piece in response.iter_raw():
            yield unzip.decompress(piece)
            if unzip.unused_data:
                raise PassingError("the gzip stream is followed by something else.")
        if not unzip.eof:
            raise PassingError("the gzip stream breaks off.")
    else:
        raise DownloadError(response.url, f"unknown encoding {encoding!r:.40}.", TRY_LATER)
