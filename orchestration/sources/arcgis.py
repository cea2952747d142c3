"""Fetch every record of a layer of an ArcGIS feature service, put together from its pages.

What belongs here: how such a service is asked, and what its replies may be. What does not: HTTP and
its limits (download.py).

Layers differ in what they can do. Some do not know where a page begins, some stumble over large
ones. So there are several ways to ask: for pages; for smaller pages; at last for records by id.
"""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from orchestration.sources.download import (
    DEFAULT_LIMITS,
    FIND_ANEW,
    RAISE_LIMIT,
    TRY_LATER,
    BusyError,
    Downloaded,
    DownloadError,
    KeptFailingError,
    Limits,
    PassingError,
    Session,
    Sink,
    passing_failure,
    replacing,
    session,
)

NUMBERS_AS_TEXT = dict.fromkeys(("parse_int", "parse_float", "parse_constant"), str)
# How much smaller each next size of page is: 2,000 records, 500, 125, ..., 1.
SHRINKING = 4


def download_arcgis_table(
    url: str, destination: Path, *, limits: Limits = DEFAULT_LIMITS
) -> Downloaded:
    """Fetch every record of an ArcGIS layer as one CSV file, in order of object id.

    `url` is the layer's /query address; a `where` or `outFields` in it is kept. Numbers stand in
    the file as the server wrote them, nulls as empty fields.
    """
    with session(url, limits) as opened, replacing(destination) as sink, _arcgis_replies(url):
        layer = _Layer.open(opened, "attributes", {"f": "json", "returnGeometry": "false"})
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
    url: str, destination: Path, *, limits: Limits = DEFAULT_LIMITS
) -> Downloaded:
    """Fetch every feature of an ArcGIS layer as one GeoJSON file (WGS 84), in order of object id.

    `url` is the layer's /query address; a `where` or `outFields` in it is kept.
    """
    with session(url, limits) as opened, replacing(destination) as sink, _arcgis_replies(url):
        layer = _Layer.open(opened, "properties", {"f": "geojson", "outSR": "4326"})
        before = '{"type": "FeatureCollection", "features": [\n'
        for records in layer.pages():
            lines = (json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
            sink.write((before + ",\n".join(lines)).encode())
            before = ",\n"
        sink.write(b"\n]}\n")
    return sink.downloaded(destination, layer.url, "application/geo+json")


@dataclass(frozen=True)
class _Way:
    """How the next records are asked for: so many of them, after those that are here or by id."""

    size: int
    by_ids: bool


class _NotThisWayError(Exception):
    """A layer did not give its next records in the way in which it was asked for them.

    Args:
        failure: What happened.
        by_size: Fewer records may be had in this way.
    """

    def __init__(self, failure: DownloadError, *, by_size: bool) -> None:
        super().__init__(str(failure))
        self.failure, self.by_size = failure, by_size


class _ArcgisError(DownloadError):
    """The service refuses a request, and would again. It says so with status 200."""


@dataclass
class _Layer:
    """An ArcGIS layer, read page by page.

    The service first lists all object ids, which no limit on records applies to. So the end is
    known, and a page that is lost, short or repeated cannot pass; `exceededTransferLimit`, which
    services set unreliably, is not needed.
    """

    session: Session
    values: str  # the member of a record that holds its fields
    url: httpx.URL  # of the query, after redirects
    query: dict[str, str]
    id_field: str
    ids: list[int] = field(repr=False)  # in their order

    @classmethod
    def open(cls, session: Session, values: str, reply_format: dict[str, str]) -> "_Layer":
        asked = {"where": "1=1", "outFields": "*"} | dict(session.url.params)
        ids_url = session.url.copy_with(params=asked | {"returnIdsOnly": "true", "f": "json"})
        reply, url = session.retrying(ids_url, lambda: _reply(session, ids_url))
        ids, limits = sorted({int(each) for each in reply["objectIds"] or ()}), session.limits
        if not ids:
            raise DownloadError(session.url, "the layer holds no records.", FIND_ANEW)
        if len(ids) > limits.max_pages * limits.page_records:
            raise DownloadError(session.url, f"holds {len(ids):,} records.", RAISE_LIMIT)
        url = url.copy_with(params=session.url.params)
        id_field = str(reply["objectIdFieldName"])
        return cls(session, values, url, asked | reply_format, id_field, ids)

    def pages(self, **json_options: Any) -> Iterator[list[dict[str, Any]]]:
        """The layer's records in order of object id, each once."""
        limits = self.session.limits
        ways = [
            *(_Way(size, by_ids=False) for size in self._sizes(limits.page_records)),
            *(_Way(size, by_ids=True) for size in self._sizes(limits.ids_a_request)),
        ]
        # What was wrong with the way before, until the next has succeeded: the first thing to tell.
        failure: DownloadError | None = None
        done = 0
        for _ in range(limits.max_pages):
            try:
                # Whether the failure passes was tried in the first way: the next have one attempt.
                retries = 0 if failure else None
                records = self._page(ways[0], done, retries, **json_options)
            except _NotThisWayError as error:
                failure = failure or error.failure
                ways = [way for way in ways[1:] if error.by_size or way.by_ids > ways[0].by_ids]
                if not ways:
                    happened = f"{failure.happened} Nor did it give them in smaller pages or by id."
                    raise DownloadError(self.session.url, happened, failure.remedy) from error
                continue
            failure = None
            yield records
            done += len(records)
            if done == len(self.ids):
                return
        happened = f"not finished after {limits.max_pages:,} pages."
        raise DownloadError(self.session.url, happened, RAISE_LIMIT)

    def _sizes(self, most: int) -> Iterator[int]:
        """Sizes of pages, ever smaller."""
        size = min(most, len(self.ids))
        while size > 1:
            yield size
            size = -(-size // SHRINKING)
        yield 1

    def _page(
        self, way: _Way, done: int, retries: int | None, **json_options: Any
    ) -> list[dict[str, Any]]:
        """The next records, at least one.

        Raises:
            _NotThisWayError: they are not to be had in this way; perhaps in another.
            DownloadError: nor in any other.
        """
        asked: dict[str, Any] = {
            "orderByFields": self.id_field,
            "resultOffset": done,
            "resultRecordCount": way.size,
        }
        if way.by_ids:
            asked = {"objectIds": ",".join(map(str, self.ids[done : done + way.size]))}
        url = self.session.url.copy_with(params=self.query | asked)

        def attempt() -> list[dict[str, Any]]:
            records: list[dict[str, Any]] = _reply(self.session, url, **json_options)[0]["features"]
            if not records:
                raise PassingError(f"after {self._progress(done)} the service sent none.")
            return records

        try:
            records = self.session.retrying(url, attempt, retries)
        except KeptFailingError as error:
            if isinstance(error.__cause__, BusyError | httpx.ConnectError | httpx.ConnectTimeout):
                raise
            raise _NotThisWayError(error, by_size=True) from error
        except _ArcgisError as error:
            # It has listed its ids: what it refuses is the paging, or a page of this size.
            raise _NotThisWayError(error, by_size=True) from error
        records.sort(key=self._id)
        ids = [self._id(record) for record in records]
        if ids != self.ids[done : done + len(ids)]:
            happened = (
                f"after {self._progress(done)} the service sent some again, or out of order, or "
                "some not in its own list of ids."
            )
            remedy = f"The layer may be changing. {TRY_LATER}"
            # A smaller page would begin at the same wrong place.
            raise _NotThisWayError(DownloadError(url, happened, remedy), by_size=way.by_ids)
        return records

    def _id(self, record: dict[str, Any]) -> int:
        return int(record[self.values][self.id_field])

    def _progress(self, done: int) -> str:
        return f"{done:,} of {len(self.ids):,} records"


def _reply(session: Session, url: httpx.URL, **json_options: Any) -> tuple[Any, httpx.URL]:
    """A parsed reply and its final address: one attempt.

    Raises:
        PassingError: an error that may be gone at the next attempt.
        _ArcgisError: another one.
    """
    sink = Sink(body := io.BytesIO())
    most = min(session.bytes_left, session.limits.max_page_bytes)
    response = session.fetch_into(url, sink, most)
    reply = json.loads(body.getvalue(), **json_options)
    if "error" in reply:
        happened = f"the ArcGIS service answered with an error: {reply['error']!r:.300}."
        if passing := passing_failure(str(reply["error"].get("code"))):
            raise passing(happened)
        raise _ArcgisError(url, happened, FIND_ANEW)
    session.bytes_left -= sink.size
    return reply, response.url


@contextmanager
def _arcgis_replies(url: str) -> Iterator[None]:
    """Whatever is not shaped like an ArcGIS reply is an error of the source, not of ours."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        happened = f"not the replies of an ArcGIS layer ({type(error).__name__}: {error})."
        raise DownloadError(url, happened, FIND_ANEW) from error
