"""Fetch one official file over http(s), whole or not at all.

What belongs here: HTTP, its failures and its limits, and the paging of ArcGIS feature services.
What does not: which files exist (the registry), where they are kept (the vault), and what they
mean (the readers).

Every address and every reply is treated as hostile: schemes, redirects, sizes, time and the number
of pages are bounded, and what arrives lies under a temporary name until it is complete.
"""

import csv
import hashlib
import io
import json
import os
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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

USER_AGENT = "left-behind-neighbourhoods"
MAX_REDIRECTS = 5
HTML_OPENINGS = (b"<!doctype html", b"<html")
FIND_ANEW = "The publisher may have moved the file: look for its address on the landing page."
TRY_LATER = "Try again later, or fetch the file by hand."
RAISE_LIMIT = "If the file really is that large, raise the limit."
FIX_ADDRESS = "Correct the address in the registry."

NUMBERS_AS_TEXT = dict.fromkeys(("parse_int", "parse_float", "parse_constant"), str)

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What one download may cost. The defaults leave room above every file of the registry."""

    connect_seconds: float = 15.0
    read_seconds: float = 60.0  # the longest silence within a reply
    total_seconds: float = 3600.0  # against a server that drips
    retries: int = 4  # of each request, after its first attempt
    backoff_seconds: float = 1.0  # doubles with each retry, with jitter
    max_wait_seconds: float = 60.0  # the longest pause, whatever Retry-After asks for
    max_bytes: int = 500_000_000  # decoded; for ArcGIS the sum of all replies
    max_page_bytes: int = 100_000_000  # one ArcGIS reply, which is parsed in memory
    page_records: int = 2_000
    max_pages: int = 1_000


@dataclass(frozen=True)
class Downloaded:
    """What arrived, and where it was found: the file's provenance."""

    path: Path
    url: str  # after redirects
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
        super().__init__(f"{url}: {happened} {remedy}")


def download_file(url: str, destination: Path, *, limits: Limits = Limits()) -> Downloaded:
    """Fetch `url` into `destination`, which is replaced only once all of the file is here."""
    with _session(url, limits) as session, _replacing(destination) as sink:
        reply = session.fetch(sink)
    return sink.downloaded(
        destination, reply.url, reply.headers.get("content-type", ""), Validators.of(reply)
    )


def download_if_changed(
    url: str, destination: Path, known: Validators, *, limits: Limits = Limits()
) -> Downloaded | None:
    """Fetch `url` as `download_file` does; None where the server says that it is still the same."""
    try:
        with _session(url, limits, known.conditions) as session, _replacing(destination) as sink:
            reply = session.fetch(sink)
    except _NotModifiedError:
        return None
    return sink.downloaded(
        destination, reply.url, reply.headers.get("content-type", ""), Validators.of(reply)
    )


def download_arcgis_table(url: str, destination: Path, *, limits: Limits = Limits()) -> Downloaded:
    """Fetch every record of an ArcGIS layer as one CSV file, in order of object id.

    `url` is the layer's /query address; a `where` or `outFields` in it is kept. Numbers stand in
    the file as the server wrote them, nulls as empty fields.
    """
    with _session(url, limits) as session, _replacing(destination) as sink, _arcgis_replies(url):
        layer = _Layer.open(session, "attributes", {"f": "json", "returnGeometry": "false"})
        header: list[str] = []
        for records in layer.pages(**NUMBERS_AS_TEXT):
            rows = [record["attributes"] for record in records]
            page = io.StringIO(newline="")
            writer = csv.writer(page)
            if not header:
                header = list(rows[0])
                writer.writerow(header)
            if any(list(row) != header for row in rows):
                raise ValueError("fields that differ from record to record")
            writer.writerows(row.values() for row in rows)
            sink.write(page.getvalue().encode())
    return sink.downloaded(destination, layer.url, "text/csv")


def download_arcgis_features(
    url: str, destination: Path, *, limits: Limits = Limits()
) -> Downloaded:
    """Fetch every feature of an ArcGIS layer as one GeoJSON file (WGS 84), in order of object id.

    `url` is the layer's /query address; a `where` or `outFields` in it is kept.
    """
    with _session(url, limits) as session, _replacing(destination) as sink, _arcgis_replies(url):
        layer = _Layer.open(session, "properties", {"f": "geojson", "outSR": "4326"})
        before = '{"type": "FeatureCollection", "features": [\n'
        for records in layer.pages():
            lines = (json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
            sink.write((before + ",\n".join(lines)).encode())
            before = ",\n"
        sink.write(b"\n]}\n")
    return sink.downloaded(destination, layer.url, "application/geo+json")


# --- The file on disk -----------------------------------------------------------------------------


class _Sink:
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
        return Downloaded(path, str(url), sha256, self.size, now, content_type, validators)


@contextmanager
def _replacing(destination: Path) -> Iterator[_Sink]:
    """A file beside `destination` that takes its place if the block succeeds, or else vanishes."""
    part = destination.with_name(f".{uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            yield _Sink(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, destination)
    finally:
        part.unlink(missing_ok=True)


# --- HTTP -----------------------------------------------------------------------------------------


class _NotModifiedError(Exception):
    """The server has the file that the request knows of."""


class _PassingError(Exception):
    """A failure that may be gone at the next attempt, and the pause the server asks for."""

    def __init__(self, happened: str, wait_seconds: float = 0) -> None:
        super().__init__(happened)
        self.wait_seconds = wait_seconds


# httpx reports a body shorter than its Content-Length, or unfinished chunks, as RemoteProtocolError
PASSING = (
    _PassingError,
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,
    zlib.error,
)


def _may_pass(status: str) -> bool:
    return re.fullmatch("429|5[0-9]{2}", status) is not None


@contextmanager
def _session(
    url: str, limits: Limits, conditions: Mapping[str, str] | None = None
) -> Iterator["_Session"]:
    timeout = httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds)
    # identity: these files are fetched once, and Content-Length then speaks of the file itself
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(conditions or {})}
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise DownloadError(url, f"this is not an address ({error}).", FIX_ADDRESS) from error
    with httpx.Client(timeout=timeout, headers=headers) as client:
        yield _Session(client, address, limits)


class _Session:
    """The requests of one download, which share a connection, a deadline and a budget of bytes."""

    def __init__(self, client: httpx.Client, url: httpx.URL, limits: Limits) -> None:
        self.client = client
        self.url = url
        self.limits = limits
        self.deadline = time.monotonic() + limits.total_seconds
        self.bytes_left = limits.max_bytes

    def fetch(self, sink: _Sink) -> httpx.Response:
        """Write the file at the session's address to `sink`; the reply returned is closed."""
        return self._retrying(self.url, lambda: self._fetch(self.url, sink, self.bytes_left))

    def fetch_json(self, url: httpx.URL, **options: Any) -> tuple[Any, httpx.URL]:
        """A parsed ArcGIS reply and its final address. ArcGIS sends its errors with status 200."""

        def attempt() -> tuple[Any, httpx.URL]:
            sink = _Sink(body := io.BytesIO())
            most = min(self.bytes_left, self.limits.max_page_bytes)
            response = self._fetch(url, sink, most)
            reply = json.loads(body.getvalue(), **options)
            if "error" in reply:
                happened = f"the ArcGIS service answered with an error: {reply['error']!r:.300}."
                if _may_pass(str(reply["error"].get("code"))):
                    raise _PassingError(happened)
                raise DownloadError(url, happened, FIND_ANEW)
            self.bytes_left -= sink.size
            return reply, response.url

        return self._retrying(url, attempt)

    def _retrying(self, url: httpx.URL, attempt: Callable[[], T]) -> T:
        retrying = Retrying(
            retry=retry_if_exception_type(PASSING),
            stop=stop_after_attempt(self.limits.retries + 1),
            wait=wait_random_exponential(self.limits.backoff_seconds, self.limits.max_wait_seconds)
            + wait_exception(self._requested_wait),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except PASSING as error:
            attempts = retrying.statistics["attempt_number"]
            happened = f"failed {attempts} times, at last with {type(error).__name__} ({error})."
            if isinstance(error, _PassingError):
                happened = f"failed {attempts} times: {error}"
            raise DownloadError(url, happened, TRY_LATER) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            happened = f"the request cannot be made ({error})."
            raise DownloadError(url, happened, FIX_ADDRESS) from error

    def _requested_wait(self, error: BaseException) -> float:
        wait = error.wait_seconds if isinstance(error, _PassingError) else 0
        return min(wait, self.limits.max_wait_seconds)

    def _fetch(self, url: httpx.URL, sink: _Sink, max_bytes: int) -> httpx.Response:
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
            response = self.client.send(request, stream=True)
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

    def _check_deadline(self, url: httpx.URL) -> None:
        if time.monotonic() > self.deadline:
            raise DownloadError(
                url, f"not finished after {self.limits.total_seconds:g} seconds.", TRY_LATER
            )


def _check_address(asked: httpx.URL, url: httpx.URL) -> None:
    if url.userinfo:
        shown = asked.copy_with(userinfo=b"")
        raise DownloadError(shown, "an address must not hold a password.", FIX_ADDRESS)
    if url.scheme not in ("http", "https") or not url.host:
        led = "" if url == asked else f"redirected to {url}: "
        raise DownloadError(asked, f"{led}only http and https addresses are fetched.", FIX_ADDRESS)


def _check_status(asked: httpx.URL, response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    if response.status_code == httpx.codes.NOT_MODIFIED and _is_conditional(response.request):
        raise _NotModifiedError
    status = f"{response.status_code} {httpx.codes.get_reason_phrase(response.status_code)}".strip()
    place = "" if response.url == asked else f" at {response.url}"
    happened = f"the server answered {status}{place}."
    if _may_pass(str(response.status_code)):
        wait = response.headers.get("retry-after", "")
        raise _PassingError(happened, int(wait) if re.fullmatch("[0-9]{1,6}", wait) else 0)
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
                raise _PassingError("the gzip stream is followed by something else.")
        if not unzip.eof:
            raise _PassingError("the gzip stream breaks off.")
    else:
        raise DownloadError(response.url, f"unknown encoding {encoding!r:.40}.", TRY_LATER)


# --- ArcGIS ---------------------------------------------------------------------------------------


@dataclass
class _Layer:
    """An ArcGIS layer, read page by page.

    The service first lists all object ids, which no limit on records applies to. So the end is
    known, and a page that is lost, short or repeated cannot pass; `exceededTransferLimit`, which
    services set unreliably, is not needed.
    """

    session: _Session
    values: str  # the member of a record that holds its fields
    url: httpx.URL  # of the query, after redirects
    query: dict[str, str]
    id_field: str
    ids: set[str] = field(repr=False)

    @classmethod
    def open(cls, session: _Session, values: str, reply_format: dict[str, str]) -> "_Layer":
        asked = {"where": "1=1", "outFields": "*"} | dict(session.url.params)
        ids_url = session.url.copy_with(params=asked | {"returnIdsOnly": "true", "f": "json"})
        reply, url = session.fetch_json(ids_url)
        ids, limits = {str(each) for each in reply["objectIds"] or ()}, session.limits
        if not ids:
            raise DownloadError(session.url, "the layer holds no records.", FIND_ANEW)
        if len(ids) > limits.max_pages * limits.page_records:
            raise DownloadError(session.url, f"holds {len(ids):,} records.", RAISE_LIMIT)
        id_field = str(reply["objectIdFieldName"])
        query = asked | reply_format | {"orderByFields": id_field}
        url = url.copy_with(params=session.url.params)
        return cls(session, values, url, query, id_field, ids)

    def pages(self, **json_options: Any) -> Iterator[list[dict[str, Any]]]:
        """The layer's records, each once."""
        limits = self.session.limits
        seen: set[str] = set()
        for _ in range(limits.max_pages):
            window = {"resultOffset": len(seen), "resultRecordCount": limits.page_records}
            url = self.session.url.copy_with(params=self.query | window)
            records = self.session.fetch_json(url, **json_options)[0]["features"]
            ids = {str(record[self.values][self.id_field]) for record in records}
            if not ids or len(ids) < len(records) or ids & seen or ids - self.ids:
                happened = (
                    f"after {len(seen):,} of {len(self.ids):,} records the service sent none, "
                    "or some again, or some not in its own list of ids."
                )
                raise DownloadError(url, happened, f"The layer may be changing. {TRY_LATER}")
            yield records
            seen |= ids
            if seen == self.ids:
                return
        happened = f"not finished after {limits.max_pages:,} pages."
        raise DownloadError(self.session.url, happened, RAISE_LIMIT)


@contextmanager
def _arcgis_replies(url: str) -> Iterator[None]:
    """Whatever is not shaped like an ArcGIS reply is an error of the source, not of ours."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        happened = f"not the replies of an ArcGIS layer ({type(error).__name__}: {error})."
        raise DownloadError(url, happened, FIND_ANEW) from error
