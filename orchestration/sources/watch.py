"""Look at the official addresses for files that are new or were issued again.

Nothing is taken: what differs from the file in use is told, and somebody decides. A server is asked
only for a file that it says is another than last time; what it sends is hashed and thrown away.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.fingerprint import sha256_of
from orchestration.problems import RefreshError
from orchestration.settings import Settings
from orchestration.sources.inbox import inbox_files
from orchestration.sources.registry import Registry, Source
from orchestration.sources.vault import Vault, VaultFile


@dataclass(frozen=True)
class Observed:
    """What stands at a source's address.

    ``differs``: another file than the one in use. ``is_news``: seen there for the first time.
    ``problem``: it could not be looked at, and why.
    """

    source: Source
    sha256: str = ""
    differs: bool = False
    is_news: bool = False
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"could not be looked at: {self.problem}"
        if self.differs:
            return f"another file than the one in use (sha256 {self.sha256[:12]}...); not taken"
        return "the file in use"


def watch(settings: Settings, registry: Registry) -> Iterator[Observed]:
    """Look at every source that has an address, one after the other."""
    vault = Vault(settings, registry)
    inbox = inbox_files(settings)
    state = _State(settings)
    for source in registry.sources:
        if source.download is not None:
            yield _look(source, vault, inbox, state)


class _State:
    """What was seen at each address the last time, and the server's words for it."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.root / "source_watch.json"
        self._seen: dict[str, dict[str, str]] = (
            json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        )

    def of(self, source: Source) -> dict[str, str]:
        return self._seen.get(source.id, {})

    def keep(self, source: Source, seen: dict[str, str]) -> None:
        self._seen[source.id] = seen
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._seen, indent=2) + "\n", encoding="utf-8")


def _look(source: Source, vault: Vault, inbox: Iterable[Path], state: _State) -> Observed:
    # httpx is only needed here.
    from orchestration.sources import arcgis
    from orchestration.sources import download as web

    assert source.download is not None
    url, seen = source.download.url, state.of(source)
    known = web.Validators(seen.get("etag", ""), seen.get("last_modified", ""))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "download"
        try:
            if source.download.type == "arcgis_table":
                found: web.Downloaded | None = arcgis.download_arcgis_table(url, place)
            elif source.download.type == "arcgis_features":
                found = arcgis.download_arcgis_features(url, place)
            else:
                found = web.download_if_changed(url, place, known)
        except web.DownloadError as error:
            return Observed(source, problem=str(error))
    try:
        located = vault.locate(source, inbox)
    except RefreshError as error:
        # Nothing is kept of this look, so that the next one tells what there is to tell.
        return Observed(source, problem=error.headline)
    sha256 = found.sha256 if found else seen["sha256"]
    if found:
        state.keep(source, {"sha256": sha256, **asdict(found.validators)})
    in_use = located.sha256 if isinstance(located, VaultFile) else located and sha256_of(located)
    differs = sha256 != in_use
    return Observed(source, sha256, differs, is_news=differs and sha256 != seen.get("sha256"))
