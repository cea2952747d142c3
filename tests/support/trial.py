"""What becomes of a spoilt source file, tried in a process of its own.

So a crash, a hang or a hunger for memory is that of one file, and is seen.
"""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import tempfile
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import duckdb

from data_quality import load_suites, run_suite
from orchestration.build.database import load_build
from orchestration.modelling.seeds import load_methodology
from orchestration.problems import RefreshError
from orchestration.raw.readers import TABLES_OF_KIND, read_all
from orchestration.settings import Settings
from orchestration.sources.vault import Vault, VaultFile
from tests.support.build import REGISTRY
from tests.support.mutations import File, Mutant

# At a time; the machine that runs the tests of every change has two cores.
_WORKERS = 2
# No trial comes near: it is there to save the machine.
_ADDRESSES = 12_000_000_000
Fate = Literal["refused", "harmless", "stopped by a guard", "different", "FLAW"]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: where it was stopped, or what is wrong, in words."""

    mutant: str
    kind: str
    fate: Fate
    told: str = ""
    seconds: float = 0
    memory: int = 0  # at its highest, bytes


class Held(Vault):
    """A vault of which some files are held in memory; the others lie where they lie."""

    def __init__(self, held: dict[str, bytes], vault: Vault | None = None) -> None:
        self._held = held
        self._vault = vault

    def read(self, file: VaultFile) -> bytes:
        if file.source_id in self._held:
            return self._held[file.source_id]
        assert self._vault is not None
        return self._vault.read(file)


def vault_file(file: File) -> VaultFile:
    name = f"{file.source_id}{file.suffix}"
    return VaultFile(file.source_id, "0" * 64, len(file.data), name, "inbox", "", "", name)


def read(file: File) -> dict[str, list[Any]]:
    """The raw tables of one file, without its line numbers and the names of its sheets.

    Raises:
        RefreshError: it is refused.
    """
    kind = REGISTRY.source(file.source_id).kind
    with duckdb.connect() as connection:
        held = Held({file.source_id: file.data})
        read_all(connection, REGISTRY, held, [vault_file(file)], load_methodology())
        return {
            table: connection.execute(
                f"select columns(c -> c not in ('line_number', 'sheet')) "
                f"from raw.{table} order by all"
            ).fetchall()
            for table in TABLES_OF_KIND[kind]
        }


def flawed(error: RefreshError, file: File) -> str:
    """What a refusal lacks: each of its problems names the file, what was expected, what to do."""
    where = f"source {file.source_id}, file {file.source_id}{file.suffix}"
    for problem in error.problems:
        if not problem.where.startswith(where):
            return f"names no file: {problem.where}"
        if not (problem.found and problem.expected and problem.remedy):
            return f"says too little: {problem}"
        if len(str(problem)) > 5_000:
            return f"says too much, {len(str(problem)):,} characters"
        if any(ord(sign) < 32 and sign != "\n" for sign in str(problem)):
            return f"has signs that no screen should be sent: {str(problem)!r}"
    return ""


def tried(spoilt: File, original: File, build: Settings) -> tuple[Fate, str]:
    """Read a spoilt file; where nothing is said and rows differ, let the raw guards look.

    Args:
        spoilt: What is read.
        original: The file as it was.
        build: Of the sample, built from its own files.
    """
    try:
        rows = read(spoilt)
    except RefreshError as error:
        flaw = flawed(error, spoilt)
        return ("FLAW", flaw) if flaw else ("refused", error.problems[0].found)
    if rows == read(original):
        return "harmless", ""
    del rows
    source = REGISTRY.source(spoilt.source_id)
    with tempfile.TemporaryDirectory(prefix="lbn-") as folder:
        settings = Settings("sample", Path(folder), build.inbox)
        settings.build.mkdir(parents=True)
        shutil.copy(build.build_database, settings.build_database)
        vault = Vault(build, REGISTRY)
        files = [
            replace(file, path=f"spoilt{spoilt.suffix}") if file.source_id == source.id else file
            for file in vault.take_all()
        ]
        held = Held({source.id: spoilt.data}, vault)
        load_build(settings, REGISTRY, held, files, TABLES_OF_KIND[source.kind])
        with duckdb.connect(str(settings.build_database), read_only=True) as connection:
            for name, suite in load_suites().items():
                if suite.stage == "raw":
                    for result in run_suite(suite, connection):
                        if not result.passed:
                            told = f"{name}, {result.expectation}: {result.examples}"
                            return "stopped by a guard", told
    return "different", ""


def _in_process(
    sender: Connection, work: Callable[..., tuple[Fate, str]], arguments: Sequence[Any]
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        fate, told = work(*arguments)
    except BaseException:  # whatever it is, it is a flaw
        fate, told = "FLAW", traceback.format_exc()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sender.send((fate, told[:3_000], memory))


def apart(
    work: Callable[..., tuple[Fate, str]], *arguments: Any, seconds: float
) -> tuple[Fate, str, int]:
    """Do something in a process of its own, which may crash, and is ended when time is up.

    Returns:
        What became of it, what is told of that, and its highest memory in bytes.
    """
    context = multiprocessing.get_context("forkserver")
    # With the libraries loaded, a process begins in an instant.
    context.set_forkserver_preload([__name__, "geopandas", "great_expectations"])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_in_process, args=(sender, work, arguments), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            return "FLAW", f"not done after {seconds:.0f} s", 0
        fate, told, memory = receiver.recv()
        return fate, told, memory
    except EOFError:
        process.join(10)
        return "FLAW", f"crashed, with exit code {process.exitcode}", 0
    finally:
        process.kill()
        process.join()


def all_tried(
    mutants: Sequence[Mutant], build: Settings, *, seconds: float, memory: int
) -> list[Outcome]:
    """Try mutants, each in a process of its own.

    Args:
        mutants: What is tried.
        build: Of the sample, built from its own files.
        seconds: How long one may take; longer is a flaw.
        memory: How many bytes one may take at its highest; more is a flaw.
    """

    def one(mutant: Mutant) -> Outcome:
        begun = monotonic()
        fate, told, most = apart(tried, mutant.file, mutant.original, build, seconds=seconds)
        if most > memory:
            fate, told = "FLAW", f"took {most / 1e9:.1f} GB; {fate}: {told}"
        return Outcome(str(mutant), mutant.kind, fate, told, monotonic() - begun, most)

    with ThreadPoolExecutor(_WORKERS) as threads:
        return [*threads.map(one, mutants)]
