"""The vault: content-addressed, read-only copies of source files, each with its provenance.

``vault/<source_id>/<sha256>.csv`` with ``<sha256>.json`` beside it. A re-issue under the same
name is another sha256, so it lies beside the first issue; nothing is ever edited. A file that its
reader refused is no issue of anything: it is set apart, in ``refused/``, for a person to look at.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from orchestration.fingerprint import sha256_of
from orchestration.layout import MANIFEST, current_release, read_manifest
from orchestration.problems import Problem, RefreshError
from orchestration.settings import Settings
from orchestration.sources.inbox import find_in_inbox, inbox_files
from orchestration.sources.registry import Registry, Source

INCOMING = ".incoming-"
# What refused files may come to: what is downloaded again each night must not fill the disk, and
# one is no larger than the limit of a download. The oldest goes first.
MOST_REFUSED, MOST_REFUSED_BYTES = 20, 1_000_000_000
_TAKING = "Taking source files into the vault"


@dataclass(frozen=True)
class VaultFile:
    """One source file as it was received. ``issue`` says whether the registry knows this copy."""

    source_id: str
    sha256: str
    bytes: int
    file_name: str
    origin: str
    retrieved_at: str
    issue: str
    path: str


_PROVENANCE = TypeAdapter(VaultFile)


def refuse_what_is_no_data(source: Source, path: Path) -> None:
    """Refuse an empty file and a web page in place of data, before either enters the vault.

    Raises:
        RefreshError: with what was found and what to do.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not start:
        found = "an empty file"
    elif start.startswith((b"<!doctype", b"<html", b"<?xml")):
        found = f"a web page, beginning {start[:40].decode('utf-8', 'replace')!r}"
    else:
        return
    raise RefreshError(
        _TAKING,
        [
            Problem(
                where=f"source {source.id}, file {path}",
                found=found,
                expected=f"{source.title} as {' or '.join(source.suffixes)}",
                remedy=f"get the file again from {source.landing_page}",
            )
        ],
    )


class Vault:
    """The vault of one profile."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._registry = registry

    def locate(
        self, source: Source, inbox: Iterable[Path], *, fetch: bool = False
    ) -> VaultFile | Path | None:
        """Where a source would come from, without writing or downloading anything.

        A file in the inbox goes first; then the issue that the current release was built from;
        then the newest download. ``fetch`` passes over the last two if there is an address.
        """
        if found := find_in_inbox(source, inbox):
            return found
        if fetch and source.download:
            return None
        return self._published(source) or self._downloaded(source)

    def locate_all(
        self, *, fetch: bool = False
    ) -> tuple[list[tuple[Source, VaultFile | Path | None]], list[Problem]]:
        """Where each source would come from (None: a download), and those that are not there.

        A source that is missing or ambiguous is a problem, and has no place. One that is optional
        and missing is neither.

        Raises:
            RefreshError: the inbox cannot be looked through.
        """
        inbox = inbox_files(self._settings)
        located: list[tuple[Source, VaultFile | Path | None]] = []
        problems = []
        for source in self._registry.sources:
            try:
                found = self.locate(source, inbox, fetch=fetch)
            except RefreshError as error:
                problems += error.problems
                continue
            if found is None and source.download is None:
                problems += [] if source.is_optional else [self.missing(source)]
            else:
                located.append((source, found))
        return located, problems

    def take(self, source: Source, inbox: Iterable[Path], *, fetch: bool = False) -> VaultFile:
        """A source's file in the vault, taken from the inbox or downloaded when needed.

        Raises:
            RefreshError: there is no such file, or it is no data.
        """
        located = self.locate(source, inbox, fetch=fetch)
        if isinstance(located, VaultFile):
            self.read(located)
            return located
        if located:
            refuse_what_is_no_data(source, located)
            return self._store(source, located, "inbox", located.name)
        if source.download is None:
            raise RefreshError(_TAKING, [self.missing(source)])
        return self._download(source)

    def take_all(
        self, sources: Iterable[Source] | None = None, *, fetch: bool = False
    ) -> list[VaultFile]:
        """The files of these sources, or of every registered one, in the registry's order.

        What is optional and not there is left out.

        Raises:
            RefreshError: once, with the problems of all sources.
        """
        inbox = inbox_files(self._settings)
        taken: list[VaultFile] = []
        problems: list[Problem] = []
        wanted = {source.id for source in sources or self._registry.sources}
        for source in (each for each in self._registry.sources if each.id in wanted):
            try:
                if source.is_optional and self.locate(source, inbox) is None:
                    continue
                taken.append(self.take(source, inbox, fetch=fetch))
            except RefreshError as error:
                problems += error.problems
        if problems:
            raise RefreshError(_TAKING, problems)
        return taken

    def missing(self, source: Source) -> Problem:
        return Problem(
            where=f"source {source.id} ({source.title})",
            found=f"no file in {self._settings.inbox}, none published or downloaded before, "
            "no address to download",
            expected=f"{source.data_set}, as a file named like {source.named_like}",
            remedy=f"{source.to_get}. The page: {source.landing_page}. The columns: "
            f"docs/sources.md, {source.id}",
        )

    def _damaged(self, file: VaultFile, found: str) -> RefreshError:
        return RefreshError(
            "Taking source files from the vault",
            [
                Problem(
                    where=f"source {file.source_id}, file {self.path_of(file)}",
                    found=found,
                    expected=f"sha256 {file.sha256}, as it was stored",
                    remedy="somebody changed the vault: delete this file and the .json beside "
                    "it, and put the source file into the inbox",
                )
            ],
        )

    def _published(self, source: Source) -> VaultFile | None:
        release = current_release(self._settings.releases)
        for entry in read_manifest(release)["inputs"] if release else ():
            if entry["source_id"] == source.id:
                return self.stored(source, entry["sha256"])
        return None

    def _downloaded(self, source: Source) -> VaultFile | None:
        folder = self._settings.vault / source.id
        stored = [_described(sidecar) for sidecar in sorted(folder.glob("*.json"))]
        downloads = [file for file in stored if file.origin != "inbox"]
        return max(downloads, key=lambda file: file.retrieved_at, default=None)

    def stored(self, source: Source, sha256: str) -> VaultFile | None:
        """An issue of a source's file that lies in the vault.

        Raises:
            RefreshError: what lies beside it does not say what it is.
        """
        sidecar = self._settings.vault / source.id / f"{sha256}.json"
        return _described(sidecar) if sidecar.exists() else None

    def _download(self, source: Source) -> VaultFile:
        # httpx is only needed here.
        from orchestration.sources import arcgis
        from orchestration.sources import download as web

        assert source.download is not None
        fetch = {
            "file": web.download_file,
            "arcgis_table": arcgis.download_arcgis_table,
            "arcgis_features": arcgis.download_arcgis_features,
        }[source.download.type]
        self._settings.vault.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=INCOMING, dir=self._settings.vault) as folder:
            try:
                received = fetch(source.download.url, Path(folder) / "download")
            except web.DownloadError as error:
                raise RefreshError(
                    "Downloading",
                    [
                        Problem(
                            where=f"source {source.id} ({source.title})",
                            found=str(error),
                            expected="the official file",
                            remedy=f"look at {source.landing_page}; or put the file into "
                            f"{self._settings.inbox}, named like {source.named_like}",
                        )
                    ],
                ) from error
            refuse_what_is_no_data(source, received.path)
            name = PurePosixPath(urlsplit(source.download.url).path).name
            if source.download.type != "file":
                name = f"{source.id}{source.suffixes[0]}"
            return self._store(source, received.path, received.url, name)

    def _store(self, source: Source, file: Path, origin: str, name: str) -> VaultFile:
        """Copy a file to its content address. Interrupted, it leaves nothing behind there."""
        folder = self._settings.vault / source.id
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=INCOMING, dir=folder) as incoming:
            copy = Path(incoming) / "file"
            shutil.copyfile(file, copy)
            # Hashed after the copy, so the address is that of the bytes that lie there, even if
            # somebody writes to the inbox meanwhile.
            sha256 = sha256_of(copy)
            try:
                if stored := self.stored(source, sha256):
                    return stored
            except RefreshError:
                pass  # What it is, is known again.
            earlier = [path.stem for path in folder.glob("*.json") if path.stem != sha256]
            content = folder / f"{sha256}{source.suffix_of(name)}"
            stored = VaultFile(
                source_id=source.id,
                sha256=sha256,
                bytes=copy.stat().st_size,
                file_name=name,
                origin=origin,
                retrieved_at=datetime.now(UTC).isoformat(timespec="seconds"),
                issue=_issue(source, sha256, earlier),
                path=str(content.relative_to(self._settings.vault)),
            )
            sidecar = _written(Path(incoming) / "sidecar", asdict(stored))
            copy.chmod(0o444)
            os.replace(copy, content)
            os.replace(sidecar, folder / f"{sha256}.json")
            return stored

    def set_apart(self, file: VaultFile, problems: Iterable[Problem]) -> None:
        """Move a file that its reader refused out of the vault, with the reasons beside it.

        It is not taken from there again, and counts as no earlier issue. A file of a release stays:
        then it is the reader that changed.
        """
        if self._is_of_a_release(file):
            return
        content = self.path_of(file)
        folder = self._settings.refused / file.source_id
        folder.mkdir(parents=True, exist_ok=True)
        refused_at = datetime.now(UTC).isoformat(timespec="seconds")
        reasons = [asdict(problem) for problem in problems]
        provenance = asdict(file) | {"refused_at": refused_at, "problems": reasons}
        with tempfile.TemporaryDirectory(prefix=INCOMING, dir=folder) as incoming:
            sidecar = _written(Path(incoming) / "sidecar", provenance)
            os.replace(sidecar, folder / f"{file.sha256}.json")
        # First what makes it known: a file without it is not taken from the vault.
        content.with_suffix(".json").unlink()
        os.replace(content, folder / content.name)
        self._prune_refused()

    def _is_of_a_release(self, file: VaultFile) -> bool:
        return any(
            file.sha256 in manifest.read_text(encoding="utf-8", errors="replace")
            for manifest in self._settings.releases.glob(f"*/{MANIFEST}")
        )

    def _prune_refused(self) -> None:
        sidecars = sorted(
            self._settings.refused.glob("*/*.json"), key=lambda path: -path.stat().st_mtime_ns
        )
        size = 0
        for place, sidecar in enumerate(sidecars):
            files = [*sidecar.parent.glob(f"{sidecar.stem}.*")]
            size += sum(file.stat().st_size for file in files)
            if place >= MOST_REFUSED or size > MOST_REFUSED_BYTES:
                for file in files:
                    file.unlink()

    def path_of(self, file: VaultFile) -> Path:
        return self._settings.vault / file.path

    def read(self, file: VaultFile) -> bytes:
        """The bytes of a file of the vault, which are those whose sha256 is recorded.

        Raises:
            RefreshError: they are not, or cannot be read.
        """
        try:
            data = self.path_of(file).read_bytes()
        except OSError as error:
            raise self._damaged(file, f"no file that can be read ({error.strerror})") from error
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != file.sha256:
            raise self._damaged(file, f"sha256 {sha256}")
        return data


def _written(path: Path, provenance: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
    path.chmod(0o444)
    return path


def _described(sidecar: Path) -> VaultFile:
    """What a sidecar says of the file beside it.

    Raises:
        RefreshError: it cannot be read, or says something else.
    """
    found = "nothing that says what the file beside it is"
    try:
        file = _PROVENANCE.validate_json(sidecar.read_bytes())
    except OSError as error:
        found = f"no file that can be read ({error.strerror})"
    except ValidationError:
        pass
    else:
        if (file.source_id, file.sha256) == (sidecar.parent.name, sidecar.stem):
            return file
    raise RefreshError(
        _TAKING,
        [
            Problem(
                where=f"source {sidecar.parent.name}, {sidecar}",
                found=found,
                expected="where the file came from and when, as it was stored",
                remedy="put the source file into the inbox, or download it again with --fetch: the "
                "same bytes are described anew; if there is none, delete this .json",
            )
        ],
    )


def _issue(source: Source, sha256: str, earlier: list[str]) -> str:
    """What the registry and the vault know of this copy of a file."""
    if sha256 in source.known:
        return f"known copy: {source.known[sha256]}"
    if earlier:
        return f"re-issue: differs from {', '.join(known[:12] for known in sorted(earlier))}"
    if source.known:
        return "another copy than those that the registry knows, compared with none"
    return "first issue seen"
