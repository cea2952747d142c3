"""The vault: what is taken from where, what is refused at the door, and what is written beside."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from orchestration.problems import Problem, RefreshError
from orchestration.settings import Settings
from orchestration.sources.inbox import find_in_inbox, inbox_files
from orchestration.sources.registry import Download, Registry, Source, load_registry
from orchestration.sources.vault import Vault, VaultFile

# What every release says of itself.
BARE = {"release_id": "sample-0123456789ab", "profile": "sample", "editions": []}

OCTOBER = b"lsoa,pop\nX01000001,1\n"
NOVEMBER = b"lsoa,pop\nX01000001,2\n"
OFFICIAL = {"status": "official", "what": "of November"}
PAGE = b"\xef\xbb\xbf\n <!DOCTYPE html><html>Sorry</html>"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def source(source_id: str = "population", **changes: Any) -> Source:
    facts = {
        "id": source_id,
        "kind": "population",
        "title": f"The {source_id} of somewhere",
        "publisher": "somebody",
        "licence": "CC0",
        "landing_page": f"https://example.org/{source_id}",
        "citation": "none",
        "inbox": [f"{source_id}*.csv", f"File_{source_id}_*.csv"],
        "rows": {"sample": 1},
        "area_type": "lsoa11",
        "columns": {"area_code": "lsoa", "population": "pop"},
    }
    return Source.model_validate(facts | changes)


@dataclass
class Place:
    """A data root with an inbox and a vault."""

    settings: Settings
    sources: tuple[Source, ...]

    @property
    def registry(self) -> Registry:
        profile = load_registry("sample").profile
        return Registry(profile_name="sample", profile=profile, sources=self.sources)

    @property
    def vault(self) -> Vault:
        return Vault(self.settings, self.registry)

    def drop(self, name: str, content: bytes) -> Path:
        path = self.settings.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def empty_inbox(self) -> None:
        shutil.rmtree(self.settings.inbox)

    def take(self, number: int = 0, *, fetch: bool = False) -> VaultFile:
        inbox = inbox_files(self.settings)
        return self.vault.take(self.sources[number], inbox, fetch=fetch)

    def refused(self, number: int = 0, *, fetch: bool = False) -> Problem:
        with pytest.raises(RefreshError) as failure:
            self.take(number, fetch=fetch)
        (problem,) = failure.value.problems
        return problem

    def in_vault(self) -> set[str]:
        vault = self.settings.vault
        return {str(path.relative_to(vault)) for path in vault.rglob("*") if path.is_file()}

    def publish(self, *files: VaultFile) -> None:
        """What a release leaves behind: `current` with a manifest of its inputs."""
        current = self.settings.releases / "current"
        current.mkdir(parents=True, exist_ok=True)
        manifest = BARE | {"inputs": [asdict(file) for file in files]}
        (current / "manifest.json").write_text(json.dumps(manifest), "utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    data = tmp_path / "data"
    settings = Settings(profile="sample", data=data, inbox=data / "sample" / "inbox")
    return Place(settings, (source(),))


# --- Into the vault -------------------------------------------------------------------------------


def test_a_file_lies_under_its_hash_with_its_bytes_unchanged(place: Place) -> None:
    place.drop("population_2019.csv", OCTOBER)
    file = place.take()
    assert file.sha256 == sha256(OCTOBER)
    assert place.vault.path_of(file).read_bytes() == OCTOBER
    assert place.in_vault() == {
        f"population/{sha256(OCTOBER)}.csv",
        f"population/{sha256(OCTOBER)}.json",
    }
    assert [path.name for path in place.settings.vault.iterdir()] == ["population"]
    assert len(list((place.settings.vault / "population").iterdir())) == 2


def test_what_lies_in_the_vault_is_read_only(place: Place) -> None:
    place.drop("population_2019.csv", OCTOBER).chmod(0o666)
    place.take()
    for path in place.in_vault():
        mode = stat.S_IMODE((place.settings.vault / path).stat().st_mode)
        assert mode == 0o444, path


def test_the_sidecar_holds_the_whole_provenance(place: Place) -> None:
    place.drop("deep/Population_2019.CSV", OCTOBER)
    file = place.take()
    sidecar = place.settings.vault / f"population/{file.sha256}.json"
    assert json.loads(sidecar.read_text("utf-8")) == {
        "source_id": "population",
        "sha256": sha256(OCTOBER),
        "bytes": len(OCTOBER),
        "file_name": "Population_2019.CSV",
        "origin": "inbox",
        "retrieved_at": file.retrieved_at,
        "issue": "first issue seen",
        "path": f"population/{sha256(OCTOBER)}.csv",
    }
    at = datetime.fromisoformat(file.retrieved_at)
    assert at.utcoffset() is not None
    assert abs((datetime.now(at.tzinfo) - at).total_seconds()) < 60


def test_the_same_file_twice_is_stored_once_and_keeps_its_first_provenance(place: Place) -> None:
    path = place.drop("population_2019.csv", OCTOBER)
    first = place.take()
    sidecar = place.settings.vault / f"population/{first.sha256}.json"
    written = sidecar.stat().st_mtime_ns
    path.rename(path.with_name("population_copy.csv"))
    assert place.take() == first
    assert sidecar.stat().st_mtime_ns == written
    assert len(place.in_vault()) == 2


def test_a_reissue_under_the_same_name_lies_beside_the_first_and_says_so(place: Place) -> None:
    place.drop("population_2019.csv", OCTOBER)
    first = place.take()
    place.drop("population_2019.csv", NOVEMBER)
    second = place.take()
    assert second.sha256 == sha256(NOVEMBER)
    assert second.issue == f"re-issue: differs from {first.sha256[:12]}"
    assert place.vault.path_of(first).read_bytes() == OCTOBER
    assert place.vault.path_of(second).read_bytes() == NOVEMBER


def test_an_issue_that_the_registry_knows_is_recognised(place: Place) -> None:
    place.sources = (source(known={sha256(NOVEMBER): OFFICIAL}),)
    place.drop("population_2019.csv", NOVEMBER)
    assert place.take().issue == "known copy: official: of November"
    place.drop("population_2019.csv", OCTOBER)
    assert place.take().issue == f"re-issue: differs from {sha256(NOVEMBER)[:12]}"


def test_a_first_file_that_the_registry_does_not_know_is_another_copy(place: Place) -> None:
    place.sources = (source(known={sha256(NOVEMBER): OFFICIAL}),)
    place.drop("population_2019.csv", OCTOBER)
    issue = place.take().issue
    assert issue == "another copy than those that the registry knows, compared with none"


def test_a_copy_that_was_interrupted_before_its_sidecar_is_taken_again(place: Place) -> None:
    place.drop("population_2019.csv", OCTOBER)
    file = place.take()
    (place.settings.vault / f"population/{file.sha256}.json").unlink()
    assert place.take().sha256 == file.sha256
    assert len(place.in_vault()) == 2


# --- Refused at the door --------------------------------------------------------------------------


def test_a_source_that_is_nowhere_is_a_problem_with_a_way_out(place: Place) -> None:
    problem = place.refused()
    assert "source population (The population of somewhere)" in problem.where
    assert str(place.settings.inbox) in problem.found
    assert problem.expected.startswith("'The population of somewhere' of ")
    assert problem.expected.endswith(
        ", as a file named like population*.csv or File_population_*.csv"
    )
    assert "https://example.org/population" in problem.remedy
    assert "inbox" in problem.remedy


def test_a_source_that_must_be_asked_for_says_whom_to_ask(place: Place) -> None:
    place.sources = (source(how_to_get="ask somebody"),)
    assert "ask somebody" in place.refused().remedy
    assert "https://example.org/population" in place.refused().remedy


def test_several_different_files_for_one_source_are_refused_and_all_named(place: Place) -> None:
    one = place.drop("population_2019.csv", OCTOBER)
    two = place.drop("new/FILE_population_v2.csv", NOVEMBER)
    problem = place.refused()
    assert problem.found.startswith("several different files")
    assert str(one) in problem.found
    assert str(two) in problem.found
    assert place.in_vault() == set()


def test_several_copies_of_one_file_are_as_good_as_one(place: Place) -> None:
    place.drop("population_2019.csv", OCTOBER)
    place.drop("again/population_2019 (1).csv", OCTOBER)
    assert place.take().sha256 == sha256(OCTOBER)


def test_a_file_of_another_name_is_no_source(place: Place) -> None:
    place.drop("popularity.csv", OCTOBER)
    place.drop("my_population_2019.csv", OCTOBER)
    assert "no file in" in place.refused().found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\xef\xbb\xbf \r\n\n", "an empty file"),
        (PAGE, "a web page"),
        (b"<HTML><body>404</body></HTML>", "a web page"),
        (b'<?xml version="1.0"?><Error/>', "a web page"),
    ],
)
def test_what_is_no_data_is_refused_and_leaves_nothing_in_the_vault(
    place: Place, content: bytes, found: str
) -> None:
    path = place.drop("population_2019.csv", content)
    problem = place.refused()
    assert problem.found.startswith(found)
    assert str(path) in problem.where
    assert "https://example.org/population" in problem.remedy
    assert not place.settings.vault.exists()


def test_the_problems_of_all_sources_come_in_one_error(place: Place) -> None:
    place.sources = tuple(map(source, ("absent", "blank", "page", "twice", "good")))
    place.drop("blank.csv", b"")
    place.drop("page.csv", PAGE)
    place.drop("twice1.csv", OCTOBER)
    place.drop("twice2.csv", NOVEMBER)
    place.drop("good.csv", OCTOBER)
    with pytest.raises(RefreshError) as failure:
        place.vault.take_all()
    found = [problem.where.split(",")[0].split(" (")[0] for problem in failure.value.problems]
    assert found == ["source absent", "source blank", "source page", "source twice"]
    assert "4 problems" in str(failure.value)
    assert "Nothing was published" in str(failure.value)


# --- Where a file comes from ----------------------------------------------------------------------


# One table with the columns of two lookups.
SHARED = "lsoa21_pcon24_wd25_lad25.csv"


def test_every_source_of_the_sample_is_taken_from_its_file(
    sample_inbox: Path, tmp_path: Path
) -> None:
    settings = Settings(profile="sample", data=tmp_path, inbox=sample_inbox)
    registry = load_registry("sample")
    taken = Vault(settings, registry).take_all()
    assert [file.source_id for file in taken] == [source.id for source in registry.sources]
    names = {path.name for path in inbox_files(settings)}
    assert len({file.file_name for file in taken}) == len(taken) - 1
    assert {file.file_name for file in taken} == names - {"README.txt"}


@pytest.mark.parametrize("profile", ["sample", "england"])
def test_every_file_of_the_sample_is_one_sources_and_no_others(
    sample_inbox: Path, tmp_path: Path, profile: str
) -> None:
    sources = load_registry(profile).sources
    for path in inbox_files(Settings(profile, tmp_path, sample_inbox)):
        owners = [source.id for source in sources if find_in_inbox(source, [path])]
        # OCSI's indicators are not public, so the real profile has no source for them.
        nobodys = path.name == "README.txt" or (
            profile == "england" and path.name.startswith(("cni2019_indic", "cni2023_indic"))
        )
        assert len(owners) == (0 if nobodys else 1 + (path.name == SHARED)), path.name


def test_without_an_inbox_the_files_of_the_current_release_are_used(place: Place) -> None:
    place.sources = (source("first"), source("second"))
    for name in ("first", "second"):
        place.drop(f"{name}.csv", OCTOBER)
    published = place.vault.take_all()
    for name in ("first", "second"):
        place.drop(f"{name}.csv", NOVEMBER)
    place.vault.take_all()
    place.empty_inbox()
    with pytest.raises(RefreshError):
        place.vault.take_all()
    place.publish(*published)
    assert place.vault.take_all() == published


def test_the_inbox_goes_before_the_current_release(place: Place) -> None:
    place.drop("population.csv", OCTOBER)
    place.publish(place.take())
    place.drop("population.csv", NOVEMBER)
    (file,) = place.vault.take_all()
    assert file.sha256 == sha256(NOVEMBER)


def test_a_release_does_not_help_a_source_that_it_was_built_without(place: Place) -> None:
    place.sources = (source("first"), source("second"))
    place.drop("first.csv", OCTOBER)
    place.publish(place.take(0))
    place.empty_inbox()
    with pytest.raises(RefreshError) as failure:
        place.vault.take_all()
    assert [problem.where for problem in failure.value.problems] == [
        "source second (The second of somewhere)"
    ]


def test_a_release_whose_file_is_no_longer_in_the_vault_does_not_help(place: Place) -> None:
    place.drop("population.csv", OCTOBER)
    place.publish(place.take())
    place.empty_inbox()
    shutil.rmtree(place.settings.vault)
    assert "none published or downloaded before" in place.refused().found


def test_looking_where_a_file_would_come_from_writes_nothing(place: Place) -> None:
    path = place.drop("population.csv", OCTOBER)
    assert place.vault.locate(place.sources[0], inbox_files(place.settings)) == path
    assert place.vault.locate(place.sources[0], []) is None
    assert [path.name for path in place.settings.root.iterdir()] == ["inbox"]


PATTERNS = ("data[12]", "quote'\"%{x}")


@pytest.mark.parametrize("data", PATTERNS)
@pytest.mark.parametrize("inbox", [*PATTERNS, "in*box?"])
def test_no_name_of_a_folder_is_a_pattern(
    place: Place, tmp_path: Path, serve: Serve, data: str, inbox: str
) -> None:
    """The neighbours are what the names would find as patterns."""
    for neighbour in ("data1", "inner boxes", "in-box1"):
        for folder in ("", "sample/vault/population"):
            (tmp_path / neighbour / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / neighbour / folder / "population.csv").write_bytes(NOVEMBER)
        (tmp_path / neighbour / "sample/vault/population" / "0.json").write_text("{}", "utf-8")
    place.settings = Settings("sample", tmp_path / data, tmp_path / inbox)
    path = place.drop("deep [a-z]/population_1.csv", OCTOBER)
    assert inbox_files(place.settings) == [path]
    file = place.take()
    assert place.vault.read(file) == OCTOBER
    place.drop("deep [a-z]/population_1.csv", NOVEMBER)
    assert place.take().issue == f"re-issue: differs from {file.sha256[:12]}"
    place.drop("deep [a-z]/population_1.csv", OCTOBER).unlink()
    serve(OCTOBER + NOVEMBER)
    fetched = place.take()
    assert place.take() == fetched


# --- Downloads ------------------------------------------------------------------------------------


@dataclass
class Site:
    """A publisher on the loopback interface; what is not served is a 404."""

    url: str
    pages: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path)
            here.requests.append(path.path)
            body = here.pages.get(path.path)
            if "returnIdsOnly=true" in path.query:
                body = b'{"objectIdFieldName": "FID", "objectIds": [1]}'
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(b"not here" if body is None else body)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


Serve = Callable[..., Source]


@pytest.fixture
def serve(place: Place, site: Site) -> Serve:
    """Publish a body at an address and make that the address of the place's source."""

    def served(body: bytes | None, kind: str = "file") -> Source:
        if body is not None:
            site.pages["/official.csv"] = body
        download = Download.model_validate({"url": f"{site.url}/official.csv", "type": kind})
        place.sources = (place.sources[0].model_copy(update={"download": download}),)
        return place.sources[0]

    return served


def test_what_has_an_address_is_downloaded_with_its_provenance(
    place: Place, site: Site, serve: Serve
) -> None:
    serve(OCTOBER)
    (file,) = place.vault.take_all()
    assert file.origin == f"{site.url}/official.csv"
    assert (file.sha256, file.bytes) == (sha256(OCTOBER), len(OCTOBER))
    assert file.issue == "first issue seen"
    assert place.vault.path_of(file).read_bytes() == OCTOBER
    assert [path.name for path in place.settings.vault.iterdir()] == ["population"]


def test_the_inbox_goes_before_the_address(place: Place, site: Site, serve: Serve) -> None:
    serve(NOVEMBER)
    place.drop("population.csv", OCTOBER)
    assert place.take().origin == "inbox"
    assert place.take(fetch=True).origin == "inbox"
    assert site.requests == []


def test_a_download_is_not_repeated_until_that_is_asked_for(
    place: Place, site: Site, serve: Serve
) -> None:
    serve(OCTOBER)
    first = place.take()
    serve(NOVEMBER)
    assert place.take() == first
    assert len(site.requests) == 1
    second = place.take(fetch=True)
    assert second.sha256 == sha256(NOVEMBER)
    assert second.issue == f"re-issue: differs from {first.sha256[:12]}"
    assert len(site.requests) == 2


def test_fetching_passes_over_what_the_current_release_was_built_from(
    place: Place, serve: Serve
) -> None:
    serve(OCTOBER)
    place.publish(first := place.take())
    serve(NOVEMBER)
    assert place.vault.take_all() == [first]
    (fetched,) = place.vault.take_all(fetch=True)
    assert fetched.sha256 == sha256(NOVEMBER)


def test_a_newer_download_waits_until_it_is_asked_for(place: Place, serve: Serve) -> None:
    serve(OCTOBER)
    place.publish(first := place.take())
    serve(NOVEMBER)
    second = place.take(fetch=True)
    # The times are to the second: make the second plainly newer.
    sidecar = place.settings.vault / f"population/{second.sha256}.json"
    later = asdict(second) | {"retrieved_at": "2999-01-01T00:00:00+00:00"}
    sidecar.unlink()
    sidecar.write_text(json.dumps(later), "utf-8")
    assert place.take() == first


def test_of_several_downloads_the_newest_is_used(place: Place, serve: Serve) -> None:
    serve(OCTOBER)
    first = place.take()
    serve(NOVEMBER)
    second = place.take(fetch=True)
    for file, year in ((first, 2998), (second, 2999)):
        sidecar = place.settings.vault / f"population/{file.sha256}.json"
        sidecar.unlink()
        dated = asdict(file) | {"retrieved_at": f"{year}-01-01T00:00:00+00:00"}
        sidecar.write_text(json.dumps(dated), "utf-8")
    assert place.take().sha256 == second.sha256


def test_fetching_leaves_a_source_without_an_address_as_it_is(place: Place) -> None:
    place.drop("population.csv", OCTOBER)
    place.publish(file := place.take())
    place.empty_inbox()
    assert place.vault.take_all(fetch=True) == [file]


def test_a_file_from_the_inbox_that_was_not_published_is_not_taken_for_a_download(
    place: Place, site: Site, serve: Serve
) -> None:
    place.drop("population.csv", NOVEMBER)
    place.take()
    place.empty_inbox()
    serve(OCTOBER)
    assert place.take().sha256 == sha256(OCTOBER)
    assert len(site.requests) == 1


def test_a_service_that_answers_in_pages_becomes_one_table(place: Place, serve: Serve) -> None:
    page = {"features": [{"attributes": {"lsoa": "X01000001", "pop": 1.50, "FID": 1}}]}
    serve(json.dumps(page).encode(), "arcgis_table")
    file = place.take()
    assert place.vault.path_of(file).read_bytes() == b"lsoa,pop,FID\r\nX01000001,1.5,1\r\n"


def test_a_service_of_shapes_becomes_one_geojson(place: Place, serve: Serve) -> None:
    boundary = source(kind="boundary", columns={"area_code": "code"}, crs="EPSG:4326")
    place.sources = (boundary,)
    feature = {"type": "Feature", "properties": {"FID": 1, "code": "X"}, "geometry": None}
    serve(json.dumps({"features": [feature]}).encode(), "arcgis_features")
    file = place.take()
    assert file.path.endswith(f"{file.sha256}.geojson")
    collection = json.loads(place.vault.path_of(file).read_text("utf-8"))
    assert collection == {"type": "FeatureCollection", "features": [feature]}


@pytest.mark.parametrize(
    ("body", "because"),
    [(None, "404"), (PAGE, "web page"), (b"", "nothing"), (b" \r\n", "an empty file")],
    ids=["absent", "web page", "no bytes", "only white space"],
)
def test_a_download_that_fails_names_the_source_and_leaves_nothing(
    place: Place, site: Site, serve: Serve, body: bytes | None, because: str
) -> None:
    serve(body)
    problem = place.refused()
    assert "source population" in problem.where
    assert because in problem.found
    assert "https://example.org/population" in problem.remedy
    assert place.in_vault() == set()
    assert list(place.settings.vault.iterdir()) == []


def test_a_download_that_fails_points_at_the_inbox_and_the_names_that_it_knows(
    place: Place, site: Site, serve: Serve
) -> None:
    serve(None)
    problem = place.refused()
    assert f"{site.url}/official.csv" in problem.found
    assert str(place.settings.inbox) in problem.remedy
    assert "population*.csv or File_population_*.csv" in problem.remedy


def test_a_download_that_fails_does_not_hide_the_other_problems(place: Place, serve: Serve) -> None:
    serve(None)
    place.sources += (source("absent"),)
    with pytest.raises(RefreshError, match="2 problems") as failure:
        place.vault.take_all()
    assert "source population" in str(failure.value)
    assert "source absent" in str(failure.value)


# --- Set apart, and damaged -----------------------------------------------------------------------

REASON = Problem("line 2", "no number", "a number", "get it again")


def test_a_download_that_was_refused_is_not_taken_again_and_is_no_earlier_issue(
    place: Place, site: Site, serve: Serve
) -> None:
    serve(NOVEMBER)
    bad = place.take()
    place.vault.set_apart(bad, [REASON])
    assert place.in_vault() == set()
    refused = place.settings.refused / "population"
    assert (refused / f"{bad.sha256}.csv").read_bytes() == NOVEMBER
    told = json.loads((refused / f"{bad.sha256}.json").read_text("utf-8"))
    assert told.pop("problems") == [asdict(REASON)]
    assert datetime.fromisoformat(told.pop("refused_at")).utcoffset() is not None
    assert told == asdict(bad)
    serve(OCTOBER)
    good = place.take()
    assert (good.sha256, good.issue) == (sha256(OCTOBER), "first issue seen")
    assert len(site.requests) == 2


def test_of_refused_files_the_newest_stay_as_far_as_number_and_size_allow(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.sources.vault.MOST_REFUSED", 3)

    def refuse(body: bytes) -> str:
        place.drop("population.csv", body)
        file = place.take()
        place.vault.set_apart(file, [REASON])
        return file.sha256

    def kept() -> list[str]:
        return sorted(path.stem for path in place.settings.refused.rglob("*.csv"))

    # Larger by far than what stands beside them.
    bodies = [OCTOBER * 300 + b"%d" % number for number in range(5)]
    hashes = [refuse(body) for body in bodies]
    assert kept() == sorted(hashes[2:])
    # The same again is no more than it was, and the newest now.
    refuse(bodies[2])
    assert refuse(bodies[0]) == hashes[0]
    assert kept() == sorted([hashes[0], hashes[2], hashes[4]])
    size = (place.settings.refused / f"population/{hashes[0]}.csv").stat().st_size
    monkeypatch.setattr("orchestration.sources.vault.MOST_REFUSED_BYTES", 2 * size)
    assert kept() == sorted([hashes[0], hashes[2], hashes[4]])
    last = refuse(bodies[1])
    assert kept() == [last]
    assert len(list(place.settings.refused.rglob("*.json"))) == 1


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"source_id": "population"}', "\x00", "null", None],
    ids=["empty", "cut off", "a list", "nothing", "a part", "a zero", "null", "another's"],
)
def test_a_sidecar_that_says_nothing_is_a_problem_until_the_file_comes_again(
    place: Place, serve: Serve, content: str | None
) -> None:
    serve(OCTOBER)
    file = place.take()
    sidecar = place.settings.vault / f"population/{file.sha256}.json"
    sidecar.chmod(0o644)
    if content is None:
        content = json.dumps(asdict(file) | {"source_id": "other"})
    sidecar.write_text(content, "utf-8")
    problem = place.refused()
    assert problem.where == f"source population, {sidecar}"
    assert "--fetch" in problem.remedy
    place.publish(file)
    assert place.refused() == problem
    again = place.take(fetch=True)
    assert (again.sha256, again.issue) == (file.sha256, "first issue seen")
    place.drop("population.csv", OCTOBER)
    assert place.take() == again
    place.empty_inbox()
    assert place.take() == again


def test_a_vault_file_that_somebody_changed_is_refused(sample_inbox: Path, tmp_path: Path) -> None:
    settings = Settings(profile="sample", data=tmp_path, inbox=sample_inbox)
    vault = Vault(settings, load_registry("sample"))
    files = vault.take_all()
    publish = settings.releases / "current"
    publish.mkdir(parents=True)
    inputs = [{"source_id": file.source_id, "sha256": file.sha256} for file in files]
    (publish / "manifest.json").write_text(json.dumps(BARE | {"inputs": inputs}), encoding="utf-8")
    damaged = vault.path_of(files[0])
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes() + b"\n")
    with pytest.raises(RefreshError) as refused:
        Vault(
            Settings(profile="sample", data=tmp_path, inbox=tmp_path / "sample" / "inbox"),
            load_registry("sample"),
        ).take_all()
    assert str(damaged) in str(refused.value)
    assert "as it was stored" in str(refused.value)
