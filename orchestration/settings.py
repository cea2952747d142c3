"""Where things lie. Read from the environment once per process; nothing here touches the disk.

``LBN_PROFILE``  sample (default) or england
``LBN_DATA``     folder of everything a refresh writes (default: ``data/`` in the project)
``LBN_INBOX``    folder with files that a person has put there (default: ``<data>/<profile>/inbox``)
``LBN_FETCH``    1: download again what has an address and is not in the inbox, for a re-issue
``LBN_SCHEDULE``        when the scheduled refresh runs, as cron (default: 1 December, 06:00)
``LBN_SCHEDULE_FETCH``  1: the scheduled refresh downloads again what has an address
``LBN_NOTIFY``   whom to tell how a refresh ended: addresses with spaces between, for
                 ``orchestration/notify.py``; they may hold passwords
``LBN_KEEP_DAYS``   days that Dagster's history of runs is kept (default: for ever)
``LBN_WORKERS``  processes, or threads of DuckDB, that a refresh has at work at a time (default: the
                 machine's cores)
``LBN_UI_ADDRESS``  where people reach the Dagster UI: for links in what they are told, and the name
                    that it answers to
``SOURCE_DATE_EPOCH``  seconds since 1970: what a release says of when it was made (default: now)
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]
DBT_PROJECT = PROJECT_ROOT / "dbt_project"


@dataclass(frozen=True)
class Settings:
    """The paths of one profile. Each profile has a data root of its own."""

    profile: str
    data: Path
    inbox: Path
    fetch: bool = False
    schedule: str = "0 6 1 12 *"
    schedule_fetch: bool = False
    ui_address: str = ""
    keep_days: int = 0
    workers: int = 1
    # Not in the repr: what is printed or logged of settings shows no password.
    notify: tuple[str, ...] = field(default=(), repr=False)

    def of_profile(self, profile: str) -> Settings:
        """The same data root for another profile, with an inbox of its own."""
        return replace(self, profile=profile, inbox=self.data / profile / "inbox")

    def fetching(self) -> Settings:
        """The same, but downloads again what has an address and is not in the inbox."""
        return replace(self, fetch=True)

    @property
    def root(self) -> Path:
        return self.data / self.profile

    @property
    def inbox_is_named(self) -> bool:
        """Whether somebody chose the inbox; that of the profile need not be there."""
        return self.inbox != self.root / "inbox"

    @property
    def vault(self) -> Path:
        """Content-addressed, read-only copies of every source file that was ever used."""
        return self.root / "vault"

    @property
    def refused(self) -> Path:
        """Files that their reader refused, the newest few; nothing is taken from there."""
        return self.root / "refused"

    @property
    def kept_rows(self) -> Path:
        """The rows of the files of the vault as they were last read."""
        return self.root / "rows"

    @property
    def build(self) -> Path:
        """Private to the writer: analysts never open anything below it."""
        return self.root / "build"

    @property
    def build_database(self) -> Path:
        return self.build / "warehouse.duckdb"

    @property
    def held(self) -> Path:
        """What stands between the build and its publication, if it is held."""
        return self.build / "held.json"

    @property
    def build_loading(self) -> Path:
        """The raw tables of the next build, until all are read; it then takes the build's place."""
        return self.build / "warehouse.loading"

    @property
    def dbt_target(self) -> Path:
        return self.build / "dbt"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def dagster_home(self) -> Path:
        """One Dagster instance a data root, so that one server shows every profile."""
        return self.data / "dagster"


def moment_of_the_build() -> datetime:
    """When a release and its verdicts are made: now, or as reproducible-builds.org has it."""
    stated = _whole("SOURCE_DATE_EPOCH", "seconds since 1970")
    return datetime.now(UTC) if stated is None else datetime.fromtimestamp(stated, UTC)


def load_settings(profile: str | None = None, inbox: Path | None = None) -> Settings:
    """Settings from the arguments, else the environment, else the defaults.

    Raises:
        ValueError: what stands in the environment cannot be; the text is for people.
    """
    profile = profile or os.environ.get("LBN_PROFILE") or "sample"
    data = Path(os.environ.get("LBN_DATA") or PROJECT_ROOT / "data").resolve()
    # DuckDB takes what follows for options, and would keep the journal of a database elsewhere.
    if "?" in str(data):
        raise ValueError(f"LBN_DATA is {data}; a database cannot lie below a name with '?' in it.")
    # What it says is wanted at the end of a refresh, and refused at its beginning.
    moment_of_the_build()
    chosen = inbox or os.environ.get("LBN_INBOX") or data / profile / "inbox"
    return Settings(
        profile=profile,
        data=data,
        inbox=Path(chosen).resolve(),
        fetch=os.environ.get("LBN_FETCH") == "1",
        schedule=os.environ.get("LBN_SCHEDULE") or Settings.schedule,
        schedule_fetch=os.environ.get("LBN_SCHEDULE_FETCH") == "1",
        keep_days=_whole("LBN_KEEP_DAYS", "days") or 0,
        workers=_workers(),
        ui_address=os.environ.get("LBN_UI_ADDRESS", "").rstrip("/"),
        notify=tuple(os.environ.get("LBN_NOTIFY", "").split()),
    )


def _workers() -> int:
    given = _whole("LBN_WORKERS", "processes and threads")
    if given == 0:
        raise ValueError("LBN_WORKERS is '0'; nobody would be at work. It must be 1 or more.")
    return given or os.cpu_count() or 1


def _whole(variable: str, of: str) -> int | None:
    given = os.environ.get(variable)
    if given and not given.isdecimal():
        raise ValueError(f"{variable} is '{given}'; it must be a whole number of {of}.")
    return int(given) if given else None
